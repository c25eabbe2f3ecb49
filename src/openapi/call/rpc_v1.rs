//! RPC V1: everything is a parameter, and no header is signed (spec openapi-wire 1.3, 2).

use secrecy::SecretString;

use super::{Call, Scheme, named, required, without_claims};
use crate::openapi::body::{Gathered, Reading};
use crate::openapi::canonical::{rpc_v1_string_to_sign, sha256_hex};
use crate::openapi::request::Headers;
use crate::openapi::{Format, WireError};

/// The parameters that belong to the wire and not to the operation.
const COMMON: [&str; 12] = [
    "AccessKeyId",
    "Action",
    "BearerToken",
    "Format",
    "SecurityToken",
    "Signature",
    "SignatureMethod",
    "SignatureNonce",
    "SignatureType",
    "SignatureVersion",
    "Timestamp",
    "Version",
];

pub(super) fn read(
    (method, body): (&'static str, &[u8]),
    headers: &Headers<'_>,
    host: &str,
    mut gathered: Gathered<'_>,
) -> Result<Call, WireError> {
    const ACCEPTED: &str = "a V1 signature covers only `application/x-www-form-urlencoded` in UTF-8";
    match Reading::of(headers.get("content-type")?, body, ACCEPTED)? {
        Reading::Empty => {}
        Reading::Form => gathered.take_form(body)?,
        Reading::Json => {
            return Err(WireError::ContentType { given: "application/json".to_owned(), accepted: ACCEPTED });
        }
    }
    let all = &gathered.all;
    for (name, _) in all.iter() {
        if let Some(common) = COMMON.iter().find(|common| name.eq_ignore_ascii_case(common) && name != **common) {
            return Err(WireError::Letters { parameter: name.to_owned(), common });
        }
    }
    let signature_type = all.get("SignatureType").unwrap_or("");
    if all.get("BearerToken").is_some() || signature_type.eq_ignore_ascii_case("BEARERTOKEN") {
        return Err(WireError::Bearer);
    }
    if ["Signature", "AccessKeyId", "SignatureMethod"].iter().all(|name| all.get(name).is_none()) {
        return Err(WireError::NotSigned);
    }
    let algorithm = |given: &str| WireError::Algorithm { given: excerpt(given), accepted: "HMAC-SHA1" };
    match all.get("SignatureMethod") {
        Some("HMAC-SHA1") => {}
        given => return Err(algorithm(given.unwrap_or(""))),
    }
    if !signature_type.is_empty() {
        return Err(algorithm(signature_type));
    }
    if all.get("SignatureVersion") != Some("1.0") {
        return Err(WireError::Signature { problem: "`SignatureVersion` is not `1.0`".to_owned() });
    }
    let signature = all
        .get("Signature")
        .filter(|signature| !signature.is_empty())
        .ok_or_else(|| WireError::Signature { problem: "`Signature` is missing".to_owned() })?;
    let access_key_id = required("AccessKeyId", all.get("AccessKeyId"))?;
    let action = named("Action", all.get("Action"))?;
    let version = named("Version", all.get("Version"))?;
    let timestamp = required("Timestamp", all.get("Timestamp"))?;
    let nonce = required("SignatureNonce", all.get("SignatureNonce"))?;
    for (parameter, signed, header) in [("Action", action, "x-acs-action"), ("Version", version, "x-acs-version")] {
        if headers.get(header)?.is_some_and(|claimed| claimed != signed) {
            return Err(WireError::Disagreement { parameter: parameter.to_owned(), header });
        }
    }
    let string_to_sign = rpc_v1_string_to_sign(method, all);
    let (parameters, claims) = without_claims(all.clone(), |name| !COMMON.contains(&name))?;
    Ok(Call {
        scheme: Scheme::RpcV1,
        method,
        host: host.to_owned(),
        action: action.to_owned(),
        version: version.to_owned(),
        parameters,
        claims,
        access_key_id: access_key_id.to_owned(),
        security_token: all.get("SecurityToken").filter(|token| !token.is_empty()).map(SecretString::from),
        timestamp: timestamp.to_owned(),
        nonce: nonce.to_owned(),
        format: all.get("Format").map_or(Format::Json, Format::of_parameter),
        region: None,
        payload_hash: sha256_hex(body),
        canonical_request: None,
        string_to_sign,
        signature: signature.to_owned(),
        query: gathered.query,
    })
}

/// The beginning of what a caller wrote, for an error message.
fn excerpt(text: &str) -> String {
    text.chars().take(64).flat_map(char::escape_default).collect()
}
