//! A gate without sockets, the world that it decides by, and calls for it.
#![allow(dead_code, reason = "no bench uses all of it")]

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use jiff::Timestamp;
use ramgate::authn::NonceMemory;
use ramgate::catalog::Parameters;
use ramgate::gateway::config::{AccessKey, Config, CredentialSource, Endpoint, Listener, Network, Proxies, Upstream};
use ramgate::gateway::{Pipeline, Snapshot};
use ramgate::identity::{SecretReference, World};
use ramgate::json::SourceText;
use ramgate::openapi::Format;
use ramgate::openapi::sign::{Credential, SignedRequest, SigningRequest, sign_acs3};
use ramgate::policy::Dialect;
use ramgate::store::{self, WorldSources};
use secrecy::SecretString;

pub const HOST: &str = "gate.example:8443";
pub const CLUSTER: &str = "pc-bp1bench";
const IN_A_POLICY: usize = 10;

/// A caller with so many statements, the one that allows its calls among the last.
pub fn world(statements: usize) -> World {
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

/// A gate for that caller.
pub fn pipeline(statements: usize) -> Pipeline {
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

/// A call to close the cluster's migration, its nonce as given.
pub fn sign(id: &str, secret: &str, host: &str, parameters: &Parameters, nonce: &str) -> SignedRequest {
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
