//! How large a change is, and how far it reaches beyond the request.

use crate::policy::{Pattern, Statement};

/// How much is changed, for the order in which changes are tried: the request before a policy, what adds one text before
/// what adds a statement, and a Deny that is gone last.
pub(super) mod weight {
    pub(in super::super) const UNKNOWN_VALUE: u32 = 8;
    pub(in super::super) const VALUE: u32 = 10;
    pub(in super::super) const RESOURCE_GROUP: u32 = 12;
    pub(in super::super) const PATTERN: u32 = 20;
    pub(in super::super) const OPERAND: u32 = 22;
    pub(in super::super) const EXCEPTION: u32 = 26;
    pub(in super::super) const STATEMENT: u32 = 40;
    pub(in super::super) const PATTERN_OF_DENY: u32 = 44;
    pub(in super::super) const DENY: u32 = 60;
    /// Besides, where a change reaches further than the request: several texts, some with wildcards, everything.
    pub(in super::super) const WIDTHS: [u32; 4] = [0, 5, 10, 30];
}

/// The most texts that are named in words about how wide a change is.
const NAMED: usize = 3;

/// The [`width`] of a statement that names no bound.
pub(super) const EVERYTHING: usize = weight::WIDTHS.len() - 1;

/// How far a statement reaches beyond a request once it applies, as a place in [`weight::WIDTHS`]. An element that is
/// unmet is given what the request has, and the others stay.
pub(super) fn width(statement: &Statement, action_unmet: bool, resource_unmet: bool) -> usize {
    let of = |negated: bool, patterns: Vec<&Pattern>| match patterns.as_slice() {
        _ if negated => EVERYTHING,
        patterns if patterns.iter().any(|pattern| pattern.as_str() == "*") => EVERYTHING,
        patterns if patterns.iter().any(|pattern| pattern.is_wild()) => 2,
        [_] => 0,
        _ => 1,
    };
    let action = statement.action();
    let actions = of(action.is_negated(), action.patterns().map(|(pattern, _)| pattern).collect());
    let resources = statement
        .resource()
        .map_or(0, |resource| of(resource.is_negated(), resource.patterns().map(|(pattern, _)| pattern).collect()));
    match (action_unmet, resource_unmet) {
        (true, false) => resources,
        (false, true) => actions,
        _ => actions.max(resources),
    }
}

/// What a statement is about, in words.
pub(super) fn about(statement: &Statement) -> String {
    format!("{} on {}", actions(statement), resources(statement))
}

pub(super) fn actions(statement: &Statement) -> String {
    let action = statement.action();
    listed(action.is_negated(), action.patterns().map(|(pattern, _)| pattern.as_str()))
}

pub(super) fn resources(statement: &Statement) -> String {
    match statement.resource() {
        Some(resource) => listed(resource.is_negated(), resource.patterns().map(|(pattern, _)| pattern.as_str())),
        None => "the role".to_owned(),
    }
}

fn listed<'t>(negated: bool, texts: impl Iterator<Item = &'t str>) -> String {
    let texts: Vec<String> = texts.map(|text| format!("`{text}`")).collect();
    let (named, further) = texts.split_at(texts.len().min(NAMED));
    let more = if further.is_empty() { String::new() } else { format!(" and {} more", further.len()) };
    let but = if negated { "everything but " } else { "" };
    format!("{but}{}{more}", named.join(", "))
}
