//! What a listener is told of the certificates of its clients.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::reading::Reading;
use crate::json::Span;

/// Whose certificates clients of a TLS listener may show, and whether they must. A certificate narrows: it has to name
/// the principal of the key that signs, and takes the place of no signature (spec gate-rules G10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClientCertificates {
    /// PEM file of the authorities that issue them.
    pub authorities: PathBuf,
    /// Whether a client without one is turned away.
    pub required: bool,
}

/// `client_ca` and `client_certificates`, as they are written.
#[derive(Deserialize, Default)]
pub(super) struct ClientCertificatesFile {
    pub(super) authorities: Option<Spanned<String>>,
    pub(super) wanted: Option<Spanned<String>>,
}

impl Reading<'_> {
    /// Reads both fields; left out, `client_certificates` is `"required"`.
    pub(super) fn client_certificates(
        &mut self,
        file: ClientCertificatesFile,
        over_tls: bool,
    ) -> Option<ClientCertificates> {
        const FIELD: &str = "client-certificates";
        let required = match file.wanted.as_ref().map(|wanted| wanted.get_ref().as_str()) {
            None | Some("required") => true,
            Some("optional") => false,
            Some(other) => {
                let message = format!("`{other}` does not say whether clients show a certificate");
                let span = file.wanted.as_ref().map_or(Span::default(), |wanted| wanted.span().into());
                self.refuse(span, FIELD, message, Some("write \"required\" or \"optional\""));
                true
            }
        };
        let Some(authorities) = file.authorities else {
            if let Some(wanted) = file.wanted {
                let message = "nobody's client certificates are taken".to_owned();
                let help = "name the file of their authorities with `client_ca = \"…\"`";
                self.refuse(wanted.span().into(), FIELD, message, Some(help));
            }
            return None;
        };
        if !over_tls {
            let message = "clients show certificates over TLS alone".to_owned();
            let help = "leave `client_ca` out of a plain listener";
            self.refuse(authorities.span().into(), FIELD, message, Some(help));
        }
        Some(ClientCertificates { authorities: self.path(authorities.get_ref()), required })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::gateway::config::{ClientCertificates, Config};
    use crate::json::SourceText;
    use crate::report::{Colour, Finding, text};

    fn read(lines: &str) -> Result<Option<ClientCertificates>, Vec<Finding>> {
        let toml = format!(
            "[[listeners]]\naddress = \"127.0.0.1:1\"\n{lines}\n[[upstreams]]\nproduct = \"polardb\"\n\
             version = \"2017-08-01\"\naccount = \"1234567890123456\"\nendpoint = \"https://a.example\"\n\
             credential = {{ id = \"LTAI\", secret = \"env:S\" }}\n[gate]\nnonces_in_memory = true\n"
        );
        let mut config = Config::parse(&SourceText::new("ramgate.toml", toml), Path::new("/etc/ramgate"))?;
        Ok(config.listeners.remove(0).tls.unwrap().clients)
    }

    const TLS: &str = "tls = { certificate = \"c\", key = \"k\" }";

    #[test]
    fn certificates_are_required_unless_they_are_said_to_be_optional() {
        assert_eq!(read(TLS).unwrap(), None);
        for (lines, required) in [
            ("client_ca = \"ca.pem\"", true),
            ("client_ca = \"ca.pem\"\nclient_certificates = \"required\"", true),
            ("client_ca = \"ca.pem\"\nclient_certificates = \"optional\"", false),
        ] {
            let clients = read(&format!("{TLS}\n{lines}")).unwrap().unwrap();
            assert_eq!((clients.authorities.as_path(), clients.required), (Path::new("/etc/ramgate/ca.pem"), required));
        }
    }

    #[test]
    fn what_makes_no_sense_of_client_certificates_is_refused_where_it_stands() {
        let mistakes = [
            "plain = true\nclient_ca = \"ca.pem\"".to_owned(),
            format!("{TLS}\nclient_certificates = \"optional\""),
            format!("{TLS}\nclient_ca = \"ca.pem\"\nclient_certificates = \"maybe\""),
        ];
        let findings: Vec<Finding> = mistakes.iter().flat_map(|lines| read(lines).unwrap_err()).collect();
        insta::assert_snapshot!(text(&findings, Colour::Off));
    }
}
