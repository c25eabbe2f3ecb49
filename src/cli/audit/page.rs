//! One record in one line, for people.

use crate::authz::Outcome;
use crate::cli::output::visible;
use crate::gateway::audit::{Entry, Kind};

pub(super) fn line(entry: &Entry<'_>) -> String {
    let claimed = || entry.access_key_id.as_deref().map(|id| format!("somebody with access key {id}"));
    let who = entry.principal.as_deref().map(str::to_owned).or_else(claimed).unwrap_or_else(|| "somebody".to_owned());
    let operation = entry.operation.as_deref().unwrap_or("(no operation)");
    let mut resources: Vec<&str> = Vec::new();
    for check in &entry.checks {
        if !resources.contains(&&*check.resource) {
            resources.push(&check.resource);
        }
    }
    let on = if resources.is_empty() { String::new() } else { format!(" on {}", resources.join(", ")) };
    let start = format!("{:.3} {who} {operation}{on}", entry.time);
    if entry.kind == Kind::Intent {
        return visible(&format!("{start}: about to be forwarded, {}", entry.request_id));
    }
    let place = match (&entry.file, entry.line) {
        (Some(file), Some(line)) => format!(" ({file}:{line})"),
        _ => String::new(),
    };
    let decision = match (entry.decision, &entry.policy) {
        (Some(decision), Some(policy)) => format!("{decision} by {policy}{place}"),
        (Some(Outcome::Allow), None) => "Allow".to_owned(),
        (Some(decision), None) => format!("{decision}, no statement matches"),
        (None, _) => "no policy was asked".to_owned(),
    };
    let shadow = entry.shadow.as_deref().map(|shadow| format!(", let through by the shadow of {shadow}"));
    let answer = match (entry.status, &entry.code) {
        (Some(status), Some(code)) => format!("{status} {code}"),
        (Some(status), None) => format!("{status} from the upstream"),
        (None, _) => "no answer".to_owned(),
    };
    // The reason of a denial is in the line already.
    let denied = entry.decision.is_some_and(|decision| decision != Outcome::Allow);
    let reason = entry.reason.as_deref().filter(|_| !denied).map(|reason| format!(": {reason}"));
    let (shadow, reason) = (shadow.unwrap_or_default(), reason.unwrap_or_default());
    visible(&format!("{start} -> {decision}{shadow}; {answer}{reason}, {}", entry.request_id))
}
