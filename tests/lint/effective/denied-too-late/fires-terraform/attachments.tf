resource "alicloud_ram_user_policy_attachment" "operate" {
  policy_name = alicloud_ram_policy.operate.policy_name
  policy_type = "Custom"
  user_name   = "alice"
}
resource "alicloud_resource_manager_policy_attachment" "guard" {
  policy_name       = alicloud_ram_policy.guard.policy_name
  policy_type       = "Custom"
  principal_name    = "alice@acme.onaliyun.com"
  principal_type    = "IMSUser"
  resource_group_id = alicloud_resource_manager_resource_group.production.id
}
