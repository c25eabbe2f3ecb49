use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Config, Server};
use crate::authn::{KeyEntry, KeyRing};
use crate::catalog::Parameters;
use crate::identity::{KeyStatus, Principal};
use crate::openapi::Limits;
use crate::openapi::sign::{Credential, SignedRequest, SigningRequest, rpc_v1_signature, sign_acs3};
use crate::sandbox::{Clock, Cluster, Direction, SettableClock, Stage};

const ACCOUNT: &str = "1234567890123456";
const STRANGER: &str = "6543210987654321";
const CLUSTER: &str = "pc-bp1aaaaaaaaaaaaaa";

fn start() -> Timestamp {
    "2026-03-01T08:00:00Z".parse().unwrap()
}

fn keys() -> KeyRing {
    let key = |id: &str, account: &str| KeyEntry {
        id: id.to_owned(),
        secret: SecretString::from(format!("secret of {id}")),
        status: KeyStatus::Active,
        not_after: None,
        principal: Principal::User { account: account.to_owned(), name: "alice".to_owned(), id: "2".to_owned() },
        session: None,
    };
    KeyRing::new([key("LTAIowner", ACCOUNT), key("LTAIstranger", STRANGER)]).unwrap()
}

async fn serving_by(config: Config, clock: Arc<dyn Clock>) -> Server {
    let server = Server::bind(config, keys(), clock).await.unwrap();
    let stage = Stage::Syncing { direction: Direction::PolarDbToRds };
    let durations = server.state().durations().clone();
    let cluster = Cluster::new(CLUSTER, ACCOUNT, "cn-hangzhou", start()).migrating("rm-bp1", stage, &durations);
    server.state().put(&cluster).unwrap();
    server
}

async fn serving(config: Config) -> (Server, Arc<SettableClock>) {
    let clock = Arc::new(SettableClock::new(start()));
    (serving_by(config, Arc::clone(&clock) as _).await, clock)
}

/// What a client would send, to be changed by the test that wants it otherwise.
struct Client<'a> {
    host: String,
    key: &'a str,
    secret: String,
}

impl<'a> Client<'a> {
    fn of(server: &Server, key: &'a str) -> Self {
        Self { host: server.local_addr().to_string(), key, secret: format!("secret of {key}") }
    }

    fn sign(&self, operation: &str, pairs: &[(&str, &str)]) -> SignedRequest {
        let credential = Credential {
            access_key_id: self.key.to_owned(),
            secret: SecretString::from(self.secret.clone()),
            security_token: None,
        };
        sign_acs3(&SigningRequest {
            host: &self.host,
            action: operation,
            version: "2017-08-01",
            parameters: &parameters(pairs),
            credential: &credential,
            date: Timestamp::now(),
            nonce: &uuid::Uuid::new_v4().to_string(),
            format: crate::openapi::Format::Json,
        })
    }
}

fn parameters(pairs: &[(&str, &str)]) -> Parameters {
    let mut parameters = Parameters::new();
    for (name, value) in pairs {
        parameters.insert(*name, *value).unwrap();
    }
    parameters
}

fn bytes(request: &SignedRequest) -> String {
    let mut text = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
    for (name, value) in &request.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    format!("{text}content-length: 0\r\nconnection: close\r\n\r\n")
}

/// Status line and headers, and the body.
async fn send(server: &Server, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

/// Status and body of a call.
async fn call(server: &Server, client: &Client<'_>, operation: &str, pairs: &[(&str, &str)]) -> (String, Value) {
    let (head, body) = send(server, &bytes(&client.sign(operation, pairs))).await;
    let status = head.split(' ').nth(1).unwrap().to_owned();
    (status, serde_json::from_str(&body).unwrap())
}

fn stage(server: &Server) -> &'static str {
    server
        .state()
        .cluster(CLUSTER)
        .unwrap()
        .unwrap()
        .migration
        .map_or("NO_MIGRATION", |migration| migration.stage.name())
}

#[tokio::test]
async fn a_signed_close_changes_the_state() {
    let (server, clock) = serving(Config::default()).await;
    let request = Client::of(&server, "LTAIowner").sign("CloseDBClusterMigration", &[("DBClusterId", CLUSTER)]);
    let (head, body) = send(&server, &bytes(&request)).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(head.contains("content-type: application/json;charset=utf-8"), "{head}");
    let body: Value = serde_json::from_str(&body).unwrap();
    let request_id = body["RequestId"].as_str().unwrap();
    assert_eq!(request_id.len(), 36);
    assert_eq!(request_id, request_id.to_uppercase());
    assert!(body.get("Code").is_none());
    assert_eq!(stage(&server), "CLOSING_MIGRATION");
    clock.advance(Duration::from_secs(5));
    assert_eq!(stage(&server), "NO_MIGRATION");
    server.shutdown().await;
}

#[tokio::test]
async fn a_v1_call_is_answered_as_a_v3_call_is() {
    let (server, _) = serving(Config::default()).await;
    let date = crate::openapi::sign::date_text(Timestamp::now());
    let mut pairs = vec![
        ("AccessKeyId", "LTAIowner"),
        ("Action", "CloseDBClusterMigration"),
        ("DBClusterId", CLUSTER),
        ("Format", "XML"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", "nonce-1"),
        ("SignatureVersion", "1.0"),
        ("Timestamp", &date),
        ("Version", "2017-08-01"),
    ];
    let signature = rpc_v1_signature("POST", &parameters(&pairs), &SecretString::from("secret of LTAIowner"));
    pairs.push(("Signature", &signature));
    let query: Vec<String> = pairs
        .iter()
        .map(|(name, value)| {
            let value = percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
            format!("{name}={value}")
        })
        .collect();
    let host = server.local_addr();
    let request = format!(
        "POST /?{} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        query.join("&")
    );
    let (head, body) = send(&server, &request).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}\n{body}");
    assert!(head.contains("content-type: text/xml;charset=utf-8"), "{head}");
    assert!(body.contains("<CloseDBClusterMigrationResponse><RequestId>"), "{body}");
    assert_eq!(stage(&server), "CLOSING_MIGRATION");
}

#[tokio::test]
async fn a_refusal_has_the_status_and_code_of_the_service() {
    let (server, _) = serving(Config::default()).await;
    let owner = Client::of(&server, "LTAIowner");
    let (status, body) = call(&server, &owner, "CloseDBClusterMigration", &[("DBClusterId", "pc-none")]).await;
    assert_eq!((status.as_str(), &body["Code"]), ("404", &Value::from("InvalidDBClusterId.NotFound")));
    assert_eq!(body["HostId"], server.local_addr().to_string());
    let (status, body) = call(&server, &owner, "CloseDBClusterMigration", &[]).await;
    assert_eq!((status.as_str(), &body["Code"]), ("400", &Value::from("MissingDBClusterId")));
}

#[tokio::test]
async fn a_key_reaches_only_the_clusters_of_its_account() {
    let (server, _) = serving(Config::default()).await;
    let stranger = Client::of(&server, "LTAIstranger");
    let (_, body) = call(&server, &stranger, "CloseDBClusterMigration", &[("DBClusterId", CLUSTER)]).await;
    assert_eq!(body["Code"], "InvalidDBClusterId.NotFound");
    assert_eq!(stage(&server), "POLARDB2RDS_SYNCING");
}

#[tokio::test]
async fn a_call_that_is_not_verified_changes_nothing() {
    let (server, _) = serving(Config::default()).await;
    let close = [("DBClusterId", CLUSTER)];
    let wrong_secret = Client { secret: "another".to_owned(), ..Client::of(&server, "LTAIowner") };
    let (status, body) = call(&server, &wrong_secret, "CloseDBClusterMigration", &close).await;
    assert_eq!((status.as_str(), &body["Code"]), ("400", &Value::from("SignatureDoesNotMatch")));
    let unknown = Client::of(&server, "LTAInobody");
    let (status, body) = call(&server, &unknown, "CloseDBClusterMigration", &close).await;
    assert_eq!((status.as_str(), &body["Code"]), ("404", &Value::from("InvalidAccessKeyId.NotFound")));
    let other_host = Client { host: "polardb.aliyuncs.com".to_owned(), ..Client::of(&server, "LTAIowner") };
    let (_, body) = call(&server, &other_host, "CloseDBClusterMigration", &close).await;
    assert_eq!(body["Code"], "InvalidProduct.NotFound");
    let mut bare = Client::of(&server, "LTAIowner").sign("CloseDBClusterMigration", &close);
    bare.headers.retain(|(name, _)| name != "authorization");
    let (head, body) = send(&server, &bytes(&bare)).await;
    assert!(head.starts_with("HTTP/1.1 4") && body.contains(r#""Code":"#), "{head}\n{body}");
    assert_eq!(stage(&server), "POLARDB2RDS_SYNCING");
}

#[tokio::test]
async fn a_call_sent_twice_is_answered_once() {
    let (server, _) = serving(Config::default()).await;
    let request = bytes(&Client::of(&server, "LTAIowner").sign("DescribeDBClusters", &[("RegionId", "cn-hangzhou")]));
    assert!(send(&server, &request).await.0.starts_with("HTTP/1.1 200"));
    let (head, body) = send(&server, &request).await;
    assert!(head.starts_with("HTTP/1.1 400"), "{head}");
    assert!(body.contains(r#""Code":"SignatureNonceUsed""#), "{body}");
}

#[tokio::test]
async fn configured_hosts_replace_the_bound_address() {
    let (server, _) = serving(Config { hosts: vec!["polardb.example".to_owned()], ..Config::default() }).await;
    let list = [("RegionId", "cn-hangzhou")];
    let named = Client { host: "polardb.example".to_owned(), ..Client::of(&server, "LTAIowner") };
    assert_eq!(call(&server, &named, "DescribeDBClusters", &list).await.0, "200");
    let bound = Client::of(&server, "LTAIowner");
    assert_eq!(call(&server, &bound, "DescribeDBClusters", &list).await.1["Code"], "InvalidProduct.NotFound");
}

#[tokio::test]
async fn a_body_above_the_bound_is_refused_with_a_code() {
    let limits = Limits { body_bytes: 8, ..Limits::default() };
    let (server, _) = serving(Config { limits, ..Config::default() }).await;
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    let (status, body) = send(&server, &format!("{head}Content-Length: 9\r\n\r\n123456789")).await;
    assert!(status.starts_with("HTTP/1.1 413"), "{status}");
    assert!(body.contains(r#""Code":"RequestEntityTooLarge""#), "{body}");
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n5\r\n12345\r\n0\r\n\r\n");
    assert!(send(&server, &chunked).await.0.starts_with("HTTP/1.1 413"));
    let (status, _) = send(&server, &format!("{head}Content-Length: 8\r\n\r\n12345678")).await;
    assert!(!status.starts_with("HTTP/1.1 413"), "{status}");
}

/// Fails while it is told to.
struct BrokenClock(AtomicBool);

impl Clock for BrokenClock {
    fn now(&self) -> Timestamp {
        assert!(!self.0.load(Ordering::SeqCst), "the clock is broken");
        start()
    }
}

#[tokio::test]
async fn a_call_that_breaks_within_its_change_is_answered_and_the_next_one_too() {
    let clock = Arc::new(BrokenClock(AtomicBool::new(false)));
    let server = serving_by(Config { concurrent_calls: 1, ..Config::default() }, Arc::clone(&clock) as _).await;
    let owner = Client::of(&server, "LTAIowner");
    clock.0.store(true, Ordering::SeqCst);
    let (status, body) = call(&server, &owner, "CloseDBClusterMigration", &[("DBClusterId", CLUSTER)]).await;
    assert_eq!((status.as_str(), &body["Code"]), ("500", &Value::from("InternalError")));
    clock.0.store(false, Ordering::SeqCst);
    assert_eq!(stage(&server), "POLARDB2RDS_SYNCING");
    let (status, _) = call(&server, &owner, "CloseDBClusterMigration", &[("DBClusterId", CLUSTER)]).await;
    assert_eq!(status, "200");
}

#[tokio::test]
async fn the_latest_requests_are_remembered_only_where_asked_for() {
    let (silent, _) = serving(Config::default()).await;
    call(&silent, &Client::of(&silent, "LTAIowner"), "DescribeDBClusters", &[("RegionId", "cn-hangzhou")]).await;
    assert!(silent.requests().is_empty());
    let (server, _) = serving(Config { remembered_requests: 2, ..Config::default() }).await;
    for region in ["cn-beijing", "cn-shanghai", "cn-hangzhou"] {
        call(&server, &Client::of(&server, "LTAIowner"), "DescribeDBClusters", &[("RegionId", region)]).await;
    }
    let targets: Vec<_> = server.requests().into_iter().map(|request| request.target).collect();
    assert_eq!(targets, ["/?RegionId=cn-shanghai", "/?RegionId=cn-hangzhou"]);
}

#[tokio::test]
async fn after_shutdown_nothing_listens() {
    let (server, _) = serving(Config::default()).await;
    let address = server.local_addr();
    server.shutdown().await;
    assert!(TcpStream::connect(address).await.is_err());
}
