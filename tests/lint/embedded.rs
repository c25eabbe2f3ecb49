//! Rules over policies that stand in files of other tools.

use ramgate::json::SourceText;
use ramgate::lint::{self, Applicability, Config, Options, Outcome, Selector};

const HEREDOC: &str = r#"resource "alicloud_ram_policy" "ops" {
  policy_name     = "ops"
  policy_document = <<EOF
    {
      "Version": "2",
      "Statement": [
        {"Effect": "Allow", "NotAction": "ram:*", "Resource": "*"}
      ]
    }
  EOF
}
"#;

fn run(name: &str, text: &str, most: Option<Applicability>) -> Outcome {
    let mut config = Config::default();
    config.selection.select = ["schema/invalid-version", "security/allow-notaction", "meta"]
        .map(|word| Selector::parse(word).unwrap())
        .into();
    lint::run_text(&config, &SourceText::new(name, text), &Options { most, ..Options::default() })
}

/// Rules, with the lines and the texts that they point at.
fn found(outcome: &Outcome) -> Vec<(String, usize, String)> {
    let shown = |diagnostic: &ramgate::report::Diagnostic| {
        let (source, span) = diagnostic.finding.place.clone().unwrap();
        (diagnostic.rule.clone(), source.position(span.start).line, source.slice(span).to_owned())
    };
    outcome.diagnostics.iter().map(shown).collect()
}

#[test]
fn a_finding_points_at_the_line_of_the_file_that_a_person_edits() {
    let outcome = run("main.tf", HEREDOC, None);
    assert_eq!(
        found(&outcome),
        [
            ("schema/invalid-version".to_owned(), 5, "\"2\"".to_owned()),
            ("security/allow-notaction".to_owned(), 7, "\"ram:*\"".to_owned()),
        ]
    );
    assert_eq!((outcome.documents, outcome.files), (1, vec!["main.tf".to_owned()]));
}

#[test]
fn a_fix_changes_the_heredoc_and_nothing_else_of_the_file() {
    let outcome = run("main.tf", HEREDOC, Some(Applicability::Safe));
    assert_eq!(outcome.changes.len(), 1);
    assert_eq!(outcome.changes[0].after, HEREDOC.replace("\"2\"", "\"1\""));
    assert_eq!(found(&outcome), [("security/allow-notaction".to_owned(), 7, "\"ram:*\"".to_owned())]);
}

#[test]
fn a_heredoc_whose_indentation_is_taken_away_keeps_it_in_the_file() {
    let text = HEREDOC.replace("<<EOF", "<<-EOF");
    let outcome = run("main.tf", &text, Some(Applicability::Safe));
    assert_eq!(outcome.changes[0].after, text.replace("\"2\"", "\"1\""));
}

#[test]
fn nothing_follows_from_what_only_another_program_knows() {
    let text = HEREDOC.replace("ram:*", "${var.actions}");
    let outcome = run("main.tf", &text, None);
    assert_eq!(
        found(&outcome),
        [
            ("schema/invalid-version".to_owned(), 5, "\"2\"".to_owned()),
            ("meta/unread-part".to_owned(), 7, "${var.actions}".to_owned()),
        ]
    );
    let outcome = run("main.tf", &text, Some(Applicability::Unsafe));
    assert!(outcome.changes.is_empty(), "{:?}", outcome.changes);
}

#[test]
fn a_resource_policy_of_another_service_is_not_held_to_what_oss_has() {
    let findings = |resource: &str, statement: &str| {
        let text = format!(
            "resource \"{resource}\" \"it\" {{\n  {} = jsonencode({{ Version = \"1\", Statement = [{statement}] }})\n}}\n",
            if resource.ends_with("endpoint") { "policy_document" } else { "policy" },
        );
        let mut config = Config::default();
        config.selection.select = ["oss", "schema", "meta"].map(|word| Selector::parse(word).unwrap()).into();
        let outcome = lint::run_text(&config, &SourceText::new("main.tf", text), &Options::default());
        assert_eq!(outcome.documents, 1);
        found(&outcome).into_iter().map(|(rule, ..)| rule).collect::<Vec<_>>()
    };
    let everybody = "{ Effect = \"Allow\", Action = \"*\", Resource = \"*\", Principal = [\"*\"] }";
    assert_eq!(findings("alicloud_vpc_gateway_endpoint", everybody), Vec::<String>::new());
    assert!(findings("alicloud_oss_bucket_policy", everybody).contains(&"oss/public-write".to_owned()));

    let text = everybody.replace("[\"*\"]", "\"*\"");
    assert_eq!(findings("alicloud_privatelink_vpc_endpoint", &text), Vec::<String>::new());
    assert_eq!(findings("alicloud_oss_bucket", &text), ["oss/principal-form"]);

    let nobody = "{ Effect = \"Deny\", Action = \"log:Post*\", Resource = \"acs:log:*:*:project/app/*\" }";
    assert_eq!(findings("alicloud_log_project", nobody), Vec::<String>::new());
    assert_eq!(findings("alicloud_oss_bucket_policy", nobody), ["schema/missing-principal"]);

    let object = "{ Effect = \"Allow\", Action = \"kms:*\", Resource = \"*\", Principal = { RAM = [\"acs:ram::1234567890123456:*\"] } }";
    assert_eq!(findings("alicloud_kms_key", object), Vec::<String>::new());
}

#[test]
fn a_placeholder_of_a_template_engine_is_not_held_to_the_form_of_a_value() {
    let text = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"RAM": ["acs:ram::${account}:root", "acs:ram::{{ other }}:role/ci"]}}]}"#;
    let outcome = lint::run_text(&Config::default(), &SourceText::new("trust.json", text), &Options::default());
    assert_eq!(found(&outcome), [("meta/unread-part".to_owned(), 2, "${account}".to_owned())]);
    let shown = &outcome.diagnostics[0].finding.message;
    assert_eq!(shown, "trust has parts that are filled in elsewhere: `account`, `other`");

    let text = text.replace("${account}", "acct");
    let outcome = lint::run_text(&Config::default(), &SourceText::new("trust.json", text), &Options::default());
    assert_eq!(outcome.diagnostics[0].rule, "trust/principal-format");
}
