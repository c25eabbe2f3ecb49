//! What a verifier takes, and in which order it refuses.

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use crate::authn::{
    AuthnError, Caller, Echo, Hosts, KeyEntry, KeyRing, NonceMemory, SessionToken, Verified, Verifier, WINDOW,
};
use crate::catalog::Parameters;
use crate::identity::{KeyStatus, Principal};
use crate::openapi::sign::{Credential, SigningRequest, rpc_v1_signature, sign_acs3};
use crate::openapi::{Call, Limits, Scheme, WireRequest};

const HOST: &str = "Gate.example:8443";
const KEY: &str = "LTAI5tUser";
const SESSION_KEY: &str = "STS.Session";

fn signed_at() -> Timestamp {
    "2026-11-24T02:06:20Z".parse().unwrap()
}

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

/// A call to be signed; what a test does not say is as an honest client of [`KEY`] has it.
#[derive(Clone)]
struct Draft {
    scheme: Scheme,
    host: &'static str,
    key: &'static str,
    secret: &'static str,
    token: Option<&'static str>,
    timestamp: String,
    nonce: &'static str,
}

impl Draft {
    fn new(scheme: Scheme) -> Self {
        Self {
            scheme,
            host: HOST,
            key: KEY,
            secret: "user-secret",
            token: None,
            timestamp: signed_at().to_string(),
            nonce: "n-1",
        }
    }

    fn of_session(scheme: Scheme) -> Self {
        Self { key: SESSION_KEY, secret: "session-secret", token: Some("session-token"), ..Self::new(scheme) }
    }

    fn call(&self) -> Call {
        Call::parse(&self.request(), &Limits::default()).unwrap()
    }

    fn request(&self) -> WireRequest {
        match self.scheme {
            Scheme::Acs3 => self.acs3(),
            Scheme::RpcV1 => self.rpc_v1(),
        }
    }

    fn acs3(&self) -> WireRequest {
        let credential = Credential {
            access_key_id: self.key.to_owned(),
            secret: self.secret.into(),
            security_token: self.token.map(SecretString::from),
        };
        let signed = sign_acs3(&SigningRequest {
            host: self.host,
            action: "CloseDBClusterMigration",
            version: "2017-08-01",
            parameters: &Parameters::new(),
            credential: &credential,
            date: self.timestamp.parse().unwrap_or_else(|_| signed_at()),
            nonce: self.nonce,
            format: crate::openapi::Format::Json,
        });
        WireRequest {
            method: signed.method.to_owned(),
            target: signed.target,
            headers: signed
                .headers
                .into_iter()
                .map(|(name, value)| {
                    // A malformed time is not one that the signer writes; it is refused before the signature counts.
                    let value = if name == "x-acs-date" { self.timestamp.clone() } else { value };
                    (name.into_owned(), value.into_bytes())
                })
                .collect(),
            body: signed.body,
        }
    }

    fn rpc_v1(&self) -> WireRequest {
        let mut all = Parameters::new();
        for (name, value) in [
            ("Action", "CloseDBClusterMigration"),
            ("Version", "2017-08-01"),
            ("AccessKeyId", self.key),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureVersion", "1.0"),
            ("SignatureNonce", self.nonce),
            ("Timestamp", &self.timestamp),
        ]
        .into_iter()
        .chain(self.token.map(|token| ("SecurityToken", token)))
        {
            all.insert(name, value).unwrap();
        }
        all.insert("Signature", rpc_v1_signature("POST", &all, &self.secret.into())).unwrap();
        let pairs: Vec<_> =
            all.iter().map(|(name, value)| format!("{name}={}", value.replace('+', "%2B").replace(' ', "+"))).collect();
        WireRequest {
            method: "POST".to_owned(),
            target: format!("/?{}", pairs.join("&")),
            headers: vec![("host".to_owned(), self.host.as_bytes().to_vec())],
            body: bytes::Bytes::new(),
        }
    }
}

fn principal(name: &str) -> Principal {
    Principal::User { account: "1234567890123456".to_owned(), name: name.to_owned(), id: "2234567890123456".to_owned() }
}

/// A verifier of two keys; the session ends at `expires`, and `change` may alter the permanent key.
fn verifier_with(expires: Timestamp, change: impl FnOnce(&mut KeyEntry)) -> Verifier {
    let mut permanent = KeyEntry {
        id: KEY.to_owned(),
        secret: "user-secret".into(),
        status: KeyStatus::Active,
        not_after: None,
        principal: principal("alice"),
        session: None,
    };
    change(&mut permanent);
    let session = KeyEntry {
        id: SESSION_KEY.to_owned(),
        secret: "session-secret".into(),
        status: KeyStatus::Active,
        not_after: None,
        principal: principal("session"),
        session: Some(SessionToken { token: "session-token".into(), expires }),
    };
    Verifier::new(KeyRing::new([permanent, session]).unwrap(), Hosts::new(["gate.EXAMPLE:8443"]))
}

fn verifier() -> Verifier {
    verifier_with(signed_at() + minutes(60), |_| {})
}

fn verify(draft: &Draft, now: Timestamp) -> Result<Verified, AuthnError> {
    verifier().verify(draft.call(), now)
}

fn code(result: Result<Verified, AuthnError>) -> &'static str {
    result.expect_err("the call must be refused").code()
}

fn record(verified: Verified, memory: &NonceMemory) -> Result<Caller, AuthnError> {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(verified.record(memory))
}

const SCHEMES: [Scheme; 2] = [Scheme::Acs3, Scheme::RpcV1];

#[test]
fn a_signed_call_has_the_principal_of_its_key() {
    for scheme in SCHEMES {
        let memory = NonceMemory::in_memory();
        let caller = record(verify(&Draft::new(scheme), signed_at()).unwrap(), &memory).unwrap();
        assert_eq!((caller.principal(), caller.key_id()), (&principal("alice"), KEY));
        assert_eq!(caller.call().action(), "CloseDBClusterMigration");
        let caller = record(verify(&Draft::of_session(scheme), signed_at()).unwrap(), &memory).unwrap();
        assert_eq!((caller.principal(), caller.key_id()), (&principal("session"), SESSION_KEY));
    }
}

#[test]
fn the_window_is_fifteen_minutes_to_both_sides_and_holds_its_ends() {
    let second = SignedDuration::from_secs(1);
    for scheme in SCHEMES {
        let draft = Draft::new(scheme);
        for now in [signed_at() + WINDOW, signed_at() - WINDOW] {
            assert!(verify(&draft, now).is_ok(), "{now}");
        }
        for now in [signed_at() + WINDOW + second, signed_at() - WINDOW - second] {
            assert_eq!(code(verify(&draft, now)), "InvalidTimeStamp.Expired", "{now}");
        }
    }
    assert_eq!(WINDOW, minutes(15));
}

#[test]
fn a_time_in_another_form_is_refused() {
    for timestamp in [
        "2026-11-24T02:06:20+00:00",
        "2026-11-24T02:06:20.000Z",
        "2026-11-24T02:06:20z",
        "2026-11-24 02:06:20Z",
        "2026-11-24T02:06Z",
        "20261124T020620Z",
        "Tue, 24 Nov 2026 02:06:20 GMT",
        "1795485980",
        "2026-13-24T02:06:20Z",
    ] {
        for scheme in SCHEMES {
            let draft = Draft { timestamp: timestamp.to_owned(), ..Draft::new(scheme) };
            assert_eq!(code(verify(&draft, signed_at())), "InvalidTimeStamp.Format", "{timestamp}");
        }
    }
}

#[test]
fn a_key_that_is_unknown_disabled_or_over_is_refused() {
    for scheme in SCHEMES {
        let unknown = Draft { key: "LTAI5tOther", ..Draft::new(scheme) };
        let error = verify(&unknown, signed_at()).expect_err("unknown");
        assert_eq!((error.code(), error.status()), ("InvalidAccessKeyId.NotFound", 404));

        let call = || Draft::new(scheme).call();
        let hour = signed_at() + minutes(60);
        let disabled = verifier_with(hour, |key| key.status = KeyStatus::Inactive);
        assert_eq!(code(disabled.verify(call(), signed_at())), "InvalidAccessKeyId.Inactive");
        let ending = |end| verifier_with(hour, move |key| key.not_after = Some(end));
        assert!(ending(signed_at()).verify(call(), signed_at()).is_ok());
        let over = ending(signed_at() - SignedDuration::from_secs(1));
        assert_eq!(code(over.verify(call(), signed_at())), "InvalidAccessKeyId.Inactive");
    }
}

#[test]
fn t12_a_session_needs_its_own_token_until_its_end() {
    for scheme in SCHEMES {
        let session = Draft::of_session(scheme);
        let without = Draft { token: None, ..session.clone() };
        assert_eq!(code(verify(&without, signed_at())), "MissingSecurityToken");
        for token in ["session-toke", "session-token2", "Session-token", "another"] {
            let other = Draft { token: Some(token), ..session.clone() };
            assert_eq!(code(verify(&other, signed_at())), "InvalidSecurityToken.MismatchWithAccessKey", "{token}");
        }
        let permanent = Draft { token: Some("session-token"), ..Draft::new(scheme) };
        assert_eq!(code(verify(&permanent, signed_at())), "InvalidSecurityToken.MismatchWithAccessKey");
        let ending = |end| verifier_with(end, |_| {}).verify(session.call(), signed_at());
        assert!(ending(signed_at() + SignedDuration::from_secs(1)).is_ok());
        assert_eq!(code(ending(signed_at())), "InvalidSecurityToken.Expired");
    }
}

#[test]
fn a_wrong_secret_is_a_wrong_signature() {
    for scheme in SCHEMES {
        for secret in ["user-secret2", "session-secret", "", "user-secret&"] {
            let draft = Draft { secret, ..Draft::new(scheme) };
            assert_eq!(code(verify(&draft, signed_at())), "SignatureDoesNotMatch", "{secret}");
        }
    }
}

#[test]
fn a_signature_counts_in_full_and_in_its_one_spelling() {
    let honest = Draft::new(Scheme::Acs3).request();
    let rewritten = |change: &dyn Fn(&str) -> String| {
        let mut request = honest.clone();
        let value = &mut request.headers.iter_mut().find(|(name, _)| name == "authorization").unwrap().1;
        let text = String::from_utf8(value.clone()).unwrap();
        let (before, signature) = text.rsplit_once("Signature=").unwrap();
        *value = format!("{before}Signature={}", change(signature)).into_bytes();
        verifier().verify(Call::parse(&request, &Limits::default()).unwrap(), signed_at())
    };
    assert!(rewritten(&str::to_owned).is_ok());
    let changes: [&dyn Fn(&str) -> String; 6] = [
        &str::to_ascii_uppercase,
        &|signature| signature.chars().take(62).collect(),
        &|signature| signature.chars().take(63).collect(),
        &|signature| format!("{signature}00"),
        &|_| "0".repeat(64),
        &|_| "0".to_owned(),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        assert_eq!(code(rewritten(change)), "SignatureDoesNotMatch", "change {index}");
    }
}

#[test]
fn a_call_for_another_host_is_refused_whoever_made_it() {
    for scheme in SCHEMES {
        for host in ["gate.example", "gate.example:443", "other.example:8443", "gate.example.:8443"] {
            let error = verify(&Draft { host, ..Draft::new(scheme) }, signed_at()).expect_err("another host");
            assert_eq!((error.code(), error.status()), ("InvalidProduct.NotFound", 404), "{host}");
        }
        assert!(verify(&Draft { host: "GATE.example:8443", ..Draft::new(scheme) }, signed_at()).is_ok());
    }
}

/// Every mistake at once: mending one uncovers the next, and the signature comes last (spec openapi-wire 3.4).
#[test]
fn refusals_come_in_the_order_that_tells_least() {
    for scheme in SCHEMES {
        let verifier = |status, expires| {
            let entry = KeyEntry {
                id: SESSION_KEY.to_owned(),
                secret: "session-secret".into(),
                status,
                not_after: None,
                principal: principal("session"),
                session: Some(SessionToken { token: "session-token".into(), expires }),
            };
            Verifier::new(KeyRing::new([entry]).unwrap(), Hosts::new([HOST]))
        };
        let (past, future) = (signed_at(), signed_at() + minutes(600));
        let now = signed_at() + minutes(16);
        let worst = Draft {
            key: "LTAI5tOther",
            secret: "wrong",
            token: None,
            timestamp: "soon".to_owned(),
            ..Draft::new(scheme)
        };
        let judged = |draft: &Draft, status, expires, now| code(verifier(status, expires).verify(draft.call(), now));

        assert_eq!(judged(&worst, KeyStatus::Inactive, past, now), "InvalidAccessKeyId.NotFound");
        let draft = Draft { key: SESSION_KEY, ..worst };
        assert_eq!(judged(&draft, KeyStatus::Inactive, past, now), "InvalidAccessKeyId.Inactive");
        assert_eq!(judged(&draft, KeyStatus::Active, past, now), "MissingSecurityToken");
        let draft = Draft { token: Some("session-token"), ..draft };
        assert_eq!(judged(&draft, KeyStatus::Active, past, now), "InvalidSecurityToken.Expired");
        assert_eq!(judged(&draft, KeyStatus::Active, future, now), "InvalidTimeStamp.Format");
        let draft = Draft { timestamp: signed_at().to_string(), ..draft };
        assert_eq!(judged(&draft, KeyStatus::Active, future, now), "InvalidTimeStamp.Expired");
        assert_eq!(judged(&draft, KeyStatus::Active, future, signed_at()), "SignatureDoesNotMatch");
    }
}

#[test]
fn t8_a_nonce_is_used_once_for_as_long_as_its_call_could_come_again() {
    for scheme in SCHEMES {
        let draft = Draft::new(scheme);
        let memory = NonceMemory::in_memory();
        // A wrong signature burns nothing.
        assert!(verify(&Draft { secret: "wrong", ..draft.clone() }, signed_at()).is_err());
        // Dated ahead as far as may be: the same call would be in time for half an hour.
        record(verify(&draft, signed_at() - WINDOW).unwrap(), &memory).unwrap();
        for now in [signed_at() - WINDOW, signed_at(), signed_at() + WINDOW] {
            let error = record(verify(&draft, now).unwrap(), &memory).expect_err("a replay");
            assert_eq!((error.code(), error.status()), ("SignatureNonceUsed", 400), "{now}");
        }
        // The nonce counts, not the signature; and only with its key.
        let later = Draft { timestamp: (signed_at() + minutes(1)).to_string(), ..draft.clone() };
        assert!(record(verify(&later, signed_at()).unwrap(), &memory).is_err());
        assert!(record(verify(&Draft::of_session(scheme), signed_at()).unwrap(), &memory).is_ok());
        assert!(record(verify(&Draft { nonce: "n-2", ..draft }, signed_at()).unwrap(), &memory).is_ok());
    }
}

#[test]
fn t22_what_should_have_been_signed_is_told_only_where_that_is_switched_on() {
    let session = |scheme| Draft { secret: "wrong", ..Draft::of_session(scheme) };
    for scheme in SCHEMES {
        let draft = session(scheme);
        let error = verify(&draft, signed_at()).expect_err("a wrong secret");
        for shown in [error.to_string(), format!("{error:?}"), error.message(Echo::default())] {
            assert!(!shown.contains("session-token") && !shown.contains("session-secret"), "{shown}");
        }
        assert!(error.message(Echo::Shown).contains(draft.call().string_to_sign()));
    }
    // The old Python core takes apart what follows the first colon, and fails where there is none.
    let error = verify(&session(Scheme::RpcV1), signed_at()).expect_err("a wrong secret");
    assert!(error.message(Echo::Withheld).ends_with(" server string to sign is:"));
    let shown = error.message(Echo::Shown);
    let call = session(Scheme::RpcV1).call();
    assert_eq!(shown.split_once(':').map(|(_, rest)| rest), Some(call.string_to_sign()));
}
