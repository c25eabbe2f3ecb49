use super::*;
use crate::documents::read;

fn contents(name: &str, text: &str, named: bool) -> Contents {
    read(&SourceText::new(name, text), &Options { named, ..Options::default() }).unwrap()
}

fn kind(name: &str, text: &str) -> Option<PolicyKind> {
    let contents = contents(name, text, false);
    let [document] = &contents.documents[..] else { panic!("one document in {text}") };
    assert_eq!(document.neighbour(), None, "{text}");
    document.kind()
}

#[test]
fn the_kind_of_a_document_shows_in_its_principals_and_its_folder() {
    let trust = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": ["ecs.aliyuncs.com"]}}]}"#;
    assert_eq!(kind("p.json", trust), Some(PolicyKind::Trust));
    let bucket = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:GetObject",
        "Principal": ["*"], "Resource": "acs:oss:*:*:bucket/*"}]}"#;
    assert_eq!(kind("p.json", bucket), Some(PolicyKind::Resource));
    let identity = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;
    assert_eq!(kind("p.json", identity), None);
    assert_eq!(kind("world/policies/control/p.json", identity), Some(PolicyKind::Control));
    assert_eq!(kind("world/policies/session/sub/p.json", identity), Some(PolicyKind::Session));
    assert_eq!(kind("control/p.json", identity), None);
}

#[test]
fn a_kind_that_is_said_holds() {
    let options = Options { kind: Some(PolicyKind::Control), ..Options::default() };
    let file = SourceText::new("policies/trust/p.json", r#"{"Statement": [{"Principal": {"RAM": "*"}}]}"#);
    assert_eq!(read(&file, &options).unwrap().documents[0].kind(), Some(PolicyKind::Control));
}

#[test]
fn a_json_file_of_something_else_is_passed_over_unless_it_is_named() {
    for text in [r#"{"name": "x", "version": "1.0.0"}"#, "[1]", "{", r#"{"Statement": 1}"#, ""] {
        assert!(contents("package.json", text, false).documents.is_empty(), "{text}");
        assert_eq!(contents("package.json", text, true).documents.len(), 1, "{text}");
    }
}

#[test]
fn a_policy_with_a_mistake_in_its_json_is_still_a_policy() {
    for text in [
        "{\"Version\": \"1\", \"Statement\": [{\"Effect\": \"Allow\",,}]}",
        "{\"Version\": \"1\", \"Statement\": [{\"Effect\": \"Allow\",}], // comment\n}",
        "{\"statement\": [], \"Version\": 1}",
    ] {
        assert_eq!(contents("p.json", text, false).documents.len(), 1, "{text}");
    }
}

#[test]
fn documents_of_neighbouring_languages_are_recognised() {
    let cases = [
        (r#"{"Version": "2012-10-17", "Statement": [{"Action": "s3:*", "Resource": "*"}]}"#, Neighbour::AwsIam),
        (r#"{"Statement": [{"Resource": "arn:aws:s3:::b"}]}"#, Neighbour::AwsIam),
        (r#"{"version": "2.0", "statement": [{"action": "*", "resource": "*"}]}"#, Neighbour::TencentCam),
        (r#"{"Statement": [{"resource": "qcs::cvm:::*"}]}"#, Neighbour::TencentCam),
        (r#"{"Version": "1.1", "Statement": [{"Action": ["obs:*:*"]}]}"#, Neighbour::HuaweiIam),
        (r#"{"Statement": [{"Resource": ["trn:tos:::b/*"]}]}"#, Neighbour::VolcanoIam),
        (r#"{"Name": "r", "Actions": [], "AssignableScopes": ["/"]}"#, Neighbour::AzureRole),
        (r#"{"properties": {"policyRule": {}}}"#, Neighbour::AzurePolicy),
        (r#"{"bindings": [{"role": "roles/viewer", "members": []}]}"#, Neighbour::GoogleCloud),
        (r#"{"effect": "permit", "principal": {"op": "All"}}"#, Neighbour::Cedar),
        ("// all of it\npermit (principal, action, resource);\n", Neighbour::Cedar),
        (r#"{"Statement": [{"Action": "Update:*", "Principal": "*", "Resource": "*"}]}"#, Neighbour::RosStackPolicy),
        (r#"{"Version": "1", "Statement": [{"Resource": "acs:odps:*:projects/p"}]}"#, Neighbour::MaxCompute),
        (r#"{"Status": "Active", "Statements": []}"#, Neighbour::AccessKeyNetwork),
        (r#"{"expiration": "2030-01-01T00:00:00Z", "conditions": []}"#, Neighbour::OssPostObject),
    ];
    for (text, neighbour) in cases {
        let contents = contents("p.json", text, false);
        assert_eq!(contents.documents[0].neighbour(), Some(neighbour), "{text}");
        let finding = neighbour.finding(contents.documents[0].file(), crate::report::Severity::Note);
        assert!(finding.message.contains("not a RAM policy"), "{}", finding.message);
    }
}

#[test]
fn a_ram_policy_with_the_version_of_aws_is_a_ram_policy() {
    let text = r#"{"Version": "2012-10-17", "Statement": [{"Resource": "acs:oss:*:*:b", "Condition": {"Bool": {"aws:x": "true"}}}]}"#;
    assert_eq!(kind("p.json", text), None);
}
