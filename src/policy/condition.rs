//! Condition operators and tests (spec ram-policy-language 4).

use std::fmt;

use super::context::ContextKey;
use super::operand::{Digits, parse_bool};
use super::operand_set::{OperandSet, blocks_contain};
use super::{AbsentKey, ContextValue, Decimal, IpBlock, Operand, Written, parse_address, parse_instant};
use crate::json::Span;

macro_rules! operators {
    ($($name:ident),+ $(,)?) => {
        /// The documented operators, all 21 (spec ram-policy-language 4.1).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "the names are the language's own")]
        pub enum Operator {
            $($name,)+
        }

        impl Operator {
            /// Every operator.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The operator as policies spell it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }
        }
    };
}

operators!(
    StringEquals,
    StringNotEquals,
    StringEqualsIgnoreCase,
    StringNotEqualsIgnoreCase,
    StringLike,
    StringNotLike,
    NumericEquals,
    NumericNotEquals,
    NumericLessThan,
    NumericLessThanEquals,
    NumericGreaterThan,
    NumericGreaterThanEquals,
    DateEquals,
    DateNotEquals,
    DateLessThan,
    DateLessThanEquals,
    DateGreaterThan,
    DateGreaterThanEquals,
    Bool,
    IpAddress,
    NotIpAddress,
);

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What an operator compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OperandKind {
    Text,
    Folded,
    Like,
    Number,
    Instant,
    Bool,
    Ip,
}

/// How a value stands to an operand.
#[derive(Debug, Clone, Copy)]
enum Relation {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    /// Whether it asks for the opposite: with several operands, that none of them match (4.2 no. 4).
    #[must_use]
    pub const fn is_negated(self) -> bool {
        matches!(
            self,
            Self::StringNotEquals
                | Self::StringNotEqualsIgnoreCase
                | Self::StringNotLike
                | Self::NumericNotEquals
                | Self::DateNotEquals
                | Self::NotIpAddress
        )
    }

    pub(super) const fn operand_kind(self) -> OperandKind {
        match self {
            Self::StringEquals | Self::StringNotEquals => OperandKind::Text,
            Self::StringEqualsIgnoreCase | Self::StringNotEqualsIgnoreCase => OperandKind::Folded,
            Self::StringLike | Self::StringNotLike => OperandKind::Like,
            Self::NumericEquals
            | Self::NumericNotEquals
            | Self::NumericLessThan
            | Self::NumericLessThanEquals
            | Self::NumericGreaterThan
            | Self::NumericGreaterThanEquals => OperandKind::Number,
            Self::DateEquals
            | Self::DateNotEquals
            | Self::DateLessThan
            | Self::DateLessThanEquals
            | Self::DateGreaterThan
            | Self::DateGreaterThanEquals => OperandKind::Instant,
            Self::Bool => OperandKind::Bool,
            Self::IpAddress | Self::NotIpAddress => OperandKind::Ip,
        }
    }

    const fn relation(self) -> Relation {
        match self {
            Self::NumericLessThan | Self::DateLessThan => Relation::Less,
            Self::NumericLessThanEquals | Self::DateLessThanEquals => Relation::LessOrEqual,
            Self::NumericGreaterThan | Self::DateGreaterThan => Relation::Greater,
            Self::NumericGreaterThanEquals | Self::DateGreaterThanEquals => Relation::GreaterOrEqual,
            _ => Relation::Equal,
        }
    }

    /// Reads an operand; `None` where the text is not of the operator's type.
    #[must_use]
    pub fn operand(self, text: &str) -> Option<Operand> {
        Some(match self.operand_kind() {
            OperandKind::Text => Operand::Text(text.into()),
            OperandKind::Folded => Operand::Folded(text.into()),
            OperandKind::Like => Operand::like(text),
            OperandKind::Number => Operand::Number(Decimal::parse(text)?),
            OperandKind::Instant => Operand::Instant(parse_instant(text)?),
            OperandKind::Bool => Operand::Bool(parse_bool(text)?),
            OperandKind::Ip => Operand::Ip(IpBlock::parse(text)?),
        })
    }
}

impl Relation {
    fn holds<T: Ord>(self, value: &T, operand: &T) -> bool {
        match self {
            Self::Equal => value == operand,
            Self::Less => value < operand,
            Self::LessOrEqual => value <= operand,
            Self::Greater => value > operand,
            Self::GreaterOrEqual => value >= operand,
        }
    }
}

/// What a test came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestOutcome {
    /// It holds.
    Met,
    /// It does not.
    Unmet,
    /// It cannot be told: the key is unknown, a value is not of the operator's type, or letters beyond ASCII differ
    /// by case only where case is ignored. It leaves an Allow unmet and a Deny met, whether the operator is negated
    /// or not (spec gate-rules G2).
    Unreadable,
}

/// One operator, one key, and the operands written for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionTest {
    pub(super) operator: Operator,
    pub(super) key: Written,
    pub(super) normalized: ContextKey,
    pub(super) operands: Vec<Operand>,
    pub(super) set: OperandSet,
    pub(super) written: Vec<Written>,
    pub(super) absent: AbsentKey,
    pub(super) span: Span,
}

impl ConditionTest {
    /// The operator.
    #[must_use]
    pub fn operator(&self) -> Operator {
        self.operator
    }

    /// The key in the form that [`super::Context::get`] takes.
    #[must_use]
    pub fn key(&self) -> &str {
        self.normalized.as_str()
    }

    /// The key as it was written, and where.
    #[must_use]
    pub fn written_key(&self) -> &Written {
        &self.key
    }

    /// The operands as they were written, and where.
    #[must_use]
    pub fn written_operands(&self) -> &[Written] {
        &self.written
    }

    /// The operands.
    #[must_use]
    pub fn operands(&self) -> &[Operand] {
        &self.operands
    }

    /// What it comes to where the request does not carry the key.
    #[must_use]
    pub fn absent_key(&self) -> AbsentKey {
        self.absent
    }

    /// From the key to its last operand.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// Tests what is known of the key (spec ram-policy-language 4.2, spec gate-rules G2).
    #[must_use]
    pub fn evaluate(&self, value: &ContextValue) -> TestOutcome {
        let negated = self.operator.is_negated();
        let met = match value {
            ContextValue::Unknown => return TestOutcome::Unreadable,
            ContextValue::Present(values) if !values.is_empty() => {
                let mut matched = false;
                for value in values {
                    match self.matches(value) {
                        // One unreadable value makes the whole test unreadable, so the others do not end it early.
                        None => return TestOutcome::Unreadable,
                        Some(true) => matched = true,
                        Some(false) => {}
                    }
                }
                matched != negated
            }
            ContextValue::Absent | ContextValue::Present(_) => {
                negated && self.absent == AbsentKey::PositiveFalseNegatedTrue
            }
        };
        if met { TestOutcome::Met } else { TestOutcome::Unmet }
    }

    /// Whether any operand matches `value`, before negation; `None` where it cannot be read.
    fn matches(&self, value: &str) -> Option<bool> {
        let relation = self.operator.relation();
        let any = |matches: &dyn Fn(&Operand) -> bool| Some(self.operands.iter().any(matches));
        match (self.operator.operand_kind(), &self.set) {
            (OperandKind::Text, OperandSet::Texts(texts)) => Some(texts.contains(value)),
            (OperandKind::Text, _) => any(&|operand| matches!(operand, Operand::Text(text) if **text == *value)),
            (OperandKind::Folded, _) => {
                let mut all_read = true;
                for operand in &self.operands {
                    match operand {
                        Operand::Folded(text) => match equal_without_case(text, value) {
                            Some(true) => return Some(true),
                            Some(false) => {}
                            None => all_read = false,
                        },
                        _ => all_read = false,
                    }
                }
                all_read.then_some(false)
            }
            (OperandKind::Like, _) => {
                any(&|operand| matches!(operand, Operand::Like(pattern) if pattern.matches(value)))
            }
            (OperandKind::Number, _) => {
                let value = Digits::parse(value)?;
                any(&|operand| matches!(operand, Operand::Number(number) if relation.holds(&value, &number.digits())))
            }
            (OperandKind::Instant, _) => {
                let value = parse_instant(value)?;
                any(&|operand| matches!(operand, Operand::Instant(instant) if relation.holds(&value, instant)))
            }
            (OperandKind::Bool, _) => {
                let value = parse_bool(value)?;
                any(&|operand| matches!(operand, Operand::Bool(wanted) if *wanted == value))
            }
            (OperandKind::Ip, OperandSet::Blocks(blocks)) => Some(blocks_contain(blocks, parse_address(value)?)),
            (OperandKind::Ip, _) => {
                let value = parse_address(value)?;
                any(&|operand| matches!(operand, Operand::Ip(block) if block.contains(value)))
            }
        }
    }
}

/// Equality without letter case; `None` where only folding beyond ASCII would make the texts equal. Whether RAM
/// does that is not known (spec ram-policy-language 4.3), so it is neither yes nor no.
fn equal_without_case(a: &str, b: &str) -> Option<bool> {
    // Upper case first, for letters with several lower forms.
    let folded = |text| str::chars(text).flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    if a.eq_ignore_ascii_case(b) {
        Some(true)
    } else if a.is_ascii() && b.is_ascii() {
        Some(false)
    } else {
        folded(a).ne(folded(b)).then_some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(operator: Operator, operands: &[&str]) -> ConditionTest {
        let written = |text: &str| Written { text: text.into(), span: Span::default() };
        ConditionTest {
            operator,
            key: written("acs:key"),
            normalized: ContextKey::new("acs:key"),
            operands: operands.iter().map(|text| operator.operand(text).unwrap()).collect(),
            set: OperandSet::default(),
            written: operands.iter().map(|text| written(text)).collect(),
            absent: AbsentKey::default(),
            span: Span::default(),
        }
    }

    fn present(values: &[&str]) -> ContextValue {
        ContextValue::Present(values.iter().map(|&value| value.to_owned()).collect())
    }

    /// An operand and a value of each operator's type, the value matching the operand's positive form.
    fn sample(operator: Operator) -> (&'static str, &'static str) {
        match operator.operand_kind() {
            OperandKind::Text | OperandKind::Folded | OperandKind::Like => ("dev", "dev"),
            OperandKind::Number => ("5", "5.0"),
            OperandKind::Instant => ("2026-01-01T00:00:00Z", "2026-01-01T08:00:00+08:00"),
            OperandKind::Bool => ("true", "true"),
            OperandKind::Ip => ("192.0.2.0/24", "192.0.2.1"),
        }
    }

    #[test]
    fn there_are_twenty_one_operators() {
        assert_eq!(Operator::ALL.len(), 21);
        assert_eq!(Operator::ALL.iter().filter(|operator| operator.is_negated()).count(), 6);
    }

    #[test]
    fn an_absent_key_is_false_for_positive_and_true_for_negated_operators() {
        for operator in Operator::ALL {
            let test = test(*operator, &[sample(*operator).0]);
            let expected = if operator.is_negated() { TestOutcome::Met } else { TestOutcome::Unmet };
            assert_eq!(test.evaluate(&ContextValue::Absent), expected, "{operator}");
            assert_eq!(test.evaluate(&present(&[])), expected, "{operator}");
            let strict = ConditionTest { absent: AbsentKey::AlwaysFalse, ..test };
            assert_eq!(strict.evaluate(&ContextValue::Absent), TestOutcome::Unmet, "{operator}");
            assert_eq!(strict.evaluate(&present(&[])), TestOutcome::Unmet, "{operator}");
        }
    }

    #[test]
    fn an_unknown_key_is_unreadable_for_every_operator() {
        for operator in Operator::ALL {
            let test = test(*operator, &[sample(*operator).0]);
            assert_eq!(test.evaluate(&ContextValue::Unknown), TestOutcome::Unreadable, "{operator}");
        }
    }

    #[test]
    fn one_value_of_another_type_makes_the_whole_test_unreadable() {
        for operator in Operator::ALL {
            let (operand, value) = sample(*operator);
            if matches!(operator.operand_kind(), OperandKind::Text | OperandKind::Folded | OperandKind::Like) {
                continue;
            }
            let test = test(*operator, &[operand]);
            for values in [&["x"][..], &[value, "x"], &["x", value], &[""]] {
                assert_eq!(test.evaluate(&present(values)), TestOutcome::Unreadable, "{operator} {values:?}");
            }
        }
    }

    #[test]
    fn several_operands_mean_any_of_them_or_none_of_them() {
        let any = test(Operator::StringEquals, &["a", "b"]);
        let none = test(Operator::StringNotEquals, &["a", "b"]);
        for (values, met) in [(&["a"][..], true), (&["b"], true), (&["c"], false), (&["c", "b"], true)] {
            let expected = |met| if met { TestOutcome::Met } else { TestOutcome::Unmet };
            assert_eq!(any.evaluate(&present(values)), expected(met), "{values:?}");
            assert_eq!(none.evaluate(&present(values)), expected(!met), "{values:?}");
        }
    }

    #[test]
    fn letters_beyond_ascii_that_differ_in_case_are_neither_equal_nor_different() {
        for operator in [Operator::StringEqualsIgnoreCase, Operator::StringNotEqualsIgnoreCase] {
            let test = test(operator, &["école", "σ", "kelvin"]);
            for value in ["École", "ς", "\u{212a}elvin"] {
                assert_eq!(test.evaluate(&present(&[value])), TestOutcome::Unreadable, "{operator} {value}");
            }
        }
        let either = test(Operator::StringEqualsIgnoreCase, &["école", "ÉCOLE"]);
        assert_eq!(either.evaluate(&present(&["ÉcOLE"])), TestOutcome::Met);
        assert_eq!(either.evaluate(&present(&["éCoLE"])), TestOutcome::Met);
        assert_eq!(either.evaluate(&present(&["ecole"])), TestOutcome::Unmet);
    }

    #[test]
    fn each_operator_compares_as_its_name_says() {
        use Operator as O;
        for (operator, operand, value, met) in [
            (O::StringEquals, "Dev", "dev", false),
            (O::StringEquals, "d*", "dev", false),
            (O::StringEquals, "d*", "d*", true),
            (O::StringEqualsIgnoreCase, "Dev", "dEV", true),
            (O::StringEqualsIgnoreCase, "École", "ÉcOLE", true),
            (O::StringNotEqualsIgnoreCase, "中", "文", true),
            (O::StringNotEqualsIgnoreCase, "Dev", "dEV", false),
            (O::StringLike, "d*", "dev", true),
            (O::StringLike, "D*", "dev", false),
            (O::StringLike, "dev", "devops", false),
            (O::StringLike, "", "", true),
            (O::StringLike, "*", "", true),
            (O::StringNotLike, "d*", "dev", false),
            (O::NumericEquals, "1.20", "1.2", true),
            (O::NumericNotEquals, "1.20", "1.2", false),
            (O::NumericLessThan, "1.2", "1.1", true),
            (O::NumericLessThan, "1.2", "1.2", false),
            (O::NumericLessThanEquals, "1.2", "1.2", true),
            (O::NumericGreaterThan, "9", "10", true),
            (O::NumericGreaterThan, "10", "10", false),
            (O::NumericGreaterThanEquals, "10", "10", true),
            (O::DateEquals, "2026-01-01T00:00:00Z", "2026-01-01T08:00:00+08:00", true),
            (O::DateNotEquals, "2026-01-01T00:00:00Z", "2026-01-01T08:00:00+08:00", false),
            (O::DateLessThan, "2026-08-12T17:00:00+08:00", "2026-08-12T08:59:59Z", true),
            (O::DateLessThan, "2026-08-12T17:00:00+08:00", "2026-08-12T16:00:00Z", false),
            (O::DateLessThanEquals, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", true),
            (O::DateGreaterThan, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", false),
            (O::DateGreaterThanEquals, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", true),
            (O::Bool, "false", "false", true),
            (O::Bool, "false", "true", false),
            (O::IpAddress, "192.0.2.0/24", "192.0.2.255", true),
            (O::IpAddress, "192.0.2.0/24", "192.0.3.0", false),
            (O::NotIpAddress, "192.0.2.0/24", "192.0.2.255", false),
            (O::NotIpAddress, "192.0.2.0/24", "2001:db8::1", true),
        ] {
            let expected = if met { TestOutcome::Met } else { TestOutcome::Unmet };
            assert_eq!(
                test(operator, &[operand]).evaluate(&present(&[value])),
                expected,
                "{operator} {operand} {value}"
            );
        }
    }
}
