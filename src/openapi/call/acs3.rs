//! V3: operation and signature in headers, the parameters in query and body (spec openapi-wire 1.4, 3).

use secrecy::SecretString;

use super::{Call, Declares, Scheme, named, required, without_claims};
use crate::openapi::body::{Gathered, Reading};
use crate::openapi::canonical::{ACS3, acs3_string_to_sign, canonical_query, sha256_hex};
use crate::openapi::request::Headers;
use crate::openapi::{CanonicalRequest, Format, WireError};

/// Headers that every V3 signature must cover (spec openapi-wire 3.4).
const COVERED: [&str; 6] =
    ["host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"];

/// V1 parameters, which make a second signature of a call that has an `Authorization` header.
const OTHER_SCHEME: [&str; 7] = [
    "AccessKeyId",
    "BearerToken",
    "Signature",
    "SignatureMethod",
    "SignatureNonce",
    "SignatureType",
    "SignatureVersion",
];

/// Refuses an `Authorization` header of any scheme but ACS3-HMAC-SHA256.
pub(super) fn accepted_algorithm(authorization: &str) -> Result<(), WireError> {
    let algorithm = authorization.split(' ').next().unwrap_or("");
    match algorithm {
        ACS3 => Ok(()),
        "acs" => Err(WireError::RoaSignature),
        _ if algorithm.starts_with("ACS") => Err(WireError::Algorithm {
            given: algorithm.chars().take(64).flat_map(char::escape_default).collect(),
            accepted: ACS3,
        }),
        _ if algorithm.eq_ignore_ascii_case("bearer") => Err(WireError::Bearer),
        _ => Err(unreadable(&format!("the authorization does not begin with `{ACS3}`"))),
    }
}

pub(super) fn read(
    (method, body): (&'static str, &[u8]),
    headers: &Headers<'_>,
    host: &str,
    authorization: &str,
    mut gathered: Gathered<'_>,
    declares: Declares<'_>,
) -> Result<Call, WireError> {
    let authorization = Authorization::read(authorization)?;
    let signed = |name: &str| authorization.signed_headers.contains(&name);
    for name in COVERED {
        if !signed(name) {
            return Err(WireError::NotCovered { header: name.to_owned() });
        }
    }
    for name in headers.acs_names().chain((!body.is_empty()).then_some("content-type")) {
        if !signed(name) {
            return Err(WireError::NotCovered { header: name.to_owned() });
        }
    }
    let mut signed_headers = Vec::with_capacity(authorization.signed_headers.len());
    for name in &authorization.signed_headers {
        let value = headers.joined(name)?.ok_or_else(|| WireError::ListedButMissing { header: (*name).to_owned() })?;
        signed_headers.push((*name, value));
    }
    let payload_hash = sha256_hex(body);
    if headers.get("x-acs-content-sha256")? != Some(payload_hash.as_str()) {
        return Err(WireError::Digest);
    }
    if headers.get("x-acs-accesskey-id")?.is_some_and(|id| id != authorization.access_key_id) {
        return Err(WireError::AccessKeyMismatch);
    }

    const ACCEPTED: &str = "send `application/x-www-form-urlencoded` or `application/json`, in UTF-8";
    match Reading::of(headers.get("content-type")?, body, ACCEPTED)? {
        Reading::Empty => {}
        Reading::Form => gathered.take_form(body)?,
        Reading::Json => gathered.take_json(body)?,
    }
    let action = named("Action", headers.get("x-acs-action")?)?;
    let version = named("Version", headers.get("x-acs-version")?)?;
    let timestamp = required("Timestamp", headers.get("x-acs-date")?)?;
    let nonce = required("SignatureNonce", headers.get("x-acs-signature-nonce")?)?;
    let mut dropped = Vec::new();
    for (name, value) in gathered.all.iter() {
        if let Some(other) = OTHER_SCHEME.iter().find(|other| name.eq_ignore_ascii_case(other)) {
            return Err(WireError::MixedSchemes { given: (*other).to_owned() });
        }
        if name.eq_ignore_ascii_case("SecurityToken") {
            return Err(WireError::TokenAsParameter);
        }
        for (parameter, header_value, header) in
            [("Action", action, "x-acs-action"), ("Version", version, "x-acs-version")]
        {
            if !name.eq_ignore_ascii_case(parameter) || declares(version, action, name) {
                continue;
            }
            if name != parameter || value != header_value {
                return Err(WireError::Disagreement { parameter: name.to_owned(), header });
            }
            dropped.push(parameter);
        }
    }
    let (parameters, claims) = without_claims(gathered.all, |name| !dropped.contains(&name))?;
    let canonical = CanonicalRequest {
        method,
        query: &canonical_query(&gathered.query),
        headers: &signed_headers,
        payload_hash: &payload_hash,
    };
    let canonical_request = canonical.text();
    let string_to_sign = acs3_string_to_sign(&canonical_request);
    Ok(Call {
        scheme: Scheme::Acs3,
        method,
        host: host.to_owned(),
        action: action.to_owned(),
        version: version.to_owned(),
        parameters,
        claims,
        access_key_id: authorization.access_key_id.to_owned(),
        security_token: headers.get("x-acs-security-token")?.filter(|token| !token.is_empty()).map(SecretString::from),
        timestamp: timestamp.to_owned(),
        nonce: nonce.to_owned(),
        format: headers.joined("accept")?.map_or(Format::Json, |accept| Format::of_accept(&accept)),
        region: headers.get("x-acs-region-id")?.map(str::to_owned),
        query: gathered.query,
        payload_hash,
        canonical_request: Some(canonical_request),
        string_to_sign,
        signature: authorization.signature.to_owned(),
    })
}

/// The parts of an `Authorization` header.
struct Authorization<'a> {
    access_key_id: &'a str,
    /// In strictly ascending order.
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn read(header: &'a str) -> Result<Self, WireError> {
        let fields = header.split_once(' ').map_or("", |(_, fields)| fields);
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for field in fields.split(',') {
            let field = field.strip_prefix(' ').unwrap_or(field);
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            let place = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed_headers,
                "Signature" => &mut signature,
                _ => {
                    return Err(unreadable(
                        "the authorization has a field that is none of Credential, SignedHeaders, Signature",
                    ));
                }
            };
            if value.is_empty() || place.replace(value).is_some() {
                return Err(unreadable("a field of the authorization is empty or stands twice"));
            }
        }
        let (Some(access_key_id), Some(listed), Some(signature)) = (credential, signed_headers, signature) else {
            return Err(unreadable("the authorization lacks one of Credential, SignedHeaders, Signature"));
        };
        if !access_key_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')) {
            return Err(unreadable("`Credential` is not an access key id"));
        }
        let signed_headers: Vec<&str> = listed.split(';').collect();
        let name = |name: &&str| {
            let token =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.');
            !name.is_empty() && name.bytes().all(token)
        };
        if !signed_headers.iter().all(name) || !signed_headers.is_sorted_by(|before, after| before < after) {
            return Err(unreadable("`SignedHeaders` is not a list of lower-case header names in order, each once"));
        }
        Ok(Self { access_key_id, signed_headers, signature })
    }
}

fn unreadable(problem: &str) -> WireError {
    WireError::Signature { problem: problem.to_owned() }
}
