resource "alicloud_ram_user_policy_attachment" "alice_again" {
  policy_name = "operate"
  policy_type = "Custom"
  user_name   = "alice"
}
resource "alicloud_ram_user_policy_attachment" "guarded" {
  policy_name = "guard"
  policy_type = "Custom"
  user_name   = "alice"
}
resource "alicloud_ram_group_membership" "team" {
  group_name = "team"
  user_names = [alicloud_ram_user.alice.name]
}
