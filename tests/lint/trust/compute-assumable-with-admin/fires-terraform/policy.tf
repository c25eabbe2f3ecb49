resource "alicloud_ram_policy" "everything" {
  policy_name     = "everything"
  policy_document = <<EOF
    {
      "Version": "1",
      "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"}
      ]
    }
  EOF
}
resource "alicloud_ram_role_policy_attachment" "build" {
  policy_name = alicloud_ram_policy.everything.policy_name
  policy_type = "Custom"
  role_name   = alicloud_ram_role.build.id
}
