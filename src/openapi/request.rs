//! A request as it came off the connection.

use std::borrow::Cow;

use bytes::Bytes;

use super::WireError;
use super::sign::SignedRequest;

/// One HTTP request, framing removed and nothing else interpreted.
///
/// The body is what remains after transfer decoding (`chunked` joined).
#[derive(Clone)]
pub struct WireRequest {
    /// The method as sent, `POST`.
    pub method: String,
    /// The request target as sent: origin form, `/?Action=...`, or absolute form, `http://host/?Action=...`.
    pub target: String,
    /// Names and values in the order sent; names in any letter case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Bytes,
}

impl WireRequest {
    /// A copy of a request that was parsed.
    #[must_use]
    pub fn new(request: &http::Request<Bytes>) -> Self {
        let ReadRequest { method, target, headers, .. } = request.into();
        Self {
            method: method.to_owned(),
            target: target.into_owned(),
            headers: headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_vec())).collect(),
            body: request.body().clone(),
        }
    }
}

/// The request as its receiver sees it.
impl From<SignedRequest> for WireRequest {
    fn from(signed: SignedRequest) -> Self {
        let header = |(name, value): (Cow<'static, str>, String)| (name.into_owned(), value.into_bytes());
        Self {
            method: signed.method.to_owned(),
            target: signed.target,
            headers: signed.headers.into_iter().map(header).collect(),
            body: signed.body,
        }
    }
}

/// A request as it is read, wherever it is kept.
pub struct ReadRequest<'a> {
    pub(super) method: &'a str,
    pub(super) target: Cow<'a, str>,
    pub(super) headers: Vec<(&'a str, &'a [u8])>,
    pub(super) body: &'a [u8],
}

impl<'a> From<&'a WireRequest> for ReadRequest<'a> {
    fn from(request: &'a WireRequest) -> Self {
        Self {
            method: &request.method,
            target: Cow::Borrowed(&request.target),
            headers: request.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect(),
            body: &request.body,
        }
    }
}

/// One of HTTP/2 that has no `host` header has its `:authority` as such (RFC 9113, 8.3.1).
impl<'a> From<&'a http::Request<Bytes>> for ReadRequest<'a> {
    fn from(request: &'a http::Request<Bytes>) -> Self {
        let uri = request.uri();
        let mut headers = Vec::with_capacity(request.headers().len() + 1);
        headers.extend(request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
        let authority = uri.authority().filter(|_| request.version() == http::Version::HTTP_2);
        if let Some(authority) = authority.filter(|_| !request.headers().contains_key(http::header::HOST)) {
            headers.push((http::header::HOST.as_str(), authority.as_str().as_bytes()));
        }
        let target = match (uri.scheme(), uri.authority(), uri.path_and_query()) {
            (None, None, Some(local)) => Cow::Borrowed(local.as_str()),
            _ => Cow::Owned(uri.to_string()),
        };
        Self { method: request.method().as_str(), target, headers, body: request.body() }
    }
}

/// The request as hyper would have parsed it.
impl TryFrom<WireRequest> for http::Request<Bytes> {
    type Error = http::Error;

    fn try_from(request: WireRequest) -> Result<Self, http::Error> {
        let head = http::Request::builder().method(request.method.as_str()).uri(request.target);
        let head = request.headers.into_iter().fold(head, |head, (name, value)| head.header(name, value));
        head.body(request.body)
    }
}

/// Only sizes, as of a [`WireRequest`].
impl std::fmt::Debug for ReadRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadRequest").field("method", &self.method).finish_non_exhaustive()
    }
}

/// Only sizes: targets, headers and bodies carry tokens, passwords and signatures.
impl std::fmt::Debug for WireRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WireRequest")
            .field("method", &self.method)
            .field("target_bytes", &self.target.len())
            .field("headers", &self.headers.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// How large a call may be. Whatever is larger is refused whole; nothing is ever cut short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the request target.
    pub target_bytes: usize,
    /// Number of header lines.
    pub headers: usize,
    /// Bytes of all header names and values together.
    pub header_bytes: usize,
    /// Bytes of the body.
    pub body_bytes: usize,
    /// Number of parameters of query and body together, after flattening.
    pub parameters: usize,
    /// Bytes of one decoded parameter name.
    pub name_bytes: usize,
    /// Bytes of one decoded parameter value.
    pub value_bytes: usize,
}

/// Far above what any client sends, and small enough that a call costs little to refuse.
impl Default for Limits {
    fn default() -> Self {
        Self {
            target_bytes: 64 * 1024,
            headers: 100,
            header_bytes: 32 * 1024,
            body_bytes: 1024 * 1024,
            parameters: 1000,
            name_bytes: 256,
            value_bytes: 64 * 1024,
        }
    }
}

/// Headers that mean something different to a reader that takes the first of two than to one that takes the last
/// (spec openapi-wire T6); every `x-acs-` header is one as well.
const ONCE: [&str; 8] = [
    "authorization",
    "content-encoding",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "host",
    "transfer-encoding",
];

/// The headers of a request, names in lower case, values trimmed of outer blanks.
pub(super) struct Headers<'a> {
    lines: Vec<(Cow<'a, str>, &'a [u8])>,
}

impl<'a> Headers<'a> {
    pub(super) fn read(request: &ReadRequest<'a>, limits: &Limits) -> Result<Self, WireError> {
        within("number of headers", request.headers.len(), limits.headers)?;
        let bytes = request.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        within("size of the headers", bytes, limits.header_bytes)?;
        let mut lines: Vec<(Cow<'_, str>, &[u8])> = Vec::with_capacity(request.headers.len());
        for (name, value) in &request.headers {
            let name = match any(name.as_bytes(), |byte| byte.is_ascii_uppercase()) {
                true => Cow::Owned(name.to_ascii_lowercase()),
                false => Cow::Borrowed(*name),
            };
            if any(value, |byte| byte.is_ascii_control() && byte != b'\t') {
                return Err(WireError::HeaderValue { header: name.into_owned() });
            }
            let once = name.starts_with("x-acs-") || ONCE.contains(&&*name);
            if once && lines.iter().any(|(known, _)| *known == name) {
                return Err(WireError::RepeatedHeader { header: name.into_owned() });
            }
            lines.push((name, value.trim_ascii()));
        }
        Ok(Self { lines })
    }

    /// Whether there is a header of that lower-case name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.lines.iter().any(|(known, _)| known == name)
    }

    /// The value of the header, where it stands; for headers that stand only once.
    pub(super) fn get(&self, name: &str) -> Result<Option<&'a str>, WireError> {
        match self.lines.iter().find(|(known, _)| known == name) {
            None => Ok(None),
            Some((_, value)) => text(name, value).map(Some),
        }
    }

    /// Every value of that name in the form that is signed: sorted and joined with `,` (spec openapi-wire 3).
    pub(super) fn joined(&self, name: &str) -> Result<Option<Cow<'a, str>>, WireError> {
        let mut lines = self.lines.iter().filter(|(known, _)| known == name).map(|(_, value)| text(name, value));
        let Some(first) = lines.next().transpose()? else { return Ok(None) };
        let Some(second) = lines.next().transpose()? else { return Ok(Some(Cow::Borrowed(first))) };
        let mut values = vec![first, second];
        for value in lines {
            values.push(value?);
        }
        values.sort_unstable();
        Ok(Some(Cow::Owned(values.join(","))))
    }

    /// The names of the `x-acs-` headers.
    pub(super) fn acs_names(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(|(name, _)| &**name).filter(|name| name.starts_with("x-acs-"))
    }
}

/// Whether a byte is one of those that `wanted` says. All are looked at, several at once where the compiler sees how.
fn any(bytes: &[u8], wanted: impl Fn(u8) -> bool) -> bool {
    bytes.iter().fold(false, |found, byte| found | wanted(*byte))
}

fn text<'a>(name: &str, value: &'a [u8]) -> Result<&'a str, WireError> {
    std::str::from_utf8(value).map_err(|_| WireError::HeaderValue { header: name.to_owned() })
}

/// Refuses what is larger than its limit.
pub(super) fn within(what: &'static str, size: usize, limit: usize) -> Result<(), WireError> {
    if size > limit { Err(WireError::TooLarge { what, limit }) } else { Ok(()) }
}
