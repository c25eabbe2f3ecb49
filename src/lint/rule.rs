//! What a rule is.

use std::fmt;

use super::{Findings, Project, ProjectFindings, Settings, Subject};
use crate::json::Value;
use crate::policy::{self, Code, Document, PolicyKind, Statement};
use crate::report::{RuleDescription, Severity};

/// Whether the fixes of a rule may be applied without a look at each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Applicability {
    /// The policy decides every request as before; `--fix` applies it.
    Safe,
    /// It may change a decision, or says what was probably meant; `--unsafe-fixes` applies it.
    Unsafe,
}

impl fmt::Display for Applicability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
        })
    }
}

/// How a rule looks at a policy.
#[derive(Clone, Copy)]
pub enum Check {
    /// It gives its name to mistakes of these codes that reading the document brought up.
    Relabel(&'static [Code]),
    /// As [`Relabel`](Self::Relabel), but it may leave a mistake to the next rule (`false`), put it into words of its
    /// own, or add a fix.
    Mistake(&'static [Code], fn(&policy::Finding, &Subject<'_>, &mut Findings) -> bool),
    /// At the text, whether or not it is JSON.
    Text(fn(&Subject<'_>, &mut Findings)),
    /// At the JSON tree, whether or not it is a valid policy.
    Tree(fn(&Value, &Subject<'_>, &mut Findings)),
    /// At a whole document that can be read.
    Document(fn(&Document, &Subject<'_>, &mut Findings)),
    /// At one statement of a document that can be read.
    Statement(fn(&Statement, &Subject<'_>, &mut Findings)),
    /// At the policies of several files and who has them.
    Project(fn(&Project, &Settings, &mut ProjectFindings)),
    /// Not at a policy: the linter itself brings it up.
    Linter,
}

/// One thing that policies are checked for.
///
/// A code never changes its meaning, and a name never names another rule.
pub struct Rule {
    /// `RAM` and three digits, of the range of its group.
    pub code: &'static str,
    /// `group/rule`, as the files are called.
    pub name: &'static str,
    /// How bad its findings are unless the configuration, or the finding, says otherwise.
    pub severity: Severity,
    /// The kinds of policy that it is about.
    pub kinds: &'static [PolicyKind],
    /// The most careless fix that it may offer; none where it never offers any.
    pub fix: Option<Applicability>,
    /// The first version of ramgate that has it.
    pub stable_since: &'static str,
    /// Its public page as it stands in the source, every line with the blank that follows `///`.
    pub(super) page: &'static str,
    /// How it looks.
    pub check: Check,
}

impl Rule {
    /// The group, as in `action`.
    #[must_use]
    pub fn group(&self) -> &'static str {
        self.name.split_once('/').map_or(self.name, |(group, _)| group)
    }

    /// The public page: Markdown, from `## What it does` on.
    #[must_use]
    pub fn page(&self) -> String {
        let lines = self.page.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end());
        lines.collect::<Vec<_>>().join("\n").trim().to_owned() + "\n"
    }

    /// The text below a heading of the page, as in `What it does`; `None` where the page does not have it.
    #[must_use]
    pub fn section(&self, heading: &str) -> Option<String> {
        let page = self.page();
        let (_, after) = page.split_once(&format!("## {heading}\n"))?;
        let section = after.split_once("\n## ").map_or(after, |(section, _)| section);
        Some(section.trim().to_owned())
    }

    /// What it is about in one line: the first paragraph of the page.
    #[must_use]
    pub fn summary(&self) -> String {
        let section = self.section("What it does").unwrap_or_default();
        let paragraph = section.split("\n\n").next().unwrap_or_default();
        paragraph.lines().collect::<Vec<_>>().join(" ")
    }

    /// The whole page, with a heading and what is declared of the rule: Markdown.
    #[must_use]
    pub fn explanation(&self) -> String {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let kinds = if self.kinds.len() == ALL_KINDS.len() {
            "every kind of policy".to_owned()
        } else {
            let names: Vec<_> = self.kinds.iter().map(ToString::to_string).collect();
            format!("{} policies", names.join(", "))
        };
        let fix = match self.fix {
            None => "none",
            Some(Applicability::Safe) => "safe",
            Some(Applicability::Unsafe) => "unsafe",
        };
        format!(
            "# {} ({})\n\n{severity} · {kinds} · fix: {fix} · since {}\n\n{}",
            self.name,
            self.code,
            self.stable_since,
            self.page()
        )
    }

    /// The rule as reports describe it.
    #[must_use]
    pub fn description(&self) -> RuleDescription {
        RuleDescription {
            code: self.code.to_owned(),
            name: self.name.to_owned(),
            summary: self.summary(),
            page: self.page(),
            severity: self.severity,
        }
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.name)
    }
}

/// Every kind of policy.
pub(super) const ALL_KINDS: &[PolicyKind] =
    &[PolicyKind::Identity, PolicyKind::Control, PolicyKind::Session, PolicyKind::Trust, PolicyKind::Resource];

/// Declares the rule of a file. The doc comment is the public page.
macro_rules! rule {
    (
        $(#[doc = $line:literal])+
        code: $code:literal,
        name: $name:literal,
        severity: $severity:ident,
        kinds: $kinds:expr,
        fix: $fix:tt,
        since: $since:literal,
        check: $check:expr,
    ) => {
        $(#[doc = $line])+
        pub(in crate::lint) static RULE: crate::lint::Rule = crate::lint::Rule {
            code: $code,
            name: $name,
            severity: crate::report::Severity::$severity,
            kinds: $kinds,
            fix: crate::lint::rule::rule!(@fix $fix),
            stable_since: $since,
            page: concat!($($line, "\n"),+),
            check: $check,
        };
    };
    (@fix None) => { None };
    (@fix Safe) => { Some(crate::lint::Applicability::Safe) };
    (@fix Unsafe) => { Some(crate::lint::Applicability::Unsafe) };
}

pub(super) use rule;
