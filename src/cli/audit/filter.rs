//! Which records are meant.

use clap::Args;
use jiff::Timestamp;

use crate::gateway::audit::Entry;
use crate::policy::{Case, Pattern};

const HEADING: &str = "Which records";

/// Which records are meant: those that everything which is given holds of.
#[derive(Debug, Args)]
pub(super) struct Filter {
    /// Whose: `alice`, `user/alice`, `assumed-role/ops/*`, or with the account before it; `*` and `?` stand for what they do
    /// in policies.
    #[arg(long, value_name = "NAME", help_heading = HEADING)]
    principal: Option<String>,
    /// An action that was asked about, as in polardb:Close*.
    #[arg(long, value_name = "PATTERN", help_heading = HEADING)]
    action: Option<String>,
    /// The operation that was called, as in CloseDBCluster*.
    #[arg(long, value_name = "PATTERN", help_heading = HEADING)]
    operation: Option<String>,
    /// A resource that was asked about: a pattern of its ARN, or of what follows the last `:` of it.
    #[arg(long, value_name = "PATTERN", help_heading = HEADING)]
    resource: Option<String>,
    /// What policies said: Allow, ExplicitDeny, ImplicitDeny, Deny for both, or none where they were not asked.
    #[arg(long, value_name = "DECISION", value_parser = ["Allow", "ExplicitDeny", "ImplicitDeny", "Deny", "none"],
        help_heading = HEADING)]
    decision: Option<String>,
    /// The code that the gate answered with, as in Forbidden.RAM.
    #[arg(long, value_name = "CODE", help_heading = HEADING)]
    code: Option<String>,
    /// From this time on, as in 2026-11-24T06:00:00Z.
    #[arg(long, value_name = "TIME", help_heading = HEADING)]
    since: Option<Timestamp>,
    /// Before this time.
    #[arg(long, value_name = "TIME", help_heading = HEADING)]
    until: Option<Timestamp>,
}

fn matches(pattern: &str, case: Case, text: &str) -> bool {
    Pattern::new(pattern, case).matches(text)
}

impl Filter {
    pub(super) fn picks(&self, entry: &Entry<'_>) -> bool {
        let given = |filter: &Option<String>, holds: &dyn Fn(&str) -> bool| filter.as_deref().is_none_or(holds);
        given(&self.principal, &|pattern| entry.principal.as_deref().is_some_and(|name| is_of(pattern, name)))
            && given(&self.action, &|pattern| {
                entry.checks.iter().any(|check| matches(pattern, Case::Ignore, &check.action))
            })
            && given(&self.operation, &|pattern| {
                entry.operation.as_deref().is_some_and(|name| matches(pattern, Case::Ignore, name))
            })
            && given(&self.resource, &|pattern| {
                entry.checks.iter().any(|check| {
                    let short = check.resource.rsplit(':').next().unwrap_or_default();
                    [&*check.resource, short].iter().any(|text| matches(pattern, Case::Exact, text))
                })
            })
            && given(&self.decision, &|wanted| match (wanted, entry.decision.map(|decision| decision.to_string())) {
                ("none", decision) => decision.is_none(),
                ("Deny", decision) => decision.is_some_and(|decision| decision != "Allow"),
                (wanted, decision) => decision.as_deref() == Some(wanted),
            })
            && given(&self.code, &|code| entry.code.as_deref() == Some(code))
            && self.since.is_none_or(|since| entry.time >= since)
            && self.until.is_none_or(|until| entry.time < until)
    }
}

/// Whether `pattern` names the principal: whole, without its account, or by the name alone.
fn is_of(pattern: &str, name: &str) -> bool {
    let relative = name.splitn(5, ':').nth(4).unwrap_or(name);
    let short = relative.split_once('/').map_or(relative, |(_, short)| short);
    [name, relative, short].iter().any(|text| matches(pattern, Case::Exact, text))
}
