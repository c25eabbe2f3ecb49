use super::*;

mod laws;

fn lenient(text: &str) -> Result<String, Vec<Finding>> {
    format(&SourceText::new("p.json", text), PolicyKind::Identity, &Dialect::lenient())
}

fn strict(text: &str, kind: PolicyKind) -> String {
    format(&SourceText::new("p.json", text), kind, &Dialect::strict()).unwrap()
}

/// A formatted text has to stay as it is.
fn stays(text: &str, kind: PolicyKind, dialect: &Dialect) {
    assert_eq!(format(&SourceText::new("p.json", text), kind, dialect).unwrap(), text);
}

#[test]
fn members_have_an_order_and_lists_and_statements_keep_theirs() {
    let text = strict(
        r#"{"Statement":[{"Condition":{"StringLike":{"b":["y","x"],"a":["z"]},"Bool":{"acs:SecureTransport":"true"}},
        "Resource":["acs:oss:*:*:b","acs:oss:*:*:a"],"NotAction":["oss:\u0047et*"],"Effect":"Deny","Sid":"s"},
        {"Action":"*","Resource":"*","Effect":"Allow"}],"Version":"1"}"#,
        PolicyKind::Identity,
    );
    insta::assert_snapshot!(text);
    stays(&text, PolicyKind::Identity, &Dialect::strict());
}

#[test]
fn principals_of_a_trust_policy_are_lists() {
    let text = strict(
        r#"{"Version": "1", "Statement": [{"Action": ["sts:AssumeRole"], "Effect": "Allow",
        "Principal": {"Service": "ecs.aliyuncs.com", "RAM": ["acs:ram::1234567890123456:root"]}}]}"#,
        PolicyKind::Trust,
    );
    assert!(text.contains("\"Service\": [\n          \"ecs.aliyuncs.com\"\n        ]"), "{text}");
    assert!(text.contains("\"Action\": \"sts:AssumeRole\""), "{text}");
    stays(&text, PolicyKind::Trust, &Dialect::strict());
}

#[test]
fn principals_of_a_bucket_policy_stay_a_list() {
    let text = strict(
        r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":["oss:GetObject"],"Principal":["*"],"Resource":["acs:oss:*:*:b/*"]}]}"#,
        PolicyKind::Resource,
    );
    assert!(text.contains("\"Principal\": [\n        \"*\"\n      ]"), "{text}");
}

const COMMENTED: &str = r#"// what it is for
{ // the version
  "Version": "1", // the only one
  /* two
     lines */
  "Statement": [
    {"Resource": "*", // all of it
     "Action": [ // one by one
       "oss:GetObject", // read
       // and write
       "oss:PutObject" /* too */,
       // nothing else
     ],
     "Effect": "Allow", },
    // the end
  ] // of the list
} // of the document
// bye
"#;

#[test]
fn comments_stay_where_they_belong() {
    let text = lenient(COMMENTED).unwrap();
    insta::assert_snapshot!(text);
    assert_eq!(lenient(&text).unwrap(), text);
    let comments = |text: &str| text.matches("//").count() + text.matches("/*").count();
    assert_eq!(comments(&text), comments(COMMENTED));
}

#[test]
fn a_list_of_one_with_a_comment_in_it_stays_a_list() {
    let text =
        r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Resource": "*", "Action": ["oss:*" /* all */]}]}"#;
    assert!(lenient(text).unwrap().contains("[\n        \"oss:*\" /* all */\n      ]"));
}

#[test]
fn a_document_whose_comment_would_get_lost_is_refused() {
    let text = "{\"Version\": /* here */ \"1\", \"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"}]}";
    let findings = lenient(text).unwrap_err();
    assert_eq!((findings[0].code.as_str(), findings[0].severity), ("comment", Severity::Error));
    assert_eq!(findings[0].position().unwrap().1.to_string(), "1:13");
}

#[test]
fn what_cannot_be_read_is_told_as_check_tells_it() {
    let source = SourceText::new("p.json", r#"{"Version": 1, "Statement": []}"#);
    let invalid = Document::parse(&source, PolicyKind::Identity, &Dialect::strict()).unwrap_err();
    let findings = format(&source, PolicyKind::Identity, &Dialect::strict()).unwrap_err();
    assert_eq!(findings, Finding::of_policy(&invalid));
}

#[test]
fn a_document_that_would_become_too_long_is_left_as_it_is() {
    let actions: Vec<String> = (0..330).map(|number| format!("\"oss:Get{number}\"")).collect();
    let text = format!(
        "{{\"Version\":\"1\",\"Statement\":[{{\"Effect\":\"Allow\",\"Action\":[{}],\"Resource\":\"*\"}}]}}",
        actions.join(",")
    );
    assert!(text.len() < 6144, "{}", text.len());
    let findings = format(&SourceText::new("p.json", text), PolicyKind::Identity, &Dialect::strict()).unwrap_err();
    assert_eq!((findings[0].code.as_str(), findings[0].severity), ("not-formatted", Severity::Note));
    assert!(findings[0].message.contains("6144"), "{}", findings[0].message);
}

#[test]
fn line_breaks_are_those_of_the_file() {
    let text =
        "{\"Version\": \"1\",\r\n\"Statement\": [{\"Effect\": \"Deny\", \"Action\": \"*\", \"Resource\": \"*\"}]}";
    let formatted = strict(text, PolicyKind::Identity);
    assert!(formatted.ends_with("}\r\n") && !formatted.replace("\r\n", "").contains('\n'), "{formatted:?}");
    stays(&formatted, PolicyKind::Identity, &Dialect::strict());
}

fn file(name: &str, text: &str) -> (String, Vec<String>) {
    let options = Options { named: true, ..Options::default() };
    let source = SourceText::new(name, text);
    let formatted = format_file(&source, &options, &Dialect::strict());
    let text = formatted.text.clone().unwrap_or_else(|| text.to_owned());
    let again = format_file(&SourceText::new(name, text.as_str()), &options, &Dialect::strict());
    assert_eq!(again.text, None, "formatting twice is formatting once");
    (text, formatted.findings.into_iter().map(|finding| finding.message).collect())
}

const TERRAFORM: &str = r#"# kept
resource "alicloud_ram_policy" "a" {
  policy_document = <<-EOT
    {"Statement": [{"Action": "oss:$${x}", "Effect": "Allow", "Resource": "*"}],
      "Version": "1"}
  EOT
}

resource "alicloud_ram_policy" "b" {
  policy_document = <<EOF
{"Version": "1", "Statement": [{"Action": "oss:*", "Effect": "Allow", "Resource": "acs:oss:*:*:${var.b}"}]}
EOF
}

resource "alicloud_ram_policy" "c" {
  policy_document = jsonencode({ Version = "1", Statement = [] })
}
"#;

#[test]
fn a_heredoc_without_interpolation_is_formatted_in_place_and_nothing_else() {
    let (text, messages) = file("main.tf", TERRAFORM);
    insta::assert_snapshot!(text);
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn a_heredoc_with_a_mistake_is_told_at_its_line() {
    let text =
        TERRAFORM.replace("\"Effect\": \"Allow\", \"Resource\": \"*\"", "\"Effect\": \"allow\", \"Resource\": \"*\"");
    let formatted = format_file(&SourceText::new("main.tf", text), &Options::default(), &Dialect::strict());
    assert_eq!(formatted.text, None);
    let error = formatted.findings.iter().find(|finding| finding.severity == Severity::Error).unwrap();
    assert_eq!(error.position().unwrap().1.line, 4);
}

#[test]
fn fences_of_a_page_are_formatted() {
    let page = "# P\r\n\r\n- x\r\n\r\n  ```json\r\n  {\"Statement\": [{\"Effect\": \"Deny\", \"Action\": \"*\", \"Resource\": \"*\"}], \"Version\": \"1\"}\r\n  ```\r\n";
    let (text, messages) = file("page.md", page);
    assert!(messages.is_empty(), "{messages:?}");
    assert!(text.contains("  ```json\r\n  {\r\n    \"Version\": \"1\",\r\n"), "{text:?}");
}

#[test]
fn a_document_of_another_language_is_left_and_told() {
    let (_, messages) = file("p.json", r#"{"Version": "2012-10-17", "Statement": [{"Action": "s3:*"}]}"#);
    assert_eq!(messages, ["this is a policy of AWS IAM, not a RAM policy"]);
}

#[test]
fn every_fence_of_a_page_is_formatted_though_those_below_move() {
    let fence = "```json\n{\"Statement\": [{\"Effect\": \"Deny\", \"Action\": \"*\", \"Resource\": \"*\"}], \"Version\": \"1\"}\n```\n";
    let (text, messages) = file("page.md", &format!("{fence}\n{fence}"));
    assert!(messages.is_empty(), "{messages:?}");
    assert_eq!(text.matches("    {\n      \"Effect\": \"Deny\",").count(), 2, "{text}");
}

#[test]
fn a_template_is_formatted_where_it_can_be_read_and_left_where_not() {
    let policy = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:*", "Resource": "acs:oss:*:${a}:*",
        "Condition": {"IpAddress": {"acs:SourceIp": "203.0.113.2"}}}]}"#;
    let (text, messages) = file("p.json", policy);
    assert!(messages.is_empty() && text.contains("      \"Resource\": \"acs:oss:*:${a}:*\","), "{text} {messages:?}");

    let policy = policy.replace("203.0.113.2", "${office}");
    let (text, messages) = file("p.json", &policy);
    assert_eq!(text, policy);
    assert_eq!(messages, ["p is a template whose values are filled in elsewhere; it is left as it is"]);

    let (_, messages) = file("p.json", &policy.replace("\"Allow\"", "\"allow\""));
    assert_eq!(messages.len(), 2, "{messages:?}");
}
