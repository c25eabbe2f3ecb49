//! What a rule found, and how it can be mended.

use super::{Applicability, Rule};
use crate::json::{SourceText, Span};
use crate::report::{self, Severity};

/// One thing that a rule found in a policy.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong; lower case, no full stop.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    /// Where.
    pub span: Span,
    /// Other places that have to do with it, each with a word on why.
    pub also: Vec<(Span, String)>,
    /// A mend that can be applied.
    pub fix: Option<Fix>,
}

impl Finding {
    /// The finding as reports take it; `source` is the text in which it was found.
    #[must_use]
    pub fn report(&self, source: &SourceText) -> report::Diagnostic {
        report::Diagnostic {
            finding: report::Finding {
                severity: self.severity,
                code: self.rule.code.to_owned(),
                message: self.message.clone(),
                help: self.help.clone(),
                place: Some((source.clone(), self.span)),
            },
            rule: self.rule.name.to_owned(),
            also: self.also.clone(),
            fix: self.fix.as_ref().map(|fix| report::Mend {
                title: fix.title.clone(),
                safe: fix.applicability == Applicability::Safe,
                edits: fix.edits.iter().map(|edit| (edit.span, edit.text.clone())).collect(),
            }),
        }
    }
}

/// A change of the text that mends a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// Whether it may be applied without a look.
    pub applicability: Applicability,
    /// What it does, as an order: "write `1`".
    pub title: String,
    /// The replacements, in text order; they do not overlap.
    pub edits: Vec<Edit>,
}

/// One replacement of a piece of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; an empty range is a place to insert at.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}

impl Edit {
    /// Puts `text` in the place of what stands at `span`.
    pub fn replace(span: Span, text: impl Into<String>) -> Self {
        Self { span, text: text.into() }
    }

    /// Puts a JSON string of the value `value` in the place of the value at `span`.
    #[must_use]
    pub fn string(span: Span, value: &str) -> Self {
        Self { span, text: serde_json::Value::from(value).to_string() }
    }

    /// Takes away what stands at `span`. For an element of a list, or a member of an object, see
    /// [`Subject::removal`](super::Subject::removal).
    #[must_use]
    pub fn delete(span: Span) -> Self {
        Self { span, text: String::new() }
    }
}

/// Where a rule leaves what it finds.
#[derive(Debug)]
pub struct Findings {
    rule: &'static Rule,
    found: Vec<Finding>,
}

impl Findings {
    pub(super) const fn of(rule: &'static Rule) -> Self {
        Self { rule, found: Vec::new() }
    }

    pub(super) fn into_vec(self) -> Vec<Finding> {
        self.found
    }

    /// Notes a finding at `span`; the message is lower case, without a full stop, with back-ticks around input. What
    /// is returned takes a help, further places and a fix.
    pub fn at(&mut self, span: Span, message: impl Into<String>) -> Draft<'_> {
        let index = self.found.len();
        self.found.push(Finding {
            rule: self.rule,
            severity: self.rule.severity,
            message: message.into(),
            help: None,
            span,
            also: Vec::new(),
            fix: None,
        });
        Draft { finding: self.found.get_mut(index), most: self.rule.fix }
    }
}

/// A finding that was just noted.
#[derive(Debug)]
pub struct Draft<'f> {
    finding: Option<&'f mut Finding>,
    most: Option<Applicability>,
}

impl Draft<'_> {
    fn change(mut self, change: impl FnOnce(&mut Finding)) -> Self {
        if let Some(finding) = &mut self.finding {
            change(finding);
        }
        self
    }

    /// Says how to mend it.
    pub fn help(self, help: impl Into<String>) -> Self {
        self.change(|finding| finding.help = Some(help.into()))
    }

    /// Points at another place that has to do with it, with a word on why.
    pub fn also(self, span: Span, why: impl Into<String>) -> Self {
        self.change(|finding| finding.also.push((span, why.into())))
    }

    /// Says that this one is worse, or less bad, than the rule's findings are in general.
    pub fn severity(self, severity: Severity) -> Self {
        self.change(|finding| finding.severity = severity)
    }

    /// Adds a fix, as safe as the rule's are in general. The title is an order ("write `1`"); without edits, as
    /// [`Subject::removal`](super::Subject::removal) may leave it, there is no fix. A rule that declares none offers none.
    pub fn fix(self, title: impl Into<String>, edits: impl IntoIterator<Item = Edit>) -> Self {
        self.fix_as(Applicability::Unsafe, title, edits)
    }

    /// Adds a fix that is safer than the rule's may be in general.
    pub fn fix_as(
        self,
        applicability: Applicability,
        title: impl Into<String>,
        edits: impl IntoIterator<Item = Edit>,
    ) -> Self {
        let Some(most) = self.most else { return self };
        let applicability = applicability.min(most);
        let mut edits: Vec<_> = edits.into_iter().collect();
        edits.sort_by_key(|edit| edit.span);
        if edits.is_empty() {
            return self;
        }
        self.change(|finding| finding.fix = Some(Fix { applicability, title: title.into(), edits }))
    }
}
