//! What the admin listener answers.

use std::time::Duration;

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderName, HeaderValue, ORIGIN};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::Trust;
use super::decide::{self, Unanswerable};
use crate::authz::Question;
use crate::gateway::config::Shadow;
use crate::gateway::metrics;
use crate::gateway::state::{ReloadOutcome, Since, State};
use crate::gateway::upstream::UpstreamState;

type Answer = Response<Full<Bytes>>;

/// Sent by browsers with every request that a page makes.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Bytes of a question.
const BODY_BYTES: usize = 64 * 1024;

/// How long a question may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(5);

/// The answer to one request.
pub(super) async fn answer(state: &State, trust: Trust, request: Request<Incoming>) -> Answer {
    if let Some(reason) = steered(trust, &request) {
        return refused(StatusCode::FORBIDDEN, reason);
    }
    let path = request.uri().path();
    let method = request.method();
    let reads = method == Method::GET || method == Method::HEAD;
    match path {
        "/healthz" if reads => told(StatusCode::OK, &json!({ "alive": true })),
        "/readyz" if reads => ready(state),
        "/metrics" if reads => scraped(state),
        "/config" if reads => told(StatusCode::OK, &*state.config()),
        "/reload" if method == Method::POST => reload(state).await,
        "/decide" if method == Method::POST => decide(state, request).await,
        "/healthz" | "/readyz" | "/metrics" | "/config" => not_allowed("GET, HEAD"),
        "/reload" | "/decide" => not_allowed("POST"),
        _ => refused(
            StatusCode::NOT_FOUND,
            "there are GET /healthz, /readyz, /metrics and /config, and POST /reload and /decide",
        ),
    }
}

/// Why a request must be one that a page in somebody's browser makes: whoever opens that page can reach loopback, and
/// is not asked.
fn steered(trust: Trust, request: &Request<Incoming>) -> Option<&'static str> {
    if request.headers().contains_key(ORIGIN) || request.headers().contains_key(SEC_FETCH_SITE) {
        return Some("requests of pages in a browser are not answered");
    }
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    // A name of somebody's own may lead to loopback.
    (trust == Trust::Loopback && !is_loopback(host)).then_some("`Host` must be a loopback address or `localhost`")
}

fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<http::uri::Authority>() else { return false };
    let host = authority.host();
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let is_loopback = |address: std::net::IpAddr| address.to_canonical().is_loopback();
    address.eq_ignore_ascii_case("localhost") || address.parse().is_ok_and(is_loopback)
}

/// Whether it takes calls, by what it decides them and since when.
#[derive(Serialize)]
struct Readiness {
    ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
    generation: u64,
    #[serde(flatten)]
    since: Since,
    /// What is denied and forwarded all the same (spec gate-rules G15).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    shadows: Vec<Shadow>,
    /// How what calls go to is.
    upstreams: Vec<UpstreamState>,
}

fn ready(state: &State) -> Answer {
    let snapshot = state.service().pipeline().snapshot();
    let (draining, now) = (state.draining(), Timestamp::now());
    let upstreams = snapshot.upstream_states();
    let why = if draining {
        Some("the gate is ending: it sees calls under way through and takes no further ones")
    } else if upstreams.iter().all(|upstream| !upstream.credential.usable) {
        Some("no upstream has a credential that is good: every call is refused")
    } else {
        None
    };
    let readiness = Readiness {
        ready: why.is_none(),
        why,
        generation: snapshot.generation,
        since: state.since(),
        shadows: snapshot.shadowing(now).cloned().collect(),
        upstreams,
    };
    told(if why.is_some() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }, &readiness)
}

fn scraped(state: &State) -> Answer {
    match metrics::text(state.service().metrics(), state.readings()) {
        Ok(text) => with_type(StatusCode::OK, metrics::CONTENT_TYPE, text),
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, &format!("metrics cannot be told: {error}")),
    }
}

async fn reload(state: &State) -> Answer {
    if state.draining() {
        return refused(StatusCode::SERVICE_UNAVAILABLE, "the gate is ending: nothing is reloaded");
    }
    let Some(answered) = state.ask_for_reload() else {
        return refused(StatusCode::SERVICE_UNAVAILABLE, "too many reloads are asked for: try again later");
    };
    match answered.await {
        Ok(outcome) => {
            let status = match outcome {
                ReloadOutcome::Applied { .. } => StatusCode::OK,
                ReloadOutcome::Refused { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            };
            told(status, &outcome)
        }
        Err(_) => refused(StatusCode::SERVICE_UNAVAILABLE, "the gate ended before the reload"),
    }
}

async fn decide(state: &State, request: Request<Incoming>) -> Answer {
    let media_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if media_type.split(';').next().is_none_or(|essence| !essence.trim().eq_ignore_ascii_case("application/json")) {
        return refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the question must be `application/json`");
    }
    let body = tokio::time::timeout(BODY_TIME, Limited::new(request.into_body(), BODY_BYTES).collect()).await;
    let body = match body {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) => return refused(StatusCode::BAD_REQUEST, &format!("the question cannot be read: {error}")),
        Err(_) => return refused(StatusCode::REQUEST_TIMEOUT, "the question did not arrive in time"),
    };
    let question: Question<'_> = match serde_json::from_slice(&body) {
        Ok(question) => question,
        Err(error) => return refused(StatusCode::BAD_REQUEST, &format!("this is no question: {error}")),
    };
    match decide::ask(&question, &state.service().pipeline().snapshot()).await {
        Ok(answer) => told(StatusCode::OK, &answer),
        Err(error @ Unanswerable::Resolution(_)) => refused(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string()),
        Err(error) => refused(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

fn not_allowed(allowed: &'static str) -> Answer {
    let mut answer = refused(StatusCode::METHOD_NOT_ALLOWED, &format!("the method must be {allowed}"));
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    answer
}

fn refused(status: StatusCode, reason: &str) -> Answer {
    told(status, &json!({ "error": reason }))
}

fn told(status: StatusCode, value: &impl Serialize) -> Answer {
    match serde_json::to_string_pretty(value) {
        Ok(text) => with_type(status, "application/json", text + "\n"),
        Err(error) => {
            tracing::error!(%error, "an admin answer cannot be written");
            with_type(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", String::new())
        }
    }
}

fn with_type(status: StatusCode, media_type: &'static str, body: String) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_loopback_addresses_and_localhost_are_loopback() {
        for host in ["127.0.0.1", "127.0.0.1:9180", "[::1]:9180", "localhost", "LocalHost:1", "[::ffff:127.0.0.1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["", "gate.example.com", "10.0.0.1:9180", "localhost.example.com", "127.0.0.1.example.com:1"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
