//! From a request to a call.

mod acs3;
mod rpc_v1;

use secrecy::SecretString;

use super::body::Gathered;
use super::request::{Headers, within};
use super::{Format, Limits, ReadRequest, WireError, target};
use crate::catalog::Parameters;

/// How a call is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// RPC V1: HMAC-SHA1 over the parameters.
    RpcV1,
    /// V3: ACS3-HMAC-SHA256 over the canonical request.
    Acs3,
}

/// Whether an operation declares a parameter: version, operation, parameter.
///
/// Only asked about parameters that would otherwise be common ones, `Action` and `Version` beside the headers of a V3
/// call (spec gate-rules G6).
pub type Declares<'a> = &'a dyn Fn(&str, &str, &str) -> bool;

/// Parameters by which a caller claims where it calls from (spec openapi-wire T9).
const CLAIMS: [&str; 2] = ["SourceIp", "SecureTransport"];

/// One call, read but not yet believed: nothing has been verified.
///
/// [`authn`](crate::authn) makes a caller of it.
#[derive(Clone)]
pub struct Call {
    scheme: Scheme,
    method: &'static str,
    host: String,
    action: String,
    version: String,
    parameters: Parameters,
    claims: Parameters,
    access_key_id: String,
    security_token: Option<SecretString>,
    timestamp: String,
    nonce: String,
    format: Format,
    region: Option<String>,
    query: Parameters,
    payload_hash: String,
    canonical_request: Option<String>,
    string_to_sign: String,
    signature: String,
}

impl Call {
    /// Reads an RPC call, V1 or V3, of an API whose operations declare neither `Action` nor `Version` as parameters
    /// of their own.
    ///
    /// # Errors
    /// A [`WireError`] for whatever is malformed, over a limit, signed in a way that is not accepted, or open to two
    /// readings.
    pub fn parse<'a>(request: impl Into<ReadRequest<'a>>, limits: &Limits) -> Result<Self, WireError> {
        Self::parse_declared(request, limits, &|_, _, _| false)
    }

    /// Reads an RPC call as [`parse`](Self::parse) does, where `declares` knows which operation declares which
    /// parameter.
    ///
    /// A parameter `Action` or `Version` beside the headers of a V3 call stays a parameter of the call where the
    /// operation declares it. Elsewhere it must equal the header, and is dropped.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_declared<'a>(
        request: impl Into<ReadRequest<'a>>,
        limits: &Limits,
        declares: Declares<'_>,
    ) -> Result<Self, WireError> {
        Self::read(&request.into(), limits, declares)
    }

    fn read(request: &ReadRequest<'_>, limits: &Limits, declares: Declares<'_>) -> Result<Self, WireError> {
        let method = match request.method {
            "GET" => "GET",
            "POST" => "POST",
            other => {
                return Err(WireError::Method {
                    method: other.chars().take(32).flat_map(char::escape_default).collect(),
                });
            }
        };
        within("size of the request target", request.target.len(), limits.target_bytes)?;
        within("size of the body", request.body.len(), limits.body_bytes)?;
        let headers = Headers::read(request, limits)?;
        let authorization = headers.get("authorization")?;
        if let Some(authorization) = authorization {
            acs3::accepted_algorithm(authorization)?;
        }
        for (header, error) in [
            ("x-acs-bearer-token", WireError::Bearer),
            ("x-acs-zero-trust-idtoken", WireError::Bearer),
            ("content-encoding", WireError::ContentEncoding),
        ] {
            if headers.has(header) {
                return Err(error);
            }
        }
        if headers.has("content-length") && headers.has("transfer-encoding") {
            return Err(WireError::TwoFramings);
        }
        if headers.get("transfer-encoding")?.is_some_and(|coding| !coding.eq_ignore_ascii_case("chunked")) {
            return Err(WireError::TransferEncoding);
        }
        if method == "GET" && !request.body.is_empty() {
            return Err(WireError::BodyOfGet);
        }
        let target = target::split(&request.target)?;
        let host = headers.get("host")?.filter(|host| !host.is_empty()).ok_or(WireError::MissingHost)?;
        if !target::is_host(host) {
            return Err(WireError::Host);
        }
        if target.authority.is_some_and(|authority| !authority.eq_ignore_ascii_case(host)) {
            return Err(WireError::Authority);
        }
        let mut gathered = Gathered::new(limits);
        gathered.take_query(target.query)?;
        match authorization {
            Some(authorization) => {
                acs3::read((method, request.body), &headers, host, authorization, gathered, declares)
            }
            None => rpc_v1::read((method, request.body), &headers, host, gathered),
        }
    }

    /// How the call is signed.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// `GET` or `POST`.
    #[must_use]
    pub fn method(&self) -> &str {
        self.method
    }

    /// The `Host` header. A V3 signature covers it, a V1 signature does not.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The operation, `CloseDBClusterMigration`.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    /// The version of the API, `2017-08-01`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The business parameters of query and body, flattened. Common parameters are not among them, `RegionId` is.
    #[must_use]
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// What the caller claims about its own connection with `SourceIp` and `SecureTransport`: signed, but never to be
    /// used for a decision or passed on (spec openapi-wire T9).
    #[must_use]
    pub fn claims(&self) -> &Parameters {
        &self.claims
    }

    /// Id of the access key that the call says it is signed with.
    #[must_use]
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The session token.
    #[must_use]
    pub fn security_token(&self) -> Option<&SecretString> {
        self.security_token.as_ref()
    }

    /// The time of signing as written; nothing has looked at its form yet.
    #[must_use]
    pub fn timestamp(&self) -> &str {
        &self.timestamp
    }

    /// The nonce of the signature; never empty.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// The format that the answer is wanted in.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// The header `x-acs-region-id` of a V3 call.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// The signature as written.
    #[must_use]
    pub fn signature(&self) -> &str {
        &self.signature
    }

    /// What the signature is made over. It repeats parameters and token of the caller: never log it
    /// (spec openapi-wire T22).
    #[must_use]
    pub fn string_to_sign(&self) -> &str {
        &self.string_to_sign
    }

    /// The canonical request of a V3 call. What holds for [`string_to_sign`](Self::string_to_sign) holds for it too.
    #[must_use]
    pub fn canonical_request(&self) -> Option<&str> {
        self.canonical_request.as_deref()
    }

    /// Names and values of the headers that a V3 signature covers, in order of the names; none for V1.
    pub fn signed_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        // Behind method, path and query, up to the blank line.
        let lines = self.canonical_request().unwrap_or_default().lines().skip(3).take_while(|line| !line.is_empty());
        lines.filter_map(|line| line.split_once(':'))
    }

    /// The parameters that stood in the query, common ones included.
    #[must_use]
    pub fn query(&self) -> &Parameters {
        &self.query
    }

    /// SHA-256 of the body in lower-case hex.
    #[must_use]
    pub fn payload_hash(&self) -> &str {
        &self.payload_hash
    }
}

/// Who calls what; no value of a parameter, no token, no signature.
impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("scheme", &self.scheme)
            .field("action", &self.action)
            .field("version", &self.version)
            .field("parameters", &self.parameters.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("access_key_id", &self.access_key_id)
            .field("timestamp", &self.timestamp)
            .field("nonce", &self.nonce)
            .finish_non_exhaustive()
    }
}

/// Splits off what the caller claims about its own connection.
fn without_claims(parameters: Parameters, keep: impl Fn(&str) -> bool) -> Result<(Parameters, Parameters), WireError> {
    let is_claim = |name: &str| CLAIMS.iter().any(|claim| name.eq_ignore_ascii_case(claim));
    let mut claims = Parameters::new();
    if parameters.iter().all(|(name, _)| !is_claim(name) && keep(name)) {
        return Ok((parameters, claims));
    }
    let mut business = Parameters::new();
    for (name, value) in parameters.shared() {
        if is_claim(name) {
            claims.share(name, value)?;
        } else if keep(name) {
            business.share(name, value)?;
        }
    }
    Ok((business, claims))
}

/// A header or parameter value that must not be empty.
fn required<'a>(parameter: &'static str, value: Option<&'a str>) -> Result<&'a str, WireError> {
    value.filter(|value| !value.is_empty()).ok_or(WireError::Missing { parameter })
}

/// The name of an action or a version: a value without blanks.
fn named<'a>(parameter: &'static str, value: Option<&'a str>) -> Result<&'a str, WireError> {
    let name = required(parameter, value)?;
    let blank = name.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    if blank { Err(WireError::Blank { parameter }) } else { Ok(name) }
}
