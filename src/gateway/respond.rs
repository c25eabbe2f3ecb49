//! From what became of a call to what its caller can read: the one place where an error becomes a response.

use std::time::Duration;

use http::header::{
    ALT_SVC, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHENTICATE, TE,
    TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{Response, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;

use super::heads::HeadError;
use super::lookup::LookupError;
use super::refusal::{Denial, Refusal};
use super::upstream::{Answer, UpstreamError};
use crate::authn::{AuthnError, Echo};
use crate::authz::{Outcome, PolicyType};
use crate::catalog::ResolutionError;
use crate::openapi::{AccessDeniedDetail, ErrorBody, Format, error_record};

/// The gate's own id of a call, in every answer; that of the upstream stays in its own header and in the body.
pub(super) const GATE_REQUEST_ID: HeaderName = HeaderName::from_static("x-ramgate-request-id");

const REQUEST_ID: HeaderName = HeaderName::from_static("x-acs-request-id");
const RETRY_AFTER: HeaderName = HeaderName::from_static("x-acs-retry-after");

/// Milliseconds after which a caller that was turned away may try again.
const RETRY_AFTER_OVERLOAD: HeaderValue = HeaderValue::from_static("1000");

/// The longest time that a caller over its rate is told to wait in a header.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);

/// Headers of one connection, which are not passed on (RFC 9110, 7.6.1), and `alt-svc`, which would show callers a way
/// around the gate.
static NOT_PASSED_ON: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    PROXY_AUTHENTICATE,
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    ALT_SVC,
];

/// What a refusal is told to: its caller.
pub(super) struct Audience<'a> {
    /// The gate's id of the call.
    pub(super) request_id: &'a str,
    /// The host that was called.
    pub(super) host_id: &'a str,
    /// RAM code of the product that was called.
    pub(super) product: &'a str,
    /// The format it can read.
    pub(super) format: Format,
    /// Whether it is told what it should have signed.
    pub(super) echo: Echo,
}

/// The upstream's answer as it came: status, body and headers but those of the connection.
pub(super) fn forwarded(answer: Answer, request_id: &str) -> Response<Full<Bytes>> {
    let Answer { status, mut headers, body } = answer;
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in &NOT_PASSED_ON {
        headers.remove(name);
    }
    // The body is whole here, and its length is told anew.
    headers.remove(CONTENT_LENGTH);
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    insert(response.headers_mut(), GATE_REQUEST_ID, request_id);
    response
}

/// The API's own error for a refusal.
pub(super) fn refused(refusal: &Refusal, audience: &Audience<'_>) -> Response<Full<Bytes>> {
    let body = ErrorBody {
        code: code(refusal).to_owned(),
        message: message(refusal, audience.echo),
        request_id: audience.request_id.to_owned(),
        host_id: audience.host_id.to_owned(),
        product: audience.product.to_owned(),
        access_denied_detail: match refusal {
            Refusal::Denied(denial) => detail(denial),
            _ => None,
        },
    };
    let rendered = body.render(audience.format);
    let mut response = Response::new(Full::new(Bytes::from(rendered.body)));
    *response.status_mut() = StatusCode::from_u16(status(refusal)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(rendered.content_type));
    insert(headers, REQUEST_ID, audience.request_id);
    insert(headers, GATE_REQUEST_ID, audience.request_id);
    match refusal {
        Refusal::Overloaded { .. } => {
            headers.insert(RETRY_AFTER, RETRY_AFTER_OVERLOAD);
        }
        // Clients that obey it wait as long as it says: a longer time is better told to whoever reads the message.
        Refusal::RateLimited { wait, .. } | Refusal::Upstream(UpstreamError::Shed { wait, .. })
            if *wait <= LONGEST_RETRY_AFTER =>
        {
            headers.insert(RETRY_AFTER, HeaderValue::from(milliseconds(*wait)));
        }
        // What is left of the body must not be taken for the next request.
        Refusal::BodyTooLarge { .. } | Refusal::BodyTooSlow { .. } | Refusal::BodyBroken { .. } => {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        _ => {}
    }
    response
}

/// Whole milliseconds, and not fewer than it takes.
fn milliseconds(wait: Duration) -> u64 {
    u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// The API's error code (spec openapi-wire 4.1).
pub(super) fn code(refusal: &Refusal) -> &str {
    match refusal {
        Refusal::Head(_) | Refusal::BodyTooLarge { .. } | Refusal::BodyTooSlow { .. } | Refusal::BodyBroken { .. } => {
            "InvalidParameter"
        }
        Refusal::Origin(_) => "Forbidden",
        Refusal::Certificate(_) => "Forbidden.ClientCertificate",
        Refusal::Overloaded { .. } => "Throttling",
        Refusal::Wire(error) => error.code(),
        Refusal::Authn(error) => error.code(),
        Refusal::Resolution(error) => error.code(),
        Refusal::NoAccount { .. } | Refusal::NoUpstream { .. } => "Forbidden",
        Refusal::Denied(_) | Refusal::Unchecked => "Forbidden.RAM",
        Refusal::RateLimited { .. } => "Throttling.User",
        Refusal::NoSuchCluster { code, .. } => code,
        Refusal::Lookup(LookupError::TooMany { .. }) => "InvalidParameter",
        Refusal::Lookup(_) => "ServiceUnavailable",
        // Not `ServiceUnavailable` where the call may have been carried out: clients repeat calls for that.
        Refusal::Upstream(error) if error.may_have_acted() => "InternalError",
        Refusal::Upstream(_) | Refusal::Unrecorded(_) => "ServiceUnavailable",
        Refusal::Internal { .. } => "InternalError",
    }
}

/// The HTTP status of the answer.
pub(super) fn status(refusal: &Refusal) -> u16 {
    match refusal {
        // The API has no code of its own for it; RFC 6585, 5 has a status.
        Refusal::Head(HeadError::TooLarge { .. } | HeadError::TooManyHeaders { .. }) => 431,
        Refusal::Wire(error) => error.status(),
        Refusal::Authn(error) => error.status(),
        Refusal::Resolution(error) => error.status(),
        other => error_record(code(other)).map_or(500, |record| record.status),
    }
}

/// What the caller is told: what the API says to the code, and as much of the reason as the API itself would tell.
/// The operator finds all of it in the record of the call.
fn message(refusal: &Refusal, echo: Echo) -> String {
    let reason = match refusal {
        Refusal::Wire(error) => return error.message(),
        Refusal::Authn(error @ AuthnError::SignatureMismatch(_)) => return error.message(echo),
        Refusal::Authn(error) => return error.message(Echo::Withheld),
        // Whether another account has the cluster is not the caller's to know.
        Refusal::Resolution(
            ResolutionError::UnknownCluster { cluster, .. } | ResolutionError::ForeignCluster { cluster, .. },
        ) => format!("cluster `{cluster}` is not known to this gate as one of the caller's account"),
        Refusal::Resolution(error) => error.to_string(),
        Refusal::Head(_) | Refusal::BodyTooLarge { .. } | Refusal::BodyTooSlow { .. } => refusal.to_string(),
        Refusal::BodyBroken { .. } => "the body cannot be read".to_owned(),
        // Whom it names is for the operator.
        Refusal::Certificate(_) => "show the certificate of the principal whose key signs".to_owned(),
        // What the proxies say is the operator's to read.
        Refusal::Origin(_) => "the proxy in front of this gate does not tell where the call comes from".to_owned(),
        Refusal::Overloaded { .. } => "too many calls are under way: try again later".to_owned(),
        Refusal::NoSuchCluster { cluster, .. } => format!("the caller's account has no cluster `{cluster}`"),
        Refusal::Lookup(error @ LookupError::TooMany { .. }) => error.to_string(),
        Refusal::Lookup(LookupError::TimedOut { cluster } | LookupError::Upstream { cluster, .. }) => {
            format!("the call was not carried out: cluster `{cluster}` cannot be looked up")
        }
        Refusal::RateLimited { wait, .. } => format!("no call is left for {} ms", milliseconds(*wait)),
        Refusal::NoAccount { .. } | Refusal::NoUpstream { .. } => {
            "this gate has no upstream for the caller's account".to_owned()
        }
        Refusal::Denied(denial) => {
            let decision = &denial.check.decision;
            let stricter = if denial.check.stricter_than_cloud { ", stricter than the cloud" } else { "" };
            format!("{}: {} by {}{stricter}", denial.check.action, decision.outcome, decision.policy_type)
        }
        Refusal::Unchecked => "no policy was asked".to_owned(),
        Refusal::Upstream(error) if error.may_have_acted() => {
            "the call was passed on and no answer came: it may have been carried out, look before you repeat it"
                .to_owned()
        }
        Refusal::Upstream(UpstreamError::Shed { .. }) => {
            "the call was not carried out: the upstream fails, and is left alone for a moment".to_owned()
        }
        Refusal::Upstream(UpstreamError::NoCredential { .. }) => {
            "the call was not carried out: the gate has no credential for it at the moment".to_owned()
        }
        Refusal::Upstream(_) => "the call was not carried out: the upstream cannot be reached".to_owned(),
        Refusal::Unrecorded(_) => "the call was not carried out: it cannot be put on record".to_owned(),
        Refusal::Internal { .. } => "the gate broke off".to_owned(),
    };
    let row = match refusal {
        Refusal::Resolution(ResolutionError::MissingParameter { .. }) => "Missing{Parameter}",
        Refusal::Resolution(ResolutionError::ForeignOwner { .. } | ResolutionError::BothOwners) => "Invalid{Parameter}",
        other => code(other),
    };
    let said = error_record(row).map(|record| record.message(parameter(refusal))).unwrap_or_default();
    format!("{said} ({reason})")
}

/// The parameter that the API's message names.
fn parameter(refusal: &Refusal) -> Option<&str> {
    match refusal {
        Refusal::Resolution(
            ResolutionError::UndeclaredParameter { parameter, .. }
            | ResolutionError::MissingParameter { parameter, .. }
            | ResolutionError::InvalidParameter { parameter, .. }
            | ResolutionError::ForeignOwner { parameter, .. }
            | ResolutionError::Contradiction { parameter, .. },
        ) => Some(parameter),
        Refusal::Resolution(ResolutionError::BothOwners) => Some("OwnerId"),
        _ => None,
    }
}

/// Why a policy refused, as the API tells it; nothing for a kind of policy that the API has no name for.
fn detail(denial: &Denial) -> Option<AccessDeniedDetail> {
    let decision = &denial.check.decision;
    if decision.outcome == Outcome::Allow || decision.policy_type == PolicyType::ResourcePolicy {
        return None;
    }
    Some(AccessDeniedDetail {
        auth_action: denial.check.action.clone(),
        auth_principal_display_name: denial.principal.display_name(),
        auth_principal_owner_id: denial.principal.account().unwrap_or_default().to_owned(),
        auth_principal_type: denial.principal.principal_type().to_owned(),
        no_permission_type: decision.outcome.to_string(),
        policy_type: decision.policy_type.to_string(),
    })
}
