//! Certificates of clients: they narrow, and take the place of no signature (spec gate-rules G10).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ramgate::gateway::config::ClientCertificates;
use rcgen::{DnType, date_time_ymd};
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConnection, StreamOwned};

use super::caller::{self, Answer, Key};
use super::events;
use super::rules::{ALICE, ALL, CLUSTER, SESSION, assert_forwarded, assert_refused, gate_with};
use super::stand::{Authority, Stand};

const ALICES: &str = "acs:ram::1234567890123456:user/alice";
const OPS: &str = "acs:ram::1234567890123456:role/ops";

/// A gate that takes client certificates of an authority.
struct Narrowed {
    stand: Stand,
    listener: PathBuf,
    authority: Authority,
}

impl Narrowed {
    fn new(statements: &str, required: bool) -> Self {
        let directory = tempfile::tempdir().unwrap().keep();
        let (of_the_gate, of_clients) = (directory.join("gate"), directory.join("clients"));
        for folder in [&of_the_gate, &of_clients] {
            std::fs::create_dir(folder).unwrap();
        }
        let (listener, authority) = (Authority::new(&of_the_gate), Authority::new(&of_clients));
        let stand = gate_with(statements, |config| {
            let mut tls = listener.listener(&["127.0.0.1"]);
            tls.clients = Some(ClientCertificates { authorities: authority.certificate.clone(), required });
            config.listeners[0].tls = Some(tls);
        });
        Self { stand: stand.unwrap(), listener: listener.certificate, authority }
    }

    /// The answer to a call on a connection of the client with this certificate; none where the connection was refused.
    fn send(&self, certificate: Option<&(String, String)>, call: &[u8]) -> Option<Answer> {
        exchange(self.stand.address, &self.listener, certificate, call)
    }

    fn close(&self, key: Key, certificate: Option<&(String, String)>) -> Option<Answer> {
        self.send(certificate, &closing(&self.stand, key))
    }

    fn naming(&self, uris: &[&str]) -> (String, String) {
        self.authority.client(uris, |_| {})
    }
}

fn closing(stand: &Stand, key: Key) -> Vec<u8> {
    let pairs = [("DBClusterId", CLUSTER)];
    caller::bytes(&caller::signed(&stand.place.endpoint, key, "CloseDBClusterMigration", &pairs))
}

/// Sends bytes over TLS as a client with this certificate.
pub fn exchange(
    address: std::net::SocketAddr,
    authority: &Path,
    certificate: Option<&(String, String)>,
    call: &[u8],
) -> Option<Answer> {
    let mut config = ramgate::gateway::tls::client(Some(authority)).unwrap();
    if let Some((certificate, key)) = certificate {
        let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
        let key = any_supported_type(&PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap()).unwrap();
        config.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key)));
    }
    let connection = ClientConnection::new(Arc::new(config), ServerName::from(address.ip())).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(address).unwrap());
    stream.write_all(call).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some(Answer { status: head[9..12].parse().unwrap(), head: head.to_owned(), body: body.to_owned() })
}

#[test]
fn g10_a_client_certificate_must_name_the_principal_of_the_key() {
    let gate = Narrowed::new(ALL, true);
    for (names, key) in [
        (&["acs:ram::1234567890123456:user/bob"][..], ALICE),
        (&[OPS], ALICE),
        (&[ALICES], SESSION),
        (&[], ALICE),
        // Exactly, and nothing that is like it.
        (&["acs:ram::1234567890123456:user/Alice"], ALICE),
        (&["acs:ram::1234567890123456:user/alice2"], ALICE),
        (&["acs:ram::1234567890123456:user/alic"], ALICE),
        (&["acs:ram::1234567890123456:user/*", "acs:ram::*:user/alice", "*"], ALICE),
        (&["acs:ram::6543210987654321:user/alice"], ALICE),
        (&["acs:ram::1234567890123456:root"], ALICE),
        (&["https://acs:ram::1234567890123456:user/alice"], ALICE),
        (&["acs:ram::1234567890123456:role/ops/ci"], SESSION),
        (&["acs:ram::1234567890123456:assumed-role/ops/ci"], SESSION),
    ] {
        let answer = gate.close(key, Some(&gate.naming(names))).unwrap();
        assert_eq!(answer.status, 403, "{names:?}: {answer:?}");
        assert_refused(&gate.stand, &answer, "Forbidden.ClientCertificate");
        let event = events::decision(answer.gate_request_id());
        assert!(event.get("decision").is_none(), "no policy was read: {event}");
        assert!(event["reason"].as_str().unwrap().contains("does not name"), "{event}");
    }
    // A common name or a DNS name is none.
    let common =
        gate.authority.client(&[], |parameters| parameters.distinguished_name.push(DnType::CommonName, ALICES));
    assert_refused(&gate.stand, &gate.close(ALICE, Some(&common)).unwrap(), "Forbidden.ClientCertificate");

    assert_forwarded(&gate.stand, &gate.close(ALICE, Some(&gate.naming(&[ALICES]))).unwrap());
    gate.stand.migrate(&[(CLUSTER, "cn-hangzhou")]);
    let several = gate.naming(&["spiffe://example/x", ALICES, OPS]);
    assert_forwarded(&gate.stand, &gate.close(SESSION, Some(&several)).unwrap());
}

#[test]
fn g10_a_client_certificate_takes_the_place_of_no_signature_and_no_policy() {
    let deny = Narrowed::new(r#"{ "Effect": "Deny", "Action": "*", "Resource": "*" }"#, true);
    let alices = deny.naming(&[ALICES]);
    assert_refused(&deny.stand, &deny.close(ALICE, Some(&alices)).unwrap(), "Forbidden.RAM");

    let gate = Narrowed::new(ALL, true);
    let alices = gate.naming(&[ALICES]);
    let wrong = Key { secret: "canary-alice-secrey", ..ALICE };
    assert_refused(&gate.stand, &gate.close(wrong, Some(&alices)).unwrap(), "SignatureDoesNotMatch");
    let host = &gate.stand.place.endpoint;
    let anonymous = format!(
        "POST /?Action=CloseDBClusterMigration&Version=2017-08-01&DBClusterId={CLUSTER} HTTP/1.1\r\nhost: {host}\r\n\
         content-length: 0\r\nconnection: close\r\n\r\n"
    );
    assert_refused(&gate.stand, &gate.send(Some(&alices), anonymous.as_bytes()).unwrap(), "IncompleteSignature");
}

#[test]
fn g10_a_call_with_another_certificate_uses_up_no_nonce() {
    let gate = Narrowed::new(ALL, true);
    let call = closing(&gate.stand, ALICE);
    let other = gate.naming(&["acs:ram::1234567890123456:user/bob"]);
    assert_eq!(gate.send(Some(&other), &call).unwrap().code(), "Forbidden.ClientCertificate");
    assert_forwarded(&gate.stand, &gate.send(Some(&gate.naming(&[ALICES])), &call).unwrap());
}

#[test]
fn g10_a_client_without_a_certificate_is_turned_away_where_one_is_required() {
    let required = Narrowed::new(ALL, true);
    assert!(required.close(ALICE, None).is_none());
    assert_eq!(required.stand.forwarded().len(), 0);
    let optional = Narrowed::new(ALL, false);
    assert_forwarded(&optional.stand, &optional.close(ALICE, None).unwrap());
    // One that is shown counts.
    let other = optional.naming(&["acs:ram::1234567890123456:user/bob"]);
    assert_eq!(optional.close(ALICE, Some(&other)).unwrap().code(), "Forbidden.ClientCertificate");
}

#[test]
fn g10_a_certificate_of_another_authority_or_another_time_is_none() {
    let directory = tempfile::tempdir().unwrap();
    let stranger = Authority::new(directory.path());
    for required in [true, false] {
        let gate = Narrowed::new(ALL, required);
        let foreign = stranger.client(&[ALICES], |_| {});
        let over = gate.authority.client(&[ALICES], |parameters| parameters.not_after = date_time_ymd(2020, 1, 1));
        let early = gate.authority.client(&[ALICES], |parameters| parameters.not_before = date_time_ymd(2090, 1, 1));
        for certificate in [foreign, over, early] {
            assert!(gate.close(ALICE, Some(&certificate)).is_none());
        }
        assert_eq!(gate.stand.forwarded().len(), 0);
    }
}
