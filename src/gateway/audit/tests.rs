//! The form of the records, and the log at and over its bounds.

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use super::*;
use crate::gateway::config::{Audit, AuditFile, OnFailure};

/// The schema of the documents is that of the types: an object for each kind of line.
#[test]
fn the_documented_schema_is_that_of_the_records() {
    let record = schemars::schema_for!(Entry<'static>);
    let gap = schemars::schema_for!(Gap);
    let mut schema = serde_json::json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of ramgate's audit log, version 1",
    });
    let mut definitions = serde_json::Map::new();
    let mut kinds = Vec::new();
    for (name, part) in [("record", record), ("gap", gap)] {
        let mut part = part.to_value();
        let object = part.as_object_mut().unwrap();
        object.remove("$schema");
        object.remove("title");
        if let Some(serde_json::Value::Object(more)) = object.remove("$defs") {
            definitions.extend(more);
        }
        definitions.insert(name.to_owned(), part);
        kinds.push(serde_json::json!({ "$ref": format!("#/$defs/{name}") }));
    }
    schema["oneOf"] = kinds.into();
    schema["$defs"] = definitions.into();
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/audit.schema.json");
    if std::env::var_os("RAMGATE_WRITE_SCHEMA").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let documented = std::fs::read_to_string(path).unwrap();
    let document = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/audit.md")).unwrap();
    for part in ["record", "gap", "CheckEntry"] {
        for field in schema["$defs"][part]["properties"].as_object().unwrap().keys() {
            assert!(document.contains(&format!("`{field}`")), "docs/audit.md does not explain `{field}`");
        }
    }
    assert_eq!(
        documented, text,
        "run this test with RAMGATE_WRITE_SCHEMA=1, and raise the version where one is broken"
    );
}

/// A line that says which call it is of.
fn line(kind: Kind, number: usize) -> serde_json::Value {
    serde_json::json!({ "v": 1, "kind": kind, "number": number })
}

/// An output that takes or refuses lines as it is told to, one answer a write.
struct Told {
    answers: Receiver<io::Result<()>>,
    taken: Arc<Mutex<String>>,
}

impl Output for Told {
    fn write(&mut self, lines: &[u8]) -> Result<(), Unwritten> {
        // Without anybody to tell, it takes everything.
        match self.answers.recv().unwrap_or(Ok(())) {
            Ok(()) => {
                self.taken.lock().unwrap().push_str(std::str::from_utf8(lines).unwrap());
                Ok(())
            }
            Err(error) => Err(Unwritten { written: 0, error }),
        }
    }
}

fn told(config: &Audit) -> (Log, Sender<io::Result<()>>, Arc<Mutex<String>>) {
    let (sender, answers) = channel();
    let taken = Arc::new(Mutex::new(String::new()));
    (Log::to(Told { answers, taken: Arc::clone(&taken) }, config).unwrap(), sender, taken)
}

fn small(on_failure: OnFailure) -> Audit {
    Audit { queue_bytes: 64 * 1024, on_failure, ..Audit::default() }
}

#[tokio::test]
async fn an_intent_is_written_before_it_is_waited_for_no_longer() {
    let (log, answers, taken) = told(&Audit::default());
    log.submit(Kind::Decision, &line(Kind::Decision, 1), Promise::none());
    let intended = log.intend(&line(Kind::Intent, 2)).unwrap();
    answers.send(Ok(())).unwrap();
    answers.send(Ok(())).unwrap();
    let promise = intended.written().await.unwrap();
    assert!(taken.lock().unwrap().contains("\"number\":2}\n"));
    log.submit(Kind::Decision, &line(Kind::Decision, 2), promise);
    drop(answers);
    assert_eq!(log.close(), Ended::Whole);
    assert_eq!(taken.lock().unwrap().lines().count(), 3);
}

#[tokio::test]
async fn a_write_is_refused_while_the_log_cannot_be_written_and_no_other_call_is() {
    let (log, answers, _) = told(&Audit::default());
    answers.send(Err(io::ErrorKind::StorageFull.into())).unwrap();
    let intended = log.intend(&line(Kind::Intent, 1)).unwrap();
    let refused = intended.written().await.unwrap_err();
    assert!(matches!(refused, Unrecorded::Failing { .. } | Unrecorded::TooSlow), "{refused}");
    while log.failing().is_none() {
        tokio::task::yield_now().await;
    }
    // At once from now on.
    assert!(matches!(log.intend(&line(Kind::Intent, 2)), Err(Unrecorded::Failing { .. })));
    assert!(log.admit().is_ok());
    let (refusing, answers, _) = told(&small(OnFailure::Refuse));
    answers.send(Err(io::ErrorKind::StorageFull.into())).unwrap();
    refusing.submit(Kind::Decision, &line(Kind::Decision, 1), Promise::none());
    while refusing.failing().is_none() {
        tokio::task::yield_now().await;
    }
    assert!(matches!(refusing.admit(), Err(Unrecorded::Failing { .. })));
}

#[tokio::test]
async fn what_does_not_fit_is_counted_and_the_log_tells_it_when_it_goes_on() {
    let (log, answers, taken) = told(&small(OnFailure::RefuseWrites));
    let mut calls = 0;
    while log.dropped().decisions < 7 {
        log.submit(Kind::Decision, &line(Kind::Decision, calls), Promise::none());
        calls += 1;
    }
    assert!(matches!(log.intend(&line(Kind::Intent, 0)), Err(Unrecorded::Full { .. })));
    drop(answers);
    assert_eq!(log.close(), Ended::CutShort);
    let taken = taken.lock().unwrap();
    let gap: Gap = taken.lines().find_map(|line| serde_json::from_str(line).ok()).unwrap();
    assert_eq!((gap.decisions, gap.intents), (7, 0));
    assert_eq!(taken.lines().count(), calls - 7 + 1);
}

#[tokio::test]
async fn a_call_that_was_forwarded_is_on_record_however_full_the_queue_is() {
    let (log, answers, taken) = told(&small(OnFailure::Refuse));
    let promise = log.admit().unwrap().written().await.unwrap();
    while log.dropped().decisions == 0 {
        log.submit(Kind::Decision, &line(Kind::Decision, 1), Promise::none());
    }
    log.submit(Kind::Decision, &line(Kind::Decision, 4711), promise);
    drop(answers);
    log.close();
    assert!(taken.lock().unwrap().contains("4711"));
    assert_eq!(log.dropped().decisions, 1);
}

#[tokio::test]
async fn a_log_that_ends_while_nothing_can_be_written_counts_what_it_drops() {
    let (log, answers, _) = told(&small(OnFailure::Drop));
    for _ in 0..20 {
        answers.send(Err(io::ErrorKind::StorageFull.into())).unwrap();
    }
    for number in 0..5 {
        log.submit(Kind::Decision, &line(Kind::Decision, number), Promise::none());
    }
    let intended = log.intend(&line(Kind::Intent, 0)).unwrap();
    intended.written().await.unwrap();
    assert_eq!(log.close(), Ended::CutShort);
    assert_eq!(log.dropped(), Dropped { decisions: 5, intents: 1 });
    log.submit(Kind::Decision, &line(Kind::Decision, 9), Promise::none());
    assert_eq!(log.dropped().decisions, 6, "nothing is written any more");
}

fn file(path: &Path, rotate_bytes: u64, keep: usize) -> RotatedFile {
    let config =
        AuditFile { path: path.to_owned(), rotate_bytes: Some(rotate_bytes), rotate_after: None, keep: Some(keep) };
    RotatedFile::open(&config).unwrap()
}

#[test]
fn a_full_file_is_set_aside_at_the_end_of_a_line_and_the_oldest_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let mut log = file(&path, 25, 2);
    log.write(b"1 345678\n2 345678\n3 345678\n4 345678\n5 345678\n").unwrap();
    let text = |path: &Path| std::fs::read_to_string(path).unwrap();
    let aside: Vec<String> = rotated(&path).unwrap().iter().map(|path| text(path)).collect();
    assert_eq!(aside, ["1 345678\n2 345678\n", "3 345678\n4 345678\n"]);
    assert_eq!(text(&path), "5 345678\n");
    log.write(b"a line that is longer than a file may be\n6\n7\n").unwrap();
    let aside: Vec<String> = rotated(&path).unwrap().iter().map(|path| text(path)).collect();
    assert_eq!(aside, ["5 345678\n", "a line that is longer than a file may be\n"]);
    assert_eq!(text(&path), "6\n7\n");
}

#[test]
fn a_file_that_others_renamed_is_let_go_when_it_is_opened_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let mut log = file(&path, 1000, 1);
    log.write(b"1\n").unwrap();
    std::fs::rename(&path, folder.path().join("audit.log.1")).unwrap();
    log.write(b"2\n").unwrap();
    log.reopen().unwrap();
    log.write(b"3\n").unwrap();
    assert_eq!(std::fs::read_to_string(folder.path().join("audit.log.1")).unwrap(), "1\n2\n");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "3\n");
}

#[test]
fn a_line_that_was_broken_off_by_a_crash_takes_no_other_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    std::fs::write(&path, "whole\nbroken o").unwrap();
    file(&path, 1000, 1).write(b"next\n").unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "whole\nbroken o\nnext\n");
}

#[test]
fn a_file_that_cannot_be_rotated_grows_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let mut log = file(&path, 4, 1);
    log.write(b"123\n").unwrap();
    // There is no folder any more to begin another in.
    std::fs::remove_dir_all(folder.path()).unwrap();
    log.write(b"456\n789\n").unwrap();
}

#[test]
fn a_file_is_set_aside_only_where_there_is_another_to_go_on_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let mut log = file(&path, 4, 9);
    log.write(b"123\n").unwrap();
    // As where no descriptor is left.
    std::fs::create_dir(folder.path().join("audit.log.next")).unwrap();
    log.write(b"456\n789\n").unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "123\n456\n789\n");
    assert!(rotated(&path).unwrap().is_empty());
}
