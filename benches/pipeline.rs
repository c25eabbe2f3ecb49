//! The whole way of a call without its sockets: read, verified, its nonce remembered, resolved, decided among 1,000
//! statements, recorded, and signed anew. Beside it what a proxy would do that only passes on what a known key signed:
//! read, verify, sign anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::cast_precision_loss)]

mod ratios;

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{HeaderMap, Request};
use jiff::Timestamp;
use ramgate::authn::{Hosts, KeyRing, NonceMemory, Verifier};
use ramgate::catalog::Parameters;
use ramgate::gateway::audit::{Log, Stream};
use ramgate::gateway::config::{
    AccessKey, Audit, Config, CredentialSource, Endpoint, Listener, Network, Proxies, Upstream,
};
use ramgate::gateway::{Connection, Origin, Pipeline, Received, Record, Snapshot};
use ramgate::identity::{SecretReference, World};
use ramgate::json::SourceText;
use ramgate::openapi::sign::{Credential, SignedRequest, SigningRequest, sign_acs3};
use ramgate::openapi::{Call, Format, Limits, WireRequest};
use ramgate::policy::Dialect;
use ramgate::store::{self, WorldSources};
use ratios::Ratios;
use secrecy::SecretString;
use tokio::runtime::Runtime;

const HOST: &str = "gate.example:8443";
const CLUSTER: &str = "pc-bp1bench";
const STATEMENTS: [usize; 2] = [10, 1000];
const IN_A_POLICY: usize = 10;

/// A caller with so many statements, the one that allows its calls among the last.
fn world(statements: usize) -> World {
    let count = statements / IN_A_POLICY;
    let attachments: Vec<String> = (0..count).map(|number| format!("{{ policy = \"p-{number}\" }}")).collect();
    let mut text = format!(
        "allow_inline_secrets = true\n[accounts.1234567890123456.users.bench]\nid = \"2000000000000001\"\nattachments = \
         [{}]\nkeys = [{{ id = \"LTAI5tBench\", secret = \"bench-secret\" }}]\n",
        attachments.join(", ")
    );
    write!(
        text,
        "[[resources]]\nservice = \"polardb\"\ntype = \"dbcluster\"\nid = \"{CLUSTER}\"\naccount = \
         \"1234567890123456\"\nregion = \"cn-hangzhou\"\ntags = {{ team = \"bench\" }}\n"
    )
    .unwrap();
    let policy = |number: usize| {
        let statement = |index: usize| {
            let place = number * IN_A_POLICY + index + 1;
            let cluster = if place == statements { CLUSTER.to_owned() } else { format!("pc-other{place}*") };
            format!(
                r#"{{ "Effect": "Allow", "Action": "polardb:*Migration", "Resource": "acs:polardb:*:*:dbcluster/{cluster}" }}"#
            )
        };
        let statements: Vec<String> = (0..IN_A_POLICY).map(statement).collect();
        format!(r#"{{ "Version": "1", "Statement": [{}] }}"#, statements.join(", "))
    };
    let policies = (0..count).map(|number| {
        let path = format!("p-{number}.json");
        (path.clone(), SourceText::new(path, policy(number)))
    });
    let sources = WorldSources {
        world: SourceText::new("world.toml", text),
        policies: policies.collect(),
        limits: None,
        base: PathBuf::from("."),
    };
    store::load_sources(&sources, &Dialect::strict()).unwrap()
}

fn pipeline(statements: usize) -> Pipeline {
    let mut config = Config::new("a bench");
    config.listeners.push(Listener {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        hosts: vec![HOST.to_owned()],
        tls: None,
        network: Network::Public,
        proxies: Proxies::default(),
    });
    config.upstreams.push(Upstream {
        product: "polardb".to_owned(),
        version: "2017-08-01".to_owned(),
        account: "1234567890123456".to_owned(),
        endpoint: Endpoint { tls: false, authority: "127.0.0.1:1".to_owned() },
        ca: None,
        region: None,
        credential: CredentialSource::AccessKey(AccessKey {
            access_key_id: "LTAI5tUpstream".to_owned(),
            secret: SecretReference::Inline(SecretString::from("upstream-secret")),
            token: None,
        }),
    });
    let snapshot = Snapshot::of_world(&config, Ok(world(statements))).unwrap().snapshot;
    Pipeline::new(snapshot, NonceMemory::in_memory().with_share(usize::MAX))
}

/// Calls that were signed beforehand, each with a nonce of its own.
struct Calls {
    requests: Vec<Request<Bytes>>,
    next: AtomicUsize,
}

impl Calls {
    fn signed(count: usize) -> Self {
        let mut parameters = Parameters::new();
        parameters.insert("DBClusterId", CLUSTER).unwrap();
        parameters.insert("ContinueEnableBinlog", "true").unwrap();
        let request = |number: usize| {
            let signed = sign("LTAI5tBench", "bench-secret", HOST, &parameters, &format!("{number}-of-a-bench"));
            WireRequest::from(signed).try_into().unwrap()
        };
        Self { requests: (0..count).map(request).collect(), next: AtomicUsize::new(0) }
    }

    fn next(&self) -> Request<Bytes> {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        self.requests.get(next).expect("more calls than were signed").clone()
    }

    fn again(&self) {
        self.next.store(0, Ordering::Relaxed);
    }
}

fn sign(id: &str, secret: &str, host: &str, parameters: &Parameters, nonce: &str) -> SignedRequest {
    sign_acs3(&SigningRequest {
        host,
        action: "CloseDBClusterMigration",
        version: "2017-08-01",
        parameters,
        credential: &Credential {
            access_key_id: id.to_owned(),
            secret: SecretString::from(secret),
            security_token: None,
        },
        date: Timestamp::now(),
        nonce,
        format: Format::Json,
    })
}

fn main() {
    let mut criterion = ratios::criterion();
    let mut ratios = Ratios::new(&["verify and sign", "pipeline"]);
    let runtime: Runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let calls = Calls::signed(400_000);
    let peer = SocketAddr::from(([192, 0, 2, 1], 5000));
    let connection = Arc::new(Connection::direct(peer, true, Network::Public, Hosts::new([HOST])));
    let origin = Origin::of(&connection, &HeaderMap::new()).unwrap();
    let log = Log::to(Stream(std::io::sink()), &Audit::default()).unwrap();
    for statements in STATEMENTS {
        let size = format!("{statements} statements");
        let keys = KeyRing::of_world(&world(statements)).unwrap();
        let verifier = Verifier::new(keys, Arc::clone(&connection.hosts));
        calls.again();
        ratios.measure(&mut criterion, ("call", &size), "verify and sign", || {
            let call = Call::parse(&calls.next(), &Limits::default()).unwrap();
            let parameters = call.parameters().clone();
            let _ = verifier.verify(call, Timestamp::now()).unwrap();
            sign("LTAI5tUpstream", "upstream-secret", "127.0.0.1:1", &parameters, &uuid::Uuid::new_v4().to_string())
        });
        let pipeline = pipeline(statements);
        calls.again();
        ratios.measure(&mut criterion, ("call", &size), "pipeline", || {
            let mut record = Record::new(uuid::Uuid::new_v4().to_string(), &connection, &log);
            let received =
                Received { request: calls.next(), connection: Arc::clone(&connection), origin, at: Timestamp::now() };
            let permitted = runtime.block_on(pipeline.permit(&received, &mut record)).unwrap();
            permitted.sign(Timestamp::now(), &uuid::Uuid::new_v4().to_string()).unwrap()
        });
    }
    ratios.print();
}
