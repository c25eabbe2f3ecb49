//! What a listener is told of the proxies in front of it.

use serde::{Deserialize, Serialize, Serializer};
use toml::Spanned;

use super::reading::Reading;
use crate::policy::IpBlock;

/// Which machines in front of a listener tell where calls come from (spec gate-rules G13).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Proxies {
    /// Whether every connection begins with a header of the PROXY protocol, version 2.
    pub protocol: bool,
    /// Whose word is taken: the peers that may send that header, where any are named, and the hops whose
    /// `X-Forwarded-For` and `X-Forwarded-Proto` are read.
    #[serde(serialize_with = "blocks")]
    pub trusted: Vec<IpBlock>,
}

fn blocks<S: Serializer>(blocks: &[IpBlock], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(blocks.iter().map(|block| block.net().to_string()))
}

impl Proxies {
    /// Whether the word of the machine at `address` is taken.
    #[must_use]
    pub fn trusts(&self, address: std::net::IpAddr) -> bool {
        self.trusted.iter().any(|block| block.contains(address))
    }
}

/// The blocks of `trusted_proxies`, as they are written.
#[derive(Deserialize, Default)]
#[serde(transparent)]
pub(super) struct TrustedProxies(Vec<Spanned<String>>);

impl Reading<'_> {
    pub(super) fn proxies(&mut self, protocol: bool, trusted: TrustedProxies) -> Proxies {
        let mut proxies = Proxies { protocol, trusted: Vec::with_capacity(trusted.0.len()) };
        for block in trusted.0 {
            let written = block.get_ref();
            let (message, help) = match IpBlock::parse(written) {
                Some(read) if read.net().prefix_len() == 0 => (
                    format!("`{written}` would trust every caller to say where it comes from"),
                    "name the addresses of your own proxies and load balancers alone",
                ),
                Some(read) => {
                    proxies.trusted.push(read);
                    continue;
                }
                None => (
                    format!("`{written}` is no block of addresses"),
                    "write an address or a block, as in \"10.0.0.7\", \"10.0.0.0/8\" or \"fd00::/8\"",
                ),
            };
            self.refuse(block.span().into(), "trusted-proxies", message, Some(help));
        }
        proxies
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::gateway::config::{Config, Proxies};
    use crate::json::SourceText;
    use crate::report::{Colour, Finding, text};

    fn read(lines: &str) -> Result<Proxies, Vec<Finding>> {
        let toml = format!(
            "[[listeners]]\naddress = \"127.0.0.1:1\"\nplain = true\n{lines}\n[[upstreams]]\nproduct = \"polardb\"\n\
             version = \"2017-08-01\"\naccount = \"1234567890123456\"\nendpoint = \"https://a.example\"\n\
             credential = {{ id = \"LTAI\", secret = \"env:S\" }}\n[gate]\nnonces_in_memory = true\n"
        );
        let mut config = Config::parse(&SourceText::new("ramgate.toml", toml), Path::new(""))?;
        Ok(config.listeners.remove(0).proxies)
    }

    #[test]
    fn no_proxy_is_believed_unless_it_is_named() {
        assert_eq!(read("").unwrap(), Proxies::default());
        let proxies = read("proxy_protocol = true\ntrusted_proxies = [\"10.0.0.0/8\", \"fd00::7\"]").unwrap();
        assert!(proxies.protocol);
        for (address, trusted) in [
            ("10.255.0.1", true),
            ("::ffff:10.0.0.1", true),
            ("11.0.0.1", false),
            ("fd00::7", true),
            ("fd00::8", false),
        ] {
            assert_eq!(proxies.trusts(address.parse().unwrap()), trusted, "{address}");
        }
    }

    #[test]
    fn a_block_that_is_none_or_is_everybody_is_refused_where_it_stands() {
        let findings =
            read("trusted_proxies = [\"10.0.0.0/8\", \"0.0.0.0/0\", \"::/0\", \"10/8\", \"lb\"]").unwrap_err();
        insta::assert_snapshot!(text(&findings, Colour::Off));
    }
}
