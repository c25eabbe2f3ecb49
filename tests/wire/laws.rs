//! Laws of reading, signing and verifying.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use ramgate::catalog::Parameters;
use ramgate::openapi::{Call, Limits, WireRequest, sign};
use secrecy::SecretString;

use crate::client::{FORM, KEY, SECRET, V3, judge, v1};

/// Parameters that may stand in a call: any names of the permitted characters, different in more than their case.
fn any_parameters() -> impl Strategy<Value = Parameters> {
    btree_map("[A-Za-z][A-Za-z0-9._~-]{0,12}", "[^\\x00-\\x1f\\x7f-\\x9f]{0,24}", 0..6).prop_map(|pairs| {
        let reserved = [
            "action",
            "version",
            "accesskeyid",
            "signature",
            "signaturemethod",
            "signaturenonce",
            "signaturetype",
            "signatureversion",
            "timestamp",
            "format",
            "securitytoken",
            "bearertoken",
            "sourceip",
            "securetransport",
        ];
        let mut parameters = Parameters::new();
        for (name, value) in pairs {
            if !reserved.contains(&name.to_ascii_lowercase().as_str()) {
                // A second name that differs only in case is left out.
                let _ = parameters.insert(name, value);
            }
        }
        parameters
    })
}

fn as_pairs(parameters: &Parameters) -> Vec<(&str, &str)> {
    parameters.iter().collect()
}

/// What a decision could hang on.
fn meaning(call: &Call) -> (String, String, Parameters, String, String, String) {
    (
        call.action().to_owned(),
        call.version().to_owned(),
        call.parameters().clone(),
        call.access_key_id().to_owned(),
        call.nonce().to_owned(),
        call.timestamp().to_owned(),
    )
}

/// Replaces, removes or inserts one byte of target, a header value or the body; nothing where the bytes are not text.
fn with_one_byte_changed(request: &WireRequest, place: usize, byte: u8, kind: u8) -> Option<WireRequest> {
    fn change(bytes: &[u8], at: usize, byte: u8, kind: u8) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        match kind % 3 {
            0 => bytes[at] = byte,
            1 => drop(bytes.remove(at)),
            _ => bytes.insert(at, byte),
        }
        bytes
    }
    let mut changed = request.clone();
    let mut at = place;
    if at < request.target.len() {
        changed.target = String::from_utf8(change(request.target.as_bytes(), at, byte, kind)).ok()?;
        return Some(changed);
    }
    at -= request.target.len();
    for (_, value) in &mut changed.headers {
        if at < value.len() {
            *value = change(value, at, byte, kind);
            return Some(changed);
        }
        at -= value.len();
    }
    if at < request.body.len() {
        changed.body = change(&request.body, at, byte, kind).into();
        return Some(changed);
    }
    None
}

fn bytes_of(request: &WireRequest) -> usize {
    request.target.len() + request.headers.iter().map(|(_, value)| value.len()).sum::<usize>() + request.body.len()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_form_and_a_json_body_say_what_the_query_would(parameters in any_parameters()) {
        let pairs: BTreeMap<&str, &str> = parameters.iter().collect();
        let json = serde_json::to_vec(&pairs).expect("JSON");
        let caller = judge(&V3::new("A", &[]).target("/").body("application/json", &json).sign()).expect("JSON");
        prop_assert_eq!(caller.call().parameters(), &parameters);
        let query = v1("POST", &as_pairs(&parameters));
        let form = WireRequest {
            target: "/".to_owned(),
            body: query.target.trim_start_matches("/?").as_bytes().to_vec().into(),
            ..crate::client::with_header(query.clone(), "content-type", FORM)
        };
        let caller = judge(&form).expect("form");
        prop_assert_eq!(caller.call().parameters(), &parameters);
    }

    /// A change may be one of those that mean nothing (the case of a hexadecimal digit, an empty pair, an unsigned
    /// header); whatever still verifies must mean exactly what was signed.
    #[test]
    fn a_signed_call_with_one_byte_changed_is_refused_or_means_the_same(
        parameters in any_parameters(),
        scheme in 0_u8..3,
        place: prop::sample::Index,
        byte in prop_oneof![any::<u8>(), prop::sample::select(b"&=%+;#/?.0aA \t,".to_vec())],
        kind: u8,
    ) {
        let pairs = as_pairs(&parameters);
        let request = match scheme {
            0 => v1("POST", &pairs),
            1 => V3::new("CloseDBClusterMigration", &pairs).sign(),
            _ => V3::new("CloseDBClusterMigration", &[]).target("/").body(FORM, b"DBClusterId=pc-bp1&Note=a+b").sign(),
        };
        let signed = Call::parse(&request, &Limits::default()).expect("well formed");
        let changed = with_one_byte_changed(&request, place.index(bytes_of(&request)), byte, kind);
        if let Some(Ok(caller)) = changed.map(|request| judge(&request)) {
            prop_assert_eq!(meaning(caller.call()), meaning(&signed));
        }
    }

    #[test]
    fn no_signed_body_makes_reading_panic(body in vec(any::<u8>(), 1..80), text in "[\\[\\]{}\":,a-c0-9.eE \\\\u-]{1,40}", json: bool) {
        let kind = if json { "application/json" } else { FORM };
        for body in [body.as_slice(), text.as_bytes()] {
            let request = V3::new("A", &[]).target("/").body(kind, body).sign();
            if let Err(error) = Call::parse(&request, &Limits::default()) {
                prop_assert_eq!(error.code(), "InvalidParameter");
            }
        }
    }

    /// Decoding is strict: whatever is accepted, encoded again, decodes to the same.
    #[test]
    fn a_query_that_is_read_is_read_in_one_way(query in "([A-Za-z.]{1,3}=([ -~]|%[0-9A-Fa-f]{2}){0,8}&?){0,4}") {
        let request = V3::new("A", &[]).target(&format!("/?{query}")).sign();
        if let Ok(call) = Call::parse(&request, &Limits::default()) {
            let again = V3::new("A", &as_pairs(call.query())).sign();
            let again = Call::parse(&again, &Limits::default()).expect("encoded anew");
            prop_assert_eq!(again.query(), call.query());
            prop_assert_eq!(again.canonical_request(), call.canonical_request());
        }
    }
}

#[test]
fn the_key_and_the_secret_decide() {
    let request = V3::new("A", &[]).signed_by(KEY, &format!("{SECRET} ")).sign();
    assert!(judge(&request).is_err());
    let signature = |secret: &str| sign::rpc_v1_signature("POST", &Parameters::new(), &SecretString::from(secret));
    assert_ne!(signature(SECRET), signature(&format!("{SECRET}&")));
}
