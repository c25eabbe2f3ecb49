mod laws;
mod repeats;
mod shown;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::*;
use crate::policy::{AbsentKey, Context, ContextValue, Document, InvalidPolicy, TestOutcome};

fn read(text: &str, kind: PolicyKind, dialect: &Dialect) -> Result<Document, InvalidPolicy> {
    Document::parse(&SourceText::new("policy.json", text), kind, dialect)
}

/// A document of one identity statement, given its members after `Effect`.
fn identity(members: &str) -> String {
    format!(r#"{{"Version": "1", "Statement": [{{"Effect": "Allow", {members}}}]}}"#)
}

/// The codes of what is wrong with a document; none where it is read.
fn codes(text: &str, kind: PolicyKind, dialect: &Dialect) -> Vec<Code> {
    match read(text, kind, dialect) {
        Ok(_) => Vec::new(),
        Err(invalid) => invalid.findings.iter().map(|finding| finding.code).collect(),
    }
}

/// `file:line:column code message`, and the mend below it.
fn report(source: &SourceText, findings: &[Finding]) -> String {
    let mut report = String::new();
    for finding in findings {
        let place = source.position(finding.span.start);
        writeln!(report, "{}:{place} {} {}", source.name(), finding.code, finding.message).unwrap();
        if let Some(help) = &finding.help {
            writeln!(report, "    help: {help}").unwrap();
        }
    }
    report
}

/// A snapshot of `report` alone: the document is in the test.
fn assert_report(name: &str, report: &str) {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, report);
    });
}

fn mistakes(text: &str, kind: PolicyKind) -> String {
    let invalid = read(text, kind, &Dialect::strict()).unwrap_err();
    report(&invalid.document, &invalid.findings)
}

#[test]
fn all_mistakes_of_an_identity_policy_are_reported_at_once() {
    assert_report(
        "identity_mistakes",
        &mistakes(
            r#"{
  "Version": 1,
  "Id": "mine",
  "Statement": [
    {
      "Effect": "allow ",
      "action": "ecs:*",
      "Resource": [],
      "Condition": {
        "StringEqualsIfExists": {"acs:ResourceTag/team": "a"},
        "Null": {"acs:MFAPresent": "true"},
        "stringlike": {"acs:SourceVpc": "vpc-*"},
        "ForAnyValue:StringEquals": {"acs:SourceVpc": ["vpc-1"]},
        "ArnLike": {"acs:PrincipalARN": "acs:ram:*:*:role/a"},
        "Bool": {"acs:SecureTransport": true, "acs:MFAPresent": "yes"},
        "IpAddress": {"acs:SourceIp": ["10.0.0.0/33", "office"]},
        "DateLessThan": {"acs:CurrentTime": "2026-01-01"},
        "NumericLessThan": {"acs:TLSVersion": "v1.2", "acs:TLSVersion": []}
      }
    },
    {"Effect": "Deny", "Action": "ecs:*", "NotAction": "rds:*", "Resource": "", "Principal": ["*"]},
    "everything",
    {"Effect": "Allow", "Effect": "Deny", "NotResource": "*", "NotPrincipal": {}, "Condition": []}
  ]
}"#,
            PolicyKind::Identity,
        ),
    );
}

#[test]
fn all_mistakes_of_a_trust_policy_are_reported_at_once() {
    assert_report(
        "trust_mistakes",
        &mistakes(
            r#"{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*", "Principal": "*"},
    {"Effect": "Allow", "Action": "sts:AssumeRole"},
    {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {}},
    {
      "Effect": "Allow",
      "Action": "sts:AssumeRole",
      "Principal": {
        "AWS": "arn:aws:iam::123456789012:root",
        "RAM": ["acs:ram::1234567890123456:user/*", "acs:ram:*:1234567890123456:root", 7],
        "ram": "acs:ram::1234567890123456:root",
        "Service": ["ecs.amazonaws.com"],
        "Federated": ["acs:ram::1234567890123456:oidc-provider/"]
      }
    }
  ]
}"#,
            PolicyKind::Trust,
        ),
    );
}

#[test]
fn all_mistakes_of_a_bucket_policy_are_reported_at_once() {
    assert_report(
        "bucket_mistakes",
        &mistakes(
            r#"{
  "Version": "1",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "oss:**",
      "Resource": "acs:oss:*:1234567890123456:b/**",
      "Principal": {"RAM": ["acs:ram::1234567890123456:root"]}
    },
    {
      "Effect": "Deny",
      "NotAction": "oss:GetObject",
      "Resource": "acs:oss:*:1234567890123456:b/*",
      "Principal": ["alice", "arn:sts::1234567890123456:assumed-role/*/*"],
      "Condition": {"NotIpAddress": {"acs:sourceip": ["10.10.10.10"]}}
    }
  ]
}"#,
            PolicyKind::Resource,
        ),
    );
}

#[test]
fn a_text_that_is_no_json_is_reported_where_it_stops_being_json() {
    let texts = ["", "{\"Version\": \"1\",}", "[]", "{\"Version\": \"1\" // RAM\n}", "{\"Version\": '1'}"];
    let reports: Vec<_> = texts.iter().map(|text| mistakes(text, PolicyKind::Control)).collect();
    assert_report("json_mistakes", &reports.join("\n"));
}

#[test]
fn what_a_lenient_dialect_overlooks_is_a_warning() {
    let text = r#"{
  // from the wild
  "version": "1",
  "Description": "x",
  "Statement": {
    "sid": "one", "effect": "Allow", "Action": "ecs:Get*", "NotResource": [],
    "Resource": [], "Condition": {"bool": {"acs:SecureTransport": true}, "NumericLessThan": {"a:b": 1.50}},
  },
}"#
    .replace(r#""NotResource": [],"#, "");
    let document = read(&text, PolicyKind::Identity, &Dialect::lenient()).unwrap();
    assert_report("lenient_warnings", &report(document.source(), document.warnings()));
}

/// Every mistake by itself: the document, what it is read as, and the codes in text order.
const MISTAKES: &[(PolicyKind, &str, &[Code])] = {
    use Code as C;
    use PolicyKind::{Control, Identity, Resource, Session, Trust};
    &[
        (Identity, r#"{"#, &[C::NotJson]),
        (Identity, r#""text""#, &[C::WrongType]),
        (Identity, r#"{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#, &[C::MissingVersion]),
        (Session, r#"{"Version": "1"}"#, &[C::MissingStatement]),
        (Session, r#"{"Version": "1", "Statement": []}"#, &[C::EmptyList]),
        (Control, r#"{"Version": "1", "Statement": [[]]}"#, &[C::WrongType]),
        (
            Control,
            r#"{"Version": 1, "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#,
            &[C::Version],
        ),
        (
            Identity,
            r#"{"Version": "1", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#,
            &[C::WrongType],
        ),
        (Identity, r#"{"Version": "1", "Statement": [{"Action": "*", "Resource": "*"}]}"#, &[C::MissingEffect]),
        (
            Identity,
            r#"{"Version": "1", "Statement": [{"Effect": "deny", "Action": "*", "Resource": "*"}]}"#,
            &[C::Effect],
        ),
        (
            Identity,
            r#"{"Version": "1", "Statement": [{"Effect": null, "Action": "*", "Resource": "*"}]}"#,
            &[C::Effect],
        ),
        (Identity, r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Resource": "*"}]}"#, &[C::MissingAction]),
        (
            Identity,
            r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "a:b", "NotAction": "c:d", "Resource": "*"}]}"#,
            &[C::ActionAndNotAction],
        ),
        (Identity, r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "ecs:*"}]}"#, &[C::MissingResource]),
        (
            Identity,
            r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "NotResource": "*"}]}"#,
            &[C::UnsupportedElement],
        ),
        (
            Identity,
            r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": ["a:b", ""], "Resource": "*"}]}"#,
            &[C::EmptyPattern],
        ),
        (
            Identity,
            r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Effect": "Allow", "Action": "*", "Resource": "*"}]}"#,
            &[C::RepeatedMember],
        ),
        (
            Identity,
            r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Conditon": {}}]}"#,
            &[C::UnknownMember],
        ),
        (
            Identity,
            r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": {"RAM": "*"}}]}"#,
            &[C::PrincipalNotAllowed],
        ),
        (
            Identity,
            r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {}}}]}"#,
            &[C::EmptyList],
        ),
        (
            Identity,
            r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*",
                "Condition": {"Null": {"acs:a": "true"}, "Bool": {"acs:a": "TRUE"}, "NumericEquals": {"acs:a": "1e3"},
                "DateEquals": {"acs:a": "1786525200"}, "NotIpAddress": {"acs:a": "10.0.0"}, "StringLike": {"acs:a": 1}}}]}"#,
            &[C::UnknownOperator, C::OperandBool, C::OperandNumber, C::OperandDate, C::OperandIp, C::ConditionValue],
        ),
        (
            Identity,
            r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*",
                "Condition": {"Bool": {"acs:a": "true", "ACS:A": "false"}, "Bool": {"acs:b": "true"}}}]}"#,
            &[C::RepeatedMember, C::RepeatedMember],
        ),
        (
            Trust,
            r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*", "Principal": {"RAM": "*"}}]}"#,
            &[C::ResourceNotAllowed],
        ),
        (
            Trust,
            r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}"#,
            &[C::MissingPrincipal],
        ),
        (
            Trust,
            r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Account": "1"}}]}"#,
            &[C::PrincipalKind],
        ),
        (
            Trust,
            r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": "alice"}}]}"#,
            &[C::PrincipalForm],
        ),
        (
            Resource,
            r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:b/**", "Principal": ["*"]}]}"#,
            &[C::ConsecutiveStars],
        ),
        (
            Resource,
            r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:b/*", "Principal": "*"}]}"#,
            &[C::PrincipalForm],
        ),
        (
            Resource,
            r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:b/*", "Principal": ["*"],
                "Condition": {"IpAddress": {"acs:SourceIp": "10.10.10.10"}}}]}"#,
            &[C::SourceIpWithoutVpc],
        ),
    ]
};

#[test]
fn every_mistake_has_its_own_code() {
    let strict = Dialect::strict();
    for (kind, text, expected) in MISTAKES {
        assert_eq!(codes(text, *kind, &strict), *expected, "{kind} {text}");
    }
    let long = identity(&format!(r#""Action": "{}", "Resource": "*""#, "x".repeat(6144)));
    assert_eq!(codes(&long, PolicyKind::Identity, &strict), [Code::TooLong]);
}

#[test]
fn every_code_is_shown_by_a_document() {
    let shown: BTreeSet<_> = MISTAKES.iter().flat_map(|(_, _, codes)| *codes).copied().collect();
    // The first takes a long document, and the second is only ever a warning; both have tests of their own.
    let elsewhere = [Code::TooLong, Code::Sid];
    let missing: Vec<_> = Code::ALL.iter().filter(|code| !shown.contains(code) && !elsewhere.contains(code)).collect();
    assert_eq!(missing, Vec::<&Code>::new());
    let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(names.len(), Code::ALL.len());
}

#[test]
fn what_is_never_exact_is_an_error_in_every_dialect() {
    use Code as C;
    for (members, code) in [
        (
            r#""Action": "*", "Resource": "*", "Condition": {"ForAllValues:StringEquals": {"acs:a": ["a"]}}"#,
            C::UnknownOperator,
        ),
        (
            r#""Action": "*", "Resource": "*", "Condition": {"StringEqualsIfExists": {"acs:a": ["a"]}}"#,
            C::UnknownOperator,
        ),
        (r#""Action": "*", "Resource": "*", "Condition": {"BinaryEquals": {"acs:a": ["a"]}}"#, C::UnknownOperator),
        (r#""Action": "*", "Resource": "*", "Condition": {"IpAddress": {"acs:a": ["a"]}}"#, C::OperandIp),
        (r#""Action": "*", "Resource": "*", "Condition": {"StringEquals": {}}"#, C::EmptyList),
        (r#""Action": "*", "Resource": "*", "Condition": {"StringNotEquals": {"acs:a": []}}"#, C::EmptyList),
        (r#""Action": "*", "Resource": "*", "NotPrincipal": {}"#, C::UnsupportedElement),
        (r#""Action": "*", "Resource": "*", "Conditions": {}"#, C::UnknownMember),
        (r#""Action": "*", "Action": "ecs:*", "Resource": "*""#, C::RepeatedMember),
        (r#""NotAction": [], "Resource": "*""#, C::EmptyList),
        (r#""Action": "*", "NotResource": []"#, C::EmptyList),
    ] {
        assert_eq!(codes(&identity(members), PolicyKind::Identity, &Dialect::lenient()), [code], "{members}");
    }
    for members in [
        r#""Action": [], "Resource": "*""#,
        r#""Action": "*", "Resource": []"#,
        r#""Action": "*", "Resource": "*", "Condition": {"StringEquals": {"acs:a": []}}"#,
    ] {
        let allow = identity(members);
        assert_eq!(codes(&allow, PolicyKind::Identity, &Dialect::lenient()), [], "{members}");
        let deny = allow.replace("Allow", "Deny");
        assert_eq!(codes(&deny, PolicyKind::Identity, &Dialect::lenient()), [Code::EmptyList], "{members}");
    }
}

#[test]
fn each_switch_of_the_dialect_does_what_it_says_and_no_more() {
    let plain = r#""Action": "*", "Resource": "*""#;
    type Switch = (&'static str, fn(&mut Dialect), String);
    let switches: [Switch; 9] = [
        ("any_member_case", |dialect| dialect.any_member_case = true, identity(r#""action": "*", "RESOURCE": "*""#)),
        (
            "equal_repeats",
            |dialect| dialect.equal_repeats = true,
            identity(r#""Action": "*", "Action": "*", "Resource": "*""#),
        ),
        (
            "unknown_root_members",
            |dialect| dialect.unknown_root_members = true,
            identity(plain).replacen('{', r#"{"Id": "x", "#, 1),
        ),
        ("statement_as_object", |dialect| dialect.statement_as_object = true, identity(plain).replace(['[', ']'], "")),
        ("empty_lists", |dialect| dialect.empty_lists = true, identity(r#""Action": [], "Resource": "*""#)),
        (
            "bare_values",
            |dialect| dialect.bare_values = true,
            identity(r#""Action": "*", "Resource": "*", "Condition": {"Bool": {"acs:SecureTransport": false}}"#),
        ),
        ("comments", |dialect| dialect.comments = true, format!("// all\n{}", identity(plain))),
        (
            "not_resource",
            |dialect| dialect.not_resource = true,
            identity(r#""Action": "*", "NotResource": "acs:oss:*""#),
        ),
        (
            "length_limits",
            |dialect| dialect.length_limits = false,
            identity(&format!(r#""Action": "{}", "Resource": "*""#, "x".repeat(6144))),
        ),
    ];
    for (name, set, text) in &switches {
        let mut dialect = Dialect::strict();
        assert!(read(text, PolicyKind::Identity, &dialect).is_err(), "{name}: strict takes {text}");
        set(&mut dialect);
        assert_eq!(codes(text, PolicyKind::Identity, &dialect), [], "{name}");
        assert_eq!(codes(text, PolicyKind::Identity, &Dialect::lenient()), [], "lenient: {name}");
        let others = switches.iter().filter(|(other, ..)| other != name);
        for (other, _, other_text) in others {
            assert!(read(other_text, PolicyKind::Identity, &dialect).is_err(), "{name} takes what {other} is for");
        }
    }
}

#[test]
fn a_mistake_hides_none_of_those_beside_it() {
    for (members, expected) in [
        (r#""Action": "*", "Resource": "", "NotResource": "*""#, vec![Code::EmptyPattern, Code::UnsupportedElement]),
        (
            r#""Action": "*", "Resource": "*", "Condition": {"Null": {"acs:a": [1, {}]}}"#,
            vec![Code::UnknownOperator, Code::ConditionValue, Code::ConditionValue],
        ),
    ] {
        let text = identity(members);
        assert_eq!(codes(&text, PolicyKind::Identity, &Dialect::strict()), expected, "{members}");
    }
}

#[test]
fn a_member_in_the_plural_is_told_its_name() {
    let text = identity(r#""Action": "*", "Resources": "*""#);
    let report = mistakes(&text, PolicyKind::Identity);
    assert!(report.contains("write `Resource`, in exactly these letters"), "{report}");
}

#[test]
fn a_proposal_names_only_members_of_that_kind_of_document() {
    let text = identity(r#""Action": "*", "Comment": "x""#);
    for kind in [PolicyKind::Identity, PolicyKind::Trust, PolicyKind::Resource] {
        let report = mistakes(&text, kind);
        let line = report.lines().find(|line| line.contains("its members are")).unwrap();
        assert_eq!(line.contains("`Principal`"), kind != PolicyKind::Identity, "{line}");
        assert_eq!(line.contains("`Resource`"), kind != PolicyKind::Trust, "{line}");
        assert_eq!(line.contains("`NotAction`"), kind != PolicyKind::Resource, "{line}");
        assert!(!line.contains("`NotResource`") && !line.contains("`NotPrincipal`"), "{line}");
    }
}

#[test]
fn equal_principals_under_both_spellings_of_a_kind_are_a_choice_of_the_dialect() {
    let text = |second: &str| {
        format!(
            r#"{{"Version": "1", "Statement": [{{"Effect": "Allow", "Action": "sts:AssumeRole",
               "Principal": {{"RAM": ["acs:ram::1:root"], "ram": ["{second}"]}}}}]}}"#
        )
    };
    let equal = Dialect { equal_repeats: true, ..Dialect::strict() };
    assert_eq!(codes(&text("acs:ram::1:root"), PolicyKind::Trust, &equal), []);
    assert_eq!(codes(&text("acs:ram::2:root"), PolicyKind::Trust, &equal), [Code::RepeatedMember]);
    assert_eq!(codes(&text("acs:ram::1:root"), PolicyKind::Trust, &Dialect::strict()), [Code::RepeatedMember]);
}

#[test]
fn an_empty_list_of_values_that_a_dialect_takes_is_a_test_that_nothing_meets() {
    let text = identity(r#""Action": "*", "Resource": "*", "Condition": {"StringEquals": {"acs:SourceVpc": []}}"#);
    let document = read(&text, PolicyKind::Identity, &Dialect::lenient()).unwrap();
    let tests = document.statements()[0].condition();
    assert_eq!(tests.len(), 1, "without it the statement would apply to every request");
    for value in [ContextValue::Absent, ContextValue::Present(vec!["vpc-1".to_owned()])] {
        assert_eq!(tests[0].evaluate(&value), TestOutcome::Unmet, "{value:?}");
    }
}

#[test]
fn a_sid_is_kept_and_worth_a_warning() {
    let text = identity(r#""Sid": "Read it all", "Action": "*", "Resource": "*""#);
    let document = read(&text, PolicyKind::Identity, &Dialect::strict()).unwrap();
    assert_eq!(document.statements()[0].sid(), Some("Read it all"));
    assert_eq!(document.warnings().iter().map(|warning| warning.code).collect::<Vec<_>>(), [Code::Sid]);
}

#[test]
fn warnings_stand_in_text_order() {
    let text = identity(r#""Action": [], "Resource": "*", "Sid": "last""#);
    let document = read(&text, PolicyKind::Identity, &Dialect::lenient()).unwrap();
    let found: Vec<_> = document.warnings().iter().map(|warning| warning.code).collect();
    assert_eq!(found, [Code::EmptyList, Code::Sid]);
}

#[test]
fn actions_ignore_case_and_resources_only_in_their_service() {
    let text = identity(r#""Action": "ECS:stop*", "Resource": ["ACS:ECS:*:*:instance/i-A", "acs:oss:*:*:b/*"]"#);
    let document = read(&text, PolicyKind::Identity, &Dialect::strict()).unwrap();
    let statement = &document.statements()[0];
    assert!(statement.action().matches("ecs:StopInstance"));
    let resource = statement.resource().unwrap();
    assert!(resource.matches("acs:ecs:cn-hangzhou:1:instance/i-A"));
    assert!(resource.matches("acs:OSS:oss-cn-hangzhou:1:b/k"));
    assert!(!resource.matches("acs:ecs:cn-hangzhou:1:instance/i-a"));
    let exact = Dialect { fold_service_code: false, ..Dialect::strict() };
    let document = read(&text, PolicyKind::Identity, &exact).unwrap();
    assert!(!document.statements()[0].resource().unwrap().matches("acs:ecs:cn-hangzhou:1:instance/i-A"));
}

#[test]
fn a_clause_with_not_covers_everything_but_what_it_names() {
    let text = identity(r#""NotAction": ["ecs:*", "*:Get*"], "NotResource": "acs:oss:*""#);
    let document = read(&text, PolicyKind::Identity, &Dialect::lenient()).unwrap();
    let statement = &document.statements()[0];
    for (action, covered) in [("rds:DeleteDBInstance", true), ("rds:GetAll", false), ("ECS:StopInstance", false)] {
        assert_eq!(statement.action().matches(action), covered, "{action}");
    }
    let resource = statement.resource().unwrap();
    assert!(resource.matches("acs:ecs:cn-hangzhou:1:instance/i-a") && !resource.matches("acs:oss:*:1:b"));
}

#[test]
fn bucket_and_trust_policies_never_had_not_resource() {
    let bucket = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:*", "NotResource": "acs:oss:*:*:b", "Principal": ["*"]}]}"#;
    assert_eq!(codes(bucket, PolicyKind::Resource, &Dialect::lenient()), [Code::UnsupportedElement]);
    let trust = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "NotResource": "*", "Principal": {"RAM": "*"}}]}"#;
    assert_eq!(codes(trust, PolicyKind::Trust, &Dialect::lenient()), [Code::UnsupportedElement]);
}

#[test]
fn no_dialect_takes_an_empty_list_of_principals_for_nobody_in_a_bucket_policy() {
    let bucket = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:*", "Resource": "acs:oss:*:*:b", "Principal": []}]}"#;
    assert_eq!(codes(bucket, PolicyKind::Resource, &Dialect::lenient()), [Code::EmptyList]);
}

#[test]
fn a_lenient_dialect_does_not_take_what_is_nearly_right() {
    use Code as C;
    let any_case = Dialect { unknown_root_members: true, ..Dialect::strict() };
    let text = identity(r#""Action": "*", "Resource": "*""#).replace("Version", "version");
    assert_eq!(codes(&text, PolicyKind::Identity, &any_case), [C::MissingVersion, C::UnknownMember]);
    for (members, code) in [
        (r#""Action": "*", "Action": ["*", "ecs:*"], "Resource": "*""#, C::RepeatedMember),
        (r#""Action": ["*"], "Action": ["*", "ecs:*"], "Resource": "*""#, C::RepeatedMember),
        (r#""Action ": "*", "Action": "*", "Resource": "*""#, C::UnknownMember),
        (r#""Action": "*", "Resource": "*", "Condition": {"bool ": {"acs:a": "true"}}"#, C::UnknownOperator),
    ] {
        assert_eq!(codes(&identity(members), PolicyKind::Identity, &Dialect::lenient()), [code], "{members}");
    }
}

#[test]
fn a_test_asks_for_its_key_as_contexts_keep_it() {
    let text = identity(
        r#""Action": "*", "Resource": "*", "Condition": {"StringNotEquals": {"ACS:ResourceTag/Team": ["dba", "ops"]}}"#,
    );
    let mut context = Context::new();
    context.set("acs:resourcetag/Team", "dba");
    let tested = |dialect: &Dialect, context: &Context| {
        let document = read(&text, PolicyKind::Identity, dialect).unwrap();
        let test = &document.statements()[0].condition()[0];
        test.evaluate(context.get(test.key()))
    };
    assert_eq!(tested(&Dialect::strict(), &context), TestOutcome::Unmet);
    assert_eq!(tested(&Dialect::strict(), &Context::new()), TestOutcome::Met);
    let always_false = Dialect { absent_key: AbsentKey::AlwaysFalse, ..Dialect::strict() };
    assert_eq!(tested(&always_false, &Context::new()), TestOutcome::Unmet);
}

#[test]
fn services_and_providers_are_read_in_their_documented_forms() {
    for (principal, sound) in [
        (r#"{"Service": "ecs.aliyuncs.com"}"#, true),
        (r#"{"service": ["sendevent-mns.eventbridge.aliyuncs.com", "1234567890123456@odps.aliyuncs.com"]}"#, true),
        (r#"{"Service": "acme@odps.aliyuncs.com"}"#, false),
        (r#"{"Service": "@odps.aliyuncs.com"}"#, false),
        (r#"{"Service": "aliyuncs.com"}"#, false),
        (r#"{"Service": "*"}"#, false),
        (r#"{"Service": "data_works.emr-1.aliyuncs.com"}"#, true),
        (r#"{"Service": "data+works.aliyuncs.com"}"#, false),
        (r#"{"Service": "@ecs.aliyuncs.com"}"#, false),
        (r#"{"RAM": "acs:ram::1:admin"}"#, false),
        (r#"{"FEDERATED": "acs:ram::1234567890123456:saml-provider/idp"}"#, true),
        (r#"{"Federated": "acs:ram::1234567890123456:oidc-provider/*"}"#, false),
        (r#"{"Federated": "acs:ram::1234567890123456:role/a"}"#, false),
    ] {
        let text = format!(
            r#"{{"Version": "1", "Statement": [{{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {principal}}}]}}"#
        );
        let expected = if sound { Vec::new() } else { vec![Code::PrincipalForm] };
        assert_eq!(codes(&text, PolicyKind::Trust, &Dialect::strict()), expected, "{principal}");
    }
}

#[test]
fn an_empty_condition_is_no_condition() {
    let text = identity(r#""Action": "*", "Resource": "*", "Condition": {}"#);
    let document = read(&text, PolicyKind::Identity, &Dialect::strict()).unwrap();
    assert!(document.statements()[0].condition().is_empty());
}

#[test]
fn a_length_is_counted_in_bytes() {
    let letters = |count: usize| identity(&format!(r#""Action": "{}", "Resource": "*""#, "中".repeat(count)));
    let others = letters(0).len();
    let fits = (6144 - others) / 3;
    assert_eq!(codes(&letters(fits), PolicyKind::Identity, &Dialect::strict()), [Code::EmptyPattern; 0]);
    assert_eq!(codes(&letters(fits + 1), PolicyKind::Identity, &Dialect::strict()), [Code::TooLong]);
    assert_eq!(codes(&letters(fits), PolicyKind::Control, &Dialect::strict()), [Code::TooLong]);
    assert_eq!(codes(&letters(fits), PolicyKind::Session, &Dialect::strict()), [Code::TooLong]);
}

#[test]
fn a_test_of_a_condition_stands_from_its_key_to_its_operands() {
    let text = identity(
        r#""Action": "*", "Resource": "*", "Condition": {"Bool": {"acs:MFAPresent": "true"}, "IpAddress": {"acs:SourceIp": ["::1", "10.0.0.1"]}}"#,
    );
    let document = read(&text, PolicyKind::Identity, &Dialect::strict()).unwrap();
    let places = document.statements()[0].condition().iter().map(|test| document.source().slice(test.span()));
    assert_eq!(places.collect::<Vec<_>>(), [r#""acs:MFAPresent": "true""#, r#""acs:SourceIp": ["::1", "10.0.0.1"]"#]);
}

#[test]
fn a_document_can_be_had_without_an_effect_or_a_statement() {
    let statement = |effect: &str| format!(r#"{{"Effect": "{effect}", "Action": "*", "Resource": "*"}}"#);
    let statements = [statement("Allow"), statement("Deny"), statement("Allow")].join(", ");
    let text = format!(r#"{{"Version": "1", "Statement": [{statements}]}}"#);
    let document = read(&text, PolicyKind::Identity, &Dialect::strict()).unwrap();
    let kept = |document: Document| document.statements().iter().map(Statement::index).collect::<Vec<_>>();
    assert_eq!(kept(document.without(Effect::Deny)), [0, 2]);
    assert_eq!(kept(document.without(Effect::Allow)), [1]);
    assert_eq!(kept(document.without_statement(1)), [0, 2]);
}
