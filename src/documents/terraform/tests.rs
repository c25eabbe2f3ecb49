use super::*;
use crate::documents::{Format, Options, read};
use crate::json;
use crate::policy::{Dialect, Document};

fn contents(text: &str) -> Contents {
    read(&SourceText::new("main.tf", text), &Options::default()).unwrap()
}

fn only(text: &str) -> Embedded {
    let mut contents = contents(text);
    assert_eq!(contents.documents.len(), 1, "{:?}", contents.notes);
    contents.documents.remove(0)
}

/// What stands in the file for the first occurrence of `part` in the document.
fn place(document: &Embedded, part: &str) -> String {
    let at = document.text().text().find(part).unwrap_or_else(|| panic!("{part} in {}", document.text().text()));
    let (file, span) = document.place(Span::new(at, at + part.len()));
    file.slice(span).to_owned()
}

const HEREDOC: &str = r#"resource "alicloud_ram_policy" "deploy" {
  policy_name     = "deploy"
  policy_document = <<-EOT
    {
      "Version": "1",
      "Statement": [
        {"Effect": "Allow", "Action": "oss:$${x}", "Resource": "acs:oss:*:*:中/*"}
      ]
    }
  EOT
}
"#;

#[test]
fn a_heredoc_is_read_as_terraform_reads_it() {
    let document = only(HEREDOC);
    assert_eq!((document.name(), document.kind()), ("alicloud_ram_policy.deploy", Some(PolicyKind::Identity)));
    assert_eq!(
        document.text().text(),
        "{\n  \"Version\": \"1\",\n  \"Statement\": [\n    \
        {\"Effect\": \"Allow\", \"Action\": \"oss:${x}\", \"Resource\": \"acs:oss:*:*:中/*\"}\n  ]\n}\n"
    );
    assert_eq!(place(&document, "\"oss:${x}\""), "\"oss:$${x}\"");
    assert_eq!(place(&document, "\"acs:oss:*:*:中/*\""), "\"acs:oss:*:*:中/*\"");
    assert!(document.unread().is_empty());
    let (span, text) = document.rewritten("{\n  \"a\": \"${x}\"\n}\n").unwrap();
    assert_eq!(text, "    {\n      \"a\": \"$${x}\"\n    }\n");
    assert!(document.file().slice(span).starts_with("    {\n") && document.file().slice(span).ends_with("    }\n"));
}

#[test]
fn a_heredoc_without_the_dash_keeps_its_indentation() {
    let document =
        only("resource \"alicloud_ram_role\" \"r\" {\n  document = <<EOF\n  {\"Version\": \"1\"}\n  EOF\n}\n");
    assert_eq!((document.text().text(), document.kind()), ("  {\"Version\": \"1\"}\n", Some(PolicyKind::Trust)));
    assert_eq!(document.rewritten("{}\n").unwrap().1, "  {}\n");
}

#[test]
fn an_interpolation_is_an_unread_part_that_is_no_wildcard() {
    let document = only(
        "resource \"alicloud_ram_policy\" \"p\" {\n  policy_document = <<EOF\n{\"Action\": ${jsonencode(var.a)}, \
         \"Resource\": [\"acs:oss:*:*:${var.bucket}/*\", \"${var.b ? \"*\" : \"x\"}\"]}\nEOF\n}\n",
    );
    assert_eq!(
        document.text().text(),
        "{\"Action\": \"${…}\", \"Resource\": [\"acs:oss:*:*:${var.bucket}/*\", \"${…}\"]}\n"
    );
    let expressions: Vec<_> = document.unread().iter().map(|part| part.expression.as_str()).collect();
    assert_eq!(expressions, ["jsonencode(var.a)", "var.bucket", "var.b ? \"*\" : \"x\""]);
    let bucket = document.text().text().find("\"acs:").unwrap();
    assert!(document.has_unread(Span::new(bucket, bucket + 30)) && !document.has_unread(Span::new(0, 9)));
    assert_eq!(place(&document, "${var.bucket}"), "${var.bucket}");
    assert!(document.rewritten("{}").is_none());
    assert!(json::parse(document.text(), json::Syntax::Strict).is_ok());
}

#[test]
fn an_unread_part_is_told_as_a_note_at_its_place() {
    let contents = contents(
        "resource \"alicloud_ram_policy\" \"p\" {\n  policy_document = \"{\\\"Sid\\\": \\\"${var.x}\\\"}\"\n}\n",
    );
    let [note] = &contents.notes[..] else { panic!("{:?}", contents.notes) };
    assert_eq!((note.severity, note.code.as_str()), (Severity::Note, "unread"));
    assert!(note.message.contains("alicloud_ram_policy.p") && note.message.contains("`var.x`"), "{}", note.message);
    assert_eq!(note.position().unwrap().1.to_string(), "2:34");
}

#[test]
fn a_quoted_string_is_read_through_its_escapes() {
    let document = only(
        "resource \"alicloud_ram_policy\" \"p\" {\n  policy_document = \"{\\\"Action\\\":\\n\\\"\\u4e2d:x\\\", \\\"a\\\": \\\"$${b}\\\\\\\"\\\"}\"\n}\n",
    );
    assert_eq!(document.text().text(), "{\"Action\":\n\"中:x\", \"a\": \"${b}\\\"\"}");
    assert_eq!(place(&document, "\"Action\""), "\\\"Action\\\"");
    assert_eq!(place(&document, "中"), "\\u4e2d");
    assert!(matches!(document.editing(), Editing::No(_)));
}

const ENCODED: &str = r#"
locals {
  buckets = ["acs:oss:*:*:a", local.more]
  more    = "acs:oss:*:*:b\"\\"
}
resource "alicloud_resource_manager_control_policy" "guard" {
  policy_document = jsonencode({
    Version = "1" # the only one
    "Statement" = [{
      Effect   = "Deny"
      Action   = ["oss:*", "ecs:${var.verb}Instances"],
      Resource = local.buckets
      Condition = {
        "Bool" : { "acs:SecureTransport" : [false, 1], (var.key) = concat(["x"], var.list) }
      }
    }]
  })
}
"#;

#[test]
fn an_object_expression_is_read_as_jsonencode_writes_it() {
    let document = only(ENCODED);
    assert_eq!(document.kind(), Some(PolicyKind::Control));
    assert_eq!(
        document.text().text(),
        "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Deny\",\"Action\":[\"oss:*\",\"ecs:${var.verb}Instances\"],\
         \"Resource\":[\"acs:oss:*:*:a\",\"acs:oss:*:*:b\\\"\\\\\"],\
         \"Condition\":{\"Bool\":{\"acs:SecureTransport\":[false,1],\"${…}\":\"${…}\"}}}]}"
    );
    assert_eq!(place(&document, "\"Version\""), "Version");
    assert_eq!(place(&document, "\"oss:*\""), "\"oss:*\"");
    assert_eq!(
        place(&document, "[\"oss:*\",\"ecs:${var.verb}Instances\"]"),
        "[\"oss:*\", \"ecs:${var.verb}Instances\"]"
    );
    assert_eq!(place(&document, "\"acs:oss:*:*:b\\\"\\\\\""), "\"acs:oss:*:*:b\\\"\\\\\"");
    assert_eq!(place(&document, "\"Condition\":"), "Condition");
    let expressions: Vec<_> = document.unread().iter().map(|part| part.expression.as_str()).collect();
    assert_eq!(expressions, ["var.verb", "(var.key)", "concat([\"x\"], var.list)"]);
}

const BLOCKS: &str = r#"
data "alicloud_ram_policy_document" "buckets" {
  version = "1"
  statement {
    effect   = "Deny"
    action   = ["oss:*"]
    resource = ["acs:oss:*:*:b", "acs:oss:*:*:b/${var.folder}"]
    condition {
      operator = "StringLike"
      variable = "oss:Prefix"
      values   = ["", "x/*"]
    }
    condition {
      operator = "Bool"
      variable = "acs:SecureTransport"
      values   = ["true"]
    }
    condition {
      operator = "StringLike"
      variable = "oss:Delimiter"
      values   = ["/"]
    }
  }
}
data "alicloud_ram_policy_document" "trust" {
  statement {
    action = ["sts:AssumeRole"]
    principal {
      entity      = "RAM"
      identifiers = ["acs:ram::1:root"]
    }
    dynamic "condition" {
      for_each = var.conditions
      content {}
    }
  }
  dynamic "statement" {
    for_each = var.more
    content {}
  }
}
resource "alicloud_resource_manager_control_policy" "guard" {
  policy_document = data.alicloud_ram_policy_document.buckets.document
}
"#;

#[test]
fn statement_blocks_are_a_document() {
    let contents = contents(BLOCKS);
    let [buckets, trust] = &contents.documents[..] else { panic!("two documents") };
    assert_eq!(
        (buckets.name(), buckets.kind()),
        ("data.alicloud_ram_policy_document.buckets", Some(PolicyKind::Control))
    );
    assert_eq!(
        buckets.text().text(),
        "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Deny\",\"Action\":[\"oss:*\"],\
         \"Resource\":[\"acs:oss:*:*:b\",\"acs:oss:*:*:b/${var.folder}\"],\
         \"Condition\":{\"StringLike\":{\"oss:Prefix\":[\"\",\"x/*\"],\"oss:Delimiter\":[\"/\"]},\
         \"Bool\":{\"acs:SecureTransport\":[\"true\"]}}}]}"
    );
    assert_eq!(place(buckets, "\"Action\""), "action");
    assert_eq!(place(buckets, "\"oss:Delimiter\""), "\"oss:Delimiter\"");
    assert_eq!(place(buckets, "\"Effect\":\"Deny\""), "effect   = \"Deny\"");
    assert_eq!(trust.kind(), Some(PolicyKind::Trust));
    assert_eq!(
        trust.text().text(),
        "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"RAM\":[\"acs:ram::1:root\"]},\
         \"Action\":[\"sts:AssumeRole\"],\"Condition\":{\"StringEquals\":{\"${…}\":\"${…}\"}}}]}"
    );
    assert_eq!(place(trust, "\"Effect\""), "statement");
    let messages: Vec<_> = contents.notes.iter().map(|note| note.message.as_str()).collect();
    assert!(messages.iter().any(|message| message.contains("made by a `dynamic` block")), "{messages:?}");
    for document in &contents.documents {
        let parsed = Document::parse(document.text(), document.kind().unwrap(), &Dialect::strict());
        assert!(parsed.is_ok(), "{parsed:?}");
    }
}

#[test]
fn old_policies_with_statement_blocks_are_documents() {
    let document = only(
        "resource \"alicloud_ram_policy\" \"p\" {\n  name = \"p\"\n  statement {\n    effect = \"Allow\"\n    action = [\"*\"]\n    \
         resource = [\"*\"]\n  }\n}\n",
    );
    assert_eq!(document.name(), "alicloud_ram_policy.p");
    assert!(document.text().text().contains("\"Action\":[\"*\"]"));
}

#[test]
fn nested_blocks_and_the_provider_are_looked_into() {
    let contents = contents(
        "provider \"alicloud\" {\n  assume_role {\n    policy = jsonencode({ Version = \"1\" })\n  }\n}\n\
         resource \"alicloud_cloud_sso_access_configuration\" \"c\" {\n  permission_policies {\n    \
         permission_policy_document = \"{}\"\n  }\n  permission_policies {\n    permission_policy_document = \"[]\"\n  }\n}\n",
    );
    let found: Vec<_> = contents.documents.iter().map(|d| (d.name(), d.kind(), d.text().text())).collect();
    let sso = "alicloud_cloud_sso_access_configuration.c.permission_policy_document";
    assert_eq!(
        found,
        [
            ("provider.alicloud.policy", Some(PolicyKind::Session), "{\"Version\":\"1\"}"),
            (sso, Some(PolicyKind::Identity), "{}"),
            (sso, Some(PolicyKind::Identity), "[]"),
        ]
    );
}

#[test]
fn what_is_no_text_is_told_and_never_guessed() {
    let cases = [
        ("file(\"p.json\")", Some("another file")),
        ("var.policy", Some("a value of elsewhere")),
        ("var.a ? \"x\" : \"y\"", Some("a choice of two")),
        ("jsonencode(var.a)", Some("no object")),
        ("replace(\"a\", \"b\", \"c\")", Some("only Terraform evaluates")),
        ("\"%{ if true }x%{ endif }\"", Some("directives")),
        ("data.alicloud_ram_policy_document.x.document", None),
        ("alicloud_ram_policy.other.policy_document", None),
        ("local.ring", Some("a value of elsewhere")),
    ];
    for (value, told) in cases {
        let text = format!(
            "locals {{\n  ring = local.ring\n}}\nresource \"alicloud_ram_policy\" \"p\" {{\n  policy_document = {value}\n}}\n"
        );
        let contents = contents(&text);
        assert!(contents.documents.is_empty(), "{value}");
        let messages: Vec<_> = contents.notes.iter().map(|note| note.message.as_str()).collect();
        assert_eq!(messages.len(), usize::from(told.is_some()), "{value}: {messages:?}");
        assert!(messages.iter().all(|message| message.contains(told.unwrap())), "{value}: {messages:?}");
    }
}

#[test]
fn other_resources_and_broken_files() {
    assert!(contents("resource \"aws_iam_policy\" \"p\" {\n  policy = jsonencode({})\n}\n").documents.is_empty());
    let options = Options { format: Some(Format::Terraform), ..Options::default() };
    let findings = read(&SourceText::new("x", "a = {\n  b = \n"), &options).unwrap_err();
    assert_eq!(findings[0].code, "not-hcl");
    assert!(findings[0].position().is_some());
}
