//! Whom a bucket policy speaks of.

use crate::json::Span;
use crate::policy::{Document, Effect, PrincipalClause, PrincipalNames, Statement};

/// Somebody of whom nothing is known.
const ANYBODY: PrincipalNames<'_> = PrincipalNames::Service { name: "" };

/// Whether the principal is `*`.
pub(super) fn is_for_everybody(statement: &Statement) -> bool {
    matches!(statement.principal(), Some(PrincipalClause::List(_)))
        && statement.principal().is_some_and(|principal| principal.matches(&ANYBODY, true))
}

/// What everybody may do of `actions`, each statement once: where the action stands, and which it is.
pub(super) fn everybody<'d>(
    document: &'d Document,
    actions: &[&'static str],
) -> Vec<(&'d Statement, Span, &'static str)> {
    let denied = |action: &str, allow: &Statement| {
        document.statements().iter().any(|deny| {
            deny.effect() == Effect::Deny
                && deny.condition().is_empty()
                && is_for_everybody(deny)
                && deny.action().matches(action)
                && covers(deny, allow)
        })
    };
    let allows = document
        .statements()
        .iter()
        .filter(|statement| statement.effect() == Effect::Allow && is_for_everybody(statement));
    let first = |statement: &'d Statement| {
        let action = actions.iter().find(|action| statement.action().matches(action) && !denied(action, statement))?;
        let matching = statement.action().patterns().find(|(pattern, _)| pattern.matches(action));
        let span =
            matching.filter(|_| !statement.action().is_negated()).map_or(statement.action().span(), |(_, span)| span);
        Some((statement, span, *action))
    };
    allows.filter_map(first).collect()
}

/// Whether the resources of one statement are all among those of another.
fn covers(deny: &Statement, allow: &Statement) -> bool {
    let (Some(deny), Some(allow)) = (deny.resource(), allow.resource()) else { return false };
    !deny.is_negated()
        && !allow.is_negated()
        && allow.patterns().all(|(allow, _)| deny.patterns().any(|(deny, _)| deny.covers(allow)))
}
