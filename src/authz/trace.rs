//! How a decision came about.

mod element;
mod text;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::Serialize;

pub use self::element::{TracedElement, TracedPattern};
use super::{Observer, Outcome, PolicyType, Request, StatementRef, StatementResult};
use crate::identity::{PolicySource, Principal};
use crate::json::{Excerpt, Span};
use crate::policy::{ConditionTest, ContextValue, Statement, TestOutcome};

/// What the evaluator looked at, in its order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Trace {
    /// Who asked.
    pub principal: String,
    /// The action asked about.
    pub action: String,
    /// The ARN asked about.
    pub resource: String,
    /// The kinds of policy that were looked at.
    pub stages: Vec<TracedStage>,
    #[serde(skip)]
    caller: Principal,
    #[serde(skip)]
    tests: Vec<TracedTest>,
}

/// The policies of one kind at one level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TracedStage {
    /// The kind; a rule that is no policy's has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_type: Option<PolicyType>,
    /// The directory node or the resource group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// What it came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// What was decided by something other than a statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<&'static str>,
    /// Every statement that was looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statements: Vec<TracedStatement>,
    /// How many were not, since their action or resource cannot match.
    #[serde(skip_serializing_if = "is_zero")]
    pub ruled_out: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// One statement before the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TracedStatement {
    /// The statement.
    #[serde(flatten)]
    pub statement: StatementRef,
    /// Whether it applies, or which element did not match.
    pub result: StatementResult,
    /// Its elements before the condition, in the order they were looked at: all but perhaps the last match.
    pub elements: Vec<TracedElement>,
    /// Its condition tests, as far as they were made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<TracedTest>,
    /// The statement, where it applies.
    #[serde(skip)]
    excerpt: Option<Excerpt>,
}

/// A condition test that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TracedTest {
    /// The operator.
    pub operator: &'static str,
    /// The key, as the policy writes it.
    pub key: String,
    /// What the policy says.
    pub operands: Vec<String>,
    /// What the request has; none where the key is absent or unknown.
    pub values: Vec<String>,
    /// Whether it is not known what the request has.
    pub unknown: bool,
    /// What it came to.
    pub outcome: TracedOutcome,
    /// Line of the key, from 1.
    pub line: usize,
    /// Column of the key, from 1.
    pub column: usize,
    #[serde(skip)]
    span: Span,
    #[serde(skip)]
    excerpt: Option<Excerpt>,
}

/// What a condition test came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum TracedOutcome {
    /// It holds.
    Met,
    /// It does not.
    Unmet,
    /// It cannot be told (spec gate-rules G2).
    Unreadable,
}

impl Trace {
    /// A trace of `request` before anything was looked at.
    #[must_use]
    pub fn new(request: &Request<'_>) -> Self {
        Self {
            principal: request.principal.to_string(),
            action: request.action.to_owned(),
            resource: request.resource.to_owned(),
            caller: request.principal.clone(),
            stages: Vec::new(),
            tests: Vec::new(),
        }
    }

    /// What decided besides statements, in words.
    pub fn rules(&self) -> impl Iterator<Item = &'static str> {
        self.stages.iter().filter_map(|stage| stage.rule)
    }

    /// The condition keys that were asked for and are not known, as the policies write them: there an Allow did not
    /// apply and a Deny did as if it were met (spec gate-rules G2).
    #[must_use]
    pub fn unknown_keys(&self) -> BTreeSet<&str> {
        let statements = self.stages.iter().flat_map(|stage| &stage.statements);
        let unknown = statements.flat_map(|statement| &statement.tests).filter(|test| test.unknown);
        unknown.map(|test| test.key.as_str()).collect()
    }
}

impl Observer<'_> for Trace {
    const EVERY_STATEMENT: bool = true;

    fn stage(&mut self, policy_type: PolicyType, level: Option<&str>) {
        self.stages.push(TracedStage {
            policy_type: Some(policy_type),
            level: level.map(str::to_owned),
            outcome: None,
            rule: None,
            statements: Vec::new(),
            ruled_out: 0,
        });
    }

    fn test(&mut self, test: &ConditionTest, value: &ContextValue, outcome: TestOutcome) {
        self.tests.push(TracedTest {
            operator: test.operator().name(),
            key: test.written_key().text.to_string(),
            operands: test.written_operands().iter().map(|operand| operand.text.to_string()).collect(),
            values: match value {
                ContextValue::Present(values) => values.clone(),
                ContextValue::Absent | ContextValue::Unknown => Vec::new(),
            },
            unknown: *value == ContextValue::Unknown,
            outcome: match outcome {
                TestOutcome::Met => TracedOutcome::Met,
                TestOutcome::Unmet => TracedOutcome::Unmet,
                TestOutcome::Unreadable => TracedOutcome::Unreadable,
            },
            line: 0,
            column: 0,
            span: test.written_key().span,
            excerpt: None,
        });
    }

    fn statement(&mut self, policy: &PolicySource, statement: &Statement, result: StatementResult) {
        let mut tests = std::mem::take(&mut self.tests);
        let source = policy.document.source();
        for test in &mut tests {
            let at = source.position(test.span.start);
            (test.line, test.column) = (at.line, at.column);
            test.excerpt = Some(Excerpt::new(source, test.span));
        }
        let excerpt = (result == StatementResult::Applies).then(|| Excerpt::new(source, statement.span()));
        let elements = self.elements(policy, statement, result);
        let statement = StatementRef::new(policy, statement);
        if let Some(stage) = self.stages.last_mut() {
            stage.statements.push(TracedStatement { statement, result, elements, tests, excerpt });
        }
    }

    fn ruled_out(&mut self, count: usize) {
        if let Some(stage) = self.stages.last_mut() {
            stage.ruled_out = count;
        }
    }

    fn staged(&mut self, outcome: Outcome) {
        if let Some(stage) = self.stages.last_mut() {
            stage.outcome = Some(outcome);
        }
    }

    fn rule(&mut self, text: &'static str) {
        self.stages.push(TracedStage {
            policy_type: None,
            level: None,
            outcome: None,
            rule: Some(text),
            statements: Vec::new(),
            ruled_out: 0,
        });
    }
}
