//! How a decision came about.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::{Observer, Outcome, PolicyType, Request, StatementRef, StatementResult};
use crate::identity::PolicySource;
use crate::json::{Excerpt, Position, Span};
use crate::policy::{ConditionTest, ContextValue, Statement, TestOutcome};

/// What the evaluator looked at, in its order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    tests: Vec<TracedTest>,
}

/// The policies of one kind at one level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
}

/// One statement before the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TracedStatement {
    /// The statement.
    #[serde(flatten)]
    pub statement: StatementRef,
    /// Whether it applies, or which element did not match.
    pub result: StatementResult,
    /// The element that did not match, where it is not a condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mismatch: Option<Mismatch>,
    /// Its condition tests, as far as they were made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<TracedTest>,
    /// The statement, where it applies.
    #[serde(skip)]
    excerpt: Option<Excerpt>,
}

/// An element that the request did not match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// `Action`, `NotAction`, `Resource`, `NotResource` or `Principal`.
    pub element: &'static str,
    /// What the request has there.
    pub value: String,
    /// What the element says, where it is a list of patterns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub patterns: Vec<String>,
    /// Line of the element, from 1.
    pub line: usize,
    /// Column of the element, from 1.
    pub column: usize,
    #[serde(skip)]
    excerpt: Excerpt,
}

/// A condition test that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

    fn mismatch(&self, policy: &PolicySource, statement: &Statement, result: StatementResult) -> Option<Mismatch> {
        let patterns = |written: &mut dyn Iterator<Item = (&crate::policy::Pattern, Span)>| {
            written.map(|(pattern, _)| pattern.as_str().to_owned()).collect::<Vec<_>>()
        };
        let (element, value, patterns, span) = match result {
            StatementResult::Applies | StatementResult::ConditionUnmet => return None,
            StatementResult::OtherAction => {
                let action = statement.action();
                let element = if action.is_negated() { "NotAction" } else { "Action" };
                (element, &self.action, patterns(&mut action.patterns()), action.span())
            }
            StatementResult::OtherResource => {
                let resource = statement.resource()?;
                let element = if resource.is_negated() { "NotResource" } else { "Resource" };
                (element, &self.resource, patterns(&mut resource.patterns()), resource.span())
            }
            StatementResult::OtherPrincipal => ("Principal", &self.principal, Vec::new(), statement.span()),
        };
        let source = policy.document.source();
        let at = source.position(span.start);
        let excerpt = Excerpt::new(source, span);
        Some(Mismatch { element, value: value.clone(), patterns, line: at.line, column: at.column, excerpt })
    }
}

impl Observer for Trace {
    const EVERY_STATEMENT: bool = true;

    fn stage(&mut self, policy_type: PolicyType, level: Option<&str>) {
        self.stages.push(TracedStage {
            policy_type: Some(policy_type),
            level: level.map(str::to_owned),
            outcome: None,
            rule: None,
            statements: Vec::new(),
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
        let mismatch = self.mismatch(policy, statement, result);
        let statement = StatementRef::new(policy, statement);
        if let Some(stage) = self.stages.last_mut() {
            stage.statements.push(TracedStatement { statement, result, mismatch, tests, excerpt });
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
        });
    }
}

/// For people: a line a stage, below it one a statement, below that why it does not apply, with the lines of the
/// policy that say so; of a statement that applies all its lines.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} asks for {} on {}", self.principal, self.action, self.resource)?;
        self.stages.iter().try_for_each(|stage| write!(f, "{stage}"))
    }
}

impl fmt::Display for TracedStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(rule) = self.rule {
            return writeln!(f, "  rule: {rule}");
        }
        f.write_str("  ")?;
        if let Some(policy_type) = self.policy_type {
            write!(f, "{policy_type}")?;
        }
        if let Some(level) = &self.level {
            write!(f, " of {level}")?;
        }
        if let Some(outcome) = self.outcome {
            write!(f, ": {outcome}")?;
        }
        if self.statements.is_empty() {
            f.write_str(" (nothing is attached)")?;
        }
        writeln!(f)?;
        self.statements.iter().try_for_each(|statement| write!(f, "{statement}"))
    }
}

impl fmt::Display for TracedStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.result == StatementResult::Applies { "applies" } else { "does not apply" };
        writeln!(f, "    {verb}: {}", self.statement)?;
        if let Some(excerpt) = &self.excerpt {
            write!(f, "{excerpt}")?;
        }
        let file = &self.statement.file;
        if let Some(Mismatch { element, value, patterns, line, column, excerpt }) = &self.mismatch {
            let at = Position { line: *line, column: *column };
            let is = if element.starts_with("Not") { "is one of" } else { "is none of" };
            match patterns.as_slice() {
                [] => writeln!(f, "      {element} does not name {value}, at {file}:{at}")?,
                patterns => writeln!(f, "      {element}: {value} {is} {}, at {file}:{at}", patterns.join(", "))?,
            }
            write!(f, "{excerpt}")?;
        }
        let unmet = self.result == StatementResult::ConditionUnmet;
        for test in self.tests.iter().filter(|test| !unmet || test.outcome != TracedOutcome::Met) {
            let at = Position { line: test.line, column: test.column };
            writeln!(f, "      {test}, at {file}:{at}")?;
            if let Some(excerpt) = test.excerpt.as_ref().filter(|_| unmet) {
                write!(f, "{excerpt}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for TracedTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}: ", self.operator, self.key, self.operands.join(", "))?;
        match (self.unknown, self.values.as_slice()) {
            (true, _) => f.write_str("the value is unknown")?,
            (false, []) => f.write_str("the request has no such key")?,
            (false, values) => f.write_str(&values.join(", "))?,
        }
        f.write_str(match self.outcome {
            TracedOutcome::Met => " (met)",
            TracedOutcome::Unmet => " (not met)",
            TracedOutcome::Unreadable => " (cannot be read: an Allow stays unmet, a Deny is met)",
        })
    }
}
