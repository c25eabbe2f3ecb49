//! One signed request to an endpoint and its whole answer, within bounds of time and size.

use std::path::Path;
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;

use super::UpstreamError;
use super::pool::{Lent, Patience, Pool, PoolError};
use crate::gateway::config::{Endpoint, Limits};
use crate::gateway::tls::{self, TlsError};
use crate::openapi::sign::SignedRequest;

/// The header that shows an ECS instance to its metadata service.
pub(in crate::gateway) const METADATA_TOKEN: &str = "x-aliyun-ecs-metadata-token";

/// A whole answer.
#[derive(Debug)]
pub(in crate::gateway) struct Answer {
    pub(in crate::gateway) status: StatusCode,
    pub(in crate::gateway) headers: HeaderMap,
    pub(in crate::gateway) body: Bytes,
}

/// The bounds of one exchange.
#[derive(Debug, Clone, Copy)]
pub(in crate::gateway) struct Bounds {
    /// For the connection, its TLS handshake included.
    pub(in crate::gateway) connect: Duration,
    /// From the connection to the head of the answer.
    pub(in crate::gateway) first_byte: Duration,
    /// In all.
    pub(in crate::gateway) total: Duration,
    /// Of the answer.
    pub(in crate::gateway) answer_bytes: usize,
}

impl Bounds {
    /// Those of a forwarded call.
    pub(super) fn of(limits: &Limits) -> Self {
        Self {
            connect: limits.connect_timeout,
            first_byte: limits.first_byte_timeout,
            total: limits.forward_timeout,
            answer_bytes: limits.answer_bytes,
        }
    }
}

/// The way to one endpoint.
pub(in crate::gateway) struct Channel {
    endpoint: Endpoint,
    pool: Pool,
    bounds: Bounds,
}

impl Channel {
    /// A way to `endpoint`, trusting the authorities of `ca` besides the web's.
    ///
    /// # Errors
    /// Where `ca` cannot be read, or the host is none that can be called.
    pub(in crate::gateway) fn new(endpoint: &Endpoint, ca: Option<&Path>, bounds: Bounds) -> Result<Self, TlsError> {
        // A bound that is never met takes no timer.
        let first_byte = Some(bounds.first_byte).filter(|first_byte| *first_byte < bounds.total);
        let patience = Patience { connect: bounds.connect, first_byte };
        let pool = Pool::new(endpoint, tls::client(ca)?, patience)
            .map_err(|reason| TlsError::Name { host: endpoint.authority.clone(), reason })?;
        Ok(Self { endpoint: endpoint.clone(), pool, bounds })
    }

    /// Where it leads.
    pub(in crate::gateway) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Sends a signed call and reads the whole answer; its connection is kept for the next.
    pub(super) async fn send(&self, signed: SignedRequest) -> Result<Answer, UpstreamError> {
        let (answer, lent) = self.exchange(signed).await?;
        self.pool.keep(lent);
        Ok(answer)
    }

    /// Sends a request and reads the whole answer, over a connection of its own.
    pub(in crate::gateway) async fn send_once(&self, request: SignedRequest) -> Result<Answer, UpstreamError> {
        Ok(self.exchange(request).await?.0)
    }

    async fn exchange(&self, signed: SignedRequest) -> Result<(Answer, Lent), UpstreamError> {
        let authority = || self.endpoint.authority.clone();
        let unsendable =
            |error: http::Error| UpstreamError::Unsendable { authority: authority(), reason: error.to_string() };
        let request = request(signed).map_err(unsendable)?;
        match tokio::time::timeout(self.bounds.total, self.answer(request)).await {
            Ok(answered) => answered,
            Err(_) => Err(UpstreamError::TimedOut { authority: authority(), deadline: self.bounds.total }),
        }
    }

    async fn answer(&self, request: Request<Full<Bytes>>) -> Result<(Answer, Lent), UpstreamError> {
        let authority = || self.endpoint.authority.clone();
        let broken = |reason| UpstreamError::Broken { authority: authority(), reason };
        let (response, lent) = self.pool.send(request).await.map_err(|error| match error {
            PoolError::Connect(reason) => UpstreamError::Unreachable { authority: authority(), reason },
            PoolError::Exchange(error) => broken(chain(&error)),
            PoolError::Silent => UpstreamError::Silent { authority: authority(), waited: self.bounds.first_byte },
        })?;
        let (head, body) = response.into_parts();
        // Nothing was asked to be upgraded: what follows such an answer is no answer of the API.
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            return Err(broken("it switched protocols unasked".to_owned()));
        }
        let body = Limited::new(body, self.bounds.answer_bytes).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                UpstreamError::TooLong { authority: authority(), limit: self.bounds.answer_bytes }
            } else {
                broken(chain(&*error))
            }
        })?;
        Ok((Answer { status: head.status, headers: head.headers, body: body.to_bytes() }, lent))
    }
}

fn request(signed: SignedRequest) -> Result<Request<Full<Bytes>>, http::Error> {
    let mut headers = HeaderMap::with_capacity(signed.headers.len() + 1);
    // Told even for an empty body, as SDKs do: some servers refuse a POST without a length.
    headers.insert(CONTENT_LENGTH, signed.body.len().into());
    for (name, value) in signed.headers {
        let mut value = HeaderValue::try_from(value)?;
        value.set_sensitive(matches!(&*name, "authorization" | "x-acs-security-token" | METADATA_TOKEN));
        headers.insert(header_name(&name)?, value);
    }
    let mut request = Request::builder().method(signed.method).uri(signed.target).body(Full::new(signed.body))?;
    *request.headers_mut() = headers;
    Ok(request)
}

/// `name` as the name of a header. Those of a signed call take no memory.
fn header_name(name: &str) -> Result<HeaderName, http::Error> {
    static SIGNED: [HeaderName; 10] = [
        ACCEPT,
        AUTHORIZATION,
        HOST,
        HeaderName::from_static("x-acs-accesskey-id"),
        HeaderName::from_static("x-acs-action"),
        HeaderName::from_static("x-acs-content-sha256"),
        HeaderName::from_static("x-acs-date"),
        HeaderName::from_static("x-acs-security-token"),
        HeaderName::from_static("x-acs-signature-nonce"),
        HeaderName::from_static("x-acs-version"),
    ];
    match SIGNED.iter().find(|known| *known == name) {
        Some(known) => Ok(known.clone()),
        None => Ok(HeaderName::from_bytes(name.as_bytes())?),
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
