//! What calls to upstreams are signed with, where it comes from, and what happens when none comes.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use ramgate::authn::{Hosts, KeyEntry, KeyRing, SessionToken, Verifier};
use ramgate::catalog::Parameters;
use ramgate::gateway::config::{
    Config, CredentialSource, EcsRamRole, Endpoint, Lookup, OidcRoleArn, RamRoleArn, Session, Sts,
};
use ramgate::identity::{KeyStatus, Principal};
use ramgate::openapi::{Call, Limits, WireRequest};
use ramgate::report::Severity;
use secrecy::SecretString;

use super::admin::{admin, ask, looked_after, scrape, value};
use super::caller::{Answer, Key};
use super::events;
use super::issuer::{Gives, Issuer, METADATA_TOKEN, ROLE, header};
use super::raw::signed_v1;
use super::rules::{ALICE, ALL, CLUSTER, SESSION, WORLD, policy};
use super::scripted::{Scripted, nonce};
use super::stand::{ACCOUNT, Stand, UPSTREAM, credential};

const SECOND: Key =
    Key { id: "STS.SecondCredential", secret: "canary-second-secret", token: Some("canary-second-token") };

/// The key that assumes a role.
const BASE: Key = Key { id: "LTAI5tBase", secret: "canary-base-secret", token: None };

/// As long as any test could take.
const LONG: i64 = 3600;

fn of_instance(issuer: &Issuer, role_name: Option<&str>) -> CredentialSource {
    let role_name = role_name.map(str::to_owned);
    CredentialSource::EcsRamRole(EcsRamRole { role_name, metadata_endpoint: issuer.endpoint() })
}

fn role_arn() -> String {
    format!("acs:ram::{ACCOUNT}:role/{ROLE}")
}

fn session(name: Option<&str>) -> Session {
    Session { role_session_name: name.map(str::to_owned), duration_seconds: Duration::from_secs(900) }
}

fn sts(issuer: &Issuer) -> Sts {
    Sts { sts_endpoint: issuer.endpoint(), ca: None }
}

fn gate(credential: CredentialSource, change: impl FnOnce(&mut Config)) -> Stand {
    looked_after(|config| {
        config.upstreams[0].credential = credential;
        change(config);
    })
}

/// The gate in front of an upstream that takes every key.
fn gate_before(upstream: &Scripted, credential: CredentialSource) -> Stand {
    let endpoint = Endpoint { tls: false, authority: upstream.address.to_string() };
    gate(credential, |config| config.upstreams[0].endpoint = endpoint)
}

fn write(stand: &Stand, key: Key) -> Answer {
    stand.call(key, "ModifyDBClusterDescription", &[("DBClusterId", CLUSTER), ("DBClusterDescription", "x")])
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn entry(key: Key) -> KeyEntry {
    let expires = "2099-01-01T00:00:00Z".parse().unwrap();
    KeyEntry {
        id: key.id.to_owned(),
        secret: SecretString::from(key.secret),
        status: KeyStatus::Active,
        not_after: None,
        principal: Principal::Owner { account: ACCOUNT.to_owned() },
        session: key.token.map(|token| SessionToken { token: SecretString::from(token), expires }),
    }
}

/// The call, which one of `keys` signed.
#[track_caller]
fn verified(request: &WireRequest, keys: &[Key]) -> Call {
    let call = Call::parse(request, &Limits::default()).unwrap();
    let ring = KeyRing::new(keys.iter().copied().map(entry)).unwrap();
    let host = header(request, "host").unwrap().to_owned();
    let verifier = Verifier::new(ring, Hosts::new([host]));
    drop(verifier.verify(Call::parse(request, &Limits::default()).unwrap(), Timestamp::now()).unwrap());
    call
}

fn signed_by(request: &WireRequest) -> String {
    Call::parse(request, &Limits::default()).unwrap().access_key_id().to_owned()
}

#[test]
fn the_role_of_an_instance_is_had_with_a_token_and_signs_calls() {
    let issuer = Issuer::giving(Gives::Key(UPSTREAM, LONG));
    for (role, asked) in [(None, 3), (Some(ROLE), 2)] {
        let before = issuer.server.requests().len();
        let stand = gate(of_instance(&issuer, role), |_| {});
        stand.migrate(&[(CLUSTER, "cn-hangzhou")]);
        let answer = stand.call(ALICE, "CloseDBClusterMigration", &[("DBClusterId", CLUSTER)]);
        assert_eq!(answer.status, 200, "{answer:?}");
        let requests = issuer.server.requests().split_off(before);
        assert_eq!(requests.len(), asked, "once, and not for the call");
        assert_eq!((requests[0].method.as_str(), requests[0].target.as_str()), ("PUT", "/latest/api/token"));
        let seconds: u32 = header(&requests[0], "x-aliyun-ecs-metadata-token-ttl-seconds").unwrap().parse().unwrap();
        assert!((1..=21_600).contains(&seconds));
        for request in &requests[1..] {
            assert_eq!(header(request, "x-aliyun-ecs-metadata-token"), Some(METADATA_TOKEN));
        }
    }
}

#[test]
fn a_role_is_assumed_by_a_key_of_the_gate_or_by_the_role_of_its_instance() {
    let instance = Issuer::giving(Gives::Key(SECOND, LONG));
    for (source, by) in [(credential(BASE), BASE), (of_instance(&instance, None), SECOND)] {
        let issuer = Issuer::giving(Gives::Key(UPSTREAM, LONG));
        let role = RamRoleArn {
            role_arn: role_arn(),
            session: session(Some("the-gate")),
            external_id: Some("an external id".to_owned()),
            sts: sts(&issuer),
            source: Box::new(source),
        };
        let stand = gate(CredentialSource::RamRoleArn(role), |_| {});
        stand.migrate(&[(CLUSTER, "cn-hangzhou")]);
        assert_eq!(stand.call(ALICE, "CloseDBClusterMigration", &[("DBClusterId", CLUSTER)]).status, 200);
        let requests = issuer.server.requests();
        assert_eq!(requests.len(), 1);
        let call = verified(&requests[0], &[by]);
        assert_eq!((call.action(), call.version(), call.access_key_id()), ("AssumeRole", "2015-04-01", by.id));
        let asked: Vec<_> = call.parameters().iter().collect();
        let role_arn = role_arn();
        let expected = [
            ("DurationSeconds", "900"),
            ("ExternalId", "an external id"),
            ("RoleArn", &*role_arn),
            ("RoleSessionName", "the-gate"),
        ];
        assert_eq!(sorted(&asked), expected);
    }
}

fn sorted<'a>(pairs: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut pairs = pairs.to_vec();
    pairs.sort_unstable();
    pairs
}

/// The parameters in an encoded text.
fn decoded(text: &str) -> Parameters {
    let mut parameters = Parameters::new();
    for pair in text.split('&') {
        let (name, value) = pair.split_once('=').unwrap();
        let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned();
        parameters.insert(decode(name), decode(value)).unwrap();
    }
    parameters
}

#[test]
fn a_role_is_assumed_by_a_token_that_is_read_anew_each_time() {
    let issuer = Issuer::giving(Gives::Key(UPSTREAM, 4));
    let folder = tempfile::tempdir().unwrap();
    let token_file = folder.path().join("token");
    std::fs::write(&token_file, "canary-first+oidc/token=\n").unwrap();
    let oidc = OidcRoleArn {
        role_arn: Some(role_arn()),
        oidc_provider_arn: Some(format!("acs:ram::{ACCOUNT}:oidc-provider/ack")),
        oidc_token_file: Some(token_file.clone()),
        session: session(None),
        sts: sts(&issuer),
    };
    let stand = gate(CredentialSource::OidcRoleArn(oidc), |_| {});
    let first = issuer.server.requests().remove(0);
    std::fs::write(&token_file, "canary-second-oidc-token").unwrap();
    let token = |request: &WireRequest| {
        decoded(std::str::from_utf8(&request.body).unwrap()).get("OIDCToken").unwrap().to_owned()
    };
    until("the second token is read", || {
        issuer.server.requests().iter().any(|request| token(request) == "canary-second-oidc-token")
    });
    assert_eq!(token(&first), "canary-first+oidc/token=");
    let common = decoded(first.target.strip_prefix("/?").unwrap());
    let names: Vec<&str> = sorted(&common.iter().collect::<Vec<_>>()).iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["Action", "Format", "Timestamp", "Version"], "nothing of it is signed");
    assert_eq!((common.get("Action"), common.get("Version")), (Some("AssumeRoleWithOIDC"), Some("2015-04-01")));
    assert_eq!(header(&first, "authorization"), None);
    let form = decoded(std::str::from_utf8(&first.body).unwrap());
    for (name, expected) in [
        ("RoleArn", role_arn()),
        ("OIDCProviderArn", format!("acs:ram::{ACCOUNT}:oidc-provider/ack")),
        ("RoleSessionName", "ramgate".to_owned()),
        ("DurationSeconds", "900".to_owned()),
    ] {
        assert_eq!(form.get(name), Some(&*expected));
    }
    assert!(!events::written().contains("canary-second-oidc-token"));
    assert!(!ask(admin(&stand), "GET /config").body.contains("oidc-token"));
}

#[test]
fn a_credential_is_renewed_before_it_ends_and_no_call_waits_or_is_refused() {
    let issuer = Issuer::giving(Gives::Key(UPSTREAM, 12));
    let upstream = Scripted::new([]);
    let stand = gate_before(&upstream, of_instance(&issuer, Some(ROLE)));
    issuer.gives(Gives::Key(SECOND, LONG));
    until("calls are signed with the second credential", || {
        let answer = write(&stand, ALICE);
        assert_eq!(answer.status, 200, "{answer:?}");
        let last = upstream.requests().pop().unwrap();
        drop(verified(&last, &[UPSTREAM, SECOND]));
        signed_by(&last) == SECOND.id
    });
    assert_eq!(signed_by(&upstream.requests()[0]), UPSTREAM.id);
    let scrape = scrape(admin(&stand));
    assert_eq!(value(&scrape, "ramgate_upstream_credential_renewals", &[("outcome", "succeeded")]), 2.0);
    let ends = value(&scrape, "ramgate_upstream_credential_expiry_timestamp_seconds", &[("account", ACCOUNT)]);
    assert!(ends > f64::from(u32::try_from(Timestamp::now().as_second()).unwrap()) + 1800.0, "{ends}");
}

#[test]
fn the_last_good_credential_is_used_until_it_ends_and_then_calls_are_refused_until_there_is_another() {
    let issuer = Issuer::giving(Gives::Key(UPSTREAM, 12));
    let upstream = Scripted::new([]);
    let stand = gate_before(&upstream, of_instance(&issuer, Some(ROLE)));
    issuer.gives(Gives::Nothing);
    assert_eq!(write(&stand, ALICE).status, 200);
    let credential = |stand: &Stand| ask(admin(stand), "GET /readyz").json()["upstreams"][0]["credential"].clone();
    until("a renewal fails", || {
        let credential = credential(&stand);
        credential["failure"].as_str().is_some_and(|failure| failure.contains("403")) && credential["usable"] == true
    });
    assert_eq!(write(&stand, ALICE).status, 200, "the last one is still good");
    let mut refused = None;
    until("the last one ends", || {
        let answer = write(&stand, ALICE);
        refused = Some(answer.clone()).filter(|answer| answer.status != 200);
        refused.is_some()
    });
    let refused = refused.unwrap();
    assert_eq!((refused.status, refused.code().as_str()), (503, "ServiceUnavailable"), "{refused:?}");
    assert!(refused.message().contains("was not carried out"), "{refused:?}");
    let events = events::of_call(refused.gate_request_id());
    assert_eq!(events.len(), 1, "no intent of what is not sent: {events:?}");
    assert_eq!(events[0]["forwarded"], false);
    assert!(events[0]["reason"].as_str().unwrap().contains("the last one ended at"), "{events:?}");
    let before = upstream.begun();
    assert_eq!(write(&stand, ALICE).status, 503);
    assert_eq!(upstream.begun(), before, "nothing is sent");
    let ready = ask(admin(&stand), "GET /readyz");
    assert_eq!((ready.status, &ready.json()["ready"]), (503, &false.into()), "{ready:?}");
    let scrape = scrape(admin(&stand));
    assert_eq!(value(&scrape, "ramgate_upstream_credential_usable", &[]), 0.0);
    assert!(value(&scrape, "ramgate_upstream_errors", &[("kind", "no_credential")]) >= 2.0);
    let told = format!("{}{}{}", refused.body, ready.body, ask(admin(&stand), "GET /config").body);
    issuer.gives(Gives::Key(SECOND, LONG));
    until("there is another", || write(&stand, ALICE).status == 200);
    assert_eq!(ask(admin(&stand), "GET /readyz").status, 200);
    let told = told + &events::written();
    for canary in [UPSTREAM.secret, SECOND.secret, SECOND.token.unwrap(), METADATA_TOKEN, "canary-message"] {
        assert!(!told.contains(canary), "{canary} was told");
    }
}

#[test]
fn a_gate_that_gets_no_first_credential_serves_and_refuses_until_it_gets_one() {
    let issuer = Issuer::giving(Gives::Nothing);
    let upstream = Scripted::new([]);
    let stand = gate_before(&upstream, of_instance(&issuer, Some(ROLE)));
    let answer = write(&stand, ALICE);
    assert_eq!((answer.status, answer.code().as_str()), (503, "ServiceUnavailable"), "{answer:?}");
    assert!(events::decision(answer.gate_request_id())["reason"].as_str().unwrap().contains("none was had yet"));
    assert_eq!(upstream.begun(), 0);
    issuer.gives(Gives::Key(UPSTREAM, LONG));
    until("there is one", || write(&stand, ALICE).status == 200);
}

struct Files {
    folder: PathBuf,
    upstream: Scripted,
}

impl Files {
    fn write(&self, issuer: &Issuer, role: &str) {
        let text = format!(
            "[[listeners]]\naddress = \"127.0.0.1:0\"\nplain = true\n[[upstreams]]\nproduct = \"polardb\"\nversion = \
             \"2017-08-01\"\naccount = \"{ACCOUNT}\"\nendpoint = \"http://{}\"\nplain = true\n[upstreams.credential]\n\
             type = \"ecs_ram_role\"\nrole_name = \"{role}\"\nmetadata_endpoint = \"http://{}\"\n[gate]\n\
             nonces_in_memory = true\n",
            self.upstream.address, issuer.server.address
        );
        std::fs::write(self.folder.join("ramgate.toml"), text).unwrap();
    }
}

#[test]
fn a_reload_keeps_a_credential_whose_source_stays_and_takes_no_source_that_gives_none() {
    let issuer = Issuer::giving(Gives::Key(UPSTREAM, LONG));
    let directory = tempfile::tempdir().unwrap();
    let files = Files { folder: directory.path().to_owned(), upstream: Scripted::new([]) };
    let (stand, mut watch) = Stand::of_files(directory, |folder: &Path, _| {
        std::fs::create_dir(folder.join("policies")).unwrap();
        std::fs::write(folder.join("world.toml"), WORLD).unwrap();
        std::fs::write(folder.join("policies/rights.json"), policy(ALL)).unwrap();
        files.write(&issuer, ROLE);
    });
    let (gate, runtime) = stand.gate();
    let asked = issuer.server.begun();
    issuer.gives(Gives::Nothing);
    std::fs::write(files.folder.join("policies/rights.json"), policy(ALL) + "\n").unwrap();
    assert_eq!(runtime.block_on(gate.reload(&mut watch)).unwrap().generation, 1);
    assert_eq!(write(&stand, ALICE).status, 200);
    assert_eq!(issuer.server.begun(), asked, "what is still good is not asked for again");
    // Another source that gives nothing is not taken.
    files.write(&issuer, "OtherRole");
    let findings = runtime.block_on(gate.reload(&mut watch)).unwrap_err();
    assert_eq!(findings[0].code, "upstream-credential", "{findings:?}");
    assert!(findings[0].message.contains("403"), "{findings:?}");
    assert_eq!(write(&stand, ALICE).status, 200);
    let issuer = Issuer::giving(Gives::Key(SECOND, LONG));
    files.write(&issuer, ROLE);
    assert_eq!(runtime.block_on(gate.reload(&mut watch)).unwrap().generation, 2);
    assert_eq!(write(&stand, ALICE).status, 200);
    assert_eq!(signed_by(&files.upstream.requests().pop().unwrap()), SECOND.id);
}

#[test]
fn callers_own_keys_sign_their_calls_anew() {
    let upstream = Scripted::new([]);
    let stand = gate_before(&upstream, CredentialSource::Caller);
    for key in [ALICE, SESSION] {
        assert_eq!(write(&stand, key).status, 200);
        let sent = upstream.requests().pop().unwrap();
        let call = verified(&sent, &[ALICE, SESSION]);
        assert_eq!((call.access_key_id(), call.action()), (key.id, "ModifyDBClusterDescription"));
        assert_eq!(header(&sent, "x-acs-security-token"), key.token);
        assert_eq!(header(&sent, "host"), Some(&*upstream.address.to_string()), "it is not the caller's signature");
    }
    // A call in V1 goes on in V3, with a nonce of the gate.
    let pairs = [("DBClusterId", CLUSTER)];
    let query = signed_v1("GET", ALICE, "DescribeDBClusterMigration", &pairs);
    let host = &stand.place.endpoint;
    let request = format!("GET /?{query} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    assert_eq!(stand.send(request.as_bytes()).status, 200);
    let sent = upstream.requests().pop().unwrap();
    drop(verified(&sent, &[ALICE]));
    assert!(!query.contains(&nonce(&sent)));
}

#[test]
fn with_callers_own_keys_the_gate_looks_nothing_up() {
    let stand = gate(CredentialSource::Caller, |config| config.lookup = Some(Lookup::default()));
    let answer = stand.call(ALICE, "DescribeDBClusterMigration", &[("DBClusterId", "pc-bp1newnew")]);
    assert_eq!((answer.status, answer.code().as_str()), (403, "Forbidden"), "{answer:?}");
    assert!(stand.forwarded().is_empty());
    let mut config = super::stand::config(stand.address);
    (config.upstreams[0].credential, config.lookup) = (CredentialSource::Caller, Some(Lookup::default()));
    let world = super::stand::world(WORLD, &[("rights", &policy(ALL))]);
    let loaded = ramgate::gateway::Snapshot::of_world(&config, Ok(world)).unwrap();
    let warned = |code: &str| {
        loaded.findings.iter().any(|finding| finding.code == code && finding.severity == Severity::Warning)
    };
    assert!(warned("lookup-caller"), "{:?}", loaded.findings);
}
