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
