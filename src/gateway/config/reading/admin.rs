//! `[admin]`.

use std::net::SocketAddr;

use serde::Deserialize;
use toml::Spanned;

use super::Reading;
use crate::gateway::config::{Admin, AdminPlace, AdminTls, Listener};
use crate::json::Span;

/// Where the gate is [looked after](operating.md#the-admin-listener): nowhere without the table. Exactly one of
/// `address` and `unix`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AdminFile {
    /// Where to listen: loopback, or any address together with `tls`; never a port of `[[listeners]]`.
    ///
    /// - type: `"IP:port"`
    /// - change: restart
    address: Option<Spanned<String>>,
    /// Path of a unix socket, mode 0600.
    ///
    /// - type: path
    /// - change: restart
    unix: Option<Spanned<String>>,
    /// What is shown to clients, and whose certificates are taken.
    ///
    /// - change: restart
    tls: Option<Spanned<AdminTlsFile>>,
}

/// PEM files. They are read anew by a reload.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdminTlsFile {
    /// The chain, the listener's own certificate first.
    ///
    /// - type: path
    /// - change: restart
    certificate: String,
    /// Its private key; nobody else may be able to read it.
    ///
    /// - type: path
    /// - change: restart
    key: String,
    /// The authorities whose client certificates are taken.
    ///
    /// - type: path
    /// - change: restart
    clients: String,
}

impl Reading<'_> {
    /// The admin listener, which is closed to others unless they show a certificate (spec gate-rules G18), and never
    /// where calls come in.
    pub(super) fn admin(&mut self, admin: Spanned<AdminFile>, listeners: &[Listener]) -> Option<Admin> {
        let span = Span::from(admin.span());
        let AdminFile { address, unix, tls } = admin.into_inner();
        let tls_span = tls.as_ref().map(|tls| Span::from(tls.span()));
        let tls = tls.map(Spanned::into_inner).map(|tls| AdminTls {
            certificate: self.directory.join(tls.certificate),
            key: self.directory.join(tls.key),
            clients: self.directory.join(tls.clients),
        });
        match (address, unix) {
            (Some(address), None) => {
                let at = Span::from(address.span());
                let Ok(address) = address.get_ref().parse::<SocketAddr>() else {
                    let message = format!("`{}` is no address to listen on", address.get_ref());
                    let help = "write an IP address and a port, as in \"127.0.0.1:9180\"";
                    self.refuse(at, "admin-address", message, Some(help));
                    return None;
                };
                if tls.is_none() && !address.ip().to_canonical().is_loopback() {
                    let message = format!("others than this machine could reach the admin listener at {address}");
                    let help = "listen on 127.0.0.1, [::1] or a `unix` socket, or ask for client certificates with \
                                `tls = { certificate = \"…\", key = \"…\", clients = \"…\" }`";
                    self.refuse(at, "admin-exposed", message, Some(help));
                }
                let shares = |listener: &&Listener| {
                    let other = listener.address;
                    let same =
                        other.ip() == address.ip() || other.ip().is_unspecified() || address.ip().is_unspecified();
                    other.port() == address.port() && address.port() != 0 && same
                };
                if let Some(listener) = listeners.iter().find(shares) {
                    let message = format!("the admin listener has the port of the listener {}", listener.address);
                    let help = "give it a port of its own: callers must not reach it";
                    self.refuse(at, "admin-address", message, Some(help));
                }
                Some(Admin { place: AdminPlace::Address(address), tls })
            }
            (None, Some(path)) => {
                if let Some(span) = tls_span {
                    let message = "a unix socket is closed by the permissions of its file, and has no `tls`".to_owned();
                    self.refuse(span, "admin-place", message, Some("leave `tls` out"));
                }
                if cfg!(not(unix)) || path.get_ref().is_empty() {
                    let message = format!("`{}` is no unix socket on this system", path.get_ref());
                    self.refuse(path.span().into(), "admin-place", message, Some("give an `address`"));
                }
                Some(Admin { place: AdminPlace::Unix(self.directory.join(path.get_ref())), tls: None })
            }
            (both, _) => {
                let message = if both.is_some() {
                    "the admin listener has an `address` and a `unix` socket"
                } else {
                    "the admin listener has no place"
                };
                let help = "give it either `address = \"127.0.0.1:9180\"` or `unix = \"/run/ramgate/admin.sock\"`";
                self.refuse(span, "admin-place", message.to_owned(), Some(help));
                None
            }
        }
    }
}
