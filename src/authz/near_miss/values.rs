//! Values of a condition key that would turn a test.

use jiff::{SignedDuration, Timestamp};

use crate::policy::{ConditionTest, ContextValue, Operator, TestOutcome};

/// What a key would have to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// One such value.
    pub(super) value: ContextValue,
    /// All of them, in words.
    pub(super) meaning: String,
}

/// Addresses that stand for any other, for blocks seldom hold all of them.
const ADDRESSES: [&str; 4] = ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1"];

/// At most two values that `test` comes to `outcome` for, other than `now`: one that the request would carry, and that
/// it carries none.
pub(super) fn values(test: &ConditionTest, outcome: TestOutcome, now: &ContextValue) -> Vec<Wanted> {
    let turns = |value: &ContextValue| value != now && test.evaluate(value) == outcome;
    let present = samples(test).into_iter().map(|sample| ContextValue::Present(vec![sample])).find(turns);
    let meaning = |value: &ContextValue| match (test.operator(), value) {
        // There is no other value that would do.
        (Operator::Bool, ContextValue::Present(values)) => format!("`{}`", values.join("")),
        _ => meaning(test, outcome == TestOutcome::Met),
    };
    let present = present.map(|value| Wanted { meaning: meaning(&value), value });
    let absent =
        turns(&ContextValue::Absent).then(|| Wanted { value: ContextValue::Absent, meaning: "absent".to_owned() });
    present.into_iter().chain(absent).collect()
}

/// Values at and around the operands, and some that are like none of them.
fn samples(test: &ConditionTest) -> Vec<String> {
    let operands = || test.written_operands().iter().map(|operand| &*operand.text);
    use Operator as O;
    match test.operator() {
        O::StringEquals | O::StringNotEquals | O::StringEqualsIgnoreCase | O::StringNotEqualsIgnoreCase => {
            operands().map(str::to_owned).chain(other(&operands().collect::<Vec<_>>())).collect()
        }
        O::StringLike | O::StringNotLike => {
            let without_wildcards = |text: &str| text.replace('*', "").replace('?', "x");
            operands().map(without_wildcards).chain(other(&operands().collect::<Vec<_>>())).collect()
        }
        O::NumericEquals
        | O::NumericNotEquals
        | O::NumericLessThan
        | O::NumericLessThanEquals
        | O::NumericGreaterThan
        | O::NumericGreaterThanEquals => operands().flat_map(around_number).collect(),
        O::DateEquals
        | O::DateNotEquals
        | O::DateLessThan
        | O::DateLessThanEquals
        | O::DateGreaterThan
        | O::DateGreaterThanEquals => operands().flat_map(around_instant).collect(),
        O::Bool => vec!["true".to_owned(), "false".to_owned()],
        O::IpAddress | O::NotIpAddress => {
            let first = |block: &str| block.split('/').next().unwrap_or_default().to_owned();
            operands().map(first).chain(ADDRESSES.map(str::to_owned)).collect()
        }
    }
}

/// A text that is none of `texts`.
fn other(texts: &[&str]) -> Option<String> {
    let candidates = std::iter::once("other".to_owned()).chain((2..).map(|number| format!("other-{number}")));
    candidates.take(texts.len() + 1).find(|candidate| !texts.contains(&candidate.as_str()))
}

fn around_number(text: &str) -> Vec<String> {
    let whole = text.parse::<i64>().ok();
    let beside = |by: i64| whole.and_then(|number| number.checked_add(by)).map(|number| number.to_string());
    [Some(text.to_owned()), beside(-1), beside(1)].into_iter().flatten().collect()
}

fn around_instant(text: &str) -> Vec<String> {
    let instant = text.parse::<Timestamp>().ok();
    let beside = |by: i64| {
        let moved = instant.and_then(|instant| instant.checked_add(SignedDuration::from_secs(by)).ok());
        moved.map(|instant| instant.to_string())
    };
    [Some(text.to_owned()), beside(-1), beside(1)].into_iter().flatten().collect()
}

/// All values that the test is met by, or all that it is not met by.
fn meaning(test: &ConditionTest, met: bool) -> String {
    use Operator as O;
    let operator = test.operator();
    let operands: Vec<String> = test.written_operands().iter().map(|operand| format!("`{}`", operand.text)).collect();
    let operands = operands.join(" or ");
    let (one, none) = match operator {
        O::StringLike | O::StringNotLike => ("anything like", "nothing like"),
        O::IpAddress | O::NotIpAddress => ("an address in", "an address outside"),
        O::NumericLessThan => ("less than", "not less than"),
        O::NumericLessThanEquals => ("at most", "more than"),
        O::NumericGreaterThan => ("more than", "at most"),
        O::NumericGreaterThanEquals => ("at least", "less than"),
        O::DateLessThan => ("before", "not before"),
        O::DateLessThanEquals => ("not after", "after"),
        O::DateGreaterThan => ("after", "not after"),
        O::DateGreaterThanEquals => ("not before", "before"),
        _ => ("", "anything but"),
    };
    let word = if met != operator.is_negated() { one } else { none };
    let case = match operator {
        O::StringEqualsIgnoreCase | O::StringNotEqualsIgnoreCase => ", in any letter case",
        _ => "",
    };
    format!("{word} {operands}{case}").trim_start().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::SourceText;
    use crate::policy::{Dialect, Document, PolicyKind};

    fn test(operator: Operator, operands: &str) -> ConditionTest {
        let text = format!(
            r#"{{"Version": "1", "Statement": [{{"Effect": "Deny", "Action": "*", "Resource": "*",
                "Condition": {{"{operator}": {{"acs:key": {operands}}}}}}}]}}"#
        );
        let source = SourceText::new("p.json", text);
        let document = Document::parse(&source, PolicyKind::Identity, &Dialect::strict()).unwrap();
        document.statements()[0].condition()[0].clone()
    }

    /// An operand of the operator's type.
    fn operand(operator: Operator) -> &'static str {
        match operator.name() {
            name if name.starts_with("Numeric") => r#""5""#,
            name if name.starts_with("Date") => r#""2026-08-12T17:00:00+08:00""#,
            name if name.starts_with("Bool") => r#""true""#,
            name if name.ends_with("IpAddress") => r#"["203.0.113.0/24", "2001:db8::/32"]"#,
            _ => r#"["dev-*", "other"]"#,
        }
    }

    #[test]
    fn every_operator_can_be_met_and_unmet_by_some_value() {
        for operator in Operator::ALL {
            let test = test(*operator, operand(*operator));
            for outcome in [TestOutcome::Met, TestOutcome::Unmet] {
                let found = values(&test, outcome, &ContextValue::Unknown);
                let carried = found.iter().filter(|wanted| matches!(wanted.value, ContextValue::Present(_))).count();
                assert_eq!(carried, 1, "{operator} {outcome:?}: {found:?}");
                // An absent key leaves a positive operator unmet, and a negated one met.
                let absent = (outcome == TestOutcome::Met) == operator.is_negated();
                assert_eq!(found.len(), 1 + usize::from(absent), "{operator} {outcome:?}: {found:?}");
            }
        }
    }

    #[test]
    fn another_text_is_none_of_the_operands() {
        for operands in [r#""other""#, r#"["other", "other-2"]"#, r#"["other-2", "other"]"#] {
            for operator in [Operator::StringEquals, Operator::StringLike, Operator::StringEqualsIgnoreCase] {
                let test = test(operator, operands);
                let found = values(&test, TestOutcome::Unmet, &ContextValue::Absent);
                assert!(
                    matches!(found.as_slice(), [Wanted { value: ContextValue::Present(_), .. }]),
                    "{operands}: {found:?}"
                );
            }
        }
    }

    #[test]
    fn values_are_told_in_words() {
        let told: Vec<String> = Operator::ALL
            .iter()
            .map(|operator| {
                let test = test(*operator, operand(*operator));
                let told = |outcome| {
                    let found = values(&test, outcome, &ContextValue::Absent);
                    found.iter().map(|wanted| format!("{} ({:?})", wanted.meaning, wanted.value)).collect::<String>()
                };
                format!("{operator}: {} | {}", told(TestOutcome::Met), told(TestOutcome::Unmet))
            })
            .collect();
        insta::assert_snapshot!(told.join("\n"));
    }
}
