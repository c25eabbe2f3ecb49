//! Calling upstreams: a pool of connections for each, deadlines, bounded answers.

mod connect;
mod pool;

use std::time::Duration;

use http::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;

use self::pool::{Patience, Pool, PoolError};
use super::config::{self, Endpoint, Limits};
use super::tls::{self, TlsError};
use crate::openapi::sign::{Credential, SignedRequest};

/// Why an upstream gave no answer to pass on. Whether it may have acted decides what can be said to the caller.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpstreamError {
    /// No connection: the upstream has not seen the call.
    #[error("the upstream `{authority}` cannot be reached: {reason}")]
    Unreachable {
        /// Host and port.
        authority: String,
        /// The chain of causes.
        reason: String,
    },
    /// The call went out and no whole answer came back: the upstream may have acted.
    #[error("the upstream `{authority}` broke off its answer: {reason}")]
    Broken {
        /// Host and port.
        authority: String,
        /// The chain of causes.
        reason: String,
    },
    /// The call went out and no head of an answer came in time: the upstream may have acted.
    #[error("the upstream `{authority}` began no answer within {} seconds", waited.as_secs())]
    Silent {
        /// Host and port.
        authority: String,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The deadline of a forwarded call passed: the upstream may have acted (spec gate-rules G16).
    #[error("the upstream `{authority}` did not answer within {} seconds", deadline.as_secs())]
    TimedOut {
        /// Host and port.
        authority: String,
        /// The deadline.
        deadline: Duration,
    },
    /// The request could not be put together.
    #[error("the call for the upstream `{authority}` cannot be built: {reason}")]
    Unsendable {
        /// Host and port.
        authority: String,
        /// Why.
        reason: String,
    },
}

impl UpstreamError {
    /// Whether the upstream may have carried the call out.
    #[must_use]
    pub fn may_have_acted(&self) -> bool {
        matches!(self, Self::Broken { .. } | Self::Silent { .. } | Self::TimedOut { .. })
    }
}

/// The whole answer of an upstream.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// One upstream of one account, with the credential it is called with and its connections.
pub(super) struct Upstream {
    product: String,
    version: String,
    account: String,
    region: Option<String>,
    endpoint: Endpoint,
    credential: Credential,
    pool: Pool,
    first_byte: Duration,
    deadline: Duration,
    answer_bytes: usize,
}

impl Upstream {
    pub(super) fn new(upstream: &config::Upstream, credential: Credential, limits: &Limits) -> Result<Self, TlsError> {
        let tls = tls::client(upstream.ca.as_deref())?;
        let patience = Patience { connect: limits.connect_timeout, first_byte: limits.first_byte_timeout };
        let pool = Pool::new(&upstream.endpoint, tls, patience)
            .map_err(|reason| TlsError::Name { host: upstream.endpoint.authority.clone(), reason })?;
        Ok(Self {
            product: upstream.product.clone(),
            version: upstream.version.clone(),
            account: upstream.account.clone(),
            region: upstream.region.clone(),
            endpoint: upstream.endpoint.clone(),
            credential,
            pool,
            first_byte: limits.first_byte_timeout,
            deadline: limits.forward_timeout,
            answer_bytes: limits.answer_bytes,
        })
    }

    /// RAM code of its product.
    pub(super) fn product(&self) -> &str {
        &self.product
    }

    /// The account whose callers it serves.
    pub(super) fn account(&self) -> &str {
        &self.account
    }

    /// The version of its API.
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// Whether it serves this version for callers of this account.
    pub(super) fn serves(&self, account: &str, version: &str) -> bool {
        self.account == account && self.version == version
    }

    /// The one region it serves, if it is declared to serve exactly one.
    pub(super) fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// Its host, and port where it has one, as its calls are signed for.
    pub(super) fn authority(&self) -> &str {
        &self.endpoint.authority
    }

    /// The account's credential.
    pub(super) fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Sends a signed call and reads the whole answer, within the deadline.
    pub(super) async fn send(&self, signed: SignedRequest) -> Result<Answer, UpstreamError> {
        let request = self.request(signed).map_err(|error| UpstreamError::Unsendable {
            authority: self.authority().to_owned(),
            reason: error.to_string(),
        })?;
        let answered = tokio::time::timeout(self.deadline, self.exchange(request)).await;
        answered.unwrap_or_else(|_| {
            Err(UpstreamError::TimedOut { authority: self.authority().to_owned(), deadline: self.deadline })
        })
    }

    fn request(&self, signed: SignedRequest) -> Result<Request<Full<Bytes>>, http::Error> {
        // Told even for an empty body, as SDKs do: some servers refuse a POST without a length.
        let mut request = Request::builder()
            .method(signed.method)
            .uri(signed.target)
            .header(CONTENT_LENGTH, signed.body.len())
            .body(Full::new(signed.body))?;
        for (name, value) in &signed.headers {
            let mut value = HeaderValue::from_str(value)?;
            value.set_sensitive(matches!(name.as_str(), "authorization" | "x-acs-security-token"));
            request.headers_mut().insert(HeaderName::from_bytes(name.as_bytes())?, value);
        }
        Ok(request)
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, UpstreamError> {
        let authority = || self.authority().to_owned();
        let broken = |reason| UpstreamError::Broken { authority: authority(), reason };
        let (response, lent) = self.pool.send(request).await.map_err(|error| match error {
            PoolError::Connect(reason) => UpstreamError::Unreachable { authority: authority(), reason },
            PoolError::Exchange(error) => broken(chain(&error)),
            PoolError::Silent => UpstreamError::Silent { authority: authority(), waited: self.first_byte },
        })?;
        let (head, body) = response.into_parts();
        // Nothing was asked to be upgraded: what follows such an answer is no answer of the API.
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            return Err(broken("it switched protocols unasked".to_owned()));
        }
        let body = Limited::new(body, self.answer_bytes).collect().await.map_err(|error| broken(chain(&*error)))?;
        self.pool.keep(lent);
        Ok(Answer { status: head.status, headers: head.headers, body: body.to_bytes() })
    }
}

/// Where it is; the credential keeps its own secret.
impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upstream")
            .field("product", &self.product)
            .field("version", &self.version)
            .field("account", &self.account)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// An error and everything that caused it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
