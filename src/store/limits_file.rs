//! `limits.toml`: how often principals may call.

use std::num::NonZeroU32;

use super::Mistake;
use super::fields::{Notes, Text};
use super::tree::{self, Tree};
use crate::identity::{PrincipalPattern, Rate, RateLimit};
use crate::json::SourceText;
use crate::policy::{Case, Pattern};

/// Reads the file; what cannot be understood is noted.
pub(super) fn read(source: &SourceText, mistakes: &mut Vec<Mistake>) -> Vec<RateLimit> {
    let Some(tree) = tree::parse(source, mistakes) else { return Vec::new() };
    let mut notes = Notes { source, mistakes };
    let Some(fields) = notes.fields(&tree, "a file of limits", &["rate_limits"]) else { return Vec::new() };
    let limits = notes.array(fields.get("rate_limits"), "`rate_limits`");
    limits.iter().filter_map(|limit| rate_limit(&mut notes, limit)).collect()
}

fn rate_limit(notes: &mut Notes<'_>, tree: &Tree) -> Option<RateLimit> {
    let fields = notes.fields(tree, "a rate limit", &["principal", "action", "rate", "burst"])?;
    let principal = match notes.optional_text(&fields, "principal") {
        Some(text) => principal(notes, text),
        None => PrincipalPattern::parse("*").ok(),
    };
    let action = match notes.optional_text(&fields, "action") {
        Some(text) => action(notes, text),
        None => Some("*"),
    };
    let rate = notes.required_text(&fields, "rate", "a rate limit").and_then(|text| rate(notes, text));
    let burst = match fields.get("burst") {
        Some(_) => notes.number(&fields, "burst", 1..=Rate::MAX_CALLS).and_then(NonZeroU32::new),
        None => rate.map(Rate::count),
    };
    Some(RateLimit {
        principal: principal?,
        action: Pattern::new(action?, Case::Ignore),
        rate: rate?,
        burst: burst?,
        place: (notes.source.clone(), fields.span),
    })
}

fn principal(notes: &mut Notes<'_>, text: Text<'_>) -> Option<PrincipalPattern> {
    let pattern = PrincipalPattern::parse(text.value);
    pattern.map_err(|error| notes.note(text.span, "principal-pattern", error.to_string(), "")).ok()
}

fn action<'t>(notes: &mut Notes<'_>, text: Text<'t>) -> Option<&'t str> {
    let well_formed = text.value.starts_with('*')
        || text.value.split_once(':').is_some_and(|(service, action)| !service.is_empty() && !action.is_empty());
    if !well_formed {
        let message = format!("`{}` matches no RAM action", text.value);
        let help = "write it as a policy does, as in \"polardb:Describe*\", or \"*\" for every action";
        notes.note(text.span, "action-pattern", message, help);
    }
    well_formed.then_some(text.value)
}

fn rate(notes: &mut Notes<'_>, text: Text<'_>) -> Option<Rate> {
    let rate = Rate::parse(text.value);
    if rate.is_none() {
        let message = format!("`{}` is no rate", text.value);
        let help = "write a number from 1 to 1000000 and `/s`, `/min` or `/h`, as in \"10/s\"";
        notes.note(text.span, "rate", message, help);
    }
    rate
}
