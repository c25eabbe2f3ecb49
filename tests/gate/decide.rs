//! What the admin listener says would be decided.

use std::net::SocketAddr;

use ramgate::gateway::config::{Admin, AdminPlace, Lookup};
use serde_json::{Value, json};

use super::caller::{self, Answer};
use super::rules::{ALICE, CLUSTER, WORLD, policy};
use super::stand::{ACCOUNT, Stand, world};

const STATEMENTS: &str = r#"{ "Effect": "Allow", "Action": "polardb:Describe*", "Resource": "*" },
    { "Effect": "Deny", "Action": "polardb:*", "Resource": "*",
      "Condition": { "NotIpAddress": { "acs:SourceIp": "127.0.0.0/8" } } }"#;

fn stand() -> Stand {
    Stand::of_world(world(WORLD, &[("rights", &policy(STATEMENTS))]), |config| {
        config.admin = Some(Admin { place: AdminPlace::Address(SocketAddr::from(([127, 0, 0, 1], 0))), tls: None });
    })
    .unwrap()
}

fn send(stand: &Stand, media_type: &str, body: &str) -> Answer {
    let Some(AdminPlace::Address(address)) = stand.gate().0.admin() else { panic!("no admin listener") };
    let head = format!("POST /decide HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: {media_type}");
    let request = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    caller::exchange(*address, request.as_bytes())
}

fn ask(stand: &Stand, question: &Value) -> (u16, Value) {
    let answer = send(stand, "application/json", &question.to_string());
    (answer.status, answer.json())
}

fn call(operation: &str, address: &str) -> Value {
    json!({
        "principal": "alice",
        "operation": format!("polardb:2017-08-01:{operation}"),
        "parameters": { "DBClusterId": CLUSTER },
        "context": { "acs:SourceIp": address },
    })
}

#[test]
fn a_call_is_decided_as_the_gate_decides_it_with_the_statement_and_its_line() {
    let stand = stand();
    stand.migrate(&[(CLUSTER, "cn-hangzhou")]);
    for operation in ["DescribeDBClusterMigration", "CloseDBClusterMigration"] {
        let (status, answer) = ask(&stand, &call(operation, "127.0.0.1"));
        assert_eq!(status, 200, "{answer}");
        let called = stand.call(ALICE, operation, &[("DBClusterId", CLUSTER)]);
        assert_eq!(answer["allowed"], called.status == 200, "{operation}: {answer} {called:?}");
        assert_eq!(answer["write"], operation.starts_with("Close"));
    }
    let (_, denied) = ask(&stand, &call("DescribeDBClusterMigration", "198.51.100.1"));
    assert_eq!((&denied["allowed"], &denied["generation"]), (&json!(false), &json!(0)));
    let check = &denied["checks"][0];
    assert_eq!(check["passed"], false);
    assert_eq!(check["decision"]["outcome"], "ExplicitDeny");
    assert_eq!(check["decision"]["generation"], 0);
    let statement = &check["decision"]["determining"];
    assert_eq!((&statement["file"], &statement["index"]), (&json!("rights.json"), &json!(1)), "{denied}");
    assert!(statement["line"].as_u64().unwrap() > 1);
}

#[test]
fn an_action_on_a_resource_is_decided() {
    let stand = stand();
    let question = json!({
        "principal": format!("acs:ram::{ACCOUNT}:user/alice"),
        "action": "polardb:DescribeDBClusters",
        "resource": format!("acs:polardb:cn-hangzhou:{ACCOUNT}:dbcluster/*"),
        "context": { "acs:SourceIp": ["127.0.0.1"] },
    });
    let (status, answer) = ask(&stand, &question);
    assert_eq!((status, &answer["allowed"]), (200, &json!(true)), "{answer}");
    assert_eq!(answer["decision"]["determining"]["policy"], "rights");
}

#[test]
fn what_is_not_said_is_unknown_and_told_so_and_a_trace_says_why() {
    let stand = stand();
    let mut question = call("DescribeDBClusterMigration", "127.0.0.1");
    question["context"] = json!({});
    question["trace"] = json!(true);
    let (_, answer) = ask(&stand, &question);
    assert_eq!(answer["allowed"], false);
    assert_eq!(answer["unknown_keys"], json!(["acs:SourceIp"]));
    assert_eq!(answer["traces"][0]["stages"][0]["statements"][1]["tests"][0]["unknown"], true, "{answer}");
    // A call that is known not to carry it.
    question["context"] = json!({ "acs:SourceIp": null });
    let (_, absent) = ask(&stand, &question);
    question["context"] = json!({});
    question["complete"] = json!(true);
    let (_, complete) = ask(&stand, &question);
    assert_eq!(absent["checks"], complete["checks"]);
    assert_eq!(absent["unknown_keys"], json!([]));
}

#[test]
fn a_question_without_an_answer_is_refused_and_says_why() {
    let stand = stand();
    let sound = call("DescribeDBClusterMigration", "127.0.0.1");
    let with = |change: &dyn Fn(&mut Value)| {
        let mut question = sound.clone();
        change(&mut question);
        question
    };
    for (question, status, why) in [
        (with(&|question| question["principal"] = json!("mallory")), 400, "mallory"),
        (with(&|question| question["action"] = json!("polardb:X")), 400, "either"),
        (with(&|question| question["colour"] = json!("red")), 400, "colour"),
        (with(&|question| question["operation"] = json!("CloseDBClusterMigration")), 400, "PRODUCT:VERSION:OPERATION"),
        (with(&|question| question["operation"] = json!("polardb:2017-08-01:Nothing")), 422, "Nothing"),
        (with(&|question| question["parameters"]["DBClusterId"] = json!("pc-bp1unknown")), 422, "pc-bp1unknown"),
        (with(&|question| question["context"]["acs:PrincipalARN"] = json!("x")), 400, "follows from"),
        (with(&|question| question["context"]["acs:sourceip"] = json!(null)), 400, "two ways"),
        (with(&|question| question["context"]["acs:RequestTag/"] = json!("x")), 400, "acs:RequestTag/"),
    ] {
        let (given, answer) = ask(&stand, &question);
        assert_eq!(given, status, "{question}: {answer}");
        assert!(answer["error"].as_str().unwrap().contains(why), "{question}: {answer}");
    }
    let repeated = sound.to_string().replace("\"DBClusterId\"", "\"DBClusterId\":\"pc-x\",\"DBClusterId\"");
    for (media_type, body, status) in [
        ("text/plain", sound.to_string(), 415),
        ("application/json", "{".to_owned(), 400),
        ("application/json", repeated, 400),
        ("application/json; charset=utf-8", sound.to_string(), 200),
        ("application/json", format!("{}{sound}", " ".repeat(64 * 1024)), 400),
    ] {
        assert_eq!(send(&stand, media_type, &body).status, status, "{media_type}");
    }
    assert!(stand.forwarded().is_empty());
}

#[test]
fn a_cluster_that_was_looked_up_for_a_call_is_known_and_none_is_looked_up_for_a_question() {
    let stand = Stand::of_world(world(WORLD, &[("rights", &policy(STATEMENTS))]), |config| {
        config.lookup = Some(Lookup::default());
        config.admin = Some(Admin { place: AdminPlace::Address(SocketAddr::from(([127, 0, 0, 1], 0))), tls: None });
    })
    .unwrap();
    stand.migrate(&[("pc-bp1newnew", "cn-shanghai")]);
    let mut question = call("DescribeDBClusterMigration", "127.0.0.1");
    question["parameters"]["DBClusterId"] = json!("pc-bp1newnew");
    assert_eq!(ask(&stand, &question).0, 422);
    assert!(stand.forwarded().is_empty());
    let called = stand.call(ALICE, "DescribeDBClusterMigration", &[("DBClusterId", "pc-bp1newnew")]);
    assert_eq!(called.status, 200, "{called:?}");
    let forwarded = stand.forwarded().len();
    let (status, answer) = ask(&stand, &question);
    assert_eq!((status, &answer["allowed"]), (200, &json!(true)), "{answer}");
    assert!(answer["checks"][0]["resource"].as_str().unwrap().contains("cn-shanghai"), "{answer}");
    assert_eq!(stand.forwarded().len(), forwarded);
}
