//! A client that signs whatever it is told to, and a gate that judges it.

use std::fmt::Write;

use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ramgate::authn::{AuthnError, Caller, Hosts, KeyEntry, KeyRing, NonceMemory, SessionToken, Verifier};
use ramgate::catalog::Parameters;
use ramgate::identity::{KeyStatus, Principal};
use ramgate::openapi::{Call, CanonicalRequest, Limits, WireError, WireRequest, canonical_query, sign};
use secrecy::SecretString;

pub const HOST: &str = "polardb.gate.example";
pub const KEY: &str = "LTAI5tTestKey";
pub const SECRET: &str = "secretOfTheTestKey";
pub const TEMPORARY_KEY: &str = "STS.TestKey";
pub const TOKEN: &str = "tokenOfTheTestSession";
pub const DATE: &str = "2026-11-24T02:06:20Z";
pub const FORM: &str = "application/x-www-form-urlencoded";

pub fn now() -> Timestamp {
    DATE.parse().expect("a time")
}

/// SHA-256 in lower-case hex.
pub fn sha256(bytes: &[u8]) -> String {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref().iter().fold(
        String::new(),
        |mut text, byte| {
            write!(text, "{byte:02x}").expect("a string");
            text
        },
    )
}

pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

pub fn parameters(pairs: &[(&str, &str)]) -> Parameters {
    let mut parameters = Parameters::new();
    for (name, value) in pairs {
        parameters.insert(*name, *value).expect("only once");
    }
    parameters
}

/// A V3 request under construction. What is signed is what `signed_query` and `headers` hold, whatever is sent.
#[derive(Clone)]
pub struct V3 {
    pub method: String,
    pub target: String,
    /// What the signature takes for the query.
    pub signed_query: Parameters,
    /// Sent and, unless they are in `unsigned`, signed.
    pub headers: Vec<(String, String)>,
    pub unsigned: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub key: String,
    pub secret: String,
}

impl V3 {
    /// A call with these parameters in the query and no body.
    pub fn new(action: &str, pairs: &[(&str, &str)]) -> Self {
        let query: Vec<String> =
            pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        Self {
            method: "POST".to_owned(),
            target: format!("/?{}", query.join("&")),
            signed_query: parameters(pairs),
            headers: [
                ("host", HOST),
                ("x-acs-action", action),
                ("x-acs-date", DATE),
                ("x-acs-signature-nonce", "n-1"),
                ("x-acs-version", "2017-08-01"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
            unsigned: Vec::new(),
            body: Vec::new(),
            key: KEY.to_owned(),
            secret: SECRET.to_owned(),
        }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn unsigned(mut self, name: &str, value: &str) -> Self {
        self.unsigned.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn body(mut self, content_type: &str, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self.header("content-type", content_type)
    }

    pub fn target(mut self, target: &str) -> Self {
        self.target = target.to_owned();
        self
    }

    pub fn signed_by(mut self, key: &str, secret: &str) -> Self {
        (self.key, self.secret) = (key.to_owned(), secret.to_owned());
        self
    }

    /// The request, its signature valid for what is signed.
    pub fn sign(&self) -> WireRequest {
        let payload_hash = sha256(&self.body);
        let mut headers = self.headers.clone();
        if !headers.iter().chain(&self.unsigned).any(|(name, _)| name == "x-acs-content-sha256") {
            headers.push(("x-acs-content-sha256".to_owned(), payload_hash.clone()));
        }
        headers.sort();
        let signed: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.into())).collect();
        let canonical = CanonicalRequest {
            method: &self.method,
            query: &canonical_query(&self.signed_query),
            headers: &signed,
            payload_hash: &payload_hash,
        };
        let authorization = format!(
            "ACS3-HMAC-SHA256 Credential={},SignedHeaders={},Signature={}",
            self.key,
            canonical.signed_headers(),
            sign::acs3_signature(&canonical, &SecretString::from(self.secret.as_str()))
        );
        headers.extend(self.unsigned.iter().cloned());
        headers.push(("authorization".to_owned(), authorization));
        WireRequest {
            method: self.method.clone(),
            target: self.target.clone(),
            headers: headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect(),
            body: self.body.clone().into(),
        }
    }
}

/// A V1 request with everything in the query, signed over `pairs` with the common parameters it does not have added.
pub fn v1(method: &str, pairs: &[(&str, &str)]) -> WireRequest {
    v1_as(KEY, SECRET, method, pairs)
}

pub fn v1_as(key: &str, secret: &str, method: &str, pairs: &[(&str, &str)]) -> WireRequest {
    let mut all = parameters(pairs);
    for (name, value) in [
        ("AccessKeyId", key),
        ("Action", "CloseDBClusterMigration"),
        ("Format", "JSON"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", "n-1"),
        ("SignatureVersion", "1.0"),
        ("Timestamp", DATE),
        ("Version", "2017-08-01"),
    ] {
        if all.get(name).is_none() {
            all.insert(name, value).expect("only once");
        }
    }
    let signature = sign::rpc_v1_signature(method, &all, &SecretString::from(secret));
    all.insert("Signature", signature).expect("only once");
    let query: Vec<String> = all.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    WireRequest {
        method: method.to_owned(),
        target: format!("/?{}", query.join("&")),
        headers: vec![("Host".to_owned(), HOST.as_bytes().to_vec())],
        body: Vec::new().into(),
    }
}

pub fn with_header(mut request: WireRequest, name: &str, value: &str) -> WireRequest {
    request.headers.push((name.to_owned(), value.as_bytes().to_vec()));
    request
}

/// Why a request did not come through.
#[derive(Debug)]
pub enum Refused {
    Wire(WireError),
    Authn(AuthnError),
}

impl Refused {
    pub fn code(&self) -> &'static str {
        match self {
            Self::Wire(error) => error.code(),
            Self::Authn(error) => error.code(),
        }
    }
}

/// A gate with a permanent and a temporary key.
pub struct Gate {
    pub verifier: Verifier,
    pub memory: NonceMemory,
}

impl Gate {
    pub fn new() -> Self {
        let entry = |id: &str, session| KeyEntry {
            id: id.to_owned(),
            secret: SecretString::from(SECRET),
            status: KeyStatus::Active,
            not_after: None,
            principal: Principal::Owner { account: "1234567890123456".to_owned() },
            session,
        };
        let session =
            SessionToken { token: SecretString::from(TOKEN), expires: "2027-01-01T00:00:00Z".parse().expect("a time") };
        let keys = KeyRing::new([entry(KEY, None), entry(TEMPORARY_KEY, Some(session))]).expect("keys");
        Self { verifier: Verifier::new(keys, Hosts::new([HOST])), memory: NonceMemory::in_memory() }
    }

    pub fn judge(&self, request: &WireRequest) -> Result<Caller, Refused> {
        self.judge_at(request, now())
    }

    pub fn judge_at(&self, request: &WireRequest, now: Timestamp) -> Result<Caller, Refused> {
        let call = Call::parse(request, &Limits::default()).map_err(Refused::Wire)?;
        let verified = self.verifier.verify(call, now).map_err(Refused::Authn)?;
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(verified.record(&self.memory)).map_err(Refused::Authn)
    }
}

/// Judged by a gate that has seen nothing before.
pub fn judge(request: &WireRequest) -> Result<Caller, Refused> {
    Gate::new().judge(request)
}

#[track_caller]
pub fn accepted(request: &WireRequest) -> Call {
    match judge(request) {
        Ok(caller) => caller.call().clone(),
        Err(refused) => panic!("refused: {refused:?}"),
    }
}

/// Refused before any key is looked up.
#[track_caller]
pub fn refused_by_form(request: &WireRequest) -> WireError {
    match judge(request) {
        Err(Refused::Wire(error)) => error,
        other => panic!("not refused by its form: {other:?}"),
    }
}

#[track_caller]
pub fn refused_by_authentication(request: &WireRequest) -> AuthnError {
    match judge(request) {
        Err(Refused::Authn(error)) => error,
        other => panic!("not refused by authentication: {other:?}"),
    }
}
