//! What the gate writes itself: refusals that every SDK can read, and calls that it signs.

use ramgate::catalog::Parameters;
use ramgate::openapi::sign::{Credential, LONGEST_QUERY, SigningRequest, sign_acs3};
use ramgate::openapi::{AccessDeniedDetail, ErrorBody, Format, WireError, WireRequest};
use secrecy::SecretString;

use crate::client::{HOST, KEY, SECRET, TEMPORARY_KEY, TOKEN, accepted, now, parameters, refused_by_form, v1};

fn denial() -> ErrorBody {
    ErrorBody {
        code: "Forbidden.RAM".to_owned(),
        message: "User not authorized to operate on the specified resource, or this API doesn't support RAM."
            .to_owned(),
        request_id: "8A2C6F40-7E0B-4B1C-9F0E-0D6B1F3C2A11".to_owned(),
        host_id: "polardb.aliyuncs.com".to_owned(),
        product: "polardb".to_owned(),
        access_denied_detail: Some(AccessDeniedDetail {
            auth_action: "polardb:CloseDBClusterMigration".to_owned(),
            auth_principal_display_name: "2234567890123456".to_owned(),
            auth_principal_owner_id: "1234567890123456".to_owned(),
            auth_principal_type: "SubUser".to_owned(),
            no_permission_type: "ExplicitDeny".to_owned(),
            policy_type: "AccountLevelIdentityBasedPolicy".to_owned(),
        }),
    }
}

#[test]
fn a_denial_in_json_has_the_fields_and_the_content_type_that_sdks_read() {
    let rendered = denial().render(Format::Json);
    assert_eq!(rendered.content_type, "application/json;charset=utf-8");
    insta::assert_snapshot!(rendered.body, @r#"{"RequestId":"8A2C6F40-7E0B-4B1C-9F0E-0D6B1F3C2A11","HostId":"polardb.aliyuncs.com","Code":"Forbidden.RAM","Message":"User not authorized to operate on the specified resource, or this API doesn't support RAM.","Recommend":"https://api.aliyun.com/troubleshoot?q=Forbidden.RAM&product=polardb&requestId=8A2C6F40-7E0B-4B1C-9F0E-0D6B1F3C2A11","AccessDeniedDetail":{"AuthAction":"polardb:CloseDBClusterMigration","AuthPrincipalDisplayName":"2234567890123456","AuthPrincipalOwnerId":"1234567890123456","AuthPrincipalType":"SubUser","NoPermissionType":"ExplicitDeny","PolicyType":"AccountLevelIdentityBasedPolicy"}}"#);
}

#[test]
fn a_denial_in_xml_has_the_elements_and_the_content_type_that_sdks_read() {
    let rendered = denial().render(Format::Xml);
    assert_eq!(rendered.content_type, "text/xml;charset=utf-8");
    insta::assert_snapshot!(rendered.body, @"<?xml version='1.0' encoding='UTF-8'?><Error><RequestId>8A2C6F40-7E0B-4B1C-9F0E-0D6B1F3C2A11</RequestId><HostId>polardb.aliyuncs.com</HostId><Code>Forbidden.RAM</Code><Message>User not authorized to operate on the specified resource, or this API doesn't support RAM.</Message><Recommend>https://api.aliyun.com/troubleshoot?q=Forbidden.RAM&amp;product=polardb&amp;requestId=8A2C6F40-7E0B-4B1C-9F0E-0D6B1F3C2A11</Recommend></Error>");
}

#[test]
fn a_refusal_says_what_the_api_says_and_then_what_is_wrong() {
    let mut repeated = v1("POST", &[("DBClusterId", "pc-bp1")]);
    repeated.target.push_str("&dbclusterid=pc-bp2");
    insta::assert_snapshot!(refused_by_form(&repeated).message(), @"Specified parameter dbclusterid is not valid. (parameter `dbclusterid` repeats `DBClusterId`: a parameter may be given only once, and its name in one letter case)");
    insta::assert_snapshot!(WireError::NotSigned.message(), @"The request signature does not conform to Aliyun standards. (the call is not signed: sign it with an access key)");
    insta::assert_snapshot!(WireError::Digest.message(), @"Specified signature is not matched with our calculation. (the body does not hash to the value of x-acs-content-sha256). server string to sign is:");
}

fn credential(temporary: bool) -> Credential {
    Credential {
        access_key_id: if temporary { TEMPORARY_KEY } else { KEY }.to_owned(),
        secret: SecretString::from(SECRET),
        security_token: temporary.then(|| SecretString::from(TOKEN)),
    }
}

fn signed(parameters: &Parameters, temporary: bool) -> WireRequest {
    let credential = credential(temporary);
    let request = sign_acs3(&SigningRequest {
        host: HOST,
        action: "CloseDBClusterMigration",
        version: "2017-08-01",
        parameters,
        credential: &credential,
        date: now(),
        nonce: "n-1",
        format: Format::Json,
    });
    WireRequest::from(request)
}

#[test]
fn an_outbound_call_carries_its_parameters_in_the_query_and_an_empty_body() {
    let given = parameters(&[("DBClusterId", "pc-bp1"), ("Note", "迁移 +~*'()!@#&=%/?"), ("Empty", "")]);
    let request = signed(&given, false);
    assert_eq!(
        request.target,
        "/?DBClusterId=pc-bp1&Empty=&Note=%E8%BF%81%E7%A7%BB%20%2B~%2A%27%28%29%21%40%23%26%3D%25%2F%3F"
    );
    assert!(request.body.is_empty());
    assert_eq!(accepted(&request).parameters(), &given);
    assert_eq!(signed(&Parameters::new(), false).target, "/");
}

#[test]
fn an_outbound_call_that_is_too_long_for_a_query_is_a_form() {
    let room = LONGEST_QUERY - "Note=".len();
    for (length, form) in [(room, false), (room + 1, true)] {
        let given = parameters(&[("Note", &"x".repeat(length))]);
        let request = signed(&given, false);
        assert_eq!((request.target == "/", !request.body.is_empty()), (form, form));
        assert_eq!(accepted(&request).parameters(), &given);
    }
}

#[test]
fn an_outbound_call_of_a_session_carries_its_token_signed() {
    let call = accepted(&signed(&Parameters::new(), true));
    let names: Vec<&str> = call.signed_headers().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "host",
            "x-acs-accesskey-id",
            "x-acs-action",
            "x-acs-content-sha256",
            "x-acs-date",
            "x-acs-security-token",
            "x-acs-signature-nonce",
            "x-acs-version",
        ]
    );
}

#[test]
fn nothing_secret_shows_in_debug_output_of_what_is_signed() {
    let credential = credential(true);
    let given = parameters(&[("Password", "canary")]);
    let request = SigningRequest {
        host: HOST,
        action: "A",
        version: "V",
        parameters: &Parameters::new(),
        credential: &credential,
        date: now(),
        nonce: "n",
        format: Format::Json,
    };
    let shown =
        format!("{credential:?} {request:?} {:?}", sign_acs3(&SigningRequest { parameters: &given, ..request }));
    for secret in [SECRET, TOKEN, "canary"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
