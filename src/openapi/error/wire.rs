//! Why a request is not a call.

use super::error_record;
use crate::catalog::DuplicateParameter;

/// A request that is refused before any key is looked up: it is malformed, two readers could read it differently, or
/// it is signed in a way that is not accepted here.
///
/// No variant carries a value of a parameter, a signature or a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// Neither GET nor POST.
    #[error("method `{method}` is not accepted: send GET or POST")]
    Method {
        /// The method as sent.
        method: String,
    },
    /// Larger than a limit (see [`Limits`](crate::openapi::Limits)).
    #[error("the {what} is over the limit of {limit}: send less in one call")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The most that is accepted, in bytes or as a number of items.
        limit: usize,
    },
    /// The target has a fragment.
    #[error("the request target contains `#`: encode it as `%23`")]
    Fragment,
    /// The path is not exactly `/`.
    #[error("the path of an RPC call is `/` and nothing else")]
    Path,
    /// The host of an absolute-form target is not that of the `Host` header.
    #[error("the host in the request target is not the one in the host header: make them agree")]
    Authority,
    /// There is no `Host` header.
    #[error("the host header is missing")]
    MissingHost,
    /// The `Host` header is something else than a host.
    #[error("the host header is not a name or address with or without a port")]
    Host,
    /// A header that may stand only once stands twice.
    #[error("header `{header}` stands more than once: send it once")]
    RepeatedHeader {
        /// Its name, in lower case.
        header: String,
    },
    /// A header value is not text, or holds a control character.
    #[error("the value of header `{header}` is not text without control characters")]
    HeaderValue {
        /// Its name, in lower case.
        header: String,
    },
    /// Both ways of framing a body at once.
    #[error("content-length and transfer-encoding stand side by side: send one of them")]
    TwoFramings,
    /// The body is sent in another transfer coding than `chunked`, a compression for instance.
    #[error("a transfer-encoding other than `chunked` is not accepted: send the body as it is")]
    TransferEncoding,
    /// The body is compressed.
    #[error("a content-encoding is not accepted: send the body as it is")]
    ContentEncoding,
    /// A GET has a body.
    #[error("a GET call has a body: put its parameters into the query, or send a POST")]
    BodyOfGet,
    /// The body is of a type that is not read here, or the type is missing.
    #[error("the body is of type `{given}`; {accepted}")]
    ContentType {
        /// The type as given; empty where there is none.
        given: String,
        /// What is accepted instead.
        accepted: &'static str,
    },
    /// A name or value of the query or the form cannot be decoded in exactly one way.
    #[error("parameter {position} of the {place} cannot be read: {problem}")]
    Undecodable {
        /// `query` or `body`.
        place: &'static str,
        /// Which pair, from 1.
        position: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A parameter name holds a character that the SDKs do not agree on how to sign.
    #[error("parameter name `{name}` is not made of `A-Z a-z 0-9 . _ ~ -` alone")]
    Name {
        /// The name, control characters escaped.
        name: String,
    },
    /// A parameter value holds a control character.
    #[error("the value of parameter `{name}` holds a control character: remove it")]
    ControlCharacter {
        /// The parameter.
        name: String,
    },
    /// A parameter stands twice.
    #[error(transparent)]
    Duplicate(#[from] DuplicateParameter),
    /// The JSON body cannot be read.
    #[error("the JSON body at {line}:{column}: {problem}")]
    Json {
        /// Line of the body, from 1.
        line: usize,
        /// Column in Unicode scalars, from 1.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// Signatures of more than one scheme.
    #[error("the call is signed in more than one way (`{given}` beside an authorization): sign it once")]
    MixedSchemes {
        /// The parameter or header of the second scheme.
        given: String,
    },
    /// No signature at all.
    #[error("the call is not signed: sign it with an access key")]
    NotSigned,
    /// A bearer token or an identity token instead of a signature.
    #[error("a token does not stand for a signature here: sign the call with an access key")]
    Bearer,
    /// A path-style (ROA) signature.
    #[error("the signature of a path-style call is not accepted here: sign an RPC call")]
    RoaSignature,
    /// An algorithm that is not accepted.
    #[error("signature algorithm `{given}` is not accepted: sign with {accepted}")]
    Algorithm {
        /// The algorithm as named by the call.
        given: String,
        /// What is accepted instead.
        accepted: &'static str,
    },
    /// The `Authorization` header or the signature parameters cannot be read.
    #[error("the signature cannot be read: {problem}")]
    Signature {
        /// What is wrong with it.
        problem: String,
    },
    /// A header that must be signed is not (spec openapi-wire 3.4).
    #[error("header `{header}` is not among the signed headers: sign it")]
    NotCovered {
        /// Its name.
        header: String,
    },
    /// A header is said to be signed but is not there.
    #[error("header `{header}` is listed as signed but missing")]
    ListedButMissing {
        /// Its name.
        header: String,
    },
    /// The body is not the one that `x-acs-content-sha256` names.
    #[error("the body does not hash to the value of x-acs-content-sha256")]
    Digest,
    /// A common parameter, or the header that stands for it, is missing or empty.
    #[error("`{parameter}` is missing")]
    Missing {
        /// Name of the common parameter, as in `Timestamp`.
        parameter: &'static str,
    },
    /// The operation or its version is named twice, differently (spec openapi-wire T2, T3).
    #[error("parameter `{parameter}` and header `{header}` disagree: make them agree, or leave one out")]
    Disagreement {
        /// The parameter.
        parameter: String,
        /// The header.
        header: &'static str,
    },
    /// The two places for the access key id of a V3 call disagree.
    #[error("header x-acs-accesskey-id is not the key that the call is signed with")]
    AccessKeyMismatch,
    /// A common parameter of a V1 call in other letters, which another reader could take for it (spec openapi-wire T1, T12).
    #[error("parameter `{parameter}` is `{common}` in other letters: write it so, or leave it out")]
    Letters {
        /// The parameter.
        parameter: String,
        /// The common parameter.
        common: &'static str,
    },
    /// The action or the version has a blank or a control character: no name has one, and the header that carries it to the API loses
    /// those at its ends, so that another one would be sent than was decided (spec openapi-wire T1).
    #[error("`{parameter}` has a blank in it: take it away")]
    Blank {
        /// The parameter.
        parameter: &'static str,
    },
    /// A session token as a parameter of a V3 call (spec openapi-wire T12).
    #[error("a session token belongs to the signature: send it as header x-acs-security-token, not as a parameter")]
    TokenAsParameter,
}

impl WireError {
    /// The API's error code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Method { .. } => "UnsupportedHTTPMethod",
            Self::Path => "InvalidApi.NotFound",
            Self::RoaSignature | Self::Digest => "SignatureDoesNotMatch",
            Self::Algorithm { .. } => "InvalidSignatureMethod",
            Self::MixedSchemes { .. }
            | Self::NotSigned
            | Self::Bearer
            | Self::Signature { .. }
            | Self::NotCovered { .. }
            | Self::ListedButMissing { .. }
            | Self::MissingHost
            | Self::AccessKeyMismatch => "IncompleteSignature",
            Self::Missing { parameter } => match *parameter {
                "AccessKeyId" => "MissingAccessKeyId",
                "Action" => "MissingAction",
                "Version" => "MissingVersion",
                "Timestamp" => "MissingTimestamp",
                "SignatureNonce" => "MissingSignatureNonce",
                _ => "IncompleteSignature",
            },
            Self::TooLarge { .. }
            | Self::Fragment
            | Self::Authority
            | Self::Host
            | Self::RepeatedHeader { .. }
            | Self::HeaderValue { .. }
            | Self::TwoFramings
            | Self::TransferEncoding
            | Self::ContentEncoding
            | Self::BodyOfGet
            | Self::ContentType { .. }
            | Self::Undecodable { .. }
            | Self::Name { .. }
            | Self::ControlCharacter { .. }
            | Self::Duplicate(_)
            | Self::Json { .. }
            | Self::Disagreement { .. }
            | Self::Letters { .. }
            | Self::Blank { .. }
            | Self::TokenAsParameter => "InvalidParameter",
        }
    }

    /// The HTTP status of the answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        error_record(self.code()).map_or(500, |record| record.status)
    }

    /// The `Message` of the answer: what the API says to this code, then what is wrong here.
    ///
    /// A message of `SignatureDoesNotMatch` ends in `server string to sign is:`; without it the old Python core fails
    /// while it reads the answer (spec openapi-wire 4.3).
    #[must_use]
    pub fn message(&self) -> String {
        let said = error_record(self.code()).map(|record| record.message(self.parameter())).unwrap_or_default();
        match self.code() {
            "SignatureDoesNotMatch" => format!("{said} ({self}). server string to sign is:"),
            _ => format!("{said} ({self})"),
        }
    }

    fn parameter(&self) -> Option<&str> {
        match self {
            Self::Duplicate(duplicate) => Some(&duplicate.second),
            Self::ControlCharacter { name } | Self::Name { name } => Some(name),
            Self::Disagreement { parameter, .. } | Self::Letters { parameter, .. } => Some(parameter),
            Self::Blank { parameter } => Some(parameter),
            Self::TokenAsParameter => Some("SecurityToken"),
            _ => None,
        }
    }
}
