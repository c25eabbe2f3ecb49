//! What the headers of a call, its target and its signature can say.

use super::super::caller::{self, Key, bytes_with};
use super::super::raw::signed_v1;
use super::super::rules::{ALICE, CLUSTER, OTHER, gate_with};
use super::super::scripted::Scripted;
use super::super::stand::FORWARDED_HEADERS;
use super::{LAST, LOOK, allowed_query, assert_nothing_passes, assert_passes_as_meant, gate, look, v1};

#[test]
fn row_20_no_header_that_counts_stands_twice() {
    let stand = gate();
    let request = look(&stand);
    let counting = |name: &str| name.starts_with("x-acs-") || matches!(name, "authorization" | "host");
    let names: Vec<String> =
        request.headers.iter().map(|(name, _)| name.to_string()).filter(|name| counting(name)).collect();
    assert!(names.len() >= 7, "{names:?}");
    for name in names {
        for another in ["x", ""] {
            for before in [true, false] {
                let mut twice = look(&stand);
                let at = twice.headers.iter().position(|(known, _)| *known == name).unwrap();
                twice
                    .headers
                    .insert(if before { at } else { at + 1 }, (name.to_uppercase().into(), another.to_owned()));
                assert_nothing_passes(&stand, &bytes_with(&twice, LAST));
            }
        }
        // The same twice, and both in one line.
        let mut twice = look(&stand);
        let at = twice.headers.iter().position(|(known, _)| *known == name).unwrap();
        let line = twice.headers[at].clone();
        twice.headers.insert(0, line);
        assert_nothing_passes(&stand, &bytes_with(&twice, LAST));
        let mut joined = look(&stand);
        joined.headers[at].1 = format!("{0},{0}", joined.headers[at].1);
        assert_nothing_passes(&stand, &bytes_with(&joined, LAST));
    }
}

#[test]
fn rows_21_and_30_control_bytes_and_other_rubbish_are_refused_everywhere() {
    let stand = gate();
    let rubbish: [&[u8]; 8] = [b"\0", b"\x01", b"\x0b", b"\x7f", b"\x80", b"\xc0\xaf", b"\xed\xa0\x80", b"\xff"];
    let insert = |text: &[u8], mark: &[u8], byte: &[u8]| {
        let at = text.windows(mark.len()).position(|window| window == mark).unwrap();
        [&text[..at], byte, &text[at..]].concat()
    };
    for byte in rubbish {
        let v3 = bytes_with(&look(&stand), LAST);
        for mark in [
            &b"POST"[..],
            b"ST /",
            b"DBClusterId",
            b"pc-bp1aaaa",
            b" HTTP",
            b"1.1",
            b"authorization",
            b"ACS3",
            b"Signature=",
        ] {
            assert_nothing_passes(&stand, &insert(&v3, mark, byte));
        }
        let escaped: String = byte.iter().map(|byte| format!("%{byte:02X}")).collect();
        for query in [format!("{}&x={escaped}", allowed_query()), format!("{}&{escaped}=x", allowed_query())] {
            assert_nothing_passes(&stand, &v1(&stand, &query, LAST));
        }
        // In every header, the signed ones among them.
        for at in 0..look(&stand).headers.len() {
            let request = look(&stand);
            let line = format!("{}: ", request.headers[at].0);
            assert_nothing_passes(
                &stand,
                &insert(&bytes_with(&request, LAST), &line.as_bytes()[line.len() - 2..], byte),
            );
        }
    }
    // Signed by the caller, so that nothing but the character itself is wrong.
    for value in ["pc-bp1aaaa\0", "pc-bp1\u{1b}aaaa", "pc-bp1aaaa\u{7f}", "pc-bp1aaaa\u{202e}", "pc-bp1aaaa\u{feff}"] {
        let query = signed_v1("GET", ALICE, LOOK, &[("DBClusterId", value)]);
        assert_nothing_passes(&stand, &v1(&stand, &query, LAST));
    }
}

#[test]
fn row_22_connection_takes_no_header_away() {
    let stand = gate();
    let names: Vec<String> = look(&stand).headers.iter().map(|(name, _)| name.to_string()).collect();
    for name in names.iter().map(String::as_str).chain(["content-length", "x-forwarded-for", "close, x-acs-action"]) {
        let lines = format!("connection: {name}\r\n{LAST}");
        assert_passes_as_meant(&stand, &bytes_with(&look(&stand), &lines));
    }
}

#[test]
fn row_23_no_alias_of_a_header_is_taken_for_it() {
    let stand = gate();
    for line in [
        "x_acs_action: CloseDBClusterMigration",
        "X_ACS_ACTION: CloseDBClusterMigration",
        "x-acs_action: CloseDBClusterMigration",
        "x.acs.action: CloseDBClusterMigration",
        "x_forwarded_for: 10.0.0.1",
        "X-Forwarded_For: 10.0.0.1",
        "content_type: application/json",
        "transfer_encoding: chunked",
    ] {
        assert_passes_as_meant(&stand, &bytes_with(&look(&stand), &format!("{line}\r\n{LAST}")));
    }
    for line in ["x-acs-action : CloseDBClusterMigration", "x-acs-action\t: x", " x-acs-action: x"] {
        assert_nothing_passes(&stand, &bytes_with(&look(&stand), &format!("{line}\r\n")));
    }
    // One that is new is one that must be signed.
    assert_nothing_passes(&stand, &bytes_with(&look(&stand), &format!("x-acs-other: x\r\n{LAST}")));
}

#[test]
fn rows_24_27_28_and_31_no_header_says_what_is_called_or_where() {
    let stand = gate();
    let elsewhere = Scripted::new([]);
    let host = elsewhere.address;
    for lines in [
        format!("x-forwarded-host: {host}\r\nx-forwarded-server: {host}\r\nx-host: {host}\r\n"),
        format!("forwarded: host={host}\r\nx-original-host: {host}\r\n"),
        "x-forwarded-uri: /admin\r\nx-original-uri: /admin\r\nx-original-url: /admin\r\nx-rewrite-url: /admin\r\n"
            .to_owned(),
        "x-forwarded-prefix: /admin\r\nx-forwarded-method: DELETE\r\nx-http-method-override: DELETE\r\n".to_owned(),
    ] {
        assert_passes_as_meant(&stand, &bytes_with(&look(&stand), &format!("{lines}{LAST}")));
        let sent = stand.forwarded().pop().unwrap();
        let mut names: Vec<&str> = sent.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.retain(|name| !FORWARDED_HEADERS.contains(name));
        assert_eq!(names, [""; 0], "nothing of the caller's headers is passed on");
        let named = sent.headers.iter().find(|(name, _)| name == "host").unwrap();
        assert_eq!(named.1, stand.sandbox.local_addr().to_string().as_bytes());
    }
    // A V1 signature does not cover the host; a target and a header that disagree are refused.
    for (target, header) in [
        (String::new(), host.to_string()),
        (format!("http://{host}"), stand.place.endpoint.clone()),
        (format!("http://{}", stand.place.endpoint), host.to_string()),
        (format!("http://{host}"), host.to_string()),
        (format!("http://{}@{host}", stand.place.endpoint), stand.place.endpoint.clone()),
    ] {
        let request = format!("GET {target}/?{} HTTP/1.1\r\nhost: {header}\r\n{LAST}\r\n", allowed_query());
        assert_nothing_passes(&stand, request.as_bytes());
    }
    assert_eq!(elsewhere.begun(), 0);
}

#[test]
fn row_25_no_path_and_no_agent_skips_the_gate() {
    let stand = gate();
    for path in
        ["/", "/health", "/healthz", "/readyz", "/ping", "/metrics", "/status", "/favicon.ico", "/.well-known/x"]
    {
        for agent in ["kube-probe/1.30", "GoogleHC/1.0", "ELB-HealthChecker/2.0", "Prometheus/2.0"] {
            let host = &stand.place.endpoint;
            let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nuser-agent: {agent}\r\n{LAST}\r\n");
            assert_nothing_passes(&stand, request.as_bytes());
        }
    }
}

#[test]
fn row_26_a_fragment_is_refused() {
    let stand = gate();
    for target in ["/#", "/#?{}", "/?{}#", "/?{}#/x", "/#/?{}", "http://{host}/?{}#x", "*#"] {
        let target = target.replace("{}", &allowed_query()).replace("{host}", &stand.place.endpoint);
        let request = format!("GET {target} HTTP/1.1\r\nhost: {}\r\n\r\n", stand.place.endpoint);
        assert_nothing_passes(&stand, request.as_bytes());
    }
}

#[test]
fn row_29_a_wrong_signature_is_refused_in_every_form_of_a_call() {
    let stand = gate();
    let wrong = Key { secret: "canary-alice-secrey", ..ALICE };
    let host = &stand.place.endpoint;
    let long = "x".repeat(9000);
    let pairs = [("DBClusterId", CLUSTER)];
    let mut requests = vec![
        v1(&stand, &signed_v1("GET", wrong, LOOK, &pairs), LAST),
        bytes_with(&caller::signed(host, wrong, LOOK, &pairs), LAST),
        // So long that it is sent as a form.
        bytes_with(&caller::signed(host, wrong, LOOK, &[("DBClusterId", CLUSTER), ("Comment", &long)]), LAST),
    ];
    let form = signed_v1("POST", wrong, LOOK, &pairs);
    requests.push(
        format!(
            "POST / HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/x-www-form-urlencoded\r\n{LAST}content-length: {}\r\n\r\n{form}",
            form.len()
        )
        .into_bytes(),
    );
    for request in requests {
        assert_eq!(assert_nothing_passes(&stand, &request).code(), "SignatureDoesNotMatch");
    }
}

#[test]
fn row_32_a_signature_covers_everything_that_is_decided_on() {
    let stand = gate();
    for name in ["host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"]
    {
        let mut less = look(&stand);
        for (header, value) in &mut less.headers {
            if header == "authorization" {
                *value = value.replace(&format!("{name};"), "").replace(&format!(";{name},"), ",");
            }
        }
        assert_eq!(assert_nothing_passes(&stand, &bytes_with(&less, LAST)).code(), "IncompleteSignature", "{name}");
        let mut changed = look(&stand);
        changed.headers.retain(|(header, _)| header != name);
        assert_nothing_passes(&stand, &bytes_with(&changed, LAST));
    }
    let mut moved = look(&stand);
    moved.method = "GET";
    assert_nothing_passes(&stand, &bytes_with(&moved, LAST));
    let mut moved = look(&stand);
    moved.target = moved.target.replace(CLUSTER, OTHER);
    assert_nothing_passes(&stand, &bytes_with(&moved, LAST));
}

#[test]
fn row_35_a_call_is_taken_once_however_many_bring_it() {
    let stand = gate();
    for bytes in [bytes_with(&look(&stand), LAST), v1(&stand, &allowed_query(), LAST)] {
        let before = stand.forwarded().len();
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let calls: Vec<_> =
                (0..8).map(|_| scope.spawn(|| caller::exchange(stand.address, &bytes).status)).collect();
            calls.into_iter().map(|call| call.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert_eq!(stand.forwarded().len(), before + 1);
    }
}

#[test]
fn row_39_no_condition_key_comes_from_what_the_caller_writes() {
    let with = |condition: &str| {
        let statement = format!(r#"{{ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {condition} }}"#);
        gate_with(&statement, |_| {}).unwrap()
    };
    for (condition, header, value) in [
        (r#"{ "IpAddress": { "acs:SourceIp": "10.0.0.0/8" } }"#, "sourceip", "10.0.0.1"),
        (r#"{ "Bool": { "acs:SecureTransport": "true" } }"#, "securetransport", "true"),
        (r#"{ "StringEquals": { "acs:SourceVpc": "vpc-1" } }"#, "sourcevpc", "vpc-1"),
        (r#"{ "Bool": { "acs:MFAPresent": "true" } }"#, "mfapresent", "true"),
        (r#"{ "StringEquals": { "acs:PrincipalARN": "root" } }"#, "principalarn", "root"),
        (r#"{ "StringEquals": { "acs:ResourceTag/team": "dba" } }"#, "resourcetag/team", "dba"),
        (r#"{ "DateLessThan": { "acs:CurrentTime": "2020-01-01T00:00:00Z" } }"#, "currenttime", "2019-01-01T00:00:00Z"),
    ] {
        let stand = with(condition);
        let name = header.replace('/', "-");
        let lines =
            format!("{name}: {value}\r\nacs-{name}: {value}\r\nacs_{name}: {value}\r\nx-{name}: {value}\r\n{LAST}");
        let refused = assert_nothing_passes(&stand, &bytes_with(&look(&stand), &lines));
        assert_eq!(refused.code(), "Forbidden.RAM", "{condition}");
        for parameter in [header.to_owned(), format!("acs:{header}"), format!("acs.{header}")] {
            let pairs = [("DBClusterId", CLUSTER), (parameter.as_str(), value)];
            assert_nothing_passes(
                &stand,
                &bytes_with(&caller::signed(&stand.place.endpoint, ALICE, LOOK, &pairs), LAST),
            );
            assert_nothing_passes(&stand, &v1(&stand, &signed_v1("GET", ALICE, LOOK, &pairs), LAST));
        }
    }
}
