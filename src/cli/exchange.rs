//! One request, one answer.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rustls::ClientConfig;

use super::endpoint::Endpoint;
use crate::openapi::sign::SignedRequest;

/// Answers of the API are kilobytes; what is larger than this is none.
const LONGEST_ANSWER: usize = 64 * 1024 * 1024;

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    /// The request id in the headers.
    pub(super) request_id: Option<String>,
    pub(super) body: Bytes,
}

/// Why there is no answer. What matters is whether the call may have been carried out.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error("the call cannot be put into a request: {0}")]
    Unsendable(#[from] http::Error),
    #[error("`{endpoint}` cannot be reached, so the call was not made: {reason}")]
    Unreachable { endpoint: String, reason: String },
    #[error(
        "`{endpoint}` gave no whole answer: {reason}; the call may have been carried out, so look before you repeat it"
    )]
    Broken { endpoint: String, reason: String },
    #[error(
        "`{endpoint}` gave no answer within {} s; the call may have been carried out, so look before you repeat it",
        within.as_secs()
    )]
    TimedOut { endpoint: String, within: Duration },
}

/// Sends the request once, and reads the whole answer.
pub(super) async fn send(
    endpoint: &Endpoint,
    request: SignedRequest,
    tls: ClientConfig,
    within: Duration,
) -> Result<Answer, NoAnswer> {
    let mut builder = Request::builder().method(request.method).uri(format!("{endpoint}{}", request.target));
    for (name, value) in &request.headers {
        builder = builder.header(&**name, value);
    }
    let request = builder.body(Full::new(request.body))?;
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
    // A repeated call would carry a nonce that was used.
    let client = Client::builder(TokioExecutor::new()).retry_canceled_requests(false).build(connector);
    let broken = |reason| NoAnswer::Broken { endpoint: endpoint.to_string(), reason };
    let exchange = async {
        let response = client.request(request).await.map_err(|error| match error.is_connect() {
            true => NoAnswer::Unreachable { endpoint: endpoint.to_string(), reason: causes(&error) },
            false => broken(causes(&error)),
        })?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, LONGEST_ANSWER).collect().await.map_err(|error| broken(causes(&*error)))?;
        let request_id = head.headers.get("x-acs-request-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
        Ok(Answer { status: head.status.as_u16(), request_id, body: body.to_bytes() })
    };
    let timed_out = |_| NoAnswer::TimedOut { endpoint: endpoint.to_string(), within };
    tokio::time::timeout(within, exchange).await.map_err(timed_out)?
}

/// What went wrong at the bottom: the layers above it only say that something did.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
