//! Near misses for people.

use std::fmt;

use super::{Change, GivenValue, NearMiss, NearMisses, Placed};

impl fmt::Display for GivenValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Values(values) => {
                let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
                f.write_str(&values.join(", "))
            }
            Self::Absent => f.write_str("absent"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

impl fmt::Display for Placed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, at {}:{}:{}", self.statement, self.file, self.line, self.column)
    }
}

/// What would be otherwise, and how far that goes beyond the request.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Context { key, from, meaning, .. } => {
                write!(f, "the request: `{key}` would be {meaning}; it is {from}")
            }
            Self::ResourceGroup { from, to } => {
                write!(f, "the request: the resource would be in the resource group `{to}`; its group is {from}")
            }
            Self::Pattern { statement, element, added, opens } => {
                write!(f, "{statement}: `{element}` would have `{added}` as well; {opens}")
            }
            Self::Operand { statement, operator, key, added, opens } => {
                write!(f, "{statement}: `{operator}` of `{key}` would have `{added}` as well; {opens}")
            }
            Self::WithoutPattern { statement, element, taken, opens } => {
                write!(f, "{statement}: `{element}` would be without `{taken}`; {opens}")
            }
            Self::WithoutStatement { statement, opens } => write!(f, "{statement}: it would be gone; {opens}"),
            Self::Allow { policy_type, level, statement } => {
                write!(f, "{policy_type}")?;
                if let Some(level) = level {
                    write!(f, " of {level}")?;
                }
                write!(f, " would have one statement more, which allows exactly this: {statement}")
            }
        }
    }
}

impl Change {
    /// Where a policy would change.
    fn placed(&self) -> Option<&Placed> {
        match self {
            Self::Pattern { statement, .. }
            | Self::Operand { statement, .. }
            | Self::WithoutPattern { statement, .. }
            | Self::WithoutStatement { statement, .. } => Some(statement),
            Self::Context { .. } | Self::ResourceGroup { .. } | Self::Allow { .. } => None,
        }
    }
}

/// A line a change, below it the lines of the policy that it is about.
impl fmt::Display for NearMiss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, change) in self.changes.iter().enumerate() {
            let and = if number == 0 { "" } else { "     and " };
            writeln!(f, "{and}{change}")?;
            if let Some(placed) = change.placed() {
                write!(f, "{}", placed.excerpt)?;
            }
        }
        Ok(())
    }
}

/// A number for each near miss, the smallest first.
impl fmt::Display for NearMisses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, miss) in (1..).zip(&self.found) {
            write!(f, "  {number}. {miss}")?;
        }
        if self.cut { writeln!(f, "  … and perhaps others: the search ended by its bounds") } else { Ok(()) }
    }
}
