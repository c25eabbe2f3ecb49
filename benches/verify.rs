//! Reading and verifying a call, V3 and V1, beside what no verifier can do without: one HMAC over the very
//! string-to-sign, with a key that is ready.
//!
//! What stands between them is the rest of the work: splitting and decoding, the canonical form (for V3 with a SHA-256 of
//! it), the refusal of everything ambiguous, the key, and the time window. Remembering the nonce is left out, since what
//! it takes is the disk's.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::cast_precision_loss)]

mod ratios;

use aws_lc_rs::hmac;
use bytes::Bytes;
use criterion::Criterion;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ramgate::authn::{Hosts, KeyEntry, KeyRing, Verifier};
use ramgate::catalog::Parameters;
use ramgate::identity::{KeyStatus, Principal};
use ramgate::openapi::sign::{Credential, SigningRequest, rpc_v1_signature, sign_acs3};
use ramgate::openapi::{Call, Format, Limits, Scheme, WireRequest};
use ratios::Ratios;

const HOST: &str = "polardb.gate.example";
const KEY: &str = "LTAI5tBenchKey00000001";
const SECRET: &str = "secretOfTheBenchKey";
const DATE: &str = "2026-11-24T02:06:20Z";
const NONCE: &str = "7f0c1d5e-7d0c-4b1e-9f3a-0d2a5a1f6c11";
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Two parameters of a close, and two more for each tag.
fn parameters(tags: usize) -> Parameters {
    let mut parameters = Parameters::new();
    parameters.insert("DBClusterId", "pc-bp1demo00000001").unwrap();
    parameters.insert("ContinueEnableBinlog", "true").unwrap();
    for number in 1..=tags {
        parameters.insert(format!("Tag.{number}.Key"), format!("team/{number}")).unwrap();
        parameters.insert(format!("Tag.{number}.Value"), "数据库 & co").unwrap();
    }
    parameters
}

fn acs3(parameters: &Parameters) -> WireRequest {
    let credential = Credential { access_key_id: KEY.to_owned(), secret: SECRET.into(), security_token: None };
    WireRequest::from(sign_acs3(&SigningRequest {
        host: HOST,
        action: "CloseDBClusterMigration",
        version: "2017-08-01",
        parameters,
        credential: &credential,
        date: DATE.parse().unwrap(),
        nonce: NONCE,
        format: Format::Json,
    }))
}

fn rpc_v1(parameters: &Parameters) -> WireRequest {
    let mut all = parameters.clone();
    for (name, value) in [
        ("Action", "CloseDBClusterMigration"),
        ("Version", "2017-08-01"),
        ("Format", "JSON"),
        ("AccessKeyId", KEY),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureVersion", "1.0"),
        ("SignatureNonce", NONCE),
        ("Timestamp", DATE),
    ] {
        all.insert(name, value).unwrap();
    }
    all.insert("Signature", rpc_v1_signature("POST", &all, &SECRET.into())).unwrap();
    let encode = |text| utf8_percent_encode(text, UNRESERVED).to_string();
    let pairs: Vec<String> = all.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    WireRequest {
        method: "POST".to_owned(),
        target: "/".to_owned(),
        headers: vec![
            ("host".to_owned(), HOST.into()),
            ("content-type".to_owned(), b"application/x-www-form-urlencoded".to_vec()),
        ],
        body: Bytes::from(pairs.join("&")),
    }
}

fn measure(criterion: &mut Criterion, ratios: &mut Ratios, task: (&str, &str), request: &WireRequest) {
    let limits = Limits::default();
    let now: Timestamp = DATE.parse().unwrap();
    let entry = KeyEntry {
        id: KEY.to_owned(),
        secret: SECRET.into(),
        status: KeyStatus::Active,
        not_after: None,
        principal: Principal::Owner { account: "1234567890123456".to_owned() },
        session: None,
    };
    let verifier = Verifier::new(KeyRing::new([entry]).unwrap(), Hosts::new([HOST]));
    let call = Call::parse(request, &limits).unwrap();
    let text = call.string_to_sign().to_owned();
    let key = match call.scheme() {
        Scheme::Acs3 => hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()),
        Scheme::RpcV1 => hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, format!("{SECRET}&").as_bytes()),
    };
    let tag = hmac::sign(&key, text.as_bytes());
    let verify = || verifier.verify(Call::parse(request, &limits).unwrap(), now);

    assert!(verify().is_ok());
    ratios.measure(criterion, task, "hmac", || hmac::verify(&key, text.as_bytes(), tag.as_ref()).unwrap());
    ratios.measure(criterion, task, "parse", || Call::parse(request, &limits).unwrap());
    ratios.measure(criterion, task, "parse and verify", || verify().unwrap());
}

fn main() {
    let mut criterion = ratios::criterion();
    let mut ratios = Ratios::new(&["hmac", "parse", "parse and verify"]);
    for (tags, size) in [(0, "2 parameters"), (49, "100 parameters")] {
        let parameters = parameters(tags);
        measure(&mut criterion, &mut ratios, ("v3", size), &acs3(&parameters));
        measure(&mut criterion, &mut ratios, ("v1", size), &rpc_v1(&parameters));
    }
    criterion.final_summary();
    ratios.print();
}
