use super::*;

fn shown(files: &[(&str, &str)]) -> Vec<String> {
    let files: Vec<SourceText> = files.iter().map(|(name, text)| SourceText::new(*name, *text)).collect();
    let shown = |attachment: Attachment| {
        let through = attachment.through.map(|group| format!(" through {group}")).unwrap_or_default();
        let group = attachment.resource_group.map(|group| format!(" for {group}")).unwrap_or_default();
        format!("{:?} {} has {}{through}{group}", attachment.to, attachment.holder, attachment.policy)
    };
    Holdings::of(&files).attachments.into_iter().map(shown).collect()
}

const POLICIES: &str = r#"
resource "alicloud_ram_policy" "deploy" {
  policy_name     = "deploy-all"
  policy_document = data.alicloud_ram_policy_document.deploy.document
}
resource "alicloud_ram_policy" "look" {
  name     = "look"
  document = "{}"
}
resource "alicloud_ram_user" "alice" {
  name = "alice"
}
"#;

#[test]
fn the_files_of_a_folder_say_together_who_has_what() {
    let attachments = r#"
resource "alicloud_ram_user_policy_attachment" "by_reference" {
  policy_name = alicloud_ram_policy.deploy.policy_name
  policy_type = alicloud_ram_policy.deploy.type
  user_name   = "${alicloud_ram_user.alice.name}"
}
resource "alicloud_ram_user_policy_attachment" "by_name" {
  policy_name = "look"
  policy_type = "Custom"
  user_name   = "alice"
}
resource "alicloud_ram_role_policy_attachment" "elsewhere" {
  policy_name = alicloud_ram_policy.look.name
  policy_type = "Custom"
  role_name   = var.role
}
resource "alicloud_ram_group_policy_attachment" "team" {
  policy_name = "look"
  policy_type = "Custom"
  group_name  = "team"
}
resource "alicloud_ram_group_membership" "team" {
  group_name = "team"
  user_names = ["bob", alicloud_ram_user.alice.name]
}
"#;
    assert_eq!(
        shown(&[("policies.tf", POLICIES), ("attachments.tf", attachments)]),
        [
            "User alicloud_ram_user.alice has data.alicloud_ram_policy_document.deploy",
            "User alicloud_ram_user.alice has alicloud_ram_policy.look",
            "Role var.role has alicloud_ram_policy.look",
            "Group team has alicloud_ram_policy.look",
            "User bob has alicloud_ram_policy.look through team",
            "User alicloud_ram_user.alice has alicloud_ram_policy.look through team",
        ]
    );
}

#[test]
fn a_resource_group_is_told_from_the_account() {
    let attachment = |group: &str| {
        format!(
            r#"resource "alicloud_resource_manager_policy_attachment" "a" {{
  policy_name       = "look"
  policy_type       = "Custom"
  principal_name    = "alice@acme.onaliyun.com"
  principal_type    = "IMSUser"
  resource_group_id = {group}
}}"#
        )
    };
    let of = |group: &str| shown(&[("a.tf", &format!("{POLICIES}{}", attachment(group)))]);
    let has = "User alicloud_ram_user.alice has alicloud_ram_policy.look";
    assert_eq!(of("\"1234567890123456\""), [has]);
    assert_eq!(of("data.alicloud_account.this.id"), [has]);
    assert_eq!(of("\"rg-a\""), [format!("{has} for rg-a")]);
    assert_eq!(
        of("alicloud_resource_manager_resource_group.a.id"),
        [format!("{has} for alicloud_resource_manager_resource_group.a")]
    );
    assert_eq!(of("var.group"), Vec::<String>::new());
}

#[test]
fn what_may_be_there_or_not_and_what_is_elsewhere_is_left_out() {
    let attachments = r#"
resource "alicloud_ram_user_policy_attachment" "several" {
  for_each    = toset(["a", "b"])
  policy_name = "look"
  policy_type = "Custom"
  user_name   = each.value
}
resource "alicloud_ram_user_policy_attachment" "perhaps" {
  count       = var.enabled ? 1 : 0
  policy_name = "look"
  policy_type = "Custom"
  user_name   = "alice"
}
resource "alicloud_ram_user_policy_attachment" "system" {
  policy_name = "look"
  policy_type = "System"
  user_name   = "alice"
}
resource "alicloud_ram_user_policy_attachment" "elsewhere" {
  policy_name = "other"
  policy_type = "Custom"
  user_name   = "alice"
}
"#;
    assert_eq!(shown(&[("policies.tf", POLICIES), ("attachments.tf", attachments)]), Vec::<String>::new());
    assert_eq!(shown(&[("broken.tf", "resource {")]), Vec::<String>::new());
}

#[test]
fn files_that_declare_a_resource_twice_are_no_configuration() {
    let attachment = r#"resource "alicloud_ram_user_policy_attachment" "a" {
  policy_name = "look"
  policy_type = "Custom"
  user_name   = "alice"
}"#;
    assert_eq!(shown(&[("policies.tf", POLICIES), ("a.tf", attachment)]).len(), 1);
    assert_eq!(shown(&[("policies.tf", POLICIES), ("a.tf", attachment), ("b.tf", attachment)]), Vec::<String>::new());
}

#[test]
fn a_plan_says_it_by_names() {
    let plan = r#"{"format_version": "1.2", "planned_values": {"root_module": {"resources": [
  {"address": "alicloud_ram_policy.deploy", "mode": "managed", "type": "alicloud_ram_policy",
   "values": {"policy_name": "deploy", "policy_document": "{}"}},
  {"address": "alicloud_ram_role.ops[0]", "mode": "managed", "type": "alicloud_ram_role", "values": {"role_name": "ops"}}
], "child_modules": [{"address": "module.a", "resources": [
  {"address": "module.a.alicloud_ram_role_policy_attachment.a", "mode": "managed", "type": "alicloud_ram_role_policy_attachment",
   "values": {"policy_name": "deploy", "policy_type": "Custom", "role_name": "ops"}}
]}]}}}"#;
    assert_eq!(shown(&[("plan.json", plan)]), ["Role alicloud_ram_role.ops[0] has alicloud_ram_policy.deploy"]);
}
