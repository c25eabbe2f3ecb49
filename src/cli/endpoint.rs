//! Where a call goes, and whether it may go there unencrypted.

use std::net::IpAddr;

use http::Uri;

/// Scheme, host and port of an API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    encrypted: bool,
    /// As it stands in the `Host` header: with its port where that is not the default one.
    host: String,
    loopback: bool,
}

impl Endpoint {
    /// Reads `http[s]://host[:port]`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is no endpoint: write https://host or https://host:port, or http:// for either");
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(wrong()) };
        let encrypted = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err(wrong()),
        };
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("") => None,
            Some(_) => Some(authority.port_u16().filter(|port| *port != 0).ok_or_else(wrong)?),
            // A user name stands before the host.
            None => return Err(wrong()),
        };
        if text.contains(['#', '?']) || !matches!(uri.path(), "" | "/") {
            return Err(wrong());
        }
        let name = authority.host().to_ascii_lowercase();
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        let loopback = name == "localhost" || address.is_ok_and(|address| address.to_canonical().is_loopback());
        let default = if encrypted { 443 } else { 80 };
        let host = match port.filter(|port| *port != default) {
            Some(port) => format!("{name}:{port}"),
            None => name,
        };
        Ok(Self { encrypted, host, loopback })
    }

    /// The host to sign.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Whether a call may be sent there: everything in it is readable on the way where nothing encrypts it, and a
    /// security token is half of a credential.
    pub(super) fn admits(&self, token: bool, plain: bool) -> Result<(), String> {
        if self.encrypted || self.loopback {
            return Ok(());
        }
        if token {
            return Err(format!("`{self}` is not encrypted and the call carries a security token: use https"));
        }
        if !plain {
            return Err(format!(
                "`{self}` is not encrypted: use https, or say `--plain` where the way there is trusted"
            ));
        }
        Ok(())
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}", if self.encrypted { "https" } else { "http" }, self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signed_host_has_its_port_unless_that_is_the_default_one() {
        for (text, shown) in [
            ("https://Gate.Example", "https://gate.example"),
            ("https://gate.example:443/", "https://gate.example"),
            ("https://gate.example:80", "https://gate.example:80"),
            ("http://gate.example:80", "http://gate.example"),
            ("http://127.0.0.1:7070", "http://127.0.0.1:7070"),
            ("http://[::1]:7070", "http://[::1]:7070"),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn anything_but_scheme_host_and_port_is_no_endpoint() {
        for text in [
            "",
            "gate.example",
            "gate.example:443",
            "/",
            "ftp://gate.example",
            "https://",
            "https://me@gate.example",
            "https://me:secret@gate.example",
            "https://gate.example/path",
            "https://gate.example?x=1",
            "https://gate.example#x",
            "https://gate.example:",
            "https://gate.example:0",
            "https://gate.example:65536",
            "https://gate example",
        ] {
            assert!(Endpoint::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_token_goes_unencrypted_to_this_machine_only() {
        let admits = |text: &str, token, plain| Endpoint::parse(text).unwrap().admits(token, plain).is_ok();
        for near in ["http://localhost:7070", "http://127.8.8.8", "http://[::1]", "http://[::ffff:127.0.0.1]"] {
            assert!(admits(near, true, false), "{near}");
        }
        for far in ["http://localhost.example", "http://10.0.0.1", "http://[::2]", "http://0.0.0.0"] {
            assert!(!admits(far, true, true), "{far}");
            assert!(!admits(far, false, false), "{far}");
            assert!(admits(far, false, true), "{far}");
        }
        assert!(admits("https://gate.example", true, false));
    }
}
