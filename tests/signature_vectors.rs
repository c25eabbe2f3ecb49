//! Requests of real SDKs and what becomes of them: `vectors/signature`, and every folder laid out alike that
//! `RAMGATE_VECTORS_DIR` names. `vectors/signature/README.md` has the format.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use ramgate::authn::{Hosts, KeyEntry, KeyRing, NonceMemory, SessionToken, Verifier};
use ramgate::identity::{KeyStatus, Principal};
use ramgate::openapi::sign::{Credential, SigningRequest};
use ramgate::openapi::{Call, CanonicalRequest, Limits, Scheme, WireRequest, canonical_query, error_record, sign};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// Names the folder with further vectors.
const FOLDER_VARIABLE: &str = "RAMGATE_VECTORS_DIR";

// ── the format ──────────────────────────────────────────────────────────────

#[derive(Debug, Deserialize)]
struct Capture {
    id: String,
    style: Style,
    scheme: VectorScheme,
    tier: Tier,
    credentials: Credentials,
    now: Timestamp,
    request: Request,
    expect: Expected,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Style {
    #[serde(rename = "RPC")]
    Rpc,
    #[serde(rename = "ROA")]
    Roa,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum VectorScheme {
    #[serde(rename = "RPC-V1")]
    RpcV1,
    #[serde(rename = "ACS3")]
    Acs3,
    #[serde(rename = "ROA-V1")]
    RoaV1,
    #[serde(rename = "ACS4")]
    Acs4,
    #[serde(rename = "BEARER")]
    Bearer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Tier {
    Core,
    Extended,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Credentials {
    access_key_id: Option<String>,
    access_key_secret: Option<String>,
    security_token: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body_b64: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    outcome: ExpectedOutcome,
    action: String,
    version: String,
    nonce: Option<String>,
    timestamp: String,
    security_token: Option<String>,
    parameters: BTreeMap<String, String>,
    #[serde(rename = "parameter_location")]
    _parameter_location: BTreeMap<String, String>,
    signing: Option<Signing>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ExpectedOutcome {
    Authenticated,
    NotSigned,
    Weak,
    Rejected,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signing {
    algorithm: String,
    access_key_id: String,
    signature: String,
    string_to_sign: String,
    canonical_request: Option<String>,
    signed_headers: Option<Vec<String>>,
    payload_hash: Option<String>,
    canonicalized_query: Option<String>,
    #[serde(rename = "canonicalized_resource")]
    _canonicalized_resource: Option<String>,
    #[serde(rename = "credential_scope")]
    _credential_scope: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Negative {
    id: String,
    store: Vec<StoredKey>,
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredKey {
    access_key_id: String,
    access_key_secret: String,
    status: Status,
    security_token: Option<String>,
    token_expires: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum Status {
    Active,
    Inactive,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    now: Timestamp,
    request: Request,
    expect: Verdict,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Verdict {
    outcome: ExpectedOutcome,
    http_status: Option<u16>,
    code: Option<String>,
    #[serde(default)]
    also_acceptable: Vec<String>,
}

// ── reading it ──────────────────────────────────────────────────────────────

#[derive(Debug, Default)]
struct Vectors {
    captures: Vec<Capture>,
    equivalents: Vec<Capture>,
    negatives: Vec<Negative>,
}

impl Vectors {
    fn read(folder: &Path) -> Self {
        assert!(folder.is_dir(), "{} is not a folder", folder.display());
        let vectors = Self {
            captures: read_folder(folder),
            equivalents: read_folder(&folder.join("equivalent")),
            negatives: read_folder(&folder.join("negative")),
        };
        let Self { captures, equivalents, negatives } = &vectors;
        assert!(captures.len() + equivalents.len() + negatives.len() > 0, "no vectors in {}", folder.display());
        vectors
    }

    fn hosts(&self) -> BTreeSet<String> {
        self.captures.iter().chain(&self.equivalents).filter_map(|capture| capture.request.host()).collect()
    }
}

/// Every `*.json` of a folder in order of their names. Only a part of the layout may be missing.
fn read_folder<T: serde::de::DeserializeOwned>(folder: &Path) -> Vec<T> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        entries => entries.unwrap_or_else(|error| panic!("folder {}: {error}", folder.display())),
    };
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap_or_else(|error| panic!("folder {}: {error}", folder.display())).path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files
        .iter()
        .map(|file| {
            let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
        })
        .collect()
}

fn own() -> Vectors {
    Vectors::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/signature"))
}

/// The vectors of the repository, and those of the folder that the environment names.
fn all() -> Vec<Vectors> {
    let mut all = vec![own()];
    if let Some(folder) = std::env::var_os(FOLDER_VARIABLE) {
        all.push(Vectors::read(Path::new(&folder)));
    }
    all
}

impl Request {
    fn wire(&self) -> WireRequest {
        WireRequest {
            method: self.method.clone(),
            target: self.target.clone(),
            headers: self.headers.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect(),
            body: STANDARD.decode(&self.body_b64).expect("base64").into(),
        }
    }

    fn header(&self, wanted: &str) -> Option<&str> {
        self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.as_str())
    }

    fn host(&self) -> Option<String> {
        self.header("host").map(str::to_owned)
    }

    /// The code that a request of a scheme that is not accepted here is refused with (spec gate-rules G10).
    fn unconfigured(&self) -> Option<&'static str> {
        let path = self.target.split('?').next().unwrap_or("");
        match self.header("authorization")?.split(' ').next().unwrap_or("") {
            "acs" => Some("SignatureDoesNotMatch"),
            "ACS3-HMAC-SHA256" => (path.starts_with('/') && path != "/").then_some("InvalidApi.NotFound"),
            other => other.starts_with("ACS").then_some("InvalidSignatureMethod"),
        }
    }
}

// ── judging it ──────────────────────────────────────────────────────────────

fn principal() -> Principal {
    Principal::Owner { account: "1234567890123456".to_owned() }
}

fn entry(id: &str, secret: &str, token: Option<&str>, expires: Option<Timestamp>, status: Status) -> KeyEntry {
    KeyEntry {
        id: id.to_owned(),
        secret: SecretString::from(secret),
        status: match status {
            Status::Active => KeyStatus::Active,
            Status::Inactive => KeyStatus::Inactive,
        },
        not_after: None,
        principal: principal(),
        session: token
            .map(|token| SessionToken { token: SecretString::from(token), expires: expires.unwrap_or(Timestamp::MAX) }),
    }
}

fn verifier(entries: impl IntoIterator<Item = KeyEntry>, hosts: &BTreeSet<String>) -> Verifier {
    Verifier::new(KeyRing::new(entries).expect("keys"), Hosts::new(hosts))
}

fn key_of(capture: &Capture) -> Option<KeyEntry> {
    let Credentials { access_key_id, access_key_secret, security_token, .. } = &capture.credentials;
    let key = access_key_id.as_deref().zip(access_key_secret.as_deref());
    key.map(|(id, secret)| entry(id, secret, security_token.as_deref(), None, Status::Active))
}

fn verifier_for(capture: &Capture) -> Verifier {
    verifier(key_of(capture), &capture.request.host().into_iter().collect())
}

/// Code and status of a refusal.
type Refusal = (&'static str, u16);

fn judge(request: &Request, verifier: &Verifier, memory: &NonceMemory, now: Timestamp) -> Result<Call, Refusal> {
    judge_wire(&request.wire(), verifier, memory, now)
}

fn judge_wire(
    request: &WireRequest,
    verifier: &Verifier,
    memory: &NonceMemory,
    now: Timestamp,
) -> Result<Call, Refusal> {
    let call = Call::parse(request, &Limits::default()).map_err(|error| (error.code(), error.status()))?;
    let verified = verifier.verify(call, now).map_err(|error| (error.code(), error.status()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let caller = runtime.block_on(verified.record(memory)).map_err(|error| (error.code(), error.status()))?;
    assert_eq!(caller.principal(), &principal());
    Ok(caller.call().clone())
}

fn check_fields(capture: &Capture, call: &Call) {
    let Capture { id, expect, .. } = capture;
    assert_eq!(call.action(), expect.action, "{id}");
    assert_eq!(call.version(), expect.version, "{id}");
    assert_eq!(Some(call.nonce()), expect.nonce.as_deref(), "{id}");
    assert_eq!(call.timestamp(), expect.timestamp, "{id}");
    assert_eq!(call.security_token().map(|token| token.expose_secret()), expect.security_token.as_deref(), "{id}");
    let parameters: BTreeMap<String, String> = call
        .parameters()
        .iter()
        .chain(call.claims().iter())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    assert_eq!(parameters, expect.parameters, "{id}");
    let signing = expect.signing.as_ref().expect("a core capture is signed");
    assert_eq!(call.access_key_id(), signing.access_key_id, "{id}");
    assert_eq!(call.signature(), signing.signature, "{id}");
    assert_eq!(call.string_to_sign(), signing.string_to_sign, "{id}");
    match capture.scheme {
        VectorScheme::RpcV1 => {
            assert_eq!((call.scheme(), signing.algorithm.as_str()), (Scheme::RpcV1, "HMAC-SHA1"), "{id}");
            assert!(signing.canonicalized_query.is_some(), "{id}");
        }
        VectorScheme::Acs3 => {
            assert_eq!((call.scheme(), signing.algorithm.as_str()), (Scheme::Acs3, "ACS3-HMAC-SHA256"), "{id}");
            assert_eq!(call.canonical_request(), signing.canonical_request.as_deref(), "{id}");
            assert_eq!(Some(call.payload_hash()), signing.payload_hash.as_deref(), "{id}");
            let names: Vec<&str> = call.signed_headers().map(|(name, _)| name).collect();
            assert_eq!(
                Some(names),
                signing.signed_headers.as_ref().map(|names| names.iter().map(String::as_str).collect()),
                "{id}"
            );
        }
        other => panic!("{id}: a core capture of scheme {other:?}"),
    }
}

/// What a call of a scheme that is not accepted is told (spec gate-rules G10).
fn extended_code(capture: &Capture) -> &'static str {
    let algorithm = capture.expect.signing.as_ref().map_or("", |signing| signing.algorithm.as_str());
    match (capture.scheme, capture.style) {
        (VectorScheme::Bearer, _) => "IncompleteSignature",
        (VectorScheme::Acs4, _) => "InvalidSignatureMethod",
        (VectorScheme::Acs3, Style::Rpc) => {
            assert_ne!(algorithm, "ACS3-HMAC-SHA256", "{}: belongs to the core", capture.id);
            "InvalidSignatureMethod"
        }
        (VectorScheme::Acs3, Style::Roa) if algorithm != "ACS3-HMAC-SHA256" => "InvalidSignatureMethod",
        (VectorScheme::Acs3, Style::Roa) => "InvalidApi.NotFound",
        (VectorScheme::RoaV1, _) => "SignatureDoesNotMatch",
        // HMAC-SHA256, HMAC-SM3 or RSA in the V1 shape.
        (VectorScheme::RpcV1, _) => "InvalidSignatureMethod",
    }
}

#[test]
fn every_core_capture_authenticates_with_the_stated_fields() {
    for vectors in all() {
        for capture in vectors.captures.iter().chain(&vectors.equivalents).filter(|capture| capture.tier == Tier::Core)
        {
            assert_eq!(capture.expect.outcome, ExpectedOutcome::Authenticated, "{}", capture.id);
            let call = judge(&capture.request, &verifier_for(capture), &NonceMemory::in_memory(), capture.now)
                .unwrap_or_else(|refusal| panic!("{}: refused with {refusal:?}", capture.id));
            check_fields(capture, &call);
        }
    }
}

#[test]
fn every_scheme_that_is_not_accepted_is_refused_with_its_named_code() {
    for vectors in all() {
        let extended =
            vectors.captures.iter().chain(&vectors.equivalents).filter(|capture| capture.tier == Tier::Extended);
        for capture in extended {
            let refusal = judge(&capture.request, &verifier_for(capture), &NonceMemory::in_memory(), capture.now)
                .map(|call| panic!("{}: accepted as {call:?}", capture.id))
                .expect_err("refused");
            assert_eq!(refusal.0, extended_code(capture), "{}", capture.id);
        }
    }
}

#[test]
fn every_tampered_or_illegal_request_is_refused_with_an_acceptable_code() {
    let mut hosts = own().hosts();
    for vectors in all() {
        hosts.extend(vectors.hosts());
        for negative in &vectors.negatives {
            judge_negative(negative, &hosts);
        }
    }
}

fn judge_negative(negative: &Negative, hosts: &BTreeSet<String>) {
    let keys = negative.store.iter().map(|key| {
        entry(&key.access_key_id, &key.access_key_secret, key.security_token.as_deref(), key.token_expires, key.status)
    });
    let (verifier, memory) = (verifier(keys, hosts), NonceMemory::in_memory());
    assert!(!negative.steps.is_empty(), "{}: no steps", negative.id);
    for (index, step) in negative.steps.iter().enumerate() {
        let place = format!("{} step {}", negative.id, index + 1);
        let outcome = judge(&step.request, &verifier, &memory, step.now);
        match (step.expect.outcome, outcome) {
            // A scheme that is not configured is refused at once (spec gate-rules G10), so there is no later step in
            // which it could be a replay.
            (ExpectedOutcome::Authenticated, Err((code, _))) if step.request.unconfigured().is_some() => {
                assert_eq!(Some(code), step.request.unconfigured(), "{place}");
                return;
            }
            (ExpectedOutcome::Authenticated, outcome) => {
                assert!(outcome.is_ok(), "{place}: refused with {:?}", outcome.err());
            }
            (ExpectedOutcome::Rejected, Err((code, status))) => {
                let wanted = step.expect.code.as_deref().expect("a rejection names its code");
                let acceptable = wanted == code || step.expect.also_acceptable.iter().any(|other| other == code);
                assert!(acceptable, "{place}: refused with {code}, not with {wanted}");
                if wanted == code {
                    assert_eq!(Some(status), step.expect.http_status, "{place}");
                }
                assert_eq!(error_record(code).map(|record| record.status), Some(status), "{place}: {code}");
            }
            (expected, outcome) => panic!("{place}: {outcome:?} where {expected:?} was expected"),
        }
    }
}

#[test]
fn signing_a_parsed_call_again_gives_the_signature_it_came_with() {
    let mut signed = BTreeMap::new();
    for vectors in all() {
        for capture in vectors.captures.iter().chain(&vectors.equivalents).filter(|capture| capture.tier == Tier::Core)
        {
            let call = Call::parse(&capture.request.wire(), &Limits::default())
                .unwrap_or_else(|error| panic!("{}: {error}", capture.id));
            let secret = SecretString::from(capture.credentials.access_key_secret.as_deref().expect("a secret"));
            let signature = match call.scheme() {
                Scheme::Acs3 => sign::acs3_signature(
                    &CanonicalRequest {
                        method: call.method(),
                        query: &canonical_query(call.query()),
                        headers: &call.signed_headers().map(|(name, value)| (name, value.into())).collect::<Vec<_>>(),
                        payload_hash: call.payload_hash(),
                    },
                    &secret,
                ),
                Scheme::RpcV1 => {
                    let mut parameters = call.query().clone();
                    for (name, value) in form_parameters(&capture.request) {
                        parameters.insert(name, value).expect("only once");
                    }
                    sign::rpc_v1_signature(call.method(), &parameters, &secret)
                }
            };
            let wanted = &capture.expect.signing.as_ref().expect("signed").signature;
            assert_eq!(&signature, wanted, "{}", capture.id);
            *signed.entry(format!("{:?}", call.scheme())).or_insert(0) += 1;
        }
    }
    assert!(signed.values().all(|count| *count > 0) && signed.len() == 2, "{signed:?}");
}

#[test]
fn what_is_signed_anew_is_parsed_as_the_same_call_and_verifies() {
    const GATE: &str = "gate.example:8443";
    for vectors in all() {
        for capture in vectors.captures.iter().filter(|capture| capture.tier == Tier::Core) {
            let id = &capture.id;
            let call = Call::parse(&capture.request.wire(), &Limits::default())
                .unwrap_or_else(|error| panic!("{id}: {error}"));
            let credential = Credential {
                access_key_id: call.access_key_id().to_owned(),
                secret: SecretString::from(capture.credentials.access_key_secret.as_deref().expect("a secret")),
                security_token: call.security_token().cloned(),
            };
            let signed = sign::sign_acs3(&SigningRequest {
                host: GATE,
                action: call.action(),
                version: call.version(),
                parameters: call.parameters(),
                credential: &credential,
                date: capture.now,
                nonce: "fresh",
                format: ramgate::openapi::Format::Json,
            });
            let again = WireRequest::from(signed);
            let verifier = verifier(key_of(capture), &BTreeSet::from([GATE.to_owned()]));
            let again = judge_wire(&again, &verifier, &NonceMemory::in_memory(), capture.now)
                .unwrap_or_else(|refusal| panic!("{id}: refused with {refusal:?}"));
            assert_eq!(
                (again.action(), again.version(), again.nonce()),
                (call.action(), call.version(), "fresh"),
                "{id}"
            );
            assert_eq!(again.parameters(), call.parameters(), "{id}");
            assert!(again.claims().is_empty(), "{id}");
        }
    }
}

/// The pairs of a form body, read by a decoder that is not the one under test.
fn form_parameters(request: &Request) -> Vec<(String, String)> {
    let body = String::from_utf8(STANDARD.decode(&request.body_b64).expect("base64")).expect("text");
    let decode = |text: &str| {
        percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8().expect("UTF-8").into_owned()
    };
    body.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').map(|(name, value)| (decode(name), decode(value))).expect("a pair"))
        .collect()
}

#[test]
fn the_repository_has_vectors_of_every_kind() {
    let vectors = own();
    let core = |scheme| {
        vectors.captures.iter().filter(|capture| capture.tier == Tier::Core && capture.scheme == scheme).count()
    };
    assert!(core(VectorScheme::RpcV1) >= 15 && core(VectorScheme::Acs3) >= 15);
    assert!(vectors.captures.iter().any(|capture| capture.expect.outcome == ExpectedOutcome::Weak));
    assert!(vectors.captures.iter().any(|capture| capture.expect.outcome == ExpectedOutcome::NotSigned));
    assert_eq!((vectors.captures.len(), vectors.equivalents.len(), vectors.negatives.len()), (45, 9, 49));
}
