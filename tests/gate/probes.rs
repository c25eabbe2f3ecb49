//! HTTP/1.1 as RFC 9110 and RFC 9112 have it: what a caller must not be able to make the gate misread.
//!
//! The probes are data, `probes/*.toml`. After the bytes of a probe comes, in the same piece, a call that the gate forwards;
//! whether it is answered shows whether the gate is still in step with what was sent. ONE is asserted of every probe.

use std::time::Duration;

use serde::Deserialize;

use super::caller::Answer;
use super::raw::{Raw, Since, signed_v1};
use super::rules::{ALICE, CLUSTER, WORLD, policy};
use super::stand::{Stand, world};

/// Everything that probes may do: to look at one cluster.
const RIGHTS: &str = r#"{ "Effect": "Allow", "Action": "polardb:DescribeDBClusterMigration", "Resource": "*" }"#;

const OPERATION: &str = "DescribeDBClusterMigration";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    probe: Vec<Probe>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Probe {
    name: String,
    /// Where it is written, as in `RFC 9112, 6.3`.
    clause: String,
    /// What is written there.
    rule: String,
    /// The lines of the head, without their ends.
    head: Option<Vec<String>>,
    /// What follows the head.
    #[serde(default)]
    body: String,
    /// Everything that is sent, where lines do not do.
    raw: Option<String>,
    expect: Expect,
    /// The code of a refusal, where it matters.
    code: Option<String>,
    /// Whether the sending side is closed instead of sending a further call.
    #[serde(default)]
    ends: bool,
    /// Whether the answer has no body.
    #[serde(default)]
    without_body: bool,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Debug)]
#[serde(rename_all = "kebab-case")]
enum Expect {
    /// An error, and the connection is closed.
    Reject,
    /// An error; what follows is read in step.
    Refuse,
    /// It is forwarded; what follows is read in step.
    Take,
    /// It is forwarded, and the connection is closed.
    TakeAndClose,
    /// An error; what is left over is an error too, and the connection is closed.
    RefuseThenReject,
    /// The connection is closed without an answer.
    Close,
}

impl Probe {
    /// The bytes to send. Characters up to U+00FF stand for the byte of that number.
    fn bytes(&self, host: &str) -> Vec<u8> {
        let text = match (&self.raw, &self.head) {
            (Some(raw), None) => raw.clone(),
            (None, Some(head)) => format!("{}\r\n\r\n{}", head.join("\r\n"), self.body),
            _ => panic!("{}: it has either `head` or `raw`", self.name),
        };
        let call = |method: &str| signed_v1(method, ALICE, OPERATION, &[("DBClusterId", CLUSTER)]);
        let form = call("POST");
        let (first, second) = form.split_at(form.len() / 2);
        let inner = following(host);
        let text = text
            .replace("{host}", host)
            .replace("{post}", &call("POST"))
            .replace("{get}", &call("GET"))
            .replace("{form}", &form)
            .replace("{form-length}", &form.len().to_string())
            .replace("{form-hex}", &format!("{:x}", form.len()))
            .replace("{form-1}", first)
            .replace("{form-1-hex}", &format!("{:x}", first.len()))
            .replace("{form-2}", second)
            .replace("{form-2-hex}", &format!("{:x}", second.len()))
            .replace("{64k}", &"a".repeat(65_536))
            .replace("{101-lines}", &"x-a: b\r\n".repeat(101))
            .replace("{call-length}", &inner.len().to_string())
            .replace("{call-hex}", &format!("{:x}", inner.len()))
            .replace("{call}", &inner);
        text.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect()
    }
}

/// A call that is taken, and ends its connection.
fn following(host: &str) -> String {
    let query = signed_v1("GET", ALICE, OPERATION, &[("DBClusterId", CLUSTER)]);
    format!("GET /?{query} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")
}

/// Every answer of the gate itself is one that an SDK can tell from a success.
fn is_an_error(answer: &Answer, probe: &Probe) -> bool {
    let status = (400..600).contains(&answer.status);
    if probe.without_body {
        return status && answer.body.is_empty();
    }
    status && !answer.code().is_empty() && probe.code.as_ref().is_none_or(|code| *code == answer.code())
}

fn run(stand: &Stand, probe: &Probe) -> Result<(), String> {
    let since = Since::now(stand);
    let mut connection = Raw::to(stand.address);
    let bytes = probe.bytes(&stand.place.endpoint);
    let follow = following(&stand.place.endpoint).into_bytes();
    if probe.ends {
        connection.send(&bytes);
        connection.end();
    } else {
        connection.send(&[bytes, follow].concat());
    }
    let answers = connection.answers(!probe.without_body);
    let forwarded = since.assert_one(stand, connection.local, answers.len());
    let in_step = |forwarded: usize| {
        if probe.ends { (1, forwarded) } else { (2, forwarded + 1) }
    };
    let (wanted, error) = match probe.expect {
        Expect::Close if answers.is_empty() && forwarded == 0 => return Ok(()),
        Expect::Close => ((0, 0), true),
        Expect::RefuseThenReject => ((2, 0), true),
        Expect::Reject => ((1, 0), true),
        Expect::Refuse => (in_step(0), true),
        Expect::Take => (in_step(1), false),
        Expect::TakeAndClose => ((1, 1), false),
    };
    let first = answers.first().ok_or("there is no answer")?;
    let right = if error { is_an_error(first, probe) } else { first.status == 200 };
    if !right || (answers.len(), forwarded) != wanted {
        let shown: Vec<String> = answers
            .iter()
            .map(|answer| format!("{} {:?}", answer.status, if error { &answer.body } else { "" }))
            .collect();
        let got = (answers.len(), forwarded);
        return Err(format!("{:?}: wanted (answers, forwarded) {wanted:?}, got {got:?}: {shown:?}", probe.expect));
    }
    match answers.iter().find(|answer| answer.header("date").is_none()) {
        Some(answer) => Err(format!("an answer has no date (RFC 9110, 6.6.1): {answer:?}")),
        None => Ok(()),
    }
}

fn probes() -> Vec<Probe> {
    let tables =
        [include_str!("probes/heads.toml"), include_str!("probes/bodies.toml"), include_str!("probes/meaning.toml")];
    let tables = tables.map(|table| toml::from_str::<Table>(table).unwrap_or_else(|error| panic!("{error}")));
    tables.into_iter().flat_map(|table| table.probe).collect()
}

#[test]
fn whatever_a_caller_sends_is_read_as_the_rfc_says_or_refused() {
    let stand = Stand::of_world(world(WORLD, &[("rights", &policy(RIGHTS))]), |config| {
        // Nothing that takes its time may look like a connection that the gate closes by itself.
        config.limits.header_timeout = Duration::from_secs(3600);
        config.limits.body_timeout = Duration::from_millis(300);
    });
    let stand = stand.unwrap();
    stand.migrate(&[(CLUSTER, "cn-hangzhou")]);
    let mut wrong = Vec::new();
    for probe in probes() {
        if let Err(problem) = run(&stand, &probe) {
            wrong.push(format!("{} ({}: {}): {problem}", probe.name, probe.clause, probe.rule));
        }
    }
    assert!(wrong.is_empty(), "{} probes failed\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_probe_has_a_name_of_its_own_and_the_clause_it_stands_on() {
    let probes = probes();
    let mut names: Vec<&str> = probes.iter().map(|probe| probe.name.as_str()).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
    for probe in &probes {
        let section = probe.clause.strip_prefix("RFC 9112, ").or(probe.clause.strip_prefix("RFC 9110, "));
        let section = section.unwrap_or_else(|| panic!("{}: `{}`", probe.name, probe.clause));
        assert!(section.split('.').all(|part| part.parse::<u8>().is_ok()), "{}: `{section}`", probe.name);
        assert!(!probe.rule.is_empty());
    }
}
