resource "alicloud_ram_policy" "guard" {
  policy_name     = "guard"
  policy_document = <<EOF
    {
      "Version": "1",
      "Statement": [
        {"Effect": "Deny", "Action": "polardb:DeleteDBCluster", "Resource": "*"}
      ]
    }
  EOF
}
resource "alicloud_ram_user_policy_attachment" "alice" {
  policy_name = alicloud_ram_policy.guard.policy_name
  policy_type = "Custom"
  user_name   = "alice"
}
