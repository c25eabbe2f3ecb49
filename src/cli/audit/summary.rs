//! Counts by principal and action.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use jiff::Timestamp;
use serde_json::json;

use crate::authz::Outcome;
use crate::cli::output::{Format, visible};
use crate::gateway::audit::Entry;

#[derive(Default)]
pub(super) struct Summary(BTreeMap<(String, String), Counts>);

#[derive(Default)]
struct Counts {
    allowed: u64,
    denied: u64,
    /// Of which no policy was asked.
    refused: u64,
    last: Option<Timestamp>,
}

impl Summary {
    /// Counts a call, once for each action that was asked about.
    pub(super) fn add(&mut self, entry: &Entry<'_>) {
        let who = entry.principal.as_deref().unwrap_or("(not verified)").to_owned();
        let mut actions: BTreeSet<&str> = entry.checks.iter().map(|check| &*check.action).collect();
        if actions.is_empty() {
            actions.insert(entry.operation.as_deref().unwrap_or("(no operation)"));
        }
        for action in actions {
            let counts = self.0.entry((who.clone(), action.to_owned())).or_default();
            match entry.decision {
                Some(Outcome::Allow) => counts.allowed += 1,
                Some(Outcome::ExplicitDeny | Outcome::ImplicitDeny) => counts.denied += 1,
                None => counts.refused += 1,
            }
            counts.last = counts.last.max(Some(entry.time));
        }
    }

    pub(super) fn page(&self, format: Format) -> String {
        if format == Format::Json {
            let rows = self.0.iter().map(|((principal, action), counts)| {
                let Counts { allowed, denied, refused, last } = counts;
                json!({
                    "principal": principal, "action": action,
                    "allowed": allowed, "denied": denied, "refused": refused, "last_seen": last,
                })
            });
            return serde_json::Value::from_iter(rows).to_string();
        }
        let mut page =
            format!("{:>9} {:>9} {:>9}  {:<24}  principal, action", "allowed", "denied", "refused", "last seen");
        for ((principal, action), Counts { allowed, denied, refused, last }) in &self.0 {
            let last = last.map(|last| format!("{last:.3}")).unwrap_or_default();
            let row = format!("{allowed:>9} {denied:>9} {refused:>9}  {last:<24}  {principal}, {action}");
            // Writing to a string cannot fail.
            let _ = write!(page, "\n{}", visible(&row));
        }
        page
    }
}
