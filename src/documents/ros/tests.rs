use crate::documents::{Contents, Embedded, Options, read};
use crate::json::{SourceText, Span};
use crate::policy::{Dialect, Document, PolicyKind};

fn contents(name: &str, text: &str) -> Contents {
    read(&SourceText::new(name, text), &Options::default()).unwrap()
}

fn place(document: &Embedded, part: &str) -> String {
    let at = document.text().text().find(part).unwrap_or_else(|| panic!("{part} in {}", document.text().text()));
    let (file, span) = document.place(Span::new(at, at + part.len()));
    file.slice(span).to_owned()
}

const YAML: &str = r#"ROSTemplateFormatVersion: '2015-09-01'
Resources:
  Deploy:
    Type: ALIYUN::RAM::ManagedPolicy
    Properties:
      PolicyName: deploy
      PolicyDocument:
        Version: '1'
        Statement:
          - Effect: Allow
            Action:
              - oss:GetObject
              - 'oss:Put''s'
            Resource: !Sub acs:oss:*:${ALIYUN::TenantId}:bucket/*
            Condition: {Bool: {"acs:SecureTransport": true}}
          - Effect: Deny
            Action: !Ref Actions
            Resource:
              Fn::Join: ['/', ['acs:oss:*:*:b', !GetAtt Bucket.Name, '*']]
  Role:
    Type: ALIYUN::RAM::Role
    Properties:
      RoleName: r
      AssumeRolePolicyDocument: |
        {
          "Version": "1",
          "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": ["ecs.aliyuncs.com"]}}]
        }
      Policies:
        - PolicyName: inline
          PolicyDocument: {Version: '1', Statement: [{Effect: Allow, Action: '*', Resource: '*'}]}
  Elsewhere:
    Type: ALIYUN::RAM::ManagedPolicy
    Properties:
      PolicyDocument: !Ref Document
  Bucket:
    Type: ALIYUN::OSS::Bucket
    Properties:
      BucketName: b
"#;

#[test]
fn a_yaml_template_has_its_documents_with_their_places() {
    let contents = contents("template.yml", YAML);
    let [deploy, trust, inline] = &contents.documents[..] else { panic!("{:?}", contents.documents) };
    assert_eq!((deploy.name(), deploy.kind()), ("Deploy.PolicyDocument", Some(PolicyKind::Identity)));
    assert_eq!(
        deploy.text().text(),
        "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"oss:GetObject\",\"oss:Put's\"],\
         \"Resource\":\"acs:oss:*:${…}:bucket/*\",\"Condition\":{\"Bool\":{\"acs:SecureTransport\":true}}},\
         {\"Effect\":\"Deny\",\"Action\":\"${Actions}\",\"Resource\":\"acs:oss:*:*:b/${Bucket.Name}/*\"}]}"
    );
    assert_eq!(place(deploy, "\"oss:GetObject\""), "oss:GetObject");
    assert_eq!(place(deploy, "oss:Put's"), "oss:Put''s");
    assert_eq!(place(deploy, "acs:oss:*:${…}:bucket/*"), "acs:oss:*:${ALIYUN::TenantId}:bucket/*");
    assert_eq!(place(deploy, "\"Version\":\"1\""), "Version: '1'");
    assert_eq!((trust.name(), trust.kind()), ("Role.AssumeRolePolicyDocument", Some(PolicyKind::Trust)));
    assert!(trust.text().text().starts_with("{\n  \"Version\": \"1\",\n"), "{}", trust.text().text());
    assert_eq!(place(trust, "\"ecs.aliyuncs.com\""), "\"ecs.aliyuncs.com\"");
    assert_eq!(place(trust, "\"Version\""), "\"Version\"");
    assert!(Document::parse(trust.text(), PolicyKind::Trust, &Dialect::strict()).is_ok());
    assert_eq!((inline.name(), inline.kind()), ("Role.PolicyDocument", Some(PolicyKind::Identity)));
    let messages: Vec<_> = contents.notes.iter().map(|note| note.message.as_str()).collect();
    assert!(messages.iter().any(|message| message.contains("Elsewhere.PolicyDocument")), "{messages:?}");
    assert!(messages.iter().any(|message| message.contains("`ALIYUN::TenantId`")), "{messages:?}");
}

#[test]
fn a_json_template_is_read_alike() {
    let text = r#"{"ROSTemplateFormatVersion": "2015-09-01", "Resources": {"Guard": {
      "Type": "ALIYUN::ResourceManager::ControlPolicy",
      "Properties": {"PolicyDocument": {"Version": "1", "Statement": [
        {"Effect": "Deny", "Action": ["ram:*"], "Resource": {"Fn::Join": ["", ["acs:ram:*:", {"Ref": "ALIYUN::TenantId"}, ":*"]]}},
        {"Effect": "Deny", "Action": "oss:*", "Resource": {"Fn::Sub": ["acs:oss:*:*:${b}\u002f${!x}", {"b": "c"}]}}
      ]}}
    }}}"#;
    let contents = contents("template.json", text);
    let [guard] = &contents.documents[..] else { panic!("one document") };
    assert_eq!((guard.name(), guard.kind()), ("Guard.PolicyDocument", Some(PolicyKind::Control)));
    assert_eq!(
        guard.text().text(),
        "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Deny\",\"Action\":[\"ram:*\"],\"Resource\":\"acs:ram:*:${…}:*\"},\
         {\"Effect\":\"Deny\",\"Action\":\"oss:*\",\"Resource\":\"${…}\"}]}"
    );
    assert_eq!(place(guard, "\"Version\""), "\"Version\"");
    assert_eq!(place(guard, "[\"ram:*\"]"), "[\"ram:*\"]");
}

#[test]
fn other_yaml_files_are_passed_over() {
    for text in ["kind: Pod\n", "a: [", "", "# ROSTemplateFormatVersion\nkind: Pod\n"] {
        assert!(contents("x.yaml", text).documents.is_empty(), "{text}");
    }
    let options = Options { named: true, ..Options::default() };
    let finding = read(&SourceText::new("x.yaml", "a: ["), &options).unwrap_err().remove(0);
    assert_eq!(finding.code, "not-yaml");
}

#[test]
fn a_number_is_a_text_where_ros_declares_one() {
    let text = "ROSTemplateFormatVersion: '2015-09-01'
Resources:
  Role:
    Type: ALIYUN::RAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: 1
        Statement: []
  Bucket:
    Type: ALIYUN::OSS::Bucket
    Properties:
      Policy:
        Version: 1
        Statement: []
";
    let contents = contents("x.yaml", text);
    let texts: Vec<_> = contents.documents.iter().map(|document| document.text().text()).collect();
    assert_eq!(texts, ["{\"Version\":\"1\",\"Statement\":[]}", "{\"Version\":1,\"Statement\":[]}"]);
    assert_eq!(place(&contents.documents[0], "\"1\""), "1");
}
