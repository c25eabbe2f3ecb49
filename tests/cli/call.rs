//! `ramgate call`, run against the sandbox and against servers that answer as no API should.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use super::process::{Key, OWNER, SESSION, Sandbox, answer, call, run, settled};

const LIST: [&str; 2] = ["DescribeDBClusters", "RegionId=cn-hangzhou"];

/// A server that reads what each of `answers.len()` connections begins with, and answers with these bytes.
fn answering(answers: Vec<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.push(byte[0]);
            }
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    endpoint
}

fn http(status: u16, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

#[test]
fn an_allowed_call_prints_the_answer_and_exits_with_0() {
    let sandbox = Sandbox::start(OWNER, &[]);
    let (status, result, remarks) = call(OWNER, &sandbox.endpoint(), &LIST);
    assert_eq!((status, remarks.as_str()), (0, ""), "{result}");
    insta::assert_snapshot!(settled(&result));

    let (status, result, _) = call(OWNER, &sandbox.endpoint(), &[&LIST[..], &["--format", "json"]].concat());
    let whole: serde_json::Value = serde_json::from_str(&result).unwrap();
    assert_eq!((status, whole["status"].as_u64()), (0, Some(200)), "{result}");
    assert_eq!(whole["request_id"], whole["body"]["RequestId"]);
    assert_eq!(whole["body"]["TotalRecordCount"], 0);
}

#[test]
fn parameters_arrive_as_they_were_written() {
    let sandbox = Sandbox::start(OWNER, &[]);
    let (value, description) = ("长 +&=%".repeat(20), "a b+c=d&e%20~*ü移");
    // With many tags a call is too long for a query, and its parameters travel in the body.
    for tags in [1, 15] {
        let mut create =
            ["RegionId=cn-hangzhou", "DBType=MySQL", "DBVersion=8.0", "PayType=Postpaid"].map(str::to_owned).to_vec();
        create.insert(0, "CreateDBCluster".to_owned());
        create.push(format!("DBClusterDescription={description}"));
        for tag in 1..=tags {
            create.extend([format!("Tag.{tag}.Key=key{tag}"), format!("Tag.{tag}.Value={value}")]);
        }
        let create: Vec<&str> = create.iter().map(String::as_str).collect();
        let created = answer(OWNER, &sandbox.endpoint(), &create);
        let id = format!("DBClusterId={}", created["DBClusterId"].as_str().unwrap());
        let cluster = answer(OWNER, &sandbox.endpoint(), &["DescribeDBClusterAttribute", &id]);
        assert_eq!(cluster["DBClusterDescription"], description);
        let values: Vec<_> =
            cluster["Tags"].as_array().unwrap().iter().map(|tag| tag["Value"].as_str().unwrap()).collect();
        assert_eq!(values, vec![value.as_str(); tags]);
    }
}

#[test]
fn a_refused_call_exits_with_1_and_names_code_and_request_id() {
    let sandbox = Sandbox::start(OWNER, &[]);
    let mut said = String::new();
    for (key, arguments) in [
        (Key { secret: "canary-of-another", ..OWNER }, &LIST[..]),
        (Key { id: "LTAI5tNobody", ..OWNER }, &LIST),
        (OWNER, &["DescribeDBClusters"]),
        (OWNER, &["CloseDBClusterMigration", "DBClusterId=pc-bp1nowhere0000001"]),
        (OWNER, &["FreezeDBCluster", "--force"]),
        (OWNER, &["DescribeDBClusters", "--api-version", "2030-01-01", "--force"]),
    ] {
        let (status, result, remarks) = call(key, &sandbox.endpoint(), arguments);
        assert_eq!((status, result.as_str()), (1, ""), "{arguments:?}: {remarks}");
        said.push_str(&remarks);
    }
    insta::assert_snapshot!(settled(&said));

    let wrong = Key { secret: "canary-of-another", ..OWNER };
    let (status, result, _) = call(wrong, &sandbox.endpoint(), &[&LIST[..], &["--format", "json"]].concat());
    let whole: serde_json::Value = serde_json::from_str(&result).unwrap();
    assert_eq!((status, whole["status"].as_u64()), (1, Some(400)), "{result}");
    assert_eq!(whole["body"]["Code"], "SignatureDoesNotMatch");
}

#[test]
fn a_denial_is_told_with_its_detail_in_lines_that_steer_no_terminal() {
    let body = serde_json::json!({
        "RequestId": "8A2C6F40-7E0B-4B1C-9F0E-0D6B1F3C2A11",
        "Code": "Forbidden.RAM",
        "Message": format!("User not authorized to operate \u{1b}[2J on the\nresource; you sent {}.", SESSION.token),
        "AccessDeniedDetail": {
            "AuthAction": "polardb:DescribeDBClusters",
            "AuthPrincipalDisplayName": "ops:ci-42",
            "NoPermissionType": "ImplicitDeny",
            "PolicyType": "SessionPolicy",
        },
    });
    let refusal = http(403, &body.to_string());
    let endpoint = answering(vec![refusal.clone(), refusal]);
    let (status, result, remarks) = call(SESSION, &endpoint, &LIST);
    assert_eq!((status, result.as_str()), (1, ""), "{remarks}");
    insta::assert_snapshot!(settled(&remarks));
    let (status, result, _) = call(SESSION, &endpoint, &[&LIST[..], &["--format", "json"]].concat());
    assert_eq!(status, 1, "{result}");
    assert!(result.contains("you sent ***") && !result.contains('\u{1b}'), "{result}");
}

#[test]
fn without_an_answer_of_the_api_a_call_exits_with_3_and_says_whether_it_was_made() {
    let endpoint = answering(vec![
        http(503, r#"{"Code": "ServiceUnavailable", "Message": "Later.", "RequestId": "1"}"#),
        http(502, "<html>bad gateway</html>"),
        http(302, ""),
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".to_owned(),
        "SSH-2.0-OpenSSH\r\n".to_owned(),
    ]);
    let mut said = String::new();
    for (endpoint, result) in [
        (&*endpoint, ""),
        (&endpoint, "<html>bad gateway</html>\n"),
        (&endpoint, ""),
        (&endpoint, ""),
        (&endpoint, ""),
        // Port 1 of the loopback network: nothing is served there.
        ("http://127.0.0.1:1", ""),
        ("https://localhost:1", ""),
    ] {
        let (status, printed, remarks) = call(OWNER, endpoint, &LIST);
        assert_eq!((status, printed.as_str()), (3, result), "{remarks}");
        said.push_str(&remarks);
    }
    insta::assert_snapshot!(settled(&said));
}

#[test]
fn a_call_that_is_not_answered_in_time_may_have_been_carried_out() {
    // Connections are taken by the system, and nobody reads from them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let (status, result, remarks) = call(OWNER, &endpoint, &[&LIST[..], &["--timeout", "1"]].concat());
    assert_eq!((status, result.as_str()), (3, ""), "{remarks}");
    assert!(remarks.contains("no answer within 1 s; the call may have been carried out"), "{remarks}");
}

#[test]
fn what_cannot_be_sent_exits_with_2_and_says_how_to_mend_it() {
    let folder = tempfile::tempdir().unwrap();
    let notes = folder.path().join("notes.txt");
    std::fs::write(&notes, "no certificate").unwrap();
    let (notes, here, far) = (notes.to_str().unwrap(), "http://127.0.0.1:1", "http://192.0.2.1");
    let mut said = String::new();
    for (key, arguments) in [
        (Key { id: "", ..OWNER }, &["polardb", "DescribeDBClusters", "--endpoint", here][..]),
        (Key { secret: "", ..OWNER }, &["polardb", "DescribeDBClusters", "--endpoint", here]),
        (Key { id: "canary key", ..OWNER }, &["polardb", "DescribeDBClusters", "--endpoint", here]),
        (Key { token: "canary\ntoken", ..OWNER }, &["polardb", "DescribeDBClusters", "--endpoint", here]),
        (OWNER, &["polardb", "describedbclusters", "--endpoint", here]),
        (OWNER, &["polardb", "DescribeDBClusters", "regionId=x", "--endpoint", here]),
        (OWNER, &["polardb", "DescribeDBClusters", "Foo=x", "--endpoint", here]),
        (OWNER, &["polardb", "FreezeDBCluster", "--endpoint", here]),
        (OWNER, &["rds", "DescribeDBInstances", "--endpoint", here]),
        (OWNER, &["rds", "DescribeDBInstances", "--force", "--endpoint", here]),
        (OWNER, &["polardb", "Describe\nDBClusters", "--force", "--endpoint", here]),
        (OWNER, &["polardb", "DescribeDBClusters", "--api-version", "2030-01-01", "--endpoint", here]),
        (OWNER, &["polardb", "DescribeDBClusters", "RegionId=x", "regionid=x", "--endpoint", here]),
        (OWNER, &["polardb", "DescribeDBClusters", "canary-password", "--endpoint", here]),
        (OWNER, &["polardb", "DescribeDBClusters", "--endpoint", "127.0.0.1:1"]),
        (OWNER, &["polardb", "DescribeDBClusters"]),
        (OWNER, &["polardb", "DescribeDBClusters", "--region", "x/y"]),
        (OWNER, &["rds", "X", "--force", "--api-version", "1", "--region", "cn-hangzhou"]),
        (OWNER, &["polardb", "DescribeDBClusters", "--endpoint", far]),
        (SESSION, &["polardb", "DescribeDBClusters", "--plain", "--endpoint", far]),
        (OWNER, &["polardb", "DescribeDBClusters", "--endpoint", here, "--ca", notes]),
        (OWNER, &["polardb", "DescribeDBClusters", "--endpoint", here, "--ca", "/nonexistent/ca.pem"]),
    ] {
        let (status, result, remarks) = run(key, &[&["call"], arguments].concat());
        assert_eq!((status, result.as_str()), (2, ""), "{arguments:?}: {remarks}");
        said.push_str(&remarks);
    }
    insta::assert_snapshot!(said.replace(folder.path().to_str().unwrap(), "<folder>"));
}

/// Makes `listener` an encrypted way to `behind`, with a certificate for `localhost`, which is given as PEM.
fn encrypt(listener: TcpListener, behind: SocketAddr) -> String {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .unwrap();
    listener.set_nonblocking(true).unwrap();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                // A client that does not trust the certificate hangs up.
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut onward = tokio::net::TcpStream::connect(behind).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut onward).await;
            }
        });
    });
    made.cert.pem()
}

#[test]
fn over_tls_only_a_trusted_authority_hears_the_call() {
    let front = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("localhost:{}", front.local_addr().unwrap().port());
    let sandbox = Sandbox::start(SESSION, &["--host", &host]);
    let certificate = encrypt(front, sandbox.address.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, certificate).unwrap();

    let endpoint = format!("https://{host}");
    let trusting = [&LIST[..], &["--ca", ca.to_str().unwrap()]].concat();
    answer(SESSION, &endpoint, &trusting);
    let (status, result, remarks) = call(SESSION, &endpoint, &LIST);
    assert_eq!((status, result.as_str()), (3, ""), "{remarks}");
    assert!(remarks.contains("cannot be reached, so the call was not made: invalid peer certificate"), "{remarks}");
    assert_eq!(sandbox.end("TERM").0, 0);
}
