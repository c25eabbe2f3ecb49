//! What a configuration file may say, and what is said of its mistakes.

use super::*;
use crate::report::{Colour, text};

fn parse(toml: &str) -> Result<Config, Vec<Finding>> {
    Config::parse(&SourceText::new("ramgate.toml", toml), Path::new("/etc/ramgate"))
}

const SOUND: &str = r#"
world = "world"
candidate = "next"
catalogue = ["more.toml"]

[[listeners]]
address = "127.0.0.1:8443"
hosts = ["Gate.Example:8443"]
tls = { certificate = "cert.pem", key = "key.pem" }
network = "public"

[[listeners]]
address = "[::1]:8080"
plain = true
network = "vpc-bp1example"

[[upstreams]]
product = "polardb"
version = "2017-08-01"
account = "1234567890123456"
endpoint = "https://polardb.aliyuncs.com/"
region = "cn-hangzhou"
credential = { id = "LTAI5tExample", secret = "file:secret", token = "env:TOKEN" }

[limits]
body_bytes = 4096
forward_timeout = 30

[audit]
file = "audit.log"
rotate_bytes = 1000
rotate_after = 3600
keep = 3
queue_bytes = 65536
on_failure = "refuse"
sync = true

[gate]
nonce_journal = "nonces"
acknowledge_unsupplied_keys = ["acs:MFAPresent"]
"#;

#[test]
fn a_sound_configuration_is_read_whole_with_paths_from_its_directory() {
    let config = parse(SOUND).unwrap();
    assert_eq!(config.world, Path::new("/etc/ramgate/world"));
    assert_eq!(config.candidate.as_deref(), Some(Path::new("/etc/ramgate/next")));
    assert_eq!(config.nonce_journal.as_deref(), Some(Path::new("/etc/ramgate/nonces")));
    assert_eq!(config.listeners.len(), 2);
    assert_eq!(config.listeners[0].hosts, ["gate.example:8443"]);
    assert_eq!(config.listeners[0].network, Network::Public);
    assert_eq!(config.listeners[1].network, Network::Vpc("vpc-bp1example".to_owned()));
    assert_eq!(config.upstreams[0].endpoint, Endpoint { tls: true, authority: "polardb.aliyuncs.com".to_owned() });
    let secrets: Vec<String> = config.upstreams[0].credential.secrets().map(|secret| format!("{secret:?}")).collect();
    assert_eq!(secrets, ["file:/etc/ramgate/secret", "env:TOKEN"]);
    assert_eq!(config.limits.body_bytes, 4096);
    assert_eq!(config.limits.forward_timeout, Duration::from_secs(30));
    assert_eq!(config.limits.headers, Limits::default().headers);
    assert!(config.acknowledged_keys.contains("acs:MFAPresent"));
    let file = AuditFile {
        path: PathBuf::from("/etc/ramgate/audit.log"),
        rotate_bytes: Some(1000),
        rotate_after: Some(Duration::from_secs(3600)),
        keep: Some(3),
    };
    let audit = Audit { file: Some(file), queue_bytes: 65536, on_failure: OnFailure::Refuse, sync: true };
    assert_eq!(config.audit, audit);
}

#[test]
fn every_mistake_is_told_with_its_place_and_its_mend() {
    let findings = parse(
        r#"
dialect = "loose"

[[listeners]]
address = "localhost"

[[listeners]]
address = "127.0.0.1:8443"
plain = true
tls = { certificate = "c", key = "k" }
hosts = ["a b"]
network = "office"

[[upstreams]]
product = "polardb"
version = "2017-08-01"
account = "123"
endpoint = "http://polardb.aliyuncs.com"
credential = { id = "", secret = "hunter2" }

[[upstreams]]
product = "polardb"
version = "2017-08-01"
account = "1234567890123456"
endpoint = "polardb.aliyuncs.com/path"
credential = { id = "LTAI", secret = "env:S" }

[limits]
body_bytes = 0
drain_timeout = 100000
header_bytes = 100

[audit]
rotate_bytes = 0
keep = 3
queue_bytes = 1
on_failure = "wait"
sync = true
"#,
    )
    .unwrap_err();
    let shown = text(&findings, Colour::Off);
    assert!(!shown.contains("hunter2"));
    insta::assert_snapshot!(shown);
}

#[test]
fn a_gate_without_listener_or_upstream_is_refused() {
    let codes: Vec<String> = parse("").unwrap_err().into_iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["nonce-journal"]);
    let codes: Vec<String> =
        parse("[gate]\nnonces_in_memory = true").unwrap_err().into_iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["no-listener", "no-upstream"]);
}

#[test]
fn an_unknown_field_is_refused_where_it_stands() {
    let findings = parse("[gate]\nallow_everything = true\n").unwrap_err();
    assert_eq!(findings[0].position().unwrap().1.to_string(), "2:1");
}

#[test]
fn a_broken_file_does_not_show_the_secret_in_it() {
    let findings = parse("[[upstreams]]\ncredential = { id = 1, secret = \"hunter2\", x }\n").unwrap_err();
    assert!(!text(&findings, Colour::Off).contains("hunter2"));
}

#[test]
fn two_upstreams_for_one_account_are_refused() {
    let upstream = SOUND.split("[[upstreams]]").nth(1).unwrap().split("[limits]").next().unwrap();
    let findings = parse(&format!("{SOUND}\n[[upstreams]]{upstream}")).unwrap_err();
    assert_eq!(findings[0].code, "upstream-repeated");
}

#[test]
fn a_shadow_is_for_one_thing_and_has_an_end() {
    let shadows = "[[shadow]]\nprincipal = \"user/ci*\"\nuntil = \"2027-01-01T00:00:00Z\"\n\
                   [[shadow]]\npolicy = \"guard\"\nuntil = \"2027-01-01T08:00:00+08:00\"\n";
    let shown: Vec<String> =
        parse(&format!("{SOUND}{shadows}")).unwrap().shadows.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["principal `user/ci*` until 2027-01-01T00:00:00Z", "policy `guard` until 2027-01-01T00:00:00Z"]);
    let findings = parse(&format!(
        "{SOUND}[[shadow]]\nprincipal = \"ci\"\n[[shadow]]\nuntil = \"2027-01-01\"\n\
         [[shadow]]\nprincipal = \"user/a\"\npolicy = \"b\"\nuntil = \"soon\"\n"
    ));
    insta::assert_snapshot!(text(&findings.unwrap_err(), Colour::Off));
}

#[test]
fn lookups_are_off_until_they_are_asked_for() {
    assert_eq!(parse(SOUND).unwrap().lookup, None);
    assert_eq!(parse(&format!("{SOUND}[lookup]\nttl = 60\n")).unwrap().lookup, None);
    let lookup = parse(&format!("{SOUND}[lookup]\nenabled = true\nttl = 60\n")).unwrap().lookup.unwrap();
    assert_eq!(lookup, Lookup { ttl: Duration::from_secs(60), ..Lookup::default() });
    let wrong = parse(&format!("{SOUND}[lookup]\nttl = 0\nnegative_ttl = 100000\ncapacity = 0\n")).unwrap_err();
    let places: Vec<String> = wrong.iter().map(|finding| finding.position().unwrap().1.to_string()).collect();
    assert_eq!(places, ["42:7", "43:16", "44:12"]);
}

#[test]
fn rotation_that_can_never_happen_is_a_mistake() {
    for (lines, says) in [("file = \"a\"\nkeep = 3", "rotate_bytes"), ("file = \"a\"\nrotate_after = 0", "from 1 to")] {
        let findings = parse(&format!("{SOUND}\n").replace(
            "[audit]\nfile = \"audit.log\"\nrotate_bytes = 1000\nrotate_after = 3600\nkeep = 3\n",
            &format!("[audit]\n{lines}\n"),
        ))
        .unwrap_err();
        assert!(text(&findings, Colour::Off).contains(says), "{findings:?}");
    }
}

#[test]
fn the_first_byte_may_take_as_long_as_the_whole_call_and_no_longer() {
    let limits = |lines: &str| parse(&SOUND.replace("forward_timeout = 30\n", lines)).map(|config| config.limits);
    assert_eq!(limits("").unwrap().first_byte_timeout, Duration::from_secs(60));
    assert_eq!(limits("forward_timeout = 30\n").unwrap().first_byte_timeout, Duration::from_secs(30));
    assert_eq!(limits("first_byte_timeout = 5\n").unwrap().first_byte_timeout, Duration::from_secs(5));
    let findings = limits("forward_timeout = 30\nfirst_byte_timeout = 31\n").unwrap_err();
    insta::assert_snapshot!(text(&findings, Colour::Off));
}

#[test]
fn a_circuit_has_defaults_and_can_be_turned_off() {
    let circuit = |lines: &str| parse(&format!("{SOUND}[circuit]\n{lines}")).map(|config| config.circuit);
    assert_eq!(circuit("").unwrap(), Circuit::default());
    assert_eq!(circuit("failures = 0\n").unwrap(), Circuit { failures: None, ..Circuit::default() });
    let findings = circuit("failures = 3601\nopen_for = 0\n").unwrap_err();
    let places: Vec<String> = findings.iter().map(|finding| finding.position().unwrap().1.to_string()).collect();
    assert_eq!(places, ["42:12", "43:12"]);
}

#[test]
fn the_table_of_lint_is_left_to_lint() {
    assert!(parse(&format!("{SOUND}\n[lint]\nignore = [\"style\"]\n")).is_ok());
}
