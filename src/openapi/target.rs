//! The request target.

use super::WireError;

/// The parts of a request target that an RPC call may have.
pub(super) struct Target<'a> {
    /// The raw query without its `?`; empty where there is none.
    pub(super) query: &'a str,
    /// Host and port of an absolute-form target.
    pub(super) authority: Option<&'a str>,
}

/// Splits a target; an RPC call goes to the path `/` and to no other (spec openapi-wire T4).
pub(super) fn split(target: &str) -> Result<Target<'_>, WireError> {
    if target.contains('#') {
        return Err(WireError::Fragment);
    }
    let (authority, local) = match ["http://", "https://"].iter().find_map(|scheme| target.strip_prefix(scheme)) {
        None => (None, target),
        Some(rest) => match rest.find(['/', '?']).and_then(|end| rest.split_at_checked(end)) {
            Some((authority, local)) => (Some(authority), local),
            None => (Some(rest), ""),
        },
    };
    let (path, query) = local.split_once('?').unwrap_or((local, ""));
    if path != "/" {
        return Err(WireError::Path);
    }
    Ok(Target { query, authority })
}

/// Whether a `Host` header is a host with or without a port, and nothing else (RFC 9112, 3.2).
pub(super) fn is_host(text: &str) -> bool {
    let Ok(authority) = text.parse::<http::uri::Authority>() else { return false };
    let port = text.strip_prefix(authority.host());
    port.is_some_and(|port| {
        port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
    })
}
