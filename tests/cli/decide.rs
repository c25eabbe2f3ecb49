//! `ramgate decide`: a world or policy files; an action on a resource, or a call.

use std::path::Path;

use serde_json::{Value, json};

use super::{ramgate, ramgate_reading};

const CLOSE: &str = "polardb:2017-08-01:CloseDBClusterMigration";
const CLUSTER: &str = "acs:polardb:cn-hangzhou:1234567890123456:dbcluster/pc-1";

fn decide(principal: &str, further: &[&str]) -> (Option<i32>, String) {
    let mut arguments = vec!["decide", "--world", "examples/demo", "--principal", principal];
    arguments.extend(further);
    let output = ramgate(&arguments);
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code(), text)
}

#[test]
fn an_allowed_call_exits_with_0_and_names_the_statement_and_its_line() {
    let (status, text) = decide("operator", &["--operation", CLOSE, "DBClusterId=pc-bp1demo00000001"]);
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("Allow by AccountLevelIdentityBasedPolicy"), "{text}");
    assert!(text.contains("migration-operator.json:4:5"), "{text}");
}

#[test]
fn an_explicit_deny_exits_with_1_and_names_the_deny() {
    let (status, text) = decide("operator", &["--operation", CLOSE, "DBClusterId=pc-2zedemo00000003"]);
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("ExplicitDeny") && text.contains("protected-clusters-guard"), "{text}");
}

#[test]
fn an_explained_implicit_deny_says_which_element_did_not_match() {
    let (status, text) = decide("operator", &["--explain", "--operation", CLOSE, "DBClusterId=pc-2zedemo00000003"]);
    assert_eq!(status, Some(1), "{text}");
    assert!(
        text.contains("Resource: acs:polardb:cn-beijing:1234567890123456:dbcluster/pc-2zedemo00000003 is none of"),
        "{text}"
    );
}

#[test]
fn json_output_is_one_object_with_the_decision() {
    let (status, text) =
        decide("intern", &["--format", "json", "--operation", CLOSE, "DBClusterId=pc-bp1demo00000001"]);
    assert_eq!(status, Some(1), "{text}");
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["allowed"], false);
    assert_eq!(value["checks"][0]["decision"]["outcome"], "ImplicitDeny");
}

#[test]
fn a_call_that_cannot_be_resolved_exits_with_2_and_says_how_to_mend_it() {
    for (arguments, says) in [
        (&["--operation", CLOSE][..], "DBClusterId"),
        (&["--operation", "polardb:2017-08-01:closedbclustermigration", "DBClusterId=pc-1"], "CloseDBClusterMigration"),
        (&["--operation", CLOSE, "DBClusterId=pc-1", "Foo=1"], "Foo"),
        (&["--operation", "CloseDBClusterMigration"], "PRODUCT:VERSION:OPERATION"),
        (&["--operation", CLOSE, "DBClusterId"], "Name=value"),
    ] {
        let (status, text) = decide("operator", arguments);
        assert_eq!(status, Some(2), "{arguments:?}: {text}");
        assert!(text.contains(says), "{arguments:?}: {text}");
    }
    let (status, text) = decide("nobody", &["--operation", CLOSE, "DBClusterId=pc-1"]);
    assert_eq!(status, Some(2), "{text}");
    assert!(text.contains("nobody"), "{text}");
}

#[test]
fn context_given_on_the_command_line_counts() {
    let directory = tempfile::tempdir().unwrap();
    let policy = directory.path().join("office.json");
    let text = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {"IpAddress": {"acs:SourceIp": "203.0.113.0/24"}}}]}"#;
    std::fs::write(&policy, text).unwrap();
    let status = |further: &[&str]| {
        let file = policy.to_str().unwrap();
        let mut arguments = vec!["decide", "--policy", file, "--action", "a:b", "--resource", "*"];
        arguments.extend(further);
        ramgate(&arguments).status.code()
    };
    assert_eq!(status(&["--context", "acs:SourceIp=203.0.113.7"]), Some(0));
    assert_eq!(status(&["--context", "acs:SourceIp=198.51.100.7"]), Some(1));
    assert_eq!(status(&["--absent", "acs:SourceIp"]), Some(1));
    assert_eq!(status(&[]), Some(1));
}

/// A folder of policies that a test writes.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, statement: Value) -> String {
        let path = self.0.path().join(name);
        std::fs::write(&path, json!({"Version": "1", "Statement": [statement]}).to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let arguments: Vec<&str> = ["decide"].iter().chain(arguments).copied().collect();
    let output = ramgate(&arguments);
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code(), text)
}

/// Asks for an action on [`CLUSTER`].
fn ask(action: &str, further: &[&str]) -> (Option<i32>, String) {
    run(&[further, &["--action", action, "--resource", CLUSTER]].concat())
}

#[test]
fn an_explanation_shows_the_lines_it_speaks_of() {
    let (_, text) = decide("operator", &["--explain", "--operation", CLOSE, "DBClusterId=pc-2zedemo00000003"]);
    for line in [
        " 13 | \"Resource\": [",
        " 13 |       \"acs:ResourceTag/protected\": \"true\"",
        "  5 |   \"Effect\": \"Deny\",",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
}

#[test]
fn a_policy_of_a_resource_group_counts_for_resources_of_that_group_only() {
    let files = Files::new();
    let policy = files.write("p.json", json!({"Effect": "Allow", "Action": "polardb:*", "Resource": "*"}));
    let scoped = ["--policy", &policy, "--scope", "rg-a"];
    for (group, status, says) in [
        (&["--resource-group", "rg-a"][..], 0, "Allow by ResourceGroupLevelIdentityBasedPolicy"),
        (&["--resource-group", "rg-b"], 1, "ImplicitDeny"),
        (&["--resource-group", ""], 1, "ImplicitDeny"),
        (&[], 1, "the resource's group is unknown"),
    ] {
        let (found, text) = ask("polardb:CloseX", &[&scoped, group].concat());
        assert_eq!(found, Some(status), "{group:?}: {text}");
        assert!(text.contains(says), "{group:?}: {text}");
    }
    let (status, text) = ask("polardb:CloseX", &["--policy", &policy, "--scope", "a"]);
    assert_eq!(status, Some(2), "{text}");
    assert!(text.contains("begins with `rg-`"), "{text}");
}

#[test]
fn a_session_policy_narrows_and_a_control_policy_filters() {
    let files = Files::new();
    let all = files.write("all.json", json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let close = files.write("close.json", json!({"Effect": "Allow", "Action": "polardb:CloseX", "Resource": "*"}));
    let keep = files.write("keep.json", json!({"Effect": "Deny", "Action": "polardb:DeleteX", "Resource": "*"}));
    for (action, further, status, says) in [
        ("polardb:CloseX", &["--policy", &all, "--session-policy", &close][..], 0, "Allow by Account"),
        ("polardb:DeleteX", &["--policy", &all, "--session-policy", &close], 1, "ImplicitDeny by SessionPolicy"),
        ("polardb:CloseX", &["--session-policy", &close], 1, "ImplicitDeny by Account"),
        ("polardb:DeleteX", &["--policy", &all, "--control-policy", &close], 1, "ImplicitDeny by ControlPolicy"),
        ("polardb:CloseX", &["--policy", &all, "--control-policy", &keep], 1, "ImplicitDeny by ControlPolicy"),
        (
            "polardb:CloseX",
            &["--policy", &all, "--control-policy", &keep, "--control-policy", "FullAliyunAccess"],
            0,
            "Allow by Account",
        ),
        (
            "polardb:DeleteX",
            &["--policy", &all, "--control-policy", &keep, "--control-policy", "FullAliyunAccess"],
            1,
            "ExplicitDeny by ControlPolicy",
        ),
    ] {
        let (found, text) = ask(action, further);
        assert_eq!(found, Some(status), "{action} {further:?}: {text}");
        assert!(text.contains(says), "{action} {further:?}: {text}");
    }
    let alice = "acs:ram::1234567890123456:user/alice";
    let (status, text) = ask("a:b", &["--policy", &all, "--session-policy", &close, "--principal", alice]);
    assert_eq!(status, Some(2), "{text}");
    assert!(text.contains("no session of a role"), "{text}");
}

#[test]
fn a_role_is_taken_by_whom_both_sides_allow() {
    let files = Files::new();
    let role = "acs:ram::1234567890123456:role/ops";
    let take = files.write("take.json", json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role}));
    let principal = json!({
        "RAM": ["acs:ram::1234567890123456:user/alice"],
        "Service": ["ecs.aliyuncs.com"],
        "Federated": ["acs:ram::1234567890123456:saml-provider/corp"],
    });
    let trust = files.write("t.json", json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}));
    for (principal, policies, status, says) in [
        ("acs:ram::1234567890123456:user/alice", &["--policy", &take][..], 0, "Allow by AssumeRolePolicy"),
        ("acs:ram::1234567890123456:user/alice", &[], 1, "ImplicitDeny by Account"),
        ("acs:ram::1234567890123456:user/bob", &["--policy", &take], 1, "ImplicitDeny by AssumeRolePolicy"),
        ("acs:ram::1234567890123456:root", &["--policy", &take], 1, "cannot assume a role"),
        ("ecs.aliyuncs.com", &[], 0, "Allow by AssumeRolePolicy"),
        ("acs:ram::1234567890123456:saml-provider/corp", &[], 0, "Allow by AssumeRolePolicy"),
    ] {
        let question =
            ["--trust-policy", &trust, "--principal", principal, "--action", "sts:AssumeRole", "--resource", role];
        let (found, text) = run(&[&question, policies].concat());
        assert_eq!(found, Some(status), "{principal} {policies:?}: {text}");
        assert!(text.contains(says), "{principal} {policies:?}: {text}");
    }
    let (status, text) = run(&["--trust-policy", &trust, "--action", "sts:AssumeRole", "--resource", role]);
    assert_eq!(status, Some(2), "{text}");
    assert!(text.contains("--principal"), "{text}");
}

#[test]
fn a_bucket_policy_knows_a_user_by_its_id() {
    let files = Files::new();
    let object = "acs:oss:oss-cn-hangzhou:1234567890123456:bucket/key";
    let statement = |effect: &str| json!({"Effect": effect, "Action": "oss:GetObject", "Resource": object, "Principal": ["2234567890123456"]});
    let allow = files.write("allow.json", statement("Allow"));
    let deny = files.write("deny.json", statement("Deny"));
    let alice =
        ["--principal", "acs:ram::1234567890123456:user/alice", "--action", "oss:GetObject", "--resource", object];
    for (further, status, says) in [
        (&["--resource-policy", &allow, "--user-id", "2234567890123456"][..], 0, "Allow by ResourcePolicy"),
        (&["--resource-policy", &allow, "--user-id", "2000000000000009"], 1, "ImplicitDeny"),
        (
            &["--resource-policy", &allow, "--resource-policy", &deny, "--user-id", "2234567890123456"],
            1,
            "ExplicitDeny by ResourcePolicy",
        ),
        (&["--resource-policy", &allow], 2, "--user-id"),
        (&["--resource-policy", &allow, "--user-id", "alice"], 2, "made of digits"),
    ] {
        let (found, text) = run(&[&alice, further].concat());
        assert_eq!(found, Some(status), "{further:?}: {text}");
        assert!(text.contains(says), "{further:?}: {text}");
    }
}

#[test]
fn what_nothing_says_is_unknown_and_named() {
    let files = Files::new();
    let allow = files.write("allow.json", json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let guard = files.write(
        "guard.json",
        json!({"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"acs:SecureTransport": "false"}}}),
    );
    let by_caller = files.write(
        "by-caller.json",
        json!({
            "Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": {"StringLike": {"acs:PrincipalARN": "acs:ram:*:*:role/*"}},
        }),
    );
    for (policy, further, status, says) in [
        (&guard, &[][..], 1, "not known: `acs:SecureTransport`"),
        (&guard, &["--context", "acs:SecureTransport=true"], 0, ""),
        (&guard, &["--absent", "acs:SecureTransport"], 0, ""),
        (&guard, &["--complete"], 0, ""),
        (&guard, &["--complete", "--unknown", "acs:SecureTransport"], 1, "not known: `acs:SecureTransport`"),
        (&by_caller, &["--complete"], 0, ""),
        (&by_caller, &[], 1, "not known: `acs:PrincipalARN`"),
        (&by_caller, &["--principal", "acs:ram::1234567890123456:user/alice"], 0, ""),
        (&by_caller, &["--principal", "acs:ram::1234567890123456:role/ops/ci"], 1, "ExplicitDeny"),
    ] {
        let (found, text) = ask("a:b", &[&["--policy", &allow, "--policy", policy], further].concat());
        assert_eq!(found, Some(status), "{further:?}: {text}");
        assert!(text.contains(says), "{further:?}: {text}");
        assert_eq!(text.contains("not known"), says.contains("not known"), "{further:?}: {text}");
    }
    let (_, text) = ask("a:b", &["--policy", &allow, "--policy", &guard, "--format", "json"]);
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["unknown_keys"], json!(["acs:SecureTransport"]));
}

#[test]
fn a_key_that_nothing_supplies_for_a_call_never_allows_it() {
    let files = Files::new();
    let policy = files.write(
        "encrypted.json",
        json!({
            "Effect": "Allow", "Action": "polardb:CreateDBCluster", "Resource": "*",
            "Condition": {"StringNotEquals": {"polardb:EncryptionRequired": "false"}},
        }),
    );
    let question = [
        "--policy",
        &policy,
        "--principal",
        "acs:ram::1234567890123456:user/alice",
        "--format",
        "json",
        "--operation",
        "polardb:2017-08-01:CreateDBCluster",
        "RegionId=cn-hangzhou",
        "DBType=MySQL",
        "DBVersion=8.0",
        "DBNodeClass=polar.mysql.x4.medium",
        "PayType=Postpaid",
    ];
    for (further, status, unknown) in [
        (&[][..], 1, json!(["polardb:EncryptionRequired"])),
        (&["--context", "polardb:EncryptionRequired=true"], 0, json!([])),
        (&["--context", "polardb:EncryptionRequired=false"], 1, json!([])),
    ] {
        let (found, text) = run(&[&question, further].concat());
        assert_eq!(found, Some(status), "{further:?}: {text}");
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["unknown_keys"], unknown, "{text}");
    }
}

#[test]
fn flags_that_contradict_what_is_known_are_refused() {
    let files = Files::new();
    let all = files.write("all.json", json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let alice = "acs:ram::1234567890123456:user/alice";
    for (further, says) in [
        (&["--context", "ACS:ResourceGroupId=rg-a"][..], "--resource-group"),
        (&["--principal", alice, "--context", "acs:PrincipalARN=x"], "--principal"),
        (&["--context", "a:b=1", "--absent", "A:B"], "two ways"),
        (&["--context", "a:b"], "KEY=VALUE"),
        (&["--context", "a:tag/=x"], "KEY=VALUE"),
        (&["--principal", "alice"], "user/NAME"),
        (&["--principal", "ecs.aliyuncs.com", "--user-id", "1"], "no user"),
        (&["--unknown", "a:b"], "--complete"),
        (&["--world", "examples/demo"], "cannot be used with"),
    ] {
        let (status, text) = ask("a:b", &[&["--policy", &all], further].concat());
        assert_eq!(status, Some(2), "{further:?}: {text}");
        assert!(text.contains(says), "{further:?}: {text}");
    }
    for key in ["acs:RequestTag/team", "acs:ResourceTag/team", "acs:PrincipalARN"] {
        let context = format!("{key}=x");
        let (status, text) =
            decide("operator", &["--context", &context, "--operation", CLOSE, "DBClusterId=pc-bp1demo00000001"]);
        assert_eq!(status, Some(2), "{text}");
        assert!(text.contains("follows from"), "{text}");
    }
}

#[test]
fn mistakes_of_all_policy_files_are_shown_at_once() {
    let files = Files::new();
    let first = files.write("first.json", json!({"Effect": "allow", "Action": "*", "Resource": "*"}));
    let second = files.write("second.json", json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let (status, text) = ask(
        "a:b",
        &[
            "--policy",
            &first,
            "--trust-policy",
            &second,
            "--control-policy",
            "nowhere.json",
            "--principal",
            "ecs.aliyuncs.com",
        ],
    );
    assert_eq!(status, Some(2), "{text}");
    for part in ["`Effect`", "first.json:1:", "missing-principal", "second.json:1:", "`nowhere.json` cannot be read"] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
}

#[test]
fn every_example_of_the_help_is_allowed() {
    let files = Files::new();
    let bucket = files.write(
        "bucket.json",
        json!({"Effect": "Allow", "Action": "oss:GetObject", "Resource": "*", "Principal": ["2234567890123456"]}),
    );
    assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join("policies").is_dir());
    let help = ramgate(&["decide", "--help"]);
    let help = String::from_utf8(help.stdout).unwrap().replace("bucket.json", &bucket);
    let (_, examples) = help.split_once("Examples:").unwrap();
    let joined = examples.replace("\\\n", " ");
    let commands: Vec<&str> = joined.lines().filter_map(|line| line.trim().strip_prefix("ramgate ")).collect();
    assert!(commands.len() >= 6, "{examples}");
    for command in commands {
        let arguments: Vec<&str> = command.split_whitespace().collect();
        let output = ramgate(&arguments);
        assert_eq!(output.status.code(), Some(0), "{command}\n{}", String::from_utf8_lossy(&output.stdout));
    }
}

/// Decides lines of requests: the status, the answers and what was complained of.
fn decide_lines(arguments: &[&str], lines: &str) -> (Option<i32>, Vec<Value>, String) {
    let output = ramgate_reading(&[&["decide"], arguments, &["--requests", "-"]].concat(), lines);
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers = answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.code(), answers, String::from_utf8(output.stderr).unwrap())
}

#[test]
fn requests_are_decided_line_by_line_as_one_by_one() {
    let clusters = ["pc-bp1demo00000001", "pc-2zedemo00000003"];
    let lines: Vec<String> = (0..3000)
        .map(|number| {
            let cluster = clusters[number % 2];
            json!({"principal": "operator", "operation": CLOSE, "parameters": {"DBClusterId": cluster}}).to_string()
        })
        .collect();
    let (status, answers, complaints) = decide_lines(&["--world", "examples/demo"], &lines.join("\n"));
    assert_eq!((status, answers.len(), complaints.as_str()), (Some(1), 3000, ""));
    for (number, cluster) in clusters.iter().enumerate() {
        let parameter = format!("DBClusterId={cluster}");
        let (_, one) = decide("operator", &["--format", "json", "--operation", CLOSE, &parameter]);
        let one: Value = serde_json::from_str(&one).unwrap();
        for (at, answer) in answers.iter().enumerate().filter(|(at, _)| at % 2 == number) {
            assert_eq!(answer["line"], at + 1);
            for field in ["allowed", "checks", "unknown_keys"] {
                assert_eq!(answer[field], one[field], "{answer}");
            }
        }
    }
}

#[test]
fn a_line_is_answered_in_the_bytes_of_its_request_alone() {
    let principal = "acs:ram::1234567890123456:user/operator";
    let (office, elsewhere) = (Some("203.0.113.7"), Some("192.0.2.7"));
    let files = Files::new();
    let allow = files.write("allow.json", json!({"Effect": "Allow", "Action": "polardb:*", "Resource": CLUSTER}));
    let policies = ["--policy", &allow, "--policy", "policies/office-network-guard.json"];
    let mut lines = Vec::new();
    let mut expected = Vec::new();
    for action in [CLOSE.rsplit(':').next().unwrap(), "Describe\u{fc}\"\\"] {
        for (address, complete, group) in
            [(office, true, Some("")), (elsewhere, true, None), (None, false, Some("rg-a")), (office, false, None)]
        {
            let action = format!("polardb:{action}");
            let mut line = json!({"principal": principal, "action": action, "resource": CLUSTER});
            let mut arguments = vec!["--principal", principal, "--action", &action, "--resource", CLUSTER];
            let context = address.map(|address| format!("acs:SourceIp={address}"));
            if let (Some(address), Some(context)) = (address, &context) {
                line["context"] = json!({"acs:SourceIp": address, "acs:SecureTransport": ["true"]});
                arguments.extend(["--context", context, "--context", "acs:SecureTransport=true"]);
            }
            if complete {
                line["complete"] = true.into();
                arguments.push("--complete");
            }
            if let Some(group) = group {
                line["resource_group"] = group.into();
                arguments.extend(["--resource-group", group]);
            }
            lines.push(line.to_string());
            let output = ramgate(&[&["decide", "--format", "json"], &policies[..], &arguments].concat());
            let one = String::from_utf8(output.stdout).unwrap();
            expected.push(one.trim_end().strip_suffix(",\"trace\":null}").unwrap().to_owned());
        }
    }
    // Every answer is made twice, once of what was kept of the first.
    let twice = [lines.as_slice(), &lines].concat().join("\n");
    let output = ramgate_reading(&[&["decide", "--requests", "-"], &policies[..]].concat(), &twice);
    let answers = String::from_utf8(output.stdout).unwrap();
    assert_eq!(answers.lines().count(), 2 * lines.len());
    for ((number, answer), one) in (1..).zip(answers.lines()).zip(expected.iter().cycle()) {
        assert_eq!(answer, format!("{{\"line\":{number},{}}}", one.strip_prefix('{').unwrap()));
    }
    for says in ["\"allowed\":true", "\"allowed\":false", "\"unknown_keys\":[\"acs:"] {
        assert!(answers.contains(says), "{says} in\n{answers}");
    }
}

#[test]
fn a_line_without_an_answer_is_told_with_its_number_and_the_others_are_decided() {
    let files = Files::new();
    let policy = files.write(
        "office.json",
        json!({"Effect": "Allow", "Action": "a:*", "Resource": "*", "Condition": {"StringEquals": {"a:key": ["x", "y"]}}}),
    );
    let ask = |context: Value| json!({"action": "a:b", "resource": "*", "context": context}).to_string();
    let allowed = ask(json!({"a:key": "x"}));
    let lines = [
        allowed.clone(),
        "{".to_owned(),
        String::new(),
        json!({"action": "a:b"}).to_string(),
        json!({"action": "a:b", "resource": "*", "colour": 1}).to_string(),
        ask(json!({})),
        format!("{{\"action\": \"a:b\", \"resource\": \"{}\"}}", "x".repeat(1 << 20)),
        ask(json!({"a:key": ["z", "y"], "b:key": null})),
        allowed.clone(),
    ];
    let (status, answers, complaints) = decide_lines(&["--policy", &policy], &lines.join("\n"));
    assert_eq!(status, Some(2), "{complaints}");
    let told: Vec<(u64, Option<bool>)> =
        answers.iter().map(|answer| (answer["line"].as_u64().unwrap(), answer["allowed"].as_bool())).collect();
    let (yes, no) = (Some(true), Some(false));
    assert_eq!(told, [(1, yes), (2, None), (4, None), (5, None), (6, no), (7, None), (8, yes), (9, yes)]);
    assert_eq!(answers[4]["unknown_keys"], json!(["a:key"]));
    for (line, says) in [(2, "EOF"), (4, "`resource`"), (5, "colour"), (7, "longer")] {
        let complaint = complaints.lines().find(|told| told.contains(&format!("line {line}: "))).unwrap();
        assert!(complaint.contains(says), "{complaint}");
        let error = answers.iter().find(|answer| answer["line"] == line).unwrap()["error"].as_str().unwrap();
        assert!(error.contains(says), "{error}");
    }
    assert_eq!(decide_lines(&["--policy", &policy], &allowed).0, Some(0));
    assert_eq!(decide_lines(&["--policy", &policy], &ask(json!({}))).0, Some(1));
    assert_eq!(decide_lines(&["--policy", &policy], "").0, Some(0));
    let traced = ask(json!({"a:key": "x"})).replacen('{', "{\"trace\": true, ", 1);
    let (_, answers, _) = decide_lines(&["--policy", &policy], &traced);
    assert_eq!(answers[0]["trace"]["stages"][0]["outcome"], "Allow");
}

#[test]
fn lines_need_a_principal_where_policies_say_who_may() {
    let line = json!({"action": "sts:AssumeRole", "resource": "acs:ram::1234567890123456:role/ops"}).to_string();
    for arguments in [&["--world", "examples/demo"][..], &["--trust-policy", "policies/trust/migration-ops-trust.json"]]
    {
        let (status, _, complaints) = decide_lines(arguments, &line);
        assert_eq!(status, Some(2), "{complaints}");
        assert!(complaints.contains("line 1: say who asks by `principal`"), "{complaints}");
    }
    let output = ramgate(&["decide", "--world", "examples/demo", "--requests", "nowhere.jsonl"]);
    assert_eq!(output.status.code(), Some(2));
    let output = ramgate(&["decide", "--world", "examples/demo", "--requests", "-", "--principal", "operator"]);
    assert_eq!(output.status.code(), Some(2));
}
