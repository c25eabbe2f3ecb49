use crate::documents::{Contents, Options, read};
use crate::json::{SourceText, Span};
use crate::policy::PolicyKind;

fn contents(text: &str) -> Contents {
    read(&SourceText::new("plan.json", text), &Options::default()).unwrap()
}

const PLAN: &str = r#"{"format_version": "1.2", "planned_values": {"root_module": {
  "resources": [
    {"address": "alicloud_ram_policy.deploy", "type": "alicloud_ram_policy",
     "values": {"policy_document": "{\"Version\":\"1\",\n\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"\u4e2d:\ud83d\ude00\"}]}", "document": null}},
    {"address": "aws_iam_policy.p", "type": "aws_iam_policy", "values": {"policy_document": "{}"}}
  ],
  "child_modules": [{"resources": [
    {"address": "module.a.alicloud_ram_role.r[0]", "type": "alicloud_ram_role",
     "values": {"document": "", "assume_role_policy_document": "{\"Version\":\"1\"}"}}
  ]}]
}},
"resource_changes": [
  {"address": "alicloud_ram_policy.deploy", "type": "alicloud_ram_policy",
   "change": {"actions": ["update"], "after": {"policy_document": "{\"Version\":\"1\"}"}, "after_unknown": {}}},
  {"address": "alicloud_ram_policy.new", "type": "alicloud_ram_policy",
   "change": {"actions": ["create"], "after": {"policy_document": "{}"}, "after_unknown": {"id": true}}},
  {"address": "alicloud_ram_policy.later", "type": "alicloud_ram_policy",
   "change": {"actions": ["create"], "after": {}, "after_unknown": {"policy_document": true}}},
  {"address": "alicloud_ram_policy.gone", "type": "alicloud_ram_policy",
   "change": {"actions": ["delete"], "after": null, "after_unknown": false}}
]}"#;

#[test]
fn the_documents_of_a_plan_are_named_by_their_addresses() {
    let contents = contents(PLAN);
    let found: Vec<_> = contents.documents.iter().map(|document| (document.name(), document.kind())).collect();
    assert_eq!(
        found,
        [
            ("alicloud_ram_policy.deploy", Some(PolicyKind::Identity)),
            ("module.a.alicloud_ram_role.r[0]", Some(PolicyKind::Trust)),
            ("alicloud_ram_policy.new", Some(PolicyKind::Identity)),
        ]
    );
    let messages: Vec<_> = contents.notes.iter().map(|note| note.message.as_str()).collect();
    assert_eq!(messages, ["the policy of alicloud_ram_policy.later is known only once the plan has been applied"]);
}

#[test]
fn a_document_in_a_json_string_is_read_through_its_escapes() {
    let contents = contents(PLAN);
    let document = &contents.documents[0];
    let text = document.text().text();
    assert_eq!(text, "{\"Version\":\"1\",\n\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"中:😀\"}]}");
    for (part, written) in [("Effect", "Effect"), ("\"Allow\"", "\\\"Allow\\\""), ("😀", "\\ud83d\\ude00")] {
        let at = text.find(part).unwrap();
        let (file, span) = document.place(Span::new(at, at + part.len()));
        assert_eq!(file.slice(span), written);
    }
    assert!(document.rewritten("{}").is_none());
}

#[test]
fn a_state_is_read_alike() {
    let state = PLAN.replace("planned_values", "values").replace("resource_changes", "other");
    assert_eq!(contents(&state).documents.len(), 2);
}
