//! The rules about who is asking (spec gate-rules G10 to G12), and what of a request is read.

use jiff::SignedDuration;
use ramgate::authn::{AuthnError, NonceMemory};
use ramgate::openapi::WireError;

use crate::client::{
    FORM, Gate, HOST, KEY, SECRET, TEMPORARY_KEY, TOKEN, V3, accepted, judge, now, parameters,
    refused_by_authentication, refused_by_form, v1, v1_as, with_header,
};

const CLOSE: &str = "CloseDBClusterMigration";
const CLUSTER: (&str, &str) = ("DBClusterId", "pc-bp1");

#[test]
fn g10_a_call_without_a_signature_of_an_accepted_scheme_is_refused_with_its_named_code() {
    let unsigned = |authorization: Option<&str>| {
        let mut request = V3::new(CLOSE, &[CLUSTER]).sign();
        request.headers.retain(|(name, _)| name != "authorization");
        match authorization {
            Some(value) => with_header(request, "Authorization", value),
            None => request,
        }
    };
    for (authorization, code) in [
        (None, "IncompleteSignature"),
        (Some(""), "IncompleteSignature"),
        (Some("Bearer abc"), "IncompleteSignature"),
        (Some("Basic YTpi"), "IncompleteSignature"),
        (Some("ACS3-HMAC-SHA256"), "IncompleteSignature"),
        (Some("acs LTAI:abc="), "SignatureDoesNotMatch"),
        (Some("ACS3-HMAC-SM3 Credential=a,SignedHeaders=host,Signature=a"), "InvalidSignatureMethod"),
        (Some("ACS3-RSA-SHA256 Credential=a,SignedHeaders=host,Signature=a"), "InvalidSignatureMethod"),
        (Some("ACS4-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=a"), "InvalidSignatureMethod"),
    ] {
        assert_eq!(refused_by_form(&unsigned(authorization)).code(), code, "{authorization:?}");
    }
    assert_eq!(refused_by_form(&with_header(unsigned(None), "x-acs-bearer-token", "t")), WireError::Bearer);
    for (parameter, value, code) in [
        ("SignatureMethod", "HMAC-SHA256", "InvalidSignatureMethod"),
        ("SignatureMethod", "hmac-sha1", "InvalidSignatureMethod"),
        ("SignatureType", "PRIVATEKEY", "InvalidSignatureMethod"),
        ("SignatureType", "BEARERTOKEN", "IncompleteSignature"),
        ("BearerToken", "t", "IncompleteSignature"),
        ("SignatureVersion", "2.0", "IncompleteSignature"),
    ] {
        assert_eq!(refused_by_form(&v1("POST", &[CLUSTER, (parameter, value)])).code(), code, "{parameter}={value}");
    }
}

#[test]
fn g10_a_call_is_signed_in_one_way() {
    for parameter in ["AccessKeyId", "Signature", "signaturemethod", "SignatureNonce", "BearerToken"] {
        let error = refused_by_form(&V3::new(CLOSE, &[CLUSTER, (parameter, "x")]).sign());
        assert!(matches!(error, WireError::MixedSchemes { .. }), "{parameter}: {error}");
    }
    let error = refused_by_form(&with_header(v1("POST", &[CLUSTER]), "x-acs-bearer-token", "t"));
    assert_eq!(error, WireError::Bearer);
}

#[test]
fn g10_a_key_is_looked_up_before_anything_is_said_about_a_signature() {
    let request = V3::new(CLOSE, &[CLUSTER]).signed_by("LTAI5tNobody", SECRET).header("x-acs-date", "yesterday");
    assert!(matches!(refused_by_authentication(&request.sign()), AuthnError::UnknownKey));
    let request = V3::new(CLOSE, &[CLUSTER]).signed_by(KEY, "wrong").header("x-acs-date", "yesterday");
    assert!(matches!(refused_by_authentication(&request.sign()), AuthnError::TimestampFormat));
    let request = V3::new(CLOSE, &[CLUSTER]).signed_by(TEMPORARY_KEY, "wrong").header("x-acs-date", "yesterday");
    assert!(matches!(refused_by_authentication(&request.sign()), AuthnError::MissingToken));
}

#[test]
fn g10_the_two_places_for_a_key_id_agree() {
    accepted(&V3::new(CLOSE, &[CLUSTER]).header("x-acs-accesskey-id", KEY).sign());
    let error = refused_by_form(&V3::new(CLOSE, &[CLUSTER]).header("x-acs-accesskey-id", "LTAI5tOther").sign());
    assert_eq!(error, WireError::AccessKeyMismatch);
}

#[test]
fn g11_a_temporary_key_comes_with_its_own_token() {
    let v3 = |key: &str, token: &str| {
        V3::new(CLOSE, &[CLUSTER]).header("x-acs-security-token", token).signed_by(key, SECRET).sign()
    };
    let v1 = |key: &str, token: &str| v1_as(key, SECRET, "POST", &[CLUSTER, ("SecurityToken", token)]);
    for sign in [&v3 as &dyn Fn(&str, &str) -> _, &v1] {
        accepted(&sign(TEMPORARY_KEY, TOKEN));
        accepted(&sign(KEY, ""));
        assert!(matches!(refused_by_authentication(&sign(TEMPORARY_KEY, "")), AuthnError::MissingToken));
        assert!(matches!(refused_by_authentication(&sign(TEMPORARY_KEY, "other")), AuthnError::ForeignToken));
        assert!(matches!(refused_by_authentication(&sign(KEY, TOKEN)), AuthnError::ForeignToken));
        let ended = "2027-01-01T00:00:00Z".parse().expect("a time");
        let refused = Gate::new().judge_at(&sign(TEMPORARY_KEY, TOKEN), ended).expect_err("ended");
        assert_eq!(refused.code(), "InvalidSecurityToken.Expired");
    }
}

#[test]
fn g12_a_call_made_for_another_host_is_refused() {
    let error = refused_by_authentication(&V3::new(CLOSE, &[CLUSTER]).header("host", "polardb.aliyuncs.com").sign());
    assert_eq!((error.code(), error.status()), ("InvalidProduct.NotFound", 404));
    let mut request = v1("POST", &[CLUSTER]);
    request.headers = vec![("Host".to_owned(), b"polardb.aliyuncs.com".to_vec())];
    assert!(matches!(refused_by_authentication(&request), AuthnError::UnknownHost { .. }));
    request.headers = Vec::new();
    assert_eq!(refused_by_form(&request), WireError::MissingHost);
    accepted(&V3::new(CLOSE, &[CLUSTER]).header("host", &HOST.to_uppercase()).sign());
}

#[test]
fn g12_the_time_window_is_fifteen_minutes_to_either_side_both_ends_included() {
    let request = V3::new(CLOSE, &[CLUSTER]).sign();
    for (offset, accepted) in [(-900_001, false), (-900_000, true), (0, true), (900_000, true), (900_001, false)] {
        let at = now() + SignedDuration::from_millis(offset);
        assert_eq!(Gate::new().judge_at(&request, at).is_ok(), accepted, "{offset} ms");
    }
    for date in [
        "2026-11-24T02:06:20.0Z",
        "2026-11-24 02:06:20Z",
        "2026-11-24T02:06:20+00:00",
        "2026-11-24T10:06:20+08:00",
        "2026-11-24T02:06Z",
        "2026-11-24T02:06:60Z",
        "2026-11-24t02:06:20z",
        "2026-13-24T02:06:20Z",
        "1795485980",
    ] {
        let error = refused_by_authentication(&V3::new(CLOSE, &[CLUSTER]).header("x-acs-date", date).sign());
        assert!(matches!(error, AuthnError::TimestampFormat), "{date}: {error}");
    }
}

#[test]
fn g12_a_full_share_refuses_its_key() {
    let gate = Gate { memory: NonceMemory::in_memory().with_share(1), ..Gate::new() };
    gate.judge(&V3::new(CLOSE, &[CLUSTER]).sign()).expect("the first");
    let second = V3::new(CLOSE, &[CLUSTER]).header("x-acs-signature-nonce", "n-2").sign();
    assert_eq!(gate.judge(&second).expect_err("full").code(), "Throttling.User");
}

#[test]
fn common_parameters_that_are_missing_or_empty_are_named() {
    for (parameter, code) in [
        ("AccessKeyId", "MissingAccessKeyId"),
        ("Action", "MissingAction"),
        ("Version", "MissingVersion"),
        ("Timestamp", "MissingTimestamp"),
        ("SignatureNonce", "MissingSignatureNonce"),
    ] {
        assert_eq!(refused_by_form(&v1("POST", &[CLUSTER, (parameter, "")])).code(), code);
    }
    for (header, code) in [
        ("x-acs-action", "MissingAction"),
        ("x-acs-version", "MissingVersion"),
        ("x-acs-date", "MissingTimestamp"),
        ("x-acs-signature-nonce", "MissingSignatureNonce"),
    ] {
        assert_eq!(refused_by_form(&V3::new(CLOSE, &[CLUSTER]).header(header, "").sign()).code(), code);
    }
}

#[test]
fn a_json_body_becomes_the_parameters_that_the_sdks_would_flatten_it_to() {
    let body = r#"{"A":[1,{"K":"v","E":""},[true,false]],"N":null,"Empty":[],"O":{},"F":-1.50,"Text":"a\nb"}"#;
    let call = accepted(&V3::new(CLOSE, &[]).target("/").body("application/json", body.as_bytes()).sign());
    let read: Vec<(&str, &str)> = call.parameters().iter().collect();
    assert_eq!(
        read,
        [
            ("A.1", "1"),
            ("A.2.E", ""),
            ("A.2.K", "v"),
            ("A.3.1", "true"),
            ("A.3.2", "false"),
            ("F", "-1.50"),
            ("Text", "a\nb")
        ]
    );
    for body in [
        "[]",
        "1",
        "",
        " ",
        "{\"A\":[null]}",
        "{\"A\":1e3}",
        "{\"A\":1E3}",
        "{\"A\":1,}",
        "{\"A\":\"\\u0000\"}",
        "{\"A b\":1}",
        "{\"\":1}",
        "{\"A\":1}x",
        "\u{feff}{}",
        "{\"A\":\"\\ud800\"}",
    ] {
        // Without a body there is nothing to read.
        if body.is_empty() {
            continue;
        }
        let request = V3::new(CLOSE, &[]).target("/").body("application/json", body.as_bytes()).sign();
        assert_eq!(refused_by_form(&request).code(), "InvalidParameter", "{body}");
    }
    let latin = V3::new(CLOSE, &[]).target("/").body("application/json", b"{\"A\":\"\xe9\"}").sign();
    assert!(matches!(refused_by_form(&latin), WireError::Json { .. }));
}

#[test]
fn a_repeated_header_of_no_consequence_is_signed_sorted_and_joined() {
    let mut request = V3::new(CLOSE, &[CLUSTER]).header("x-trace", "a,b").sign();
    for (name, value) in &mut request.headers {
        if name == "x-trace" {
            *value = b"b".to_vec();
        }
    }
    assert!(judge(&with_header(request, "X-Trace", " a ")).is_ok());
}

#[test]
fn t4_the_host_of_an_absolute_target_is_that_of_the_host_header() {
    let call = |target: &str| V3::new(CLOSE, &[CLUSTER]).target(target).sign();
    accepted(&call("http://polardb.gate.example/?DBClusterId=pc-bp1"));
    accepted(&call("https://POLARDB.gate.example/?DBClusterId=pc-bp1"));
    for target in [
        "http://polardb.evil.example/?DBClusterId=pc-bp1",
        "http://polardb.gate.example:81/?DBClusterId=pc-bp1",
        "http://x@polardb.gate.example/?DBClusterId=pc-bp1",
    ] {
        assert_eq!(refused_by_form(&call(target)), WireError::Authority, "{target}");
    }
}

#[test]
fn t5_a_list_of_signed_headers_is_in_order_and_true() {
    let signed = V3::new(CLOSE, &[CLUSTER]).sign();
    let reworded = |from: &str, to: &str| {
        let mut request = signed.clone();
        for (name, value) in &mut request.headers {
            if name == "authorization" {
                *value = String::from_utf8(value.clone()).expect("text").replace(from, to).into_bytes();
            }
        }
        refused_by_form(&request)
    };
    for (from, to) in [
        ("host;", "Host;"),
        ("host;x-acs-action;", "x-acs-action;host;"),
        ("host;", "host;host;"),
        ("Signature=", "Signature=,Signature="),
        ("Credential=", "Credential=a/b"),
        ("Credential=", "Other=x,Credential="),
        ("SignedHeaders=", "signedheaders="),
    ] {
        assert_eq!(reworded(from, to).code(), "IncompleteSignature", "{to}");
    }
    let missing = reworded("host;", "accept;host;");
    assert_eq!(missing, WireError::ListedButMissing { header: "accept".to_owned() });
}

#[test]
fn t7_compressed_bodies_two_framings_and_bodies_of_get_are_refused() {
    let form = || V3::new(CLOSE, &[]).target("/").body(FORM, b"DBClusterId=pc-bp1");
    assert_eq!(refused_by_form(&form().unsigned("Content-Encoding", "gzip").sign()), WireError::ContentEncoding);
    let framings = form().unsigned("content-length", "18").unsigned("transfer-encoding", "chunked").sign();
    assert_eq!(refused_by_form(&framings), WireError::TwoFramings);
    let get = V3 { method: "GET".to_owned(), ..form() };
    assert_eq!(refused_by_form(&get.sign()), WireError::BodyOfGet);
}

#[test]
fn t21_nothing_that_a_caller_writes_says_that_its_connection_is_secure() {
    let call = accepted(
        &V3::new(CLOSE, &[CLUSTER])
            .header("x-acs-secure-transport", "true")
            .header("x-forwarded-proto", "https")
            .sign(),
    );
    assert_eq!((call.parameters(), call.claims().len()), (&parameters(&[CLUSTER]), 0));
}
