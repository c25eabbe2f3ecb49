resource "alicloud_ram_policy" "operate" {
  policy_name     = "operate"
  policy_document = <<EOF
    {
      "Version": "1",
      "Statement": [
        {"Effect": "Allow", "Action": "polardb:*", "Resource": "*"}
      ]
    }
  EOF
}
resource "alicloud_ram_user_policy_attachment" "alice" {
  policy_name = alicloud_ram_policy.operate.policy_name
  policy_type = "Custom"
  user_name   = "alice"
}
resource "alicloud_ram_user_policy_attachment" "bob" {
  policy_name = alicloud_ram_policy.operate.policy_name
  policy_type = "Custom"
  user_name   = "bob"
}
resource "alicloud_ram_user_policy_attachment" "perhaps" {
  count       = var.again ? 1 : 0
  policy_name = "operate"
  policy_type = "Custom"
  user_name   = "alice"
}
