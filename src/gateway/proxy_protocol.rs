//! The header of the PROXY protocol, version 2, that a load balancer sends ahead of a connection it relays
//! (spec gate-rules G13; HAProxy's `proxy-protocol.txt`, section 2.2).
//!
//! Version 1 and connections without a header are refused: a listener knows of every connection where it comes from,
//! or does not serve it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncRead, AsyncReadExt};

/// What every header begins with.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// Signature, version and command, family and transport, length.
const FIXED: usize = SIGNATURE.len() + 4;

/// Most bytes that may follow the fixed part: far above what load balancers send, certificates in it aside.
const LONGEST: usize = 4096;

const UNIX_ADDRESSES: usize = 2 * 108;

/// What the header says of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announced {
    /// The proxy made it for itself, as for a health check.
    Own,
    /// It is relayed for the caller at this address.
    Relayed(SocketAddr),
    /// It is relayed for a caller that has no address, or whose address the proxy cannot tell.
    Unaddressed,
}

/// A connection that does not begin with a sound header.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    /// The connection ended or broke within the header.
    #[error("the connection ended before its PROXY header was whole: {0}")]
    Read(#[from] std::io::Error),
    /// It begins with something else, a header of version 1 among it.
    #[error("the connection does not begin with the signature of a PROXY header of version 2")]
    Signature,
    /// The byte of version and command.
    #[error("`{0:#04x}` is no version and command of a PROXY header of version 2")]
    Command(u8),
    /// The byte of address family and transport.
    #[error("`{0:#04x}` is no address family and transport of a relayed TCP connection")]
    Family(u8),
    /// It is longer than the bound.
    #[error("the PROXY header announces {0} bytes, more than {LONGEST}")]
    TooLong(usize),
    /// It is shorter than the addresses in it, or than what its records announce.
    #[error("the PROXY header ends within an address or a record")]
    CutShort,
}

/// Reads the header off the front of `stream`, and not a byte more. The caller bounds the time.
///
/// # Errors
/// [`HeaderError`]; the connection is then not to be served.
pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Announced, HeaderError> {
    let mut fixed = [0; FIXED];
    stream.read_exact(&mut fixed).await?;
    let head = Head::parse(fixed)?;
    let mut rest = vec![0; head.length];
    stream.read_exact(&mut rest).await?;
    head.announced(&rest)
}

/// The fixed part of a header.
#[derive(Debug, Clone, Copy)]
struct Head {
    own: bool,
    family: Family,
    length: usize,
}

#[derive(Debug, Clone, Copy)]
enum Family {
    Unspecified,
    V4,
    V6,
    Unix,
}

impl Head {
    fn parse(fixed: [u8; FIXED]) -> Result<Self, HeaderError> {
        let [signature @ .., command, family, high, low] = fixed;
        if signature != SIGNATURE {
            return Err(HeaderError::Signature);
        }
        let own = match command {
            0x20 => true,
            0x21 => false,
            other => return Err(HeaderError::Command(other)),
        };
        let family = match family {
            0x00 => Family::Unspecified,
            0x11 => Family::V4,
            0x21 => Family::V6,
            0x31 => Family::Unix,
            // What a proxy says of a connection of its own is not read, and some leave the transport out of it.
            0x10 | 0x20 | 0x30 if own => Family::Unspecified,
            other => return Err(HeaderError::Family(other)),
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        if length > LONGEST {
            return Err(HeaderError::TooLong(length));
        }
        Ok(Self { own, family, length })
    }

    fn announced(self, rest: &[u8]) -> Result<Announced, HeaderError> {
        if self.own {
            return Ok(Announced::Own);
        }
        let mut rest = Rest(rest);
        let announced = match self.family {
            // Nothing says how what follows is made up, so it is left alone.
            Family::Unspecified => return Ok(Announced::Unaddressed),
            Family::Unix => {
                rest.take::<UNIX_ADDRESSES>()?;
                Announced::Unaddressed
            }
            Family::V4 => {
                let (source, _) = (rest.take::<4>()?, rest.take::<4>()?);
                relayed(Ipv4Addr::from(source).into(), &mut rest)?
            }
            Family::V6 => {
                let (source, _) = (rest.take::<16>()?, rest.take::<16>()?);
                relayed(Ipv6Addr::from(source).into(), &mut rest)?
            }
        };
        while !rest.0.is_empty() {
            let [_kind] = rest.take()?;
            let length = u16::from_be_bytes(rest.take()?);
            rest.skip(length.into())?;
        }
        Ok(announced)
    }
}

fn relayed(source: IpAddr, rest: &mut Rest<'_>) -> Result<Announced, HeaderError> {
    let (port, _) = (rest.take()?, rest.take::<2>()?);
    Ok(Announced::Relayed(SocketAddr::new(source.to_canonical(), u16::from_be_bytes(port))))
}

struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], HeaderError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(HeaderError::CutShort)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn skip(&mut self, bytes: usize) -> Result<(), HeaderError> {
        self.0 = self.0.get(bytes..).ok_or(HeaderError::CutShort)?;
        Ok(())
    }
}
