mod verify;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use super::{AuthnError, JournalError, KeyEntry, KeyRing, KeyRingError, NonceMemory, SessionToken};
use crate::identity::{KeyStatus, Principal};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_485_980 + seconds).expect("a time")
}

fn record(memory: &NonceMemory, key: &str, nonce: &str, end: i64, now: i64) -> Result<(), AuthnError> {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime").block_on(memory.record(
        key,
        nonce,
        at(end),
        at(now),
    ))
}

#[test]
fn a_nonce_is_remembered_for_as_long_as_its_call_could_be_replayed() {
    let memory = NonceMemory::in_memory();
    record(&memory, "A", "n", 900, 0).expect("new");
    assert!(matches!(record(&memory, "A", "n", 900, 0), Err(AuthnError::NonceUsed)));
    assert!(matches!(record(&memory, "A", "n", 900, 900), Err(AuthnError::NonceUsed)));
    record(&memory, "A", "n", 1801, 901).expect("the first one is over");
}

#[test]
fn a_nonce_of_one_key_says_nothing_about_another() {
    let memory = NonceMemory::in_memory();
    record(&memory, "A", "n", 900, 0).expect("new");
    record(&memory, "B", "n", 900, 0).expect("of another key");
}

#[test]
fn a_full_share_refuses_its_key_and_forgets_nothing() {
    let memory = NonceMemory::in_memory().with_share(2);
    record(&memory, "A", "1", 900, 0).expect("room");
    record(&memory, "A", "2", 900, 0).expect("room");
    assert!(matches!(record(&memory, "A", "3", 900, 0), Err(AuthnError::TooManyNonces)));
    assert!(matches!(record(&memory, "A", "1", 900, 0), Err(AuthnError::NonceUsed)));
    record(&memory, "B", "1", 900, 0).expect("another key has its own share");
    record(&memory, "A", "3", 1801, 901).expect("the others are over");
}

#[test]
fn a_clock_that_is_set_back_does_not_bring_back_a_call() {
    let memory = NonceMemory::in_memory();
    record(&memory, "A", "1", 900, 0).expect("new");
    record(&memory, "A", "2", 1801, 901).expect("new, and lets go of the first");
    assert!(matches!(record(&memory, "A", "1", 900, 100), Err(AuthnError::TimestampExpired)));
}

#[test]
fn many_keys_that_call_once_do_not_pile_up() {
    let memory = NonceMemory::in_memory();
    for call in 0..2_000 {
        record(&memory, &format!("STS.{call}"), "n", 1000 * call + 900, 1000 * call).expect("new");
    }
    assert!(memory.keys() < 64, "{}", memory.keys());
}

type Open = fn(&std::path::Path, Timestamp) -> Result<NonceMemory, JournalError>;

/// Opens a journal on each of the media that there are.
const MEDIA: [Open; 2] = [NonceMemory::open_on_disk, NonceMemory::open_in_memory];

#[test]
fn a_replay_right_after_a_restart_is_refused() {
    for open in MEDIA {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("nonces");
        for restart in 0..3 {
            let memory = open(&path, at(0)).expect("opens");
            for nonce in ["1", "2"] {
                assert_eq!(record(&memory, "A", nonce, 900, 0).is_ok(), restart == 0, "start {restart}");
            }
        }
        let memory = open(&path, at(901)).expect("opens");
        assert!(
            matches!(record(&memory, "A", "1", 900, 100), Err(AuthnError::TimestampExpired)),
            "the clock was set back"
        );
        record(&memory, "A", "1", 1801, 901).expect("the first one is over");
    }
}

#[test]
fn a_replay_is_refused_on_whatever_the_journal_was_before_and_is_now() {
    for before in MEDIA {
        for after in MEDIA {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("nonces");
            let memory = before(&path, at(0)).expect("opens");
            std::thread::scope(|scope| {
                for nonce in ["1", "2", "3"] {
                    let memory = &memory;
                    scope.spawn(move || record(memory, "A", nonce, 900, 0).expect("new"));
                }
            });
            drop(memory);
            for _ in 0..2 {
                let memory = after(&path, at(0)).expect("opens");
                for nonce in ["1", "2", "3"] {
                    assert!(matches!(record(&memory, "A", nonce, 900, 0), Err(AuthnError::NonceUsed)), "{nonce}");
                }
            }
        }
    }
}

#[test]
fn a_journal_that_went_with_the_power_lets_no_call_of_before_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("nonces");
    let memory = NonceMemory::open_in_memory(&path, at(0)).expect("opens");
    assert!(matches!(record(&memory, "A", "1", 899, 0), Err(AuthnError::TimestampExpired)), "signed a second before");
    record(&memory, "A", "1", 900, 0).expect("signed in this second");
    drop(memory);
    let memory = NonceMemory::open_in_memory(&path, at(10)).expect("opens");
    record(&memory, "A", "2", 899, 10).expect("the journal is there, and has not seen it");
}

#[test]
fn a_line_that_was_cut_off_by_a_kill_is_not_an_accepted_call() {
    for (open, file) in std::iter::zip(MEDIA, ["nonces", "nonces.1"]) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("nonces");
        let file = folder.path().join(file);
        record(&open(&path, at(0)).expect("opens"), "A", "1", 900, 0).expect("new");
        let text = std::fs::read_to_string(&file).expect("the journal");
        let line = text.lines().last().expect("a line").to_owned();
        std::fs::write(&file, format!("{text}{}", line.get(..40).expect("longer"))).expect("written");
        let memory = open(&path, at(0)).expect("opens");
        assert!(matches!(record(&memory, "A", "1", 900, 0), Err(AuthnError::NonceUsed)));
        drop(memory);

        std::fs::write(&file, format!("{text}{}\n{line}\n", line.get(..40).expect("longer"))).expect("written");
        let error = open(&path, at(0)).expect_err("a damaged line within");
        assert!(matches!(error, JournalError::Damaged { line: 3, .. }), "{error}");
    }
}

#[test]
fn a_journal_belongs_to_one_gate_at_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("nonces");
    let first = NonceMemory::open(&path, at(0)).expect("opens");
    assert!(matches!(NonceMemory::open(&path, at(0)), Err(JournalError::InUse { .. })));
    drop(first);
    NonceMemory::open(&path, at(0)).expect("opens");
}

#[test]
fn a_journal_keeps_what_can_be_replayed_and_drops_the_rest_while_it_runs() {
    for open in MEDIA {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("nonces");
        let memory = open(&path, at(0)).expect("opens");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        // A long key makes a long file of few calls.
        let key = "K".repeat(128);
        let mut most = 0;
        let mut calls = 0_i64;
        for round in 0..4_i64 {
            let now = 2000 * round;
            for call in 0..200 {
                runtime.block_on(memory.record(&key, &format!("{round}/{call}"), at(now + 900), at(now))).expect("new");
                calls += 1;
            }
            let size = |path: &std::path::Path| std::fs::metadata(path).map_or(0, |file| file.len());
            let files = std::fs::read_dir(folder.path()).expect("the folder");
            most = most.max(files.map(|file| size(&file.expect("a file").path())).sum());
        }
        let line = 128 + 1 + 10 + 1 + 64 + 1;
        assert!(most < 3 * 200 * line, "{most} bytes on disk");
        assert_eq!(calls, 800);
        drop(memory);
        let memory = open(&path, at(6000)).expect("opens");
        for call in [0, 99, 199] {
            assert!(
                matches!(record(&memory, &key, &format!("3/{call}"), 6900, 6000), Err(AuthnError::NonceUsed)),
                "{call}"
            );
        }
    }
}

#[test]
fn a_nonce_that_cannot_be_written_down_refuses_its_call() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("nonces");
    let mut memory = NonceMemory::open(&path, at(0)).expect("opens");
    memory.stop_journal();
    let error = record(&memory, "A", "1", 900, 0).expect_err("nobody writes");
    assert_eq!((error.code(), error.status()), ("ServiceUnavailable", 503));
}

fn entry(id: &str, session: bool) -> KeyEntry {
    KeyEntry {
        id: id.to_owned(),
        secret: SecretString::from("canary-secret"),
        status: KeyStatus::Active,
        not_after: None,
        principal: Principal::Owner { account: "1".to_owned() },
        session: session.then(|| SessionToken {
            token: SecretString::from("canary-token"),
            expires: at(0) + SignedDuration::from_hours(1),
        }),
    }
}

#[test]
fn a_ring_refuses_every_key_that_is_ambiguous_at_once() {
    let entries =
        [entry("A", false), entry("A", false), entry("a b", false), entry("STS.1", false), entry("LTAI", true)];
    let errors = KeyRing::new(entries).expect_err("none of them");
    assert!(matches!(
        errors.as_slice(),
        [KeyRingError::Duplicate { .. }, KeyRingError::Id { .. }, KeyRingError::Kind { .. }, KeyRingError::Kind { .. }]
    ));
}

#[test]
fn no_secret_shows_in_debug_output() {
    let entry = entry("STS.1", true);
    assert!(!format!("{entry:?}").contains("canary"));
    let ring = KeyRing::new([entry]).expect("a ring");
    assert_eq!(format!("{ring:?}"), "KeyRing(1 keys)");
}
