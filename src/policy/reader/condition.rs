//! `Condition` (spec ram-policy-language 4).

use super::super::condition::OperandKind;
use super::super::context::ContextKey;
use super::super::operand_set::OperandSet;
use super::super::{Code, ConditionTest, Context, Operator, Written};
use super::Reader;
use crate::json::{Kind, Member, Span, Value};

impl Reader<'_> {
    pub(super) fn condition(&mut self, member: Option<&Member>) -> Vec<ConditionTest> {
        let Some(member) = member else { return Vec::new() };
        let Kind::Object(operators) = &member.value.kind else {
            let help = "write it as in {\"Bool\": {\"acs:SecureTransport\": [\"true\"]}}";
            self.wrong_type(&member.value, "`Condition`", "an object of operators", help);
            return Vec::new();
        };
        let mut tests = Vec::new();
        let mut seen: Vec<(Operator, &Member)> = Vec::new();
        for entry in operators {
            let Some(operator) = self.operator(entry) else {
                // Its values are checked all the same, so that mending its name brings up nothing new.
                for key in entry.value.members() {
                    self.values(&format!("the list of values for `{}`", key.name), false, &key.value);
                }
                continue;
            };
            if let Some((_, first)) = seen.iter().find(|(other, _)| *other == operator) {
                if !(self.dialect.equal_repeats && super::same_value(&first.value, &entry.value)) {
                    let message = format!("`{operator}` stands twice in the condition");
                    let help = "put all its keys under one; keys under one operator must all match";
                    self.refuse(Code::RepeatedMember, entry.name_span, message, help);
                }
                continue;
            }
            seen.push((operator, entry));
            let Kind::Object(keys) = &entry.value.kind else {
                let help = "write it as in {\"acs:SourceVpc\": [\"vpc-1\"]}";
                self.wrong_type(&entry.value, &format!("`{operator}`"), "an object of condition keys", help);
                continue;
            };
            if keys.is_empty() {
                let message = format!("`{operator}` has no condition key");
                let help =
                    "add a key and its values, or take the operator away; without it the statement is unconditional";
                self.refuse(Code::EmptyList, entry.value.span, message, help);
            }
            self.keys(operator, keys, &mut tests);
        }
        tests
    }

    fn operator(&mut self, entry: &Member) -> Option<Operator> {
        let exact = Operator::ALL.iter().find(|operator| operator.name() == entry.name);
        if let Some(operator) = exact {
            return Some(*operator);
        }
        let near = Operator::ALL.iter().find(|operator| operator.name().eq_ignore_ascii_case(entry.name.trim()));
        if let Some(operator) = near {
            if self.dialect.any_member_case && operator.name().len() == entry.name.len() {
                return Some(*operator);
            }
            let message = format!("there is no condition operator `{}`", entry.name);
            self.refuse(Code::UnknownOperator, entry.name_span, message, &format!("write `{operator}`"));
            return None;
        }
        let name = entry.name.as_str();
        let base = name.strip_suffix("IfExists").or_else(|| name.split_once(':').map(|(_, base)| base));
        let help = match base.and_then(|base| Operator::ALL.iter().find(|operator| operator.name() == base)) {
            Some(operator) => format!(
                "RAM has no such form of `{operator}`: a positive operator is false, and a negated \
                                       one true, for a key that the request lacks"
            ),
            None if name == "Null" => "RAM has no `Null`: `StringLike` with \"*\" holds where the key is there, \
                                       `StringNotLike` with \"*\" where it is not"
                .to_owned(),
            None => "the operators are String…, Numeric…, Date…, Bool, IpAddress and NotIpAddress".to_owned(),
        };
        self.refuse(Code::UnknownOperator, entry.name_span, format!("there is no condition operator `{name}`"), &help);
        None
    }

    fn keys(&mut self, operator: Operator, keys: &[Member], tests: &mut Vec<ConditionTest>) {
        let mut seen: Vec<(String, &Member)> = Vec::new();
        for member in keys {
            let normalized = Context::normalize(&member.name);
            if let Some((_, first)) = seen.iter().find(|(other, _)| *other == normalized) {
                if !(self.dialect.equal_repeats && super::same_value(&first.value, &member.value)) {
                    let message = format!("`{}` stands twice under `{operator}`", member.name);
                    let help = "put all its values into one list; any of them may match";
                    self.refuse(Code::RepeatedMember, member.name_span, message, help);
                }
                continue;
            }
            let what = format!("the list of values for `{operator}`");
            if let Some(written) = self.values(&what, !operator.is_negated(), &member.value) {
                self.test(operator, member, &normalized, written, tests);
            }
            seen.push((normalized, member));
        }
    }

    fn test(
        &mut self,
        operator: Operator,
        member: &Member,
        normalized: &str,
        written: Vec<Written>,
        tests: &mut Vec<ConditionTest>,
    ) {
        let mut operands = Vec::with_capacity(written.len());
        for value in &written {
            match operator.operand(&value.text) {
                Some(operand) => operands.push(operand),
                None => self.unreadable_operand(operator, value),
            }
        }
        if operands.len() == written.len() {
            tests.push(ConditionTest {
                operator,
                key: Written { text: member.name.as_str().into(), span: member.name_span },
                normalized: ContextKey::new(normalized),
                set: OperandSet::new(&operands),
                operands,
                written,
                absent: self.dialect.absent_key,
                span: Span::new(member.name_span.start, member.value.span.end),
            });
        }
    }

    fn values(&mut self, what: &str, matches_nothing: bool, value: &Value) -> Option<Vec<Written>> {
        let values = match &value.kind {
            Kind::Array(values) => values.as_slice(),
            _ => std::slice::from_ref(value),
        };
        if values.is_empty() && !self.takes_empty_list(value, what, matches_nothing) {
            return None;
        }
        let mut written = Vec::with_capacity(values.len());
        for value in values {
            match &value.kind {
                Kind::String(text) => written.push(Written { text: text.as_str().into(), span: value.span }),
                Kind::Bool(_) | Kind::Number(_) => {
                    let text = self.source.slice(value.span).to_owned();
                    let message = format!("the condition value `{text}` is not a string");
                    let help = format!("write \"{text}\"");
                    if self.dialect.bare_values {
                        self.warn(Code::ConditionValue, value.span, message, &help);
                        written.push(Written { text: text.into(), span: value.span });
                    } else {
                        self.refuse(Code::ConditionValue, value.span, message, &help);
                    }
                }
                _ => {
                    let message = format!("a condition value is a string, and here is {}", value.kind_name());
                    self.refuse(
                        Code::ConditionValue,
                        value.span,
                        message,
                        "write each value as a string in double quotes",
                    );
                }
            }
        }
        (written.len() == values.len()).then_some(written)
    }

    fn unreadable_operand(&mut self, operator: Operator, value: &Written) {
        let (code, what, help) = match operator.operand_kind() {
            OperandKind::Number => (Code::OperandNumber, "decimal number", "write digits, as in \"1.2\""),
            OperandKind::Instant => (
                Code::OperandDate,
                "point in time",
                "write date, time and zone, as in \"2026-08-12T17:00:00+08:00\" or \"2026-08-12T09:00:00Z\"",
            ),
            OperandKind::Bool => (Code::OperandBool, "boolean", "write \"true\" or \"false\""),
            OperandKind::Ip => {
                (Code::OperandIp, "IP address or CIDR block", "write it as in \"203.0.113.2\" or \"192.0.2.0/24\"")
            }
            // Every text is an operand of the string operators.
            OperandKind::Text | OperandKind::Folded | OperandKind::Like => return,
        };
        self.refuse(code, value.span, format!("`{}` is no {what}, which `{operator}` compares", value.text), help);
    }

    /// OSS takes `acs:SourceIp` only beside `acs:SourceVpc` (spec ram-policy-language 9.1); looked for in the text,
    /// so that a mistake in one test is not reported as the absence of another.
    pub(super) fn source_ip_needs_vpc(&mut self, member: Option<&Member>) {
        let operators = member.map_or(&[][..], |member| member.value.members());
        let key = |wanted: &str| {
            let mut keys = operators.iter().flat_map(|operator| operator.value.members());
            keys.find(|key| key.name.eq_ignore_ascii_case(wanted))
        };
        if let (Some(source_ip), None) = (key("acs:SourceIp"), key("acs:SourceVpc")) {
            let message = "`acs:SourceIp` stands without `acs:SourceVpc`, which OSS refuses";
            let help = "add \"StringNotLike\": {\"acs:SourceVpc\": [\"vpc-*\"]} for calls from the internet";
            self.refuse(Code::SourceIpWithoutVpc, source_ip.name_span, message, help);
        }
    }
}
