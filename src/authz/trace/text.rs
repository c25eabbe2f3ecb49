//! A trace for people.

use std::fmt;

use super::{Trace, TracedElement, TracedOutcome, TracedStage, TracedStatement, TracedTest};
use crate::authz::StatementResult;
use crate::json::Position;

/// The most patterns of an element that are named in a line.
const MAX_PATTERNS: usize = 12;

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
        if self.statements.is_empty() && self.ruled_out == 0 {
            f.write_str(" (nothing is attached)")?;
        }
        writeln!(f)?;
        self.statements.iter().try_for_each(|statement| write!(f, "{statement}"))?;
        let others = if self.statements.is_empty() { "" } else { "other " };
        match self.ruled_out {
            0 => Ok(()),
            1 => writeln!(f, "    1 {others}statement is not about this action on this resource"),
            count => writeln!(f, "    {count} {others}statements are not about this action on this resource"),
        }
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
        let applies = self.result == StatementResult::Applies;
        for element in self.elements.iter().filter(|element| applies || !element.matches) {
            let (line, column) = element.place();
            let at = Position { line, column };
            writeln!(f, "      {element}, at {file}:{at}")?;
            if !applies {
                write!(f, "{}", element.excerpt)?;
            }
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

/// What the element says of the request, and by which pattern.
impl fmt::Display for TracedElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { element, value, .. } = self;
        match &self.pattern {
            Some(pattern) => write!(f, "{element}: {value} is covered by {}", pattern.text),
            None => {
                let (shown, further) = self.patterns.split_at(self.patterns.len().min(MAX_PATTERNS));
                write!(f, "{element}: {value} is none of {}", shown.join(", "))?;
                if further.is_empty() { Ok(()) } else { write!(f, " and {} more", further.len()) }
            }
        }
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
