//! Changing what a gate decides by while it serves.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ramgate::gateway::Watch;
use ramgate::report::Finding;

use super::caller::{self, KeptOpen};
use super::candidate;
use super::certificates;
use super::events;
use super::rules::{ALICE, ALL, CLUSTER, WORLD, policy};
use super::stand::{ACCOUNT, Authority, Stand, UPSTREAM};

const NOTHING: &str = r#"{ "Effect": "Deny", "Action": "*", "Resource": "*" }"#;

/// A gate that is opened from files which can be changed, and the folder of its world.
struct Changing {
    stand: Stand,
    watch: Watch,
    folder: PathBuf,
}

impl Changing {
    /// One whose callers may do everything; `configure` may add to the configuration.
    fn allowing(listener: impl FnOnce(&Path) -> String) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().to_owned();
        let (stand, watch) = Stand::of_files(directory, |folder, upstream| {
            std::fs::create_dir(folder.join("policies")).unwrap();
            std::fs::write(folder.join("world.toml"), WORLD).unwrap();
            write_policy(folder, ALL);
            let listener = listener(folder);
            std::fs::write(folder.join("ramgate.toml"), configuration(upstream, &listener)).unwrap();
            for (name, secret) in [("secret", UPSTREAM.secret), ("token", UPSTREAM.token.unwrap())] {
                write_secret(&folder.join(name), secret);
            }
        });
        Self { stand, watch, folder }
    }

    fn plain() -> Self {
        Self::allowing(|_| "plain = true".to_owned())
    }

    fn reload(&mut self) -> Result<u64, Vec<Finding>> {
        let (gate, runtime) = self.stand.gate();
        runtime.block_on(gate.reload(&mut self.watch)).map(|reloaded| reloaded.generation)
    }

    /// Whether the watch sees a change within so many seconds.
    fn sees_within(&mut self, seconds: u64) -> bool {
        let (_, runtime) = self.stand.gate();
        let wait = Duration::from_secs(seconds);
        runtime.block_on(async { tokio::time::timeout(wait, self.watch.changed()).await.is_ok() })
    }

    /// Waits until a change is seen.
    fn is_seen(&mut self) -> bool {
        self.sees_within(20)
    }

    fn request(&self) -> Vec<u8> {
        let pairs = [("DBClusterId", CLUSTER)];
        caller::bytes_with(&caller::signed(&self.stand.place.endpoint, ALICE, "DescribeDBClusterMigration", &pairs), "")
    }
}

fn configuration(upstream: SocketAddr, listener: &str) -> String {
    let mut text = format!("[[listeners]]\naddress = \"127.0.0.1:0\"\n{listener}\n");
    write!(
        text,
        "[[upstreams]]\nproduct = \"polardb\"\nversion = \"2017-08-01\"\naccount = \"{ACCOUNT}\"\nendpoint = \
         \"http://{upstream}\"\nplain = true\ncredential = {{ id = \"{}\", secret = \"file:secret\", token = \
         \"file:token\" }}\n[gate]\nnonces_in_memory = true\n",
        UPSTREAM.id
    )
    .unwrap();
    text
}

fn write_policy(folder: &Path, statements: &str) {
    std::fs::write(folder.join("policies/rights.json"), policy(statements)).unwrap();
}

fn write_secret(path: &Path, secret: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, secret).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_changed_policy_is_seen_and_decides_the_next_call_of_an_open_connection() {
    let mut changing = Changing::plain();
    changing.stand.migrate(&[(CLUSTER, "cn-hangzhou")]);
    let mut connection = KeptOpen::to(changing.stand.address);
    assert_eq!(connection.exchange(&changing.request()).unwrap().status, 200);
    write_policy(&changing.folder, NOTHING);
    assert!(changing.is_seen());
    assert_eq!(changing.reload().unwrap(), 1);
    let answer = connection.exchange(&changing.request()).unwrap();
    assert_eq!(answer.status, 403, "{answer:?}");
    assert_eq!(events::decision(answer.gate_request_id())["generation"], 1);
    assert!(!changing.sees_within(5), "nothing changed since");
}

#[test]
fn only_what_names_a_changed_policy_is_made_anew() {
    let mut changing = Changing::plain();
    let mut lists = || {
        let (gate, runtime) = changing.stand.gate();
        let lists = runtime.block_on(gate.reload(&mut changing.watch)).unwrap().lists;
        (lists.kept, lists.made)
    };
    let all = lists();
    assert!(all.0 > 0 && all.1 == 0, "nothing changed: {all:?}");
    let folder = &changing.folder;
    std::fs::write(folder.join("policies/beside.json"), policy(NOTHING)).unwrap();
    assert_eq!(lists(), all, "nothing names it");
    write_policy(folder, NOTHING);
    let (kept, made) = lists();
    assert!(made > 0 && kept + made == all.0, "{kept} kept, {made} made");
    assert_eq!(lists(), all);
}

#[test]
fn a_set_of_files_with_a_mistake_leaves_the_last_good_one_in_force_and_is_told_once() {
    let mut changing = Changing::plain();
    changing.stand.migrate(&[(CLUSTER, "cn-hangzhou")]);
    for (file, text) in [("policies/rights.json", "{"), ("world.toml", "x"), ("ramgate.toml", "x"), ("secret", "")] {
        let path = changing.folder.join(file);
        let good = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text).unwrap();
        assert!(changing.is_seen(), "{file}");
        assert!(!changing.reload().unwrap_err().is_empty(), "{file}");
        let answer = changing.stand.send(&caller::bytes(&caller::signed(
            &changing.stand.place.endpoint,
            ALICE,
            "DescribeDBClusterMigration",
            &[("DBClusterId", CLUSTER)],
        )));
        assert_eq!(answer.status, 200, "{file}: {answer:?}");
        std::fs::write(&path, good).unwrap();
        assert!(changing.reload().is_ok(), "{file}");
    }
    // A policy that is attached and missing, and an empty set.
    std::fs::remove_file(changing.folder.join("policies/rights.json")).unwrap();
    assert!(changing.reload().is_err());
    assert!(!changing.sees_within(5), "it is told once");
}

#[test]
fn a_file_that_is_being_written_is_not_taken_until_it_rests() {
    let mut changing = Changing::plain();
    let path = changing.folder.join("policies/rights.json");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Sound at every moment, and other than it was.
            for more in 0..10 {
                std::fs::write(&path, format!("{}{}", policy(ALL), " ".repeat(more + 1))).unwrap();
                std::thread::sleep(Duration::from_millis(500));
            }
            done.store(true, Ordering::Relaxed);
        });
        assert!(changing.is_seen());
        assert!(done.load(Ordering::Relaxed), "it was taken before it was whole");
    });
}

#[test]
fn what_takes_a_restart_is_said() {
    let mut changing = Changing::plain();
    let path = changing.folder.join("ramgate.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.replace("plain = true\n[[up", "plain = true\nnetwork = \"public\"\n[[up");
    std::fs::write(&path, format!("{text}\n[limits]\ncalls = 7\nbody_bytes = 100\n")).unwrap();
    let (gate, runtime) = changing.stand.gate();
    let reloaded = runtime.block_on(gate.reload(&mut changing.watch)).unwrap();
    let finding = reloaded.findings.iter().find(|finding| finding.code == "restart-needed").unwrap();
    assert!(finding.message.contains("[[listeners]]") && finding.message.contains("`calls`"), "{finding:?}");
    // What needs none is in force.
    let long = "x".repeat(101);
    let request = format!("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 101\r\nconnection: close\r\n\r\n{long}");
    let answer = changing.stand.send(request.as_bytes());
    assert!(answer.message().contains("more than 100 bytes"), "{answer:?}");
}

#[test]
fn no_call_fails_and_no_connection_closes_in_a_hundred_reloads() {
    let mut changing = Changing::plain();
    changing.stand.migrate(&[(CLUSTER, "cn-hangzhou")]);
    let done = AtomicBool::new(false);
    let address = changing.stand.address;
    let endpoint = changing.stand.place.endpoint.clone();
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = KeptOpen::to(address);
                    let mut calls = 0;
                    while !done.load(Ordering::Relaxed) {
                        let pairs = [("DBClusterId", CLUSTER)];
                        let request = caller::signed(&endpoint, ALICE, "DescribeDBClusterMigration", &pairs);
                        let answer = connection.exchange(&caller::bytes_with(&request, ""));
                        let answer = answer.expect("the connection stays open");
                        assert_eq!(answer.status, 200, "{answer:?}");
                        calls += 1;
                    }
                    calls
                })
            })
            .collect();
        for reload in 1..=100 {
            let other = if reload % 2 == 0 { ALL.to_owned() } else { format!("{ALL}, {ALL}") };
            write_policy(&changing.folder, &other);
            assert_eq!(changing.reload().unwrap(), reload);
        }
        done.store(true, Ordering::Relaxed);
        let calls: usize = callers.into_iter().map(|caller| caller.join().unwrap()).sum();
        assert!(calls > 100, "{calls} calls were made meanwhile");
    });
}

#[test]
fn a_renewed_certificate_is_shown_to_new_connections_and_open_ones_go_on() {
    let mut authority = None;
    let mut changing = Changing::allowing(|folder| {
        let files = authority.insert(Authority::new(folder)).listener(&["127.0.0.1"]);
        format!("tls = {{ certificate = \"{}\", key = \"{}\" }}", files.certificate.display(), files.key.display())
    });
    let authority = authority.unwrap();
    changing.stand.migrate(&[(CLUSTER, "cn-hangzhou")]);
    let address = changing.stand.address;
    let (mut open, before) = KeptOpen::securely_to(address, &authority.certificate);
    assert_eq!(open.exchange(&changing.request()).unwrap().status, 200);
    assert_eq!(before, KeptOpen::securely_to(address, &authority.certificate).1);
    authority.listener(&["127.0.0.1"]);
    assert!(changing.is_seen());
    changing.reload().unwrap();
    assert_ne!(before, KeptOpen::securely_to(address, &authority.certificate).1);
    assert_eq!(open.exchange(&changing.request()).unwrap().status, 200);
}

#[test]
fn other_authorities_of_client_certificates_count_for_new_connections() {
    let mut authorities = None;
    let mut changing = Changing::allowing(|folder| {
        let [listener, old, new] = ["listener", "old", "new"].map(|name| {
            std::fs::create_dir(folder.join(name)).unwrap();
            Authority::new(&folder.join(name))
        });
        let files = listener.listener(&["127.0.0.1"]);
        std::fs::copy(&old.certificate, folder.join("clients.pem")).unwrap();
        authorities = Some((listener, old, new));
        format!(
            "tls = {{ certificate = \"{}\", key = \"{}\" }}\nclient_ca = \"clients.pem\"",
            files.certificate.display(),
            files.key.display()
        )
    });
    let (listener, old, new) = authorities.unwrap();
    changing.stand.migrate(&[(CLUSTER, "cn-hangzhou")]);
    let [old_client, new_client] =
        [&old, &new].map(|authority| authority.client(&["acs:ram::1234567890123456:user/alice"], |_| {}));
    let taken = |changing: &Changing, client| {
        let call = format!("{}\r\n", "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n").into_bytes();
        certificates::exchange(changing.stand.address, &listener.certificate, Some(client), &call).is_some()
    };
    assert_eq!((taken(&changing, &old_client), taken(&changing, &new_client)), (true, false));
    std::fs::copy(&new.certificate, changing.folder.join("clients.pem")).unwrap();
    assert!(changing.is_seen());
    changing.reload().unwrap();
    assert_eq!((taken(&changing, &old_client), taken(&changing, &new_client)), (false, true));
    std::fs::write(changing.folder.join("clients.pem"), "x").unwrap();
    assert!(changing.reload().is_err());
    assert_eq!((taken(&changing, &old_client), taken(&changing, &new_client)), (false, true));
}

#[test]
fn what_is_used_up_of_a_rate_limit_stays_used_up() {
    let mut changing = Changing::plain();
    changing.stand.migrate(&[(CLUSTER, "cn-hangzhou")]);
    let path = changing.folder.join("limits.toml");
    let write = |limit: &str| std::fs::write(&path, format!("[[rate_limits]]\n{limit}\n")).unwrap();
    write("rate = \"2/h\"");
    assert!(changing.is_seen(), "also a file that was not there");
    changing.reload().unwrap();
    let mut connection = KeptOpen::to(changing.stand.address);
    let mut codes = |changing: &Changing| {
        let answers =
            [connection.exchange(&changing.request()).unwrap(), connection.exchange(&changing.request()).unwrap()];
        answers.map(|answer| answer.code())
    };
    assert_eq!(codes(&changing), ["", ""]);
    changing.reload().unwrap();
    assert_eq!(codes(&changing), ["Throttling.User", "Throttling.User"]);
    write("rate = \"1/h\"");
    changing.reload().unwrap();
    assert_eq!(codes(&changing), ["", "Throttling.User"], "another limit begins anew");
    write("rate = \"often\"");
    let mistakes = changing.reload().unwrap_err();
    assert_eq!(mistakes[0].position().unwrap().1.to_string(), "2:8");
    std::fs::remove_file(&path).unwrap();
    changing.reload().unwrap();
    assert_eq!(codes(&changing), ["", ""]);
}

#[test]
fn a_candidate_is_followed_too_and_its_mistakes_stop_nothing() {
    let mut changing = Changing::plain();
    changing.stand.migrate(&[(CLUSTER, "cn-hangzhou")]);
    let candidate = candidate::candidate(WORLD, ALL);
    let path = changing.folder.join("ramgate.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("candidate = \"{}\"\n{text}", candidate.path().display())).unwrap();
    changing.reload().unwrap();
    let said = |changing: &Changing| {
        let answer = KeptOpen::to(changing.stand.address).exchange(&changing.request()).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        events::decision(answer.gate_request_id())["candidate"].as_str().map(str::to_owned)
    };
    assert_eq!(said(&changing).as_deref(), Some("same"));
    candidate::write_policy(candidate.path(), NOTHING);
    assert!(changing.is_seen());
    changing.reload().unwrap();
    assert_eq!(said(&changing).as_deref(), Some("different"));
    let (gate, _) = changing.stand.gate();
    assert_eq!(gate.snapshot().comparisons().unwrap().compared, 2, "it goes on counting");
    candidate::write_policy(candidate.path(), "{");
    assert!(changing.is_seen());
    changing.reload().unwrap();
    assert_eq!(said(&changing), None);
}
