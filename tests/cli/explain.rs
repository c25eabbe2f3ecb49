//! `ramgate explain`: requests, and what the cloud refused.

use serde_json::{Value, json};

use super::{ramgate, ramgate_reading};

const CLOSE: &str = "polardb:2017-08-01:CloseDBClusterMigration";
const PROTECTED: &str = "acs:polardb:cn-beijing:1234567890123456:dbcluster/pc-2zedemo00000003";
const OPEN: &str = "acs:polardb:cn-hangzhou:1234567890123456:dbcluster/pc-bp1demo00000001";

fn explain(arguments: &[&str]) -> (Option<i32>, String) {
    explain_reading(arguments, "")
}

fn explain_reading(arguments: &[&str], input: &str) -> (Option<i32>, String) {
    let output = ramgate_reading(&[&["explain"], arguments].concat(), input);
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code(), text)
}

fn of_operator(further: &[&str]) -> (Option<i32>, String) {
    explain(&[&["--world", "examples/demo", "--principal", "operator"], further].concat())
}

#[test]
fn a_denied_call_is_explained_with_what_would_have_allowed_it() {
    let (status, text) = of_operator(&["--operation", CLOSE, "DBClusterId=pc-2zedemo00000003"]);
    assert_eq!(status, Some(1), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn an_allowed_call_is_explained_with_what_allows_it() {
    let (status, text) = of_operator(&["--operation", CLOSE, "DBClusterId=pc-bp1demo00000001"]);
    assert_eq!(status, Some(0), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn json_has_trace_near_misses_grants_and_the_generation() {
    let (status, text) = of_operator(&["--format", "json", "--operation", CLOSE, "DBClusterId=pc-2zedemo00000003"]);
    assert_eq!(status, Some(1), "{text}");
    let denied: Value = serde_json::from_str(&text).unwrap();
    let request = &denied["requests"][0];
    assert_eq!((&denied["allowed"], &denied["cloud"], &request["grants"]), (&json!(false), &Value::Null, &Value::Null));
    assert_eq!(request["decision"]["generation"], 0);
    assert_eq!(request["trace"]["resource"], PROTECTED);
    for miss in request["near_misses"]["found"].as_array().unwrap() {
        assert_eq!(miss["decision"]["outcome"], "Allow", "{miss}");
        assert!(!miss["changes"].as_array().unwrap().is_empty());
    }
    let (status, text) = of_operator(&["--format", "json", "--operation", CLOSE, "DBClusterId=pc-bp1demo00000001"]);
    assert_eq!(status, Some(0), "{text}");
    let allowed: Value = serde_json::from_str(&text).unwrap();
    let grant = allowed["requests"][0]["grants"]["grants"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&grant["statement"]["policy"], &grant["without"]["outcome"]),
        (&json!("migration-operator"), &json!("ImplicitDeny"))
    );
}

/// What the cloud answers where it denies `action` to the demo's operator.
fn refusal(action: &str, outcome: &str, policy_type: &str) -> Value {
    json!({
        "RequestId": "38E5B49F-DB74-4583-96B4-3C7712033430",
        "Code": "Forbidden.RAM",
        "Message": "User not authorized to operate on the specified resource, or this API doesn't support RAM.",
        "AccessDeniedDetail": {
            "AuthAction": action,
            "AuthPrincipalDisplayName": "2000000000000001",
            "AuthPrincipalOwnerId": "1234567890123456",
            "AuthPrincipalType": "SubUser",
            "NoPermissionType": outcome,
            "PolicyType": policy_type,
            "EncodedDiagnosticMessage": "AQEAAAAAZBgxr0U1",
        },
    })
}

fn refused(error: &Value, further: &[&str]) -> (Option<i32>, String) {
    explain_reading(&[&["--world", "examples/demo", "--error", "-"], further].concat(), &error.to_string())
}

#[test]
fn what_the_cloud_refused_is_explained_by_the_policies_here() {
    let error = refusal("polardb:CloseDBClusterMigration", "ExplicitDeny", "AccountLevelIdentityBasedPolicy");
    let (status, text) = refused(&error, &["--resource", PROTECTED]);
    assert_eq!(status, Some(1), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn where_the_cloud_and_the_policies_here_disagree_what_could_account_for_it_is_told() {
    let error = refusal("polardb:CloseDBClusterMigration", "ExplicitDeny", "ControlPolicy");
    let (status, text) = refused(&error, &["--resource", OPEN]);
    assert_eq!(status, Some(0), "{text}");
    let (head, _) = text.split_once("\n\n").unwrap();
    insta::assert_snapshot!(head);
}

#[test]
fn a_decoded_diagnostic_message_brings_resource_conditions_and_policies() {
    let decoded = json!({
        "RequestId": "D2331703-AADF-5564-BA9B-26CD51A33BA0",
        "DecodedDiagnosticMessage": {
            "ExplicitDeny": true,
            "NoPermissionPolicyType": "AccountLevelIdentityBasedPolicy",
            "AuthAction": "polardb:CloseDBClusterMigration",
            "AuthResource": OPEN,
            "AuthPrincipal": {
                "AuthPrincipalType": "SubUser",
                "AuthPrincipalOwnerId": "1234567890123456",
                "AuthPrincipalDisplayName": "2000000000000001",
            },
            "AuthConditions": [
                { "ConditionKey": "acs:SourceIp", "ConditionValues": ["203.0.113.7"] },
                { "ConditionKey": "acs:ResourceTag/protected", "ConditionValues": ["true"] },
            ],
            "MatchedPolicies": [
                { "PolicyIdentifier": "protected-clusters-guard", "PolicyType": "Custom", "PolicyVersion": "v3", "Effect": "Deny" },
                { "PolicyIdentifier": "AliyunPolardbGuard", "PolicyType": "System", "Effect": "Deny" },
            ],
        },
    });
    let (status, text) = refused(&decoded, &["--format", "json"]);
    assert_eq!(status, Some(1), "{text}");
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&told["cloud"]["agrees"], &told["cloud"]["remarks"]), (&json!(true), &json!([])), "{text}");
    let determining = &told["requests"][0]["decision"]["determining"];
    assert_eq!(determining["policy"], "protected-clusters-guard");
    // The same with a value for which no policy here denies.
    let mut other = decoded;
    other["DecodedDiagnosticMessage"]["AuthConditions"][1]["ConditionValues"] = json!(["false"]);
    let (status, text) = refused(&other, &[]);
    assert_eq!(status, Some(0), "{text}");
    for says in ["in its version v3", "the System policy `AliyunPolardbGuard`", "to something else"] {
        assert!(text.contains(says), "{says} in\n{text}");
    }
    let (status, text) = refused(&other, &["--context", "acs:SourceIp=192.0.2.1"]);
    assert_eq!(status, Some(2), "{text}");
    assert!(text.contains("follows from the error"), "{text}");
}

#[test]
fn principals_of_every_kind_are_found_in_the_world() {
    let with = |kind: &str, shown: &str, account: &str| {
        let mut error = refusal("polardb:CloseDBClusterMigration", "ImplicitDeny", "SessionPolicy");
        let detail = &mut error["AccessDeniedDetail"];
        detail["AuthPrincipalType"] = json!(kind);
        detail["AuthPrincipalDisplayName"] = json!(shown);
        detail["AuthPrincipalOwnerId"] = json!(account);
        refused(&error, &["--resource", OPEN, "--complete"])
    };
    for (kind, shown, account, status, says) in [
        (
            "AssumedRoleUser",
            "migration-ops:nightly-cutover",
            "1234567890123456",
            None,
            "assumed-role/migration-ops/nightly-cutover",
        ),
        ("AssumedRoleUser", "migration-ops:other", "1234567890123456", None, "the session is not on file here"),
        ("RootUser", "1234567890123456", "1234567890123456", Some(0), "the owner of an account"),
        ("Federated", "saml-provider/corp", "1234567890123456", Some(1), "saml-provider/corp"),
        ("SubUser", "2999999999999999", "1234567890123456", Some(2), "no user of account"),
        ("SubUser", "2000000000000001", "6543210987654321", Some(2), "does not hold the account"),
        ("AssumedRoleUser", "nobody:x", "1234567890123456", Some(2), "no role `nobody`"),
        ("Robot", "x", "1234567890123456", Some(2), "Robot"),
    ] {
        let (found, text) = with(kind, shown, account);
        assert!(status.is_none_or(|status| found == Some(status)), "{kind} {shown}: {found:?} {text}");
        assert!(text.contains(says), "{kind} {shown}: {text}");
    }
}

#[test]
fn an_error_that_does_not_say_enough_is_refused_and_says_what_is_missing() {
    let error = refusal("polardb:CloseDBClusterMigration", "ExplicitDeny", "AccountLevelIdentityBasedPolicy");
    let body = error.to_string();
    for (arguments, input, says) in [
        (&["--world", "examples/demo", "--error", "-"][..], body.as_str(), "--resource"),
        (&["--world", "examples/demo", "--error", "-"], "{", "no JSON"),
        (&["--world", "examples/demo", "--error", "-"], r#"{"Code": "Forbidden"}"#, "AccessDeniedDetail"),
        (&["--world", "examples/demo", "--error", "nowhere.json"], "", "nowhere.json"),
        (&["--world", "examples/demo", "--error", "-", "--principal", "operator"], "", "cannot be used with"),
        (&["--policy", "policies/migration-operator.json", "--error", "-"], body.as_str(), "--world"),
        (&["--world", "examples/demo", "--principal", "operator"], "", "--action with --resource"),
        (&["--world", "examples/demo", "--principal", "operator", "--resource", "*"], "", "--action"),
    ] {
        let (status, text) = explain_reading(arguments, input);
        assert_eq!(status, Some(2), "{arguments:?}: {text}");
        assert!(text.contains(says), "{arguments:?}: {text}");
    }
}

#[test]
fn every_example_of_the_help_works() {
    let help = String::from_utf8(ramgate(&["explain", "--help"]).stdout).unwrap();
    let (_, examples) = help.split_once("Examples:").unwrap();
    let (input, _) = examples.split_once("echo '").unwrap().1.split_once("' |").unwrap();
    let joined = examples.replace("\\\n", " ");
    let commands: Vec<&str> = joined.lines().filter_map(|line| line.trim().strip_prefix("ramgate ")).collect();
    assert_eq!(commands.len(), 3, "{examples}");
    for (command, status) in commands.iter().zip([1, 0, 1]) {
        let arguments: Vec<&str> = command.split_whitespace().collect();
        let output = ramgate_reading(&arguments, input);
        assert_eq!(output.status.code(), Some(status), "{command}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}
