//! Laws of reading and signing, over arbitrary input.

use proptest::prelude::*;

use super::traps::{acs3_of, is_signed_right, rpc_v1_of};
use crate::catalog::Parameters;
use crate::openapi::{Call, Format, Limits, WireRequest};

/// Business parameters that a client may send: names are unlike any common parameter's.
fn parameters() -> impl Strategy<Value = Parameters> {
    let value = prop_oneof![
        8 => "[^\\p{Cc}]{0,24}",
        8 => "[ -~]{0,24}",
        8 => "[%+&=#?/; ~*'()!@A-Fa-f0-9]{0,12}",
        // Long enough for a form body instead of a query.
        1 => (1000_usize..1200).prop_map(|times| "long & ".repeat(times)),
    ];
    proptest::collection::vec(("[a-z._~-][A-Za-z0-9._~-]{0,8}", value), 0..6).prop_map(|pairs| {
        let mut parameters = Parameters::new();
        for (name, value) in pairs {
            // A name that is drawn twice is left out.
            let _ = parameters.insert(format!("X{name}"), value);
        }
        parameters
    })
}

fn parse(request: &WireRequest) -> Option<Call> {
    Call::parse(request, &Limits::default()).ok()
}

/// Whether two calls ask for the same.
fn same(left: &Call, right: &Call) -> bool {
    (left.action(), left.version(), left.parameters(), left.nonce(), left.timestamp())
        == (right.action(), right.version(), right.parameters(), right.nonce(), right.timestamp())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_signed_is_read_back_and_signed_right(parameters in parameters()) {
        for request in [acs3_of(&parameters), rpc_v1_of(&parameters)] {
            let call = Call::parse(&request, &Limits::default()).unwrap();
            prop_assert_eq!(call.parameters(), &parameters);
            prop_assert_eq!(call.action(), "CloseDBClusterMigration");
            prop_assert!(is_signed_right(&call));
        }
    }

    /// A changed byte of the target may leave the call what it was (`%2f` is `%2F`, `+` is `%20`); whenever it does
    /// not, the signature is wrong.
    #[test]
    fn no_changed_target_carries_another_call_under_the_same_signature(
        parameters in parameters(),
        at in any::<prop::sample::Index>(),
        byte in prop_oneof![Just(b'&'), Just(b'='), Just(b'+'), Just(b'%'), 0x20_u8..0x7f],
    ) {
        for request in [acs3_of(&parameters), rpc_v1_of(&parameters)] {
            let honest = parse(&request).unwrap();
            let mut target = request.target.clone().into_bytes();
            let place = at.index(target.len());
            target[place] = byte;
            let changed = WireRequest { target: String::from_utf8(target).unwrap(), ..request };
            if let Some(call) = parse(&changed).filter(is_signed_right) {
                prop_assert!(same(&call, &honest), "{}", changed.target);
            }
        }
    }

    #[test]
    fn no_changed_signature_is_right(parameters in parameters(), at in 0_usize..64, byte in 0x21_u8..0x7f) {
        let mut request = acs3_of(&parameters);
        let authorization = &mut request.headers.iter_mut().find(|(name, _)| name == "authorization").unwrap().1;
        let place = authorization.len() - 64 + at;
        prop_assume!(authorization[place] != byte);
        authorization[place] = byte;
        prop_assert!(!parse(&request).is_some_and(|call| is_signed_right(&call)));
    }

    #[test]
    fn no_changed_body_is_taken(parameters in parameters(), body in "[ -~]{1,40}") {
        let mut request = acs3_of(&parameters);
        prop_assume!(request.body != body.as_bytes());
        request.body = body.into();
        prop_assert!(parse(&request).is_none());
    }

    #[test]
    fn arbitrary_bytes_are_refused_without_a_panic(
        method in prop_oneof![Just("POST".to_owned()), Just("GET".to_owned()), ".{0,8}"],
        target in prop_oneof![".{0,64}", "/\\?[ -~]{0,64}", "https?://[ -~]{0,32}"],
        headers in proptest::collection::vec(
            (
                prop_oneof![
                    Just("authorization".to_owned()), Just("host".to_owned()), Just("content-type".to_owned()),
                    "x-acs-[a-z0-9-]{0,12}", ".{0,8}",
                ],
                prop_oneof![
                    proptest::collection::vec(any::<u8>(), 0..48),
                    "(ACS3-HMAC-SHA256|acs|Bearer) ?[ -~]{0,48}".prop_map(String::into_bytes),
                    Just(b"application/json".to_vec()),
                    Just(b"application/x-www-form-urlencoded".to_vec()),
                ],
            ),
            0..6,
        ),
        body in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        let request = WireRequest { method, target, headers, body: body.into() };
        let _ = Format::wanted(&request);
        if let Err(error) = Call::parse(&request, &Limits::default()) {
            prop_assert!((400..=503).contains(&error.status()) && !error.message().is_empty());
        }
    }

    /// Damage to an honest request reaches further into the parser than noise does.
    #[test]
    fn damaged_requests_are_refused_without_a_panic(
        parameters in parameters(),
        place in 0_usize..4,
        at in any::<prop::sample::Index>(),
        bytes in proptest::collection::vec(any::<u8>(), 0..4),
        content_type in prop_oneof![Just("application/json"), Just("application/x-www-form-urlencoded")],
    ) {
        for mut request in [acs3_of(&parameters), rpc_v1_of(&parameters)] {
            let damage = |text: &[u8]| -> Vec<u8> {
                let at = at.index(text.len() + 1);
                [&text[..at], &bytes, text.get(at + 1..).unwrap_or_default()].concat()
            };
            match place {
                0 => request.target = String::from_utf8_lossy(&damage(request.target.as_bytes())).into_owned(),
                1 => {
                    let header = at.index(request.headers.len());
                    request.headers[header].1 = damage(&request.headers[header].1.clone());
                }
                2 => {
                    let header = at.index(request.headers.len());
                    request.headers.remove(header);
                }
                _ => {
                    request.body = damage(&request.body).into();
                    request.headers.push(("content-type".to_owned(), content_type.as_bytes().to_vec()));
                }
            }
            let _ = Call::parse(&request, &Limits::default());
        }
    }

    /// Objects and lists of any shape become parameters or a refusal.
    #[test]
    fn json_bodies_are_flattened_or_refused_without_a_panic(
        body in "(\\{|\\[|\\}|\\]|\"[aAbB.1 ]{0,3}\"|:|,|null|true|1e5|-0|\\\\u0000){0,24}",
    ) {
        let limits = Limits { parameters: 8, ..Limits::default() };
        let mut gathered = crate::openapi::body::Gathered::new(&limits);
        if gathered.take_json(format!("{{\"A\":{body}}}").as_bytes()).is_ok() {
            prop_assert!(gathered.all.len() <= 8);
        }
    }
}
