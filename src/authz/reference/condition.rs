//! Conditions (4, G2).

use std::cmp::Ordering;

use super::{glob, values};
use crate::policy::{AbsentKey, Case, ConditionTest, Context, ContextValue};

/// What a test comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    Met,
    Unmet,
    /// The key is unknown, or a value of it cannot be read as the operator's type.
    Unreadable,
}

/// One test before a context: the operator, the key, the operands as they are written.
pub(super) fn test(test: &ConditionTest, context: &Context) -> Truth {
    let operands: Vec<&str> = test.written_operands().iter().map(|operand| &*operand.text).collect();
    truth(test.operator().name(), &operands, test.absent_key(), value(context, &test.written_key().text))
}

/// What the context has of a key.
fn value<'c>(context: &'c Context, key: &str) -> &'c ContextValue {
    let key = compared(key);
    let set = context.iter().find(|(name, _)| *name == key).map(|(_, value)| value);
    // Of several families that begin so the longest counts, and of those the one declared last.
    let families = context.families().filter(|(prefix, _)| key.starts_with(prefix));
    match (set, families.max_by_key(|(prefix, _)| prefix.len())) {
        (Some(value), _) => value,
        (None, Some((_, true))) => &ContextValue::Unknown,
        (None, _) => &ContextValue::Absent,
    }
}

/// 5.1, 11: the fixed part of a key compares without case, what comes after the first `/` with it.
fn compared(key: &str) -> String {
    let fixed = key.find('/').unwrap_or(key.len());
    key.char_indices().map(|(at, letter)| if at < fixed { letter.to_ascii_lowercase() } else { letter }).collect()
}

pub(super) fn truth(operator: &str, operands: &[&str], absent: AbsentKey, value: &ContextValue) -> Truth {
    // 4.1: of each type the operators with `Not` in their names are the negated ones.
    let negated = operator.contains("Not");
    let met = match value {
        // G2: a key is Present, Absent or Unknown.
        ContextValue::Unknown => return Truth::Unreadable,
        // 4.2 no. 5: without the key a positive operator is false and a negated one true.
        ContextValue::Absent => negated && absent == AbsentKey::PositiveFalseNegatedTrue,
        ContextValue::Present(values) if values.is_empty() => negated && absent == AbsentKey::PositiveFalseNegatedTrue,
        ContextValue::Present(values) => {
            // G2: one value that cannot be read as the operator's type makes the whole test unreadable.
            let matched: Option<Vec<bool>> =
                values.iter().map(|value| matches_any(operator, operands, value)).collect();
            let Some(matched) = matched else { return Truth::Unreadable };
            // 4.2 no. 1, 4.3: any value of the context with any value of the policy; 4.2 no. 4: negated, none with none.
            matched.contains(&true) != negated
        }
    };
    if met { Truth::Met } else { Truth::Unmet }
}

/// Whether one of the operands matches the value; `None` where that cannot be told.
fn matches_any(operator: &str, operands: &[&str], value: &str) -> Option<bool> {
    if !is_readable(operator, value) {
        return None;
    }
    let matched: Vec<Option<bool>> = operands.iter().map(|operand| matches(operator, operand, value)).collect();
    if matched.contains(&Some(true)) {
        Some(true)
    } else if matched.contains(&None) {
        None
    } else {
        Some(false)
    }
}

/// Whether the value is of the operator's type.
fn is_readable(operator: &str, value: &str) -> bool {
    match operator {
        name if name.starts_with("Numeric") => values::number(value).is_some(),
        name if name.starts_with("Date") => values::instant(value).is_some(),
        "Bool" => value == "true" || value == "false",
        "IpAddress" | "NotIpAddress" => values::address(value).is_some(),
        _ => true,
    }
}

/// 4.3: whether one operand matches one value, for a negated operator what it negates.
fn matches(operator: &str, operand: &str, value: &str) -> Option<bool> {
    let number = |wanted: &[Ordering]| Some(wanted.contains(&values::compare_numbers(value, operand)?));
    let date = |wanted: &[Ordering]| Some(wanted.contains(&values::instant(value)?.cmp(&values::instant(operand)?)));
    match operator {
        // Exact, and a `*` is a star.
        "StringEquals" | "StringNotEquals" => Some(operand == value),
        "StringEqualsIgnoreCase" | "StringNotEqualsIgnoreCase" => equal_without_case(operand, value),
        "StringLike" | "StringNotLike" => Some(glob::matches(operand, value, Case::Exact)),
        "NumericEquals" | "NumericNotEquals" => number(&[Ordering::Equal]),
        "NumericLessThan" => number(&[Ordering::Less]),
        "NumericLessThanEquals" => number(&[Ordering::Less, Ordering::Equal]),
        "NumericGreaterThan" => number(&[Ordering::Greater]),
        "NumericGreaterThanEquals" => number(&[Ordering::Greater, Ordering::Equal]),
        "DateEquals" | "DateNotEquals" => date(&[Ordering::Equal]),
        "DateLessThan" => date(&[Ordering::Less]),
        "DateLessThanEquals" => date(&[Ordering::Less, Ordering::Equal]),
        "DateGreaterThan" => date(&[Ordering::Greater]),
        "DateGreaterThanEquals" => date(&[Ordering::Greater, Ordering::Equal]),
        "Bool" => Some(operand == value),
        "IpAddress" | "NotIpAddress" => values::in_block(operand, values::address(value)?),
        // 4.1: there are no others.
        _ => None,
    }
}

/// 4.3: whether RAM folds letters beyond ASCII is open, so where it would make a difference it cannot be told.
fn equal_without_case(a: &str, b: &str) -> Option<bool> {
    let folded = |text: &str| text.to_uppercase().chars().flat_map(char::to_lowercase).collect::<String>();
    if a.eq_ignore_ascii_case(b) {
        Some(true)
    } else if folded(a) == folded(b) && !(a.is_ascii() && b.is_ascii()) {
        None
    } else {
        Some(false)
    }
}
