use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Authenticate, Authenticated, Authentication, Config, Handle, Rejected, Server};
use crate::catalog::Parameters;
use crate::openapi::{Format, WireRequest};
use crate::sandbox::{Cluster, Direction, SettableClock, Stage};

const ACCOUNT: &str = "1234567890123456";
const CLUSTER: &str = "pc-bp1aaaaaaaaaaaaaa";

/// Takes the caller's word for who it is: these tests are about the socket, not about signatures.
struct Trusting;

impl Authenticate for Trusting {
    fn authenticate<'a>(&'a self, request: &'a WireRequest) -> Authentication<'a> {
        Box::pin(async move { read(request) })
    }
}

fn read(request: &WireRequest) -> Result<Authenticated, Rejected> {
    let header = |name: &str| {
        let found = request.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    };
    let format = if header("accept").as_deref() == Some("text/xml") { Format::Xml } else { Format::Json };
    let Some(account) = header("account") else {
        return Err(Rejected {
            code: "InvalidAccessKeyId.NotFound".to_owned(),
            status: 404,
            message: "Specified access key is not found.".to_owned(),
            format,
        });
    };
    let mut parameters = Parameters::new();
    let query = request.target.split_once('?').map_or("", |(_, query)| query);
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        parameters.insert(name, value).unwrap();
    }
    assert!(account != "panic", "as asked for");
    Ok(Authenticated {
        account,
        version: "2017-08-01".to_owned(),
        operation: header("x-acs-action").unwrap_or_default(),
        parameters,
        format,
    })
}

fn start() -> Timestamp {
    "2026-03-01T08:00:00Z".parse().unwrap()
}

async fn serving(config: Config) -> (Handle, Arc<SettableClock>) {
    let clock = Arc::new(SettableClock::new(start()));
    let server = Server::bind(config).await.unwrap();
    let handle = server.serve(Arc::new(Trusting), Arc::clone(&clock) as _).await.unwrap();
    let stage = Stage::Syncing { direction: Direction::PolarDbToRds };
    let durations = handle.state().durations().clone();
    let cluster = Cluster::new(CLUSTER, ACCOUNT, "cn-hangzhou", start()).migrating("rm-bp1", stage, &durations);
    handle.state().put(&cluster).unwrap();
    (handle, clock)
}

/// Status line and headers, and the body.
async fn send(handle: &Handle, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(handle.local_addr()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

fn call(operation: &str, query: &str, account: &str) -> String {
    format!(
        "POST /?{query} HTTP/1.1\r\nHost: localhost\r\nx-acs-action: {operation}\r\n{account}Content-Length: 0\r\n\
         Connection: close\r\n\r\n"
    )
}

fn by_owner(operation: &str, query: &str) -> String {
    call(operation, query, &format!("account: {ACCOUNT}\r\n"))
}

#[tokio::test]
async fn a_close_over_the_socket_changes_the_state() {
    let (handle, clock) = serving(Config::default()).await;
    let (head, body) = send(&handle, &by_owner("CloseDBClusterMigration", &format!("DBClusterId={CLUSTER}"))).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(head.contains("content-type: application/json;charset=utf-8"), "{head}");
    let body: Value = serde_json::from_str(&body).unwrap();
    let request_id = body["RequestId"].as_str().unwrap();
    assert_eq!(request_id.len(), 36);
    assert_eq!(request_id, request_id.to_uppercase());
    assert!(body.get("Code").is_none());
    let cluster = handle.state().cluster(CLUSTER).unwrap().unwrap();
    assert_eq!(cluster.migration.unwrap().stage.name(), "CLOSING_MIGRATION");
    clock.advance(Duration::from_secs(5));
    assert_eq!(handle.state().cluster(CLUSTER).unwrap().unwrap().migration, None);
    handle.shutdown().await;
}

#[tokio::test]
async fn a_refusal_has_the_status_and_code_of_the_service() {
    let (handle, _) = serving(Config::default()).await;
    let (head, body) = send(&handle, &by_owner("CloseDBClusterMigration", "DBClusterId=pc-none")).await;
    assert!(head.starts_with("HTTP/1.1 404"), "{head}");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["Code"], "InvalidDBClusterId.NotFound");
    assert_eq!(body["HostId"], handle.local_addr().to_string());
}

#[tokio::test]
async fn a_caller_who_asks_for_xml_gets_xml() {
    let (handle, _) = serving(Config::default()).await;
    let account = format!("account: {ACCOUNT}\r\naccept: text/xml\r\n");
    let (head, body) = send(&handle, &call("CloseDBClusterMigration", "", &account)).await;
    assert!(head.starts_with("HTTP/1.1 400"), "{head}");
    assert!(head.contains("content-type: text/xml;charset=utf-8"), "{head}");
    assert!(body.contains("<Code>MissingDBClusterId</Code>"), "{body}");
}

#[tokio::test]
async fn nothing_is_answered_that_is_not_authenticated() {
    let (handle, _) = serving(Config::default()).await;
    let (head, body) = send(&handle, &call("CloseDBClusterMigration", &format!("DBClusterId={CLUSTER}"), "")).await;
    assert!(head.starts_with("HTTP/1.1 404"), "{head}");
    assert!(body.contains("InvalidAccessKeyId.NotFound"), "{body}");
    let cluster = handle.state().cluster(CLUSTER).unwrap().unwrap();
    assert_eq!(cluster.migration.unwrap().stage.name(), "POLARDB2RDS_SYNCING");
}

#[tokio::test]
async fn a_body_above_the_bound_is_refused_with_a_code() {
    let (handle, _) = serving(Config { body_limit: 8, ..Config::default() }).await;
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    let (status, body) = send(&handle, &format!("{head}Content-Length: 9\r\n\r\n123456789")).await;
    assert!(status.starts_with("HTTP/1.1 413"), "{status}");
    assert!(body.contains(r#""Code":"RequestEntityTooLarge""#), "{body}");
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n5\r\n12345\r\n0\r\n\r\n");
    assert!(send(&handle, &chunked).await.0.starts_with("HTTP/1.1 413"));
    let (status, _) = send(&handle, &format!("{head}Content-Length: 8\r\n\r\n12345678")).await;
    assert!(status.starts_with("HTTP/1.1 404"), "{status}");
}

#[tokio::test]
async fn a_call_that_breaks_the_sandbox_is_answered_and_the_next_one_too() {
    let (handle, _) = serving(Config { concurrent_calls: 1, ..Config::default() }).await;
    let (head, body) = send(&handle, &call("DescribeDBClusters", "", "account: panic\r\n")).await;
    assert!(head.starts_with("HTTP/1.1 500"), "{head}");
    assert!(body.contains(r#""Code":"InternalError""#), "{body}");
    let (head, _) = send(&handle, &by_owner("DescribeDBClusters", "RegionId=cn-hangzhou")).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
}

#[tokio::test]
async fn the_latest_requests_are_remembered_only_where_asked_for() {
    let (silent, _) = serving(Config::default()).await;
    send(&silent, &by_owner("DescribeDBClusters", "RegionId=cn-hangzhou")).await;
    assert!(silent.requests().is_empty());
    let (handle, _) = serving(Config { remembered_requests: 2, ..Config::default() }).await;
    for region in ["cn-beijing", "cn-shanghai", "cn-hangzhou"] {
        send(&handle, &by_owner("DescribeDBClusters", &format!("RegionId={region}"))).await;
    }
    let targets: Vec<_> = handle.requests().into_iter().map(|request| request.target).collect();
    assert_eq!(targets, ["/?RegionId=cn-shanghai", "/?RegionId=cn-hangzhou"]);
}

#[tokio::test]
async fn after_shutdown_nothing_listens() {
    let (handle, _) = serving(Config::default()).await;
    let address = handle.local_addr();
    handle.shutdown().await;
    assert!(TcpStream::connect(address).await.is_err());
}
