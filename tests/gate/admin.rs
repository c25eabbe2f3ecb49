//! The admin listener: what it answers, to whom, and when.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use ramgate::gateway::config::{
    Admin, AdminPlace, AdminTls, Config, CredentialSource, EcsRamRole, Endpoint, Lookup, Shadow, Shadowed, Traces,
};
use ramgate::gateway::{Drained, Gate, Snapshot};
use ramgate::identity::PrincipalPattern;
use ramgate::json::SourceText;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::caller::{self, Answer};
use super::events;
use super::issuer::{Gives, Issuer};
use super::rules::{ALICE, ALL, CLUSTER, WORLD, policy};
use super::stand::{Authority, Stand, UPSTREAM, world};
use super::upstream::Upstream;

/// A gate whose callers may do everything, looked after on loopback.
pub fn looked_after(change: impl FnOnce(&mut Config)) -> Stand {
    let world = world(WORLD, &[("rights", &policy(ALL))]);
    let place = AdminPlace::Address(SocketAddr::from(([127, 0, 0, 1], 0)));
    Stand::of_world(world, |config| {
        config.admin = Some(Admin { place, tls: None });
        change(config);
    })
    .unwrap()
}

pub fn admin(stand: &Stand) -> SocketAddr {
    match stand.gate().0.admin() {
        Some(AdminPlace::Address(address)) => *address,
        other => panic!("{other:?}"),
    }
}

fn request(line: &str, headers: &str) -> String {
    format!("{line} HTTP/1.1\r\nconnection: close\r\n{headers}\r\n")
}

pub fn ask(address: SocketAddr, line: &str) -> Answer {
    caller::exchange(address, request(line, &format!("host: {address}\r\n")).as_bytes())
}

fn over(stream: &mut (impl Read + Write), line: &str) -> std::io::Result<Answer> {
    stream.write_all(request(line, "host: gate\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    Ok(Answer { status: head[9..12].parse().unwrap(), head: head.to_owned(), body: body.to_owned() })
}

fn parse(admin: &str) -> Vec<String> {
    let text = format!("[[listeners]]\naddress = \"127.0.0.1:8080\"\nplain = true\n[admin]\n{admin}\n");
    let findings = Config::parse(&SourceText::new("ramgate.toml", text), Path::new("/etc/ramgate")).unwrap_err();
    findings.into_iter().map(|finding| finding.code).filter(|code| code.starts_with("admin")).collect()
}

#[test]
fn g18_an_admin_listener_that_others_can_reach_needs_client_certificates() {
    for closed in ["address = \"127.0.0.1:9180\"", "address = \"[::1]:9180\"", "unix = \"admin.sock\""] {
        assert!(parse(closed).is_empty(), "{closed}");
    }
    for open in ["0.0.0.0:9180", "[::]:9180", "10.0.0.1:9180"] {
        assert_eq!(parse(&format!("address = \"{open}\"")), ["admin-exposed"], "{open}");
        let tls = "tls = { certificate = \"c\", key = \"k\", clients = \"a\" }";
        assert!(parse(&format!("address = \"{open}\"\n{tls}")).is_empty(), "{open}");
    }
}

#[test]
fn g18_an_admin_listener_with_certificates_takes_only_clients_of_its_authority() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (authority, other) = (Authority::new(ours.path()), Authority::new(theirs.path()));
    let server = authority.listener(&["127.0.0.1"]);
    let stand = looked_after(|config| {
        let admin = config.admin.as_mut().unwrap();
        admin.tls = Some(AdminTls {
            certificate: server.certificate.clone(),
            key: server.key.clone(),
            clients: authority.certificate.clone(),
        });
    });
    let address = admin(&stand);
    let ask = |client: Option<(&Path, &Path)>| -> std::io::Result<Answer> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&authority.certificate).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let builder = builder.with_root_certificates(roots);
        let config = match client {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = vec![CertificateDer::from_pem_file(certificate).unwrap()];
                builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_file(key).unwrap()).unwrap()
            }
        };
        let connection = ClientConnection::new(Arc::new(config), ServerName::from(address.ip())).unwrap();
        over(&mut StreamOwned::new(connection, TcpStream::connect(address)?), "GET /healthz")
    };
    let known = authority.listener(&["operator"]);
    assert_eq!(ask(Some((&known.certificate, &known.key))).unwrap().status, 200);
    let unknown = other.listener(&["operator"]);
    assert!(ask(Some((&unknown.certificate, &unknown.key))).is_err());
    assert!(ask(None).is_err());
    let mut plain = TcpStream::connect(address).unwrap();
    assert!(over(&mut plain, "GET /healthz").is_err());
}

#[test]
fn g18_the_admin_listener_is_never_where_calls_come_in() {
    for same in ["127.0.0.1:8080", "[::]:8080"] {
        let tls = "tls = { certificate = \"c\", key = \"k\", clients = \"a\" }";
        assert_eq!(parse(&format!("address = \"{same}\"\n{tls}")), ["admin-address"], "{same}");
    }
    // What the admin listener answers is no way past the gate on the other port, whoever claims to ask.
    let stand = looked_after(|_| {});
    for (line, agent) in [
        ("GET /healthz", "kube-probe/1.30"),
        ("GET /readyz", "ELB-HealthChecker/2.0"),
        ("GET /metrics", "Prometheus/2.42"),
        ("GET /config", "curl/8"),
        ("POST /reload", "curl/8"),
    ] {
        let headers = format!("host: {}\r\nuser-agent: {agent}\r\ncontent-length: 0\r\n", stand.address);
        let answer = stand.send(request(line, &headers).as_bytes());
        assert_eq!((answer.status, answer.code().as_str()), (404, "InvalidApi.NotFound"), "{line}");
    }
    assert!(stand.forwarded().is_empty());
}

#[test]
fn a_place_that_cannot_be_is_refused() {
    for wrong in ["", "address = \"localhost:9180\"", "address = \"127.0.0.1:1\"\nunix = \"a\"", "unix = \"\""] {
        assert_eq!(parse(wrong).len(), 1, "{wrong}");
    }
    let tls = "tls = { certificate = \"c\", key = \"k\", clients = \"a\" }";
    assert_eq!(parse(&format!("unix = \"a\"\n{tls}")), ["admin-place"]);
}

#[test]
fn a_unix_socket_is_for_its_owner_replaces_one_that_was_left_and_goes_with_the_gate() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("admin.sock");
    // One that a process which was killed has left.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let stand = looked_after(|config| {
        config.admin = Some(Admin { place: AdminPlace::Unix(path.clone()), tls: None });
    });
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(over(&mut UnixStream::connect(&path).unwrap(), "GET /readyz").unwrap().json()["ready"], true);
    assert_eq!(stand.shut(), Drained::Whole);
    assert!(!path.exists());
    // What is no socket is not replaced.
    std::fs::write(&path, "a file").unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut config = super::stand::config(SocketAddr::from(([127, 0, 0, 1], 1)));
    let snapshot = Snapshot::of_world(&config, Ok(world(WORLD, &[("rights", &policy(ALL))]))).unwrap().snapshot;
    config.admin = Some(Admin { place: AdminPlace::Unix(path.clone()), tls: None });
    let error = runtime.block_on(Gate::serve(&config, snapshot, events::log(&config.audit).0)).unwrap_err();
    assert!(error.to_string().contains("admin.sock"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "a file");
}

#[test]
fn what_is_asked_is_answered_and_nothing_else() {
    let stand = looked_after(|_| {});
    let address = admin(&stand);
    assert_eq!(ask(address, "GET /healthz").json()["alive"], true);
    let ready = ask(address, "GET /readyz");
    assert_eq!((ready.status, ready.json()["generation"].as_u64()), (200, Some(0)), "{ready:?}");
    assert_eq!(ask(address, "HEAD /readyz").status, 200);
    assert_eq!(ask(address, "GET /reload").status, 405);
    assert_eq!(ask(address, "POST /readyz").status, 405);
    assert_eq!(ask(address, "GET /").status, 404);
}

#[test]
fn g15_shadows_show_in_readiness_and_in_what_is_counted() {
    let until = Timestamp::now() + jiff::SignedDuration::from_hours(1);
    let world = world(WORLD, &[("rights", &policy(r#"{ "Effect": "Deny", "Action": "*", "Resource": "*" }"#))]);
    let place = AdminPlace::Address(SocketAddr::from(([127, 0, 0, 1], 0)));
    let stand = Stand::of_world(world, |config| {
        config.admin = Some(Admin { place, tls: None });
        let of = Shadowed::Principal(PrincipalPattern::parse("user/alice").unwrap());
        config.shadows.push(Shadow { of, until });
    })
    .unwrap();
    let shadows = ask(admin(&stand), "GET /readyz").json()["shadows"].clone();
    assert_eq!(shadows[0]["principal"], "user/alice", "{shadows}");
    stand.migrate(&[(CLUSTER, "cn-hangzhou")]);
    let answer = stand.call(ALICE, "DescribeDBClusterMigration", &[("DBClusterId", CLUSTER)]);
    assert_eq!(answer.status, 200, "{answer:?}");
    let scrape = scrape_of(admin(&stand), 1.0);
    assert_eq!(value(&scrape, "ramgate_calls", &[("outcome", "shadowed")]), 1.0);
    assert_eq!(value(&scrape, "ramgate_decisions", &[("outcome", "ExplicitDeny")]), 1.0);
}

#[test]
fn a_page_in_a_browser_is_not_answered() {
    let stand = looked_after(|_| {});
    let address = admin(&stand);
    for headers in [
        format!("host: {address}\r\norigin: https://evil.example\r\n"),
        format!("host: {address}\r\nsec-fetch-site: cross-site\r\n"),
        "host: evil.example\r\n".to_owned(),
        String::new(),
    ] {
        for line in ["GET /config", "POST /reload"] {
            let answer = caller::exchange(address, request(line, &headers).as_bytes());
            assert!([400, 403].contains(&answer.status), "{line} {headers}: {answer:?}");
        }
    }
}

#[test]
fn the_configuration_is_shown_with_where_its_secrets_are_and_none_of_them() {
    let stand = looked_after(|config| config.limits.calls = 17);
    let answer = ask(admin(&stand), "GET /config");
    let shown = answer.json();
    assert_eq!(shown["limits"]["calls"], 17);
    assert_eq!(shown["limits"]["forward_timeout"], 60);
    let credential = &shown["upstreams"][0]["credential"];
    assert_eq!((&credential["type"], &credential["id"]), (&"access_key".into(), &UPSTREAM.id.into()));
    assert_eq!(credential["secret"], "inline (not shown)");
    for secret in [UPSTREAM.secret, UPSTREAM.token.unwrap(), ALICE.secret] {
        assert!(!answer.body.contains(secret));
    }
}

#[test]
fn it_answers_while_calls_take_every_worker() {
    let stand = looked_after(|_| {});
    let address = admin(&stand);
    let (_, runtime) = stand.gate();
    let (free, held) = std::sync::mpsc::channel::<()>();
    let held = Arc::new(std::sync::Mutex::new(held));
    let workers = runtime.metrics().num_workers();
    let (began, begun) = std::sync::mpsc::channel();
    for _ in 0..workers {
        let (held, began) = (Arc::clone(&held), began.clone());
        runtime.spawn(async move {
            began.send(()).unwrap();
            // Held until the other end is gone.
            let _ = held.lock().unwrap_or_else(std::sync::PoisonError::into_inner).recv();
        });
    }
    (0..workers).for_each(|_| begun.recv_timeout(Duration::from_secs(20)).unwrap());
    for line in ["GET /healthz", "GET /readyz", "GET /metrics", "GET /config"] {
        assert_eq!(ask(address, line).status, 200, "{line}");
    }
    drop(free);
}

#[test]
fn a_gate_that_is_ending_is_not_ready_and_says_so_until_its_last_call_is_answered() {
    let upstream = Upstream::answering_after(Duration::from_millis(500));
    let stand = looked_after(|config| {
        config.upstreams[0].endpoint = Endpoint { tls: false, authority: upstream.address.to_string() };
    });
    let address = admin(&stand);
    let call = caller::bytes(&caller::signed(
        &stand.place.endpoint,
        ALICE,
        "DescribeDBClusterMigration",
        &[("DBClusterId", CLUSTER)],
    ));
    let gate = stand.address;
    let calling = std::thread::spawn(move || caller::exchange(gate, &call));
    upstream.wait_for_a_call();
    let ending = std::thread::spawn(move || stand.shut());
    let answer = loop {
        let answer = ask(address, "GET /readyz");
        if answer.status != 200 || ending.is_finished() {
            break answer;
        }
    };
    assert_eq!(answer.status, 503);
    assert!(answer.json()["why"].as_str().unwrap().contains("ending"), "{answer:?}");
    assert_eq!(ask(address, "GET /healthz").status, 200);
    assert_eq!(calling.join().unwrap().status, 200);
    assert_eq!(ending.join().unwrap(), Drained::Whole);
}

/// Samples by name without suffixes: labels with their values, and the value.
pub type Scrape = BTreeMap<String, (String, Vec<(BTreeMap<String, String>, f64)>)>;

pub fn scrape(address: SocketAddr) -> Scrape {
    let answer = ask(address, "GET /metrics");
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    assert!(answer.body.ends_with("# EOF\n"));
    let mut scrape = Scrape::new();
    let mut current = String::new();
    for line in answer.body.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            current = name.to_owned();
            assert!(scrape.insert(current.clone(), (kind.to_owned(), Vec::new())).is_none(), "{name} stands twice");
        } else if !line.starts_with('#') {
            let (series, value) = line.rsplit_once(' ').unwrap();
            assert!(series.starts_with(&current), "{line}");
            let labels = series.split_once('{').map_or("", |(_, labels)| labels.trim_end_matches('}'));
            let pairs = labels.split_terminator("\",").map(|pair| pair.split_once("=\"").unwrap());
            let pairs = pairs.map(|(name, value)| (name.to_owned(), value.trim_end_matches('"').to_owned()));
            scrape.get_mut(&current).unwrap().1.push((pairs.collect(), value.parse().unwrap()));
        }
    }
    scrape
}

pub fn value(scrape: &Scrape, name: &str, labels: &[(&str, &str)]) -> f64 {
    let wanted = |known: &BTreeMap<String, String>| {
        labels.iter().all(|(name, value)| known.get(*name).is_some_and(|known| known == value))
    };
    scrape[name].1.iter().filter(|(known, _)| wanted(known)).map(|(_, value)| value).sum()
}

/// What is counted once `calls` calls are: that is after they were answered.
fn scrape_of(address: SocketAddr, calls: f64) -> Scrape {
    scrape_once(address, "ramgate_calls", calls)
}

/// What is counted once the metric is as high as that.
pub fn scrape_once(address: SocketAddr, metric: &str, least: f64) -> Scrape {
    let began = Instant::now();
    loop {
        let scrape = scrape(address);
        if value(&scrape, metric, &[]) >= least {
            return scrape;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{scrape:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn every_metric_is_documented_with_its_type_and_labels() {
    // With what some of them are about.
    let issuer = Issuer::giving(Gives::Key(UPSTREAM, 3600));
    let stand = looked_after(|config| {
        config.lookup = Some(Lookup::default());
        config.traces = Some(Traces::to("http://127.0.0.1:1/v1/traces"));
        let role = EcsRamRole { role_name: None, metadata_endpoint: issuer.endpoint() };
        config.upstreams[0].credential = CredentialSource::EcsRamRole(role);
    });
    stand.call(ALICE, "DescribeDBClusterMigration", &[("DBClusterId", CLUSTER)]);
    let told: BTreeSet<(String, String, Vec<String>)> = scrape_of(admin(&stand), 1.0)
        .into_iter()
        .map(|(name, (kind, samples))| {
            let labels: BTreeSet<String> = samples.into_iter().flat_map(|(labels, _)| labels.into_keys()).collect();
            let name = if kind == "counter" { format!("{name}_total") } else { name };
            (name, kind, labels.into_iter().filter(|label| label != "le").collect())
        })
        .collect();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md");
    let documented: BTreeSet<(String, String, Vec<String>)> = std::fs::read_to_string(page)
        .unwrap()
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.strip_prefix('|')?.split('|').map(str::trim).collect();
            let [name, kind, labels, _, ""] = cells[..] else { return None };
            if !name.starts_with('`') {
                return None;
            }
            let labels: BTreeSet<String> = labels
                .split(',')
                .map(|label| label.trim().trim_matches('`').to_owned())
                .filter(|l| !l.is_empty())
                .collect();
            Some((name.trim_matches('`').to_owned(), kind.to_owned(), labels.into_iter().collect()))
        })
        .collect();
    // The only one that may be missing: there may be no bound.
    let bound = |metrics: &BTreeSet<(String, String, Vec<String>)>| -> BTreeSet<_> {
        metrics.iter().filter(|(name, ..)| name != "process_max_fds").cloned().collect()
    };
    assert_eq!(bound(&told), bound(&documented));
}

#[test]
fn calls_decisions_and_upstreams_are_counted() {
    let stand = looked_after(|_| {});
    stand.migrate(&[(CLUSTER, "cn-hangzhou")]);
    let address = admin(&stand);
    let upstream = stand.sandbox.local_addr().to_string();
    for _ in 0..3 {
        assert_eq!(stand.call(ALICE, "DescribeDBClusterMigration", &[("DBClusterId", CLUSTER)]).status, 200);
    }
    // Not verified, and by an operation that the catalogue does not have.
    let stranger = caller::Key { secret: "not hers", ..ALICE };
    assert_ne!(stand.call(stranger, "DescribeDBClusterMigration", &[("DBClusterId", CLUSTER)]).status, 200);
    assert_ne!(stand.call(ALICE, "DescribeSecretHandshake", &[]).status, 200);
    let scrape = scrape_of(address, 5.0);
    let operation = "DescribeDBClusterMigration";
    let forwarded = [("product", "polardb"), ("operation", operation), ("outcome", "forwarded"), ("code", "")];
    assert_eq!(value(&scrape, "ramgate_calls", &forwarded), 3.0);
    let unverified = [("operation", ""), ("outcome", "refused"), ("code", "SignatureDoesNotMatch")];
    assert_eq!(value(&scrape, "ramgate_calls", &unverified), 1.0);
    let unknown = [("operation", ""), ("outcome", "refused"), ("code", "InvalidApi.NotFound")];
    assert_eq!(value(&scrape, "ramgate_calls", &unknown), 1.0);
    assert_eq!(value(&scrape, "ramgate_calls", &[]), 5.0);
    let allowed = [("outcome", "Allow"), ("policy_type", "AccountLevelIdentityBasedPolicy")];
    assert_eq!(value(&scrape, "ramgate_decisions", &allowed), 3.0);
    assert_eq!(value(&scrape, "ramgate_decisions", &[]), 3.0);
    assert_eq!(value(&scrape, "ramgate_upstream_calls", &[("upstream", &upstream), ("status", "2xx")]), 3.0);
    assert_eq!(value(&scrape, "ramgate_connections_accepted", &[]), 5.0);
    assert!(value(&scrape, "ramgate_nonces", &[]) >= 3.0);
    assert!(value(&scrape, "process_resident_memory_bytes", &[]) > 1e6);
    let text = format!("{scrape:?}");
    for told in [ALICE.id, ALICE.secret, UPSTREAM.id, UPSTREAM.secret, "alice", "DescribeSecretHandshake"] {
        assert!(!text.contains(told), "{told}");
    }
}

#[test]
fn an_upstream_that_gives_no_answer_and_a_handshake_that_fails_are_counted() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new(directory.path());
    let stand = looked_after(|config| {
        config.upstreams[0].endpoint = Endpoint { tls: false, authority: "127.0.0.1:1".to_owned() };
        config.listeners[0].tls = Some(authority.listener(&["127.0.0.1"]));
    });
    let (mut open, _) = caller::KeptOpen::securely_to(stand.address, &authority.certificate);
    let pairs = [("DBClusterId", CLUSTER)];
    let request = caller::signed(&stand.place.endpoint, ALICE, "DescribeDBClusterMigration", &pairs);
    assert_eq!(open.exchange(&caller::bytes_with(&request, "")).unwrap().status, 503);
    let mut stranger = TcpStream::connect(stand.address).unwrap();
    stranger.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let _ = stranger.read_to_end(&mut Vec::new());
    scrape_of(admin(&stand), 1.0);
    let scrape = scrape_once(admin(&stand), "ramgate_connections_refused", 1.0);
    assert!(value(&scrape, "ramgate_connections", &[]) >= 1.0);
    let unreachable = [("upstream", "127.0.0.1:1"), ("kind", "unreachable")];
    assert_eq!(value(&scrape, "ramgate_upstream_errors", &unreachable), 1.0);
    assert_eq!(value(&scrape, "ramgate_calls", &[("outcome", "failed"), ("code", "ServiceUnavailable")]), 1.0);
    assert_eq!(value(&scrape, "ramgate_connections_refused", &[("reason", "tls")]), 1.0);
}
