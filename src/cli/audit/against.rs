//! What another world would change.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::{Value, json};

use crate::cli::output::{Format, visible};
use crate::gateway::audit::{Entry, Replay, Replayed};

pub(super) struct Against {
    replay: Replay,
    same: u64,
    not_asked: u64,
    denied: Changes,
    allowed: Changes,
    unknown: Changes,
}

/// Calls by whose they are, what they are, and why they change.
#[derive(Default)]
struct Changes(BTreeMap<(String, String, String), u64>);

impl Changes {
    fn add(&mut self, entry: &Entry<'_>, action: &str, why: String) {
        let who = entry.principal.as_deref().unwrap_or_default().to_owned();
        *self.0.entry((who, action.to_owned(), why)).or_default() += 1;
    }

    fn calls(&self) -> u64 {
        self.0.values().sum()
    }

    fn callers(&self) -> usize {
        self.0.keys().map(|(who, _, _)| who).collect::<BTreeSet<_>>().len()
    }

    fn json(&self) -> Value {
        let row = |((principal, action, why), calls): (&(String, String, String), &u64)| json!({ "principal": principal, "action": action, "reason": why, "calls": calls });
        self.0.iter().map(row).collect()
    }
}

impl Against {
    pub(super) fn new(replay: Replay) -> Self {
        let (denied, allowed, unknown) = Default::default();
        Self { replay, same: 0, not_asked: 0, denied, allowed, unknown }
    }

    pub(super) fn add(&mut self, entry: &Entry<'_>) {
        let first = entry.denied_action.as_deref().or_else(|| entry.checks.first().map(|check| &*check.action));
        let action = first.unwrap_or_default();
        match self.replay.decide(entry) {
            Replayed::Same => self.same += 1,
            Replayed::NotAsked => self.not_asked += 1,
            Replayed::Allowed => self.allowed.add(entry, action, "every check passes".to_owned()),
            Replayed::Unknown(reason) => self.unknown.add(entry, action, reason.to_owned()),
            Replayed::Denied(None) => {
                self.denied.add(entry, action, "the other world does not hold the caller".to_owned());
            }
            Replayed::Denied(Some(check)) => {
                let by = match &check.decision.determining {
                    Some(statement) => statement.to_string(),
                    None => format!("no statement of {} matches", check.decision.policy_type),
                };
                self.denied.add(entry, &check.action, by);
            }
        }
    }

    /// Whether some call would be decided otherwise, or it cannot be said.
    pub(super) fn changes(&self) -> bool {
        [&self.denied, &self.allowed, &self.unknown].iter().any(|changes| changes.calls() > 0)
    }

    pub(super) fn page(&self, format: Format) -> String {
        let Self { same, not_asked, denied, allowed, unknown, .. } = self;
        if format == Format::Json {
            return json!({
                "same": same, "not_asked": not_asked,
                "would_be_denied": denied.json(), "would_be_allowed": allowed.json(), "unknown": unknown.json(),
            })
            .to_string();
        }
        let mut page = format!(
            "would be denied:  {} calls of {} callers\nwould be allowed: {} calls of {} callers\nunknown:          {} calls of {} \
             callers\nunchanged:        {same} calls\nnot decided by policies then, and not now: {not_asked} calls",
            denied.calls(),
            denied.callers(),
            allowed.calls(),
            allowed.callers(),
            unknown.calls(),
            unknown.callers(),
        );
        for (title, changes) in [("denied", denied), ("allowed", allowed), ("unknown", unknown)] {
            for ((who, action, why), calls) in &changes.0 {
                // Writing to a string cannot fail.
                let _ = write!(page, "\n  {title:<8} {calls:>7}  {}", visible(&format!("{who} {action}: {why}")));
            }
        }
        page
    }
}
