//! Where a call comes from: the connection, and behind proxies what the trusted ones among them say of it
//! (spec gate-rules G13).

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

use super::config::Proxies;
use super::listener::Connection;
use super::proxy_protocol::Announced;

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// Most characters that are repeated of what a header holds.
const LONGEST_SHOWN: usize = 64;

/// Where a call comes from. It feeds `acs:SourceIp` and `acs:SecureTransport`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The caller's address; `None` where a proxy relays for a caller that has none.
    pub address: Option<IpAddr>,
    /// Whether the caller's connection is TLS; `None` where the proxy that it called does not tell.
    pub secure: Option<bool>,
}

/// A trusted proxy that does not tell for whom it calls.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OriginError {
    /// It is in `trusted_proxies` and says nothing.
    #[error("`{proxy}` is in `trusted_proxies` and sends no `{FORWARDED_FOR}`: have it send one with every call")]
    NotTold {
        /// The proxy.
        proxy: IpAddr,
    },
    /// What it says cannot be read.
    #[error("`{value}` in `{header}` is no {wanted}: a proxy in `trusted_proxies` wrote or passed it on")]
    Unreadable {
        /// The header.
        header: &'static str,
        /// What stands in it, cut short.
        value: String,
        /// What should stand there.
        wanted: &'static str,
    },
}

impl Origin {
    /// The origin of a call with these headers on this connection.
    ///
    /// `X-Forwarded-For` is read from the right, from the proxy that is connected, for as long as it names trusted
    /// ones: the first that is not is the caller, and what it wrote itself is not read. Without trusted proxies no
    /// header is.
    ///
    /// # Errors
    /// [`OriginError`] where a trusted proxy does not say for whom it calls, or says it in a way that cannot be read.
    pub fn of(connection: &Connection, headers: &HeaderMap) -> Result<Self, OriginError> {
        let proxies = &*connection.proxies;
        let address = match connection.announced {
            None => connection.peer.ip(),
            Some(Announced::Relayed(caller)) => caller.ip(),
            Some(Announced::Own) => return Ok(Self::connected(connection, Some(connection.peer.ip()))),
            Some(Announced::Unaddressed) => return Ok(Self::connected(connection, None)),
        };
        if !proxies.trusts(address) {
            return Ok(Self::connected(connection, Some(address)));
        }
        let (caller, hops) = caller(headers, proxies)?.ok_or(OriginError::NotTold { proxy: address })?;
        Ok(Self { address: Some(caller), secure: transport(headers, hops)? })
    }

    fn connected(connection: &Connection, address: Option<IpAddr>) -> Self {
        Self { address: address.map(|address| address.to_canonical()), secure: Some(connection.secure) }
    }
}

/// The elements of a list header, the last one first, each with the lines of the header taken as one list.
fn from_the_right<'a>(
    headers: &'a HeaderMap,
    header: &'static str,
    wanted: &'static str,
) -> impl Iterator<Item = Result<&'a str, OriginError>> {
    headers.get_all(header).iter().rev().flat_map(move |line| {
        let text = line.to_str().map_err(|_| unreadable(header, &String::from_utf8_lossy(line.as_bytes()), wanted));
        let (elements, error) = match text {
            Ok(text) => (Some(text.rsplit(',').map(str::trim)), None),
            Err(error) => (None, Some(error)),
        };
        elements.into_iter().flatten().map(Ok).chain(error.map(Err))
    })
}

/// The first hop from the right that is not trusted, or the last one where all are, and how many stand to its right.
fn caller(headers: &HeaderMap, proxies: &Proxies) -> Result<Option<(IpAddr, usize)>, OriginError> {
    const WANTED: &str = "address";
    let mut last = None;
    for (hops, element) in from_the_right(headers, FORWARDED_FOR, WANTED).enumerate() {
        let element = element?;
        let address = hop(element).ok_or_else(|| unreadable(FORWARDED_FOR, element, WANTED))?;
        last = Some((address, hops));
        if !proxies.trusts(address) {
            break;
        }
    }
    Ok(last)
}

/// An address, alone or with a port.
fn hop(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let address = match bare {
        Some(bare) => IpAddr::V6(bare.parse().ok()?),
        None => text.parse().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip())).ok()?,
    };
    Some(address.to_canonical())
}

/// Whether the hop that `hops` others stand to the right of came over TLS, as far as somebody tells.
fn transport(headers: &HeaderMap, hops: usize) -> Result<Option<bool>, OriginError> {
    const WANTED: &str = "`http` or `https`";
    let mut elements = from_the_right(headers, FORWARDED_PROTO, WANTED);
    for _ in 0..hops {
        if elements.next().transpose()?.is_none() {
            return Ok(None);
        }
    }
    match elements.next().transpose()? {
        None => Ok(None),
        Some(element) if element.eq_ignore_ascii_case("https") => Ok(Some(true)),
        Some(element) if element.eq_ignore_ascii_case("http") => Ok(Some(false)),
        Some(element) => Err(unreadable(FORWARDED_PROTO, element, WANTED)),
    }
}

fn unreadable(header: &'static str, value: &str, wanted: &'static str) -> OriginError {
    OriginError::Unreadable { header, value: value.chars().take(LONGEST_SHOWN).collect(), wanted }
}
