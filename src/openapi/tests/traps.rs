//! The traps of the wire (spec openapi-wire 8), each under its number; those that need keys and a clock are with
//! `authn`, those about ids and resources with `catalog`.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::catalog::Parameters;
use crate::openapi::sign::{Credential, SigningRequest, sign_acs3};
use crate::openapi::{Call, ErrorBody, Format, Limits, Scheme, WireError, WireRequest, sign};

const HOST: &str = "polardb.aliyuncs.com";

fn credential() -> Credential {
    Credential { access_key_id: "LTAI5tTrap".to_owned(), secret: "trap".into(), security_token: None }
}

/// A V3 call, signed, and then changed: the parser is to refuse what it can without any key.
fn acs3(parameters: &[(&str, &str)], change: impl FnOnce(&mut WireRequest)) -> WireRequest {
    let mut request = acs3_of(&collect(parameters));
    change(&mut request);
    request
}

fn collect(parameters: &[(&str, &str)]) -> Parameters {
    let mut collected = Parameters::new();
    for (name, value) in parameters {
        collected.insert(*name, *value).unwrap();
    }
    collected
}

/// A V3 call, signed.
pub(super) fn acs3_of(parameters: &Parameters) -> WireRequest {
    let signed = sign_acs3(&SigningRequest {
        host: HOST,
        action: "CloseDBClusterMigration",
        version: "2017-08-01",
        parameters,
        credential: &credential(),
        date: "2026-11-24T02:06:20Z".parse().unwrap(),
        nonce: "n-1",
        format: Format::Json,
    });
    WireRequest::from(signed)
}

fn header<'a>(request: &'a mut WireRequest, name: &str) -> &'a mut Vec<u8> {
    &mut request.headers.iter_mut().find(|(known, _)| known == name).unwrap().1
}

fn add(request: &mut WireRequest, name: &str, value: &str) {
    request.headers.push((name.to_owned(), value.as_bytes().to_vec()));
}

/// Adds a header and lists it among the signed ones; the parser needs no right signature.
fn add_signed(request: &mut WireRequest, name: &str, value: &str) {
    add(request, name, value);
    list(request, |names| names.push(name.to_owned()));
}

/// Changes the list of signed headers, and puts it into order again.
fn list(request: &mut WireRequest, change: impl FnOnce(&mut Vec<String>)) {
    let authorization = header(request, "authorization");
    let text = String::from_utf8(authorization.clone()).unwrap();
    let (before, rest) = text.split_once("SignedHeaders=").unwrap();
    let (names, after) = rest.split_once(',').unwrap();
    let mut names: Vec<String> = names.split(';').map(str::to_owned).collect();
    change(&mut names);
    names.sort();
    *authorization = format!("{before}SignedHeaders={},{after}", names.join(";")).into_bytes();
}

/// Puts a body in place, with its digest, and its content type signed.
fn set_body(request: &mut WireRequest, content_type: &str, body: &str) {
    request.body = body.to_owned().into();
    *header(request, "x-acs-content-sha256") = crate::openapi::canonical::sha256_hex(body.as_bytes()).into_bytes();
    add_signed(request, "content-type", content_type);
}

/// A V1 call with further parameters, all in the query, signed.
fn rpc_v1(parameters: &[(&str, &str)]) -> WireRequest {
    rpc_v1_of(&collect(parameters))
}

/// A V1 call with further parameters, all in the query, signed.
pub(super) fn rpc_v1_of(parameters: &Parameters) -> WireRequest {
    let mut all = parameters.clone();
    let common = [
        ("Action", "CloseDBClusterMigration"),
        ("Version", "2017-08-01"),
        ("AccessKeyId", "LTAI5tTrap"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureVersion", "1.0"),
        ("SignatureNonce", "n-1"),
        ("Timestamp", "2026-11-24T02:06:20Z"),
    ];
    for (name, value) in common {
        all.insert(name, value).unwrap();
    }
    let signature = sign::rpc_v1_signature("POST", &all, &"trap".into());
    all.insert("Signature", signature).unwrap();
    WireRequest {
        method: "POST".to_owned(),
        target: format!("/?{}", crate::openapi::percent::encode_pairs(all.iter())),
        headers: vec![("Host".to_owned(), HOST.as_bytes().to_vec())],
        body: bytes::Bytes::new(),
    }
}

fn parse(request: &WireRequest) -> Result<Call, WireError> {
    Call::parse(request, &Limits::default())
}

/// The code that a request is refused with.
fn refusal(request: &WireRequest) -> &'static str {
    parse(request).expect_err("the request must be refused").code()
}

/// Whether the signature of a call is, letter by letter, the one that the key makes.
pub(super) fn is_signed_right(call: &Call) -> bool {
    let secret = credential().secret;
    let tag = |key: &hmac::Key| hmac::sign(key, call.string_to_sign().as_bytes());
    call.signature()
        == match call.scheme() {
            Scheme::RpcV1 => STANDARD.encode(tag(&sign::rpc_v1_key(&secret))),
            Scheme::Acs3 => crate::openapi::canonical::hex(tag(&sign::acs3_key(&secret)).as_ref()),
        }
}

#[test]
fn the_honest_calls_of_these_tests_are_taken() {
    let call = parse(&acs3(&[("DBClusterId", "pc-1")], |_| {})).unwrap();
    assert!(is_signed_right(&call));
    assert_eq!(parse(&rpc_v1(&[("DBClusterId", "pc-1")])).unwrap().parameters(), call.parameters());
}

#[test]
fn t1_a_name_given_twice_in_any_place_or_letter_case_is_refused() {
    for query in ["A=1&A=2", "A=1&A=1", "A=1&a=2", "A=1&%41=2"] {
        let twice = acs3(&[], |request| request.target = format!("/?{query}"));
        assert_eq!(refusal(&twice), "InvalidParameter", "{query}");
        let mut twice = rpc_v1(&[]);
        twice.target += &format!("&{query}");
        assert_eq!(refusal(&twice), "InvalidParameter", "{query}");
    }
    for (content_type, body) in [
        ("application/x-www-form-urlencoded", "dbclusterid=pc-2"),
        ("application/json", r#"{"DBClusterId":"pc-2"}"#),
        ("application/json", r#"{"A":1,"A":1}"#),
        ("application/json", r#"{"A":{"b":1,"B":null}}"#),
        ("application/json", r#"{"A":[1],"a.1":2}"#),
        ("application/json", r#"{"A":[{"x":1,"x":2}]}"#),
    ] {
        let twice = acs3(&[("DBClusterId", "pc-1")], |request| set_body(request, content_type, body));
        assert_eq!(refusal(&twice), "InvalidParameter", "{body}");
    }
}

#[test]
fn t2_headers_of_a_v1_call_say_nothing_and_may_not_say_otherwise() {
    for (name, value) in [("x-acs-action", "DescribeDBClusters"), ("X-Acs-Version", "2020-01-01")] {
        let mut request = rpc_v1(&[]);
        add(&mut request, name, value);
        assert_eq!(refusal(&request), "InvalidParameter", "{name}");
    }
    let mut request = rpc_v1(&[]);
    add(&mut request, "x-acs-action", "CloseDBClusterMigration");
    add(&mut request, "x-acs-security-token", "of nobody");
    let call = parse(&request).unwrap();
    assert!(call.security_token().is_none());
}

#[test]
fn t3_an_action_parameter_beside_the_headers_agrees_or_is_declared() {
    for (name, value) in
        [("Action", "DescribeDBClusters"), ("Version", "2020-01-01"), ("action", "CloseDBClusterMigration")]
    {
        assert_eq!(refusal(&acs3(&[(name, value)], |_| {})), "InvalidParameter", "{name}={value}");
    }
    let agreeing = acs3(&[("Action", "CloseDBClusterMigration"), ("Version", "2017-08-01"), ("A", "1")], |_| {});
    let call = parse(&agreeing).unwrap();
    assert_eq!(call.parameters().iter().collect::<Vec<_>>(), [("A", "1")]);
    assert!(is_signed_right(&call));

    let declares = |version: &str, action: &str, name: &str| {
        (version, action, name) == ("2017-08-01", "CloseDBClusterMigration", "Version")
    };
    let own = acs3(&[("Version", "8.0")], |_| {});
    let call = Call::parse_declared(&own, &Limits::default(), &declares).unwrap();
    assert_eq!((call.version(), call.parameters().get("Version")), ("2017-08-01", Some("8.0")));
    let other = acs3(&[("Action", "8.0")], |_| {});
    assert!(Call::parse_declared(&other, &Limits::default(), &declares).is_err());
}

#[test]
fn t4_calls_are_served_on_the_path_slash_alone() {
    for target in [
        "",
        "?A=1",
        "//",
        "/x",
        "/;x",
        "/.",
        "/..",
        "/%2F",
        "/%2e",
        "*",
        "/\u{2215}",
        "http://polardb.aliyuncs.com/x",
        "http://polardb.aliyuncs.com//",
        "HTTP:/",
        "/\\",
    ] {
        for mut request in [acs3(&[], |_| {}), rpc_v1(&[])] {
            let query = request.target.split_once('?').map_or(String::new(), |(_, query)| format!("?{query}"));
            request.target = format!("{target}{query}");
            assert_eq!(refusal(&request), "InvalidApi.NotFound", "{target}");
        }
    }
    let mut fragment = acs3(&[("A", "1")], |_| {});
    fragment.target += "#x";
    assert!(parse(&fragment).is_err());
    for authority in ["evil.example", "polardb.aliyuncs.com@evil.example", "", "polardb.aliyuncs.com."] {
        let elsewhere = acs3(&[], |request| request.target = format!("http://{authority}/"));
        assert!(parse(&elsewhere).is_err(), "{authority}");
    }
}

#[test]
fn t5_what_gives_a_v3_call_its_meaning_is_signed() {
    for name in ["host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"]
    {
        let unsigned = acs3(&[], |request| list(request, |names| names.retain(|known| known != name)));
        assert_eq!(refusal(&unsigned), "IncompleteSignature", "{name}");
    }
    let claimed = acs3(&[], |request| add(request, "X-Acs-Source-Ip", "10.0.0.1"));
    assert_eq!(refusal(&claimed), "IncompleteSignature");
    let untyped = acs3(&[], |request| {
        set_body(request, "application/x-www-form-urlencoded", "A=1");
        list(request, |names| names.retain(|known| known != "content-type"));
    });
    assert_eq!(refusal(&untyped), "IncompleteSignature");
    let absent = acs3(&[], |request| list(request, |names| names.push("x-acs-region-id".to_owned())));
    assert_eq!(refusal(&absent), "IncompleteSignature");
    let other_key = acs3(&[], |request| add_signed(request, "x-acs-accesskey-id", "LTAI5tOther"));
    assert_eq!(refusal(&other_key), "IncompleteSignature");
}

#[test]
fn t6_a_header_that_readers_choose_from_stands_once() {
    for name in
        ["Host", "authorization", "Content-Type", "content-length", "DATE", "x-acs-action", "X-ACS-Security-Token"]
    {
        let repeated = acs3(&[], |request| {
            add(request, &name.to_ascii_lowercase(), "a");
            add(request, name, "a");
        });
        assert!(matches!(parse(&repeated), Err(WireError::RepeatedHeader { .. })), "{name}");
    }
    let injected = acs3(&[], |request| add_signed(request, "x-custom", "a\nx-acs-action:DeleteDBCluster"));
    assert!(parse(&injected).is_err());
    let harmless = acs3(&[], |request| {
        add(request, "Via", "1.1 a");
        add(request, "Via", "1.1 b");
    });
    assert!(is_signed_right(&parse(&harmless).unwrap()));
    let signed = acs3(&[], |request| {
        add(request, "x-custom", "b");
        add_signed(request, "x-custom", " a ");
    });
    let call = parse(&signed).unwrap();
    assert!(call.signed_headers().any(|header| header == ("x-custom", "a,b")));
}

#[test]
fn t7_a_body_is_what_its_signed_content_type_says() {
    let json = r#"{"DBClusterId":"pc-1"}"#;
    for (content_type, body) in [
        ("application/x-www-form-urlencoded", json),
        ("application/json", "DBClusterId=pc-1"),
        ("application/json; charset=utf-16", json),
        ("application/json; charset=utf-8; charset=latin1", json),
        ("application/json; a=b", json),
        ("application/jsonp", json),
        ("application/x-www-form-urlencoded, application/json", json),
        ("multipart/form-data", json),
        ("text/plain", json),
        ("", json),
        ("application/json", "[1]"),
        ("application/json", "\u{feff}{}"),
        ("application/json", r#"{"A":1} {"B":2}"#),
        ("application/json", r#"{"A":[null]}"#),
        ("application/json", r#"{"":1}"#),
        ("application/json", r#"{"A b":1}"#),
    ] {
        let request = acs3(&[], |request| set_body(request, content_type, body));
        assert_eq!(refusal(&request), "InvalidParameter", "{content_type}: {body}");
    }
    let flattened = acs3(&[], |request| {
        set_body(request, "Application/JSON;charset=UTF-8", r#"{"Tag":[{"Key":"a","Value":true}],"N":1.50,"Z":null}"#);
    });
    assert_eq!(
        parse(&flattened).unwrap().parameters().iter().collect::<Vec<_>>(),
        [("N", "1.50"), ("Tag.1.Key", "a"), ("Tag.1.Value", "true")]
    );
    for (name, value) in [
        ("content-encoding", "gzip"),
        ("Content-Encoding", "identity"),
        ("Transfer-Encoding", "gzip, chunked"),
        ("Transfer-Encoding", "identity"),
    ] {
        assert_eq!(refusal(&acs3(&[], |request| add(request, name, value))), "InvalidParameter", "{name}");
    }
    assert!(parse(&acs3(&[], |request| add(request, "Transfer-Encoding", "Chunked"))).is_ok());
    let framed_twice = acs3(&[], |request| {
        add(request, "content-length", "0");
        add(request, "transfer-encoding", "chunked");
    });
    assert_eq!(refusal(&framed_twice), "InvalidParameter");
    let mut uncovered = rpc_v1(&[]);
    uncovered.body = json.into();
    for content_type in ["application/json", "application/octet-stream", ""] {
        let mut request = uncovered.clone();
        add(&mut request, "content-type", content_type);
        assert!(parse(&request).is_err(), "{content_type}");
    }
    assert!(parse(&uncovered).is_err());
    for digest in ["UNSIGNED-PAYLOAD", "", "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"] {
        let request = acs3(&[], |request| *header(request, "x-acs-content-sha256") = digest.into());
        assert_eq!(refusal(&request), "SignatureDoesNotMatch", "{digest}");
    }
}

#[test]
fn t9_a_claimed_address_is_no_parameter() {
    let claims = [("SourceIp", "10.0.0.1"), ("SecureTransport", "true"), ("DBClusterId", "pc-1")];
    for request in [acs3(&claims, |_| {}), rpc_v1(&claims)] {
        let call = parse(&request).unwrap();
        assert_eq!(call.parameters().iter().collect::<Vec<_>>(), [("DBClusterId", "pc-1")]);
        assert_eq!(call.claims().len(), 2);
    }
    let by_header = acs3(&[], |request| {
        for name in ["x-acs-source-ip", "x-acs-secure-transport", "x-acs-proxy-source-ip"] {
            add_signed(request, name, "true");
        }
    });
    let call = parse(&by_header).unwrap();
    assert!(call.parameters().is_empty() && call.claims().is_empty());
}

#[test]
fn t12_a_security_token_is_for_authentication_and_no_parameter() {
    let call = parse(&rpc_v1(&[("SecurityToken", "token"), ("A", "1")])).unwrap();
    assert!(call.security_token().is_some());
    assert_eq!(call.parameters().iter().collect::<Vec<_>>(), [("A", "1")]);
    for name in ["SecurityToken", "securitytoken"] {
        assert_eq!(refusal(&acs3(&[(name, "token")], |_| {})), "InvalidParameter", "{name}");
    }
    // Nor is it one in other letters, which the API might read as the token.
    for name in ["SecurityToKen", "securitytoken", "bearerToken", "signaturetype"] {
        assert_eq!(refusal(&rpc_v1(&[(name, "token")])), "InvalidParameter", "{name}");
    }
    let shown = format!("{call:?} {:?}", rpc_v1(&[("SecurityToken", "token-of-ops")]));
    assert!(!shown.contains("token-of-ops"), "{shown}");
}

/// A header, which carries them on, loses the blanks at its ends.
#[test]
fn t1_an_action_or_version_with_a_blank_is_refused() {
    for name in ["x-acs-action", "x-acs-version"] {
        let request = acs3(&[], |request| header(request, name).insert(1, b'\t'));
        assert_eq!(refusal(&request), "InvalidParameter", "{name}");
    }
    let plain = rpc_v1(&[("A", "1")]);
    let call = parse(&plain).unwrap();
    for (name, value) in [("Action", call.action()), ("Version", call.version())] {
        let given = format!("{name}={value}");
        for blank in [format!("{given}+"), format!("{given}%20"), given.replace('=', "=+")] {
            let mut request = plain.clone();
            request.target = request.target.replace(&given, &blank);
            assert_eq!(refusal(&request), "InvalidParameter", "{blank}");
        }
    }
}

#[test]
fn t17_a_method_override_changes_nothing() {
    let request = acs3(&[("A", "1")], |request| add(request, "X-HTTP-Method-Override", "DELETE"));
    let call = parse(&request).unwrap();
    assert_eq!(call.method(), "POST");
    assert!(is_signed_right(&call));
    // As a parameter it is one like any other, which no operation declares.
    assert_eq!(parse(&acs3(&[("_method", "GET")], |_| {})).unwrap().method(), "POST");
    for method in ["PUT", "DELETE", "HEAD", "OPTIONS", "post", "", "GET "] {
        let request = acs3(&[], |request| request.method = method.to_owned());
        assert_eq!(refusal(&request), "UnsupportedHTTPMethod", "{method}");
    }
}

#[test]
fn t18_path_style_signatures_are_refused_at_once() {
    let request = acs3(&[], |request| *header(request, "authorization") = b"acs LTAI5tTrap:c2lnbmF0dXJl".to_vec());
    let error = parse(&request).expect_err("path-style");
    assert_eq!((error.code(), error.status()), ("SignatureDoesNotMatch", 400));
    assert!(error.message().ends_with("server string to sign is:"), "{}", error.message());
}

#[test]
fn t19_percent_encoding_is_decoded_once_and_never_guessed() {
    for value in [
        "%",
        "%4",
        "%zz",
        "%u0041",
        "%+1",
        "%00",
        "%01",
        "%7f",
        "%c2%85",
        "%ff",
        "%c0%af",
        "%e0%80%af",
        "%ed%a0%80",
        "%f4%90%80%80",
        "%c3",
        "\u{e9}",
        " ",
        "\t",
        "a;b",
    ] {
        let request = acs3(&[], |request| request.target = format!("/?A={value}"));
        assert_eq!(refusal(&request), "InvalidParameter", "{value:?}");
        let request = acs3(&[], |request| request.target = format!("/?A{value}=1"));
        assert_eq!(refusal(&request), "InvalidParameter", "{value:?} in a name");
        let request = acs3(&[], |request| {
            set_body(request, "application/x-www-form-urlencoded", &format!("A={value}"));
        });
        assert_eq!(refusal(&request), "InvalidParameter", "{value:?} in a form");
    }
    for name in ["", "A b", "A%20", "A%23", "A[]", "A/B", "A+B", "%C3%A9"] {
        let request = acs3(&[], |request| request.target = format!("/?{name}=1"));
        assert_eq!(refusal(&request), "InvalidParameter", "{name}");
    }
    for (value, decoded) in [
        ("+", " "),
        ("%20", " "),
        ("%2B", "+"),
        ("%2b", "+"),
        ("%2541", "%41"),
        ("=", "="),
        ("", ""),
        ("~*'()!", "~*'()!"),
    ] {
        let call = parse(&acs3(&[], |request| request.target = format!("/?A={value}"))).unwrap();
        assert_eq!(call.parameters().get("A"), Some(decoded), "{value}");
    }
}

#[test]
fn t22_an_error_repeats_no_value_of_the_request() {
    let secret = "hunter2-hunter2";
    let refused = [
        acs3(&[("Action", secret)], |_| {}),
        acs3(&[("SecurityToken", secret)], |_| {}),
        acs3(&[], |request| request.target = format!("/?A={secret}%&B={secret}")),
        acs3(&[], |request| request.target = format!("/?A={secret}&a={secret}")),
        acs3(&[], |request| set_body(request, "application/json", &format!("{{\"A\": \"{secret}\", }}"))),
        acs3(&[], |request| set_body(request, "application/json", &format!("{{\"A\": \"{secret}\\u0001\" }}"))),
        acs3(&[], |request| *header(request, "x-acs-content-sha256") = secret.as_bytes().to_vec()),
        rpc_v1(&[("BearerToken", secret)]),
    ];
    for request in refused {
        let error = parse(&request).expect_err("refused");
        let shown = format!("{error} {error:?} {}", error.message());
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn t24_an_unsigned_content_type_of_an_empty_body_does_not_count() {
    for content_type in ["application/octet-stream", "application/json"] {
        let request = acs3(&[("A", "1")], |request| add(request, "Content-Type", content_type));
        assert!(is_signed_right(&parse(&request).unwrap()), "{content_type}");
    }
}

#[test]
fn what_is_over_a_limit_is_refused_and_not_cut() {
    let base = acs3(&[("Name", "value"), ("Other", "x")], |request| {
        set_body(request, "application/x-www-form-urlencoded", "Third=1");
    });
    let measured = Limits {
        target_bytes: base.target.len(),
        headers: base.headers.len(),
        header_bytes: base.headers.iter().map(|(name, value)| name.len() + value.len()).sum(),
        body_bytes: 7,
        parameters: 3,
        name_bytes: 5,
        value_bytes: 5,
    };
    assert!(Call::parse(&base, &measured).is_ok());
    let tighter: [fn(&mut Limits); 7] = [
        |limits| limits.target_bytes -= 1,
        |limits| limits.headers -= 1,
        |limits| limits.header_bytes -= 1,
        |limits| limits.body_bytes -= 1,
        |limits| limits.parameters -= 1,
        |limits| limits.name_bytes -= 1,
        |limits| limits.value_bytes -= 1,
    ];
    for (index, tighten) in tighter.iter().enumerate() {
        let mut limits = measured.clone();
        tighten(&mut limits);
        let error = Call::parse(&base, &limits).expect_err("over the limit");
        assert!(matches!(error, WireError::TooLarge { .. }), "{index}: {error}");
    }
}

#[test]
fn two_schemes_at_once_and_none_at_all_are_refused() {
    for name in ["Signature", "AccessKeyId", "signaturemethod", "SignatureType", "BearerToken"] {
        assert_eq!(refusal(&acs3(&[(name, "x")], |_| {})), "IncompleteSignature", "{name}");
    }
    assert_eq!(refusal(&acs3(&[], |request| add_signed(request, "x-acs-bearer-token", "t"))), "IncompleteSignature");
    let anonymous = acs3(&[], |request| request.headers.retain(|(name, _)| name != "authorization"));
    assert_eq!(refusal(&anonymous), "IncompleteSignature");
    for (name, value) in [("SignatureType", "BEARERTOKEN"), ("BearerToken", "t")] {
        assert_eq!(refusal(&rpc_v1(&[(name, value)])), "IncompleteSignature", "{name}");
    }
    assert_eq!(refusal(&rpc_v1(&[("SignatureType", "PRIVATEKEY")])), "InvalidSignatureMethod");
    for algorithm in ["ACS3-HMAC-SM3", "ACS3-RSA-SHA256", "ACS4-HMAC-SHA256", "ACS4-HMAC-SM3"] {
        let request = acs3(&[], |request| {
            let authorization = header(request, "authorization");
            *authorization =
                String::from_utf8_lossy(authorization).replacen("ACS3-HMAC-SHA256", algorithm, 1).into_bytes();
        });
        assert_eq!(refusal(&request), "InvalidSignatureMethod", "{algorithm}");
    }
}

#[test]
fn an_answer_is_in_xml_only_where_it_is_clearly_asked_for() {
    let accept = |value: &str| {
        acs3(&[("Format", "XML")], |request| {
            request.headers.retain(|(name, _)| name != "accept");
            add(request, "Accept", value);
        })
    };
    for (value, format) in [
        ("text/xml", Format::Xml),
        ("application/xml;q=0.9", Format::Xml),
        ("application/xml, application/json", Format::Json),
        ("*/*", Format::Json),
        ("", Format::Json),
    ] {
        assert_eq!(Format::wanted(&accept(value)), format, "{value}");
    }
    assert_eq!(parse(&rpc_v1(&[("Format", "xml")])).unwrap().format(), Format::Xml);
    assert_eq!(parse(&rpc_v1(&[])).unwrap().format(), Format::Json);
    let body = ErrorBody {
        code: "X".to_owned(),
        message: String::new(),
        request_id: String::new(),
        host_id: String::new(),
        product: String::new(),
        access_denied_detail: None,
    };
    assert_eq!(body.render(Format::Xml).content_type, "text/xml;charset=utf-8");
    assert_eq!(body.render(Format::Json).content_type, "application/json;charset=utf-8");
}
