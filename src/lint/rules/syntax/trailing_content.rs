//! `syntax/trailing-content`.

use crate::json::{self, SourceText, Span, Syntax};
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::{self, Code};

rule! {
    /// ## What it does
    /// Finds text after the end of the policy.
    ///
    /// ## Why is this bad?
    /// RAM refuses the document. Two policies in one file are the usual reason, or a semicolon from the program that
    /// the text was cut out of; a tool that reads the first value only would not notice.
    ///
    /// ## Example
    /// ```text
    /// {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}]};
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {
    ///   "Version": "1",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}
    ///   ]
    /// }
    /// ```
    ///
    /// ## References
    /// - [RFC 8259, the JSON format](https://www.rfc-editor.org/rfc/rfc8259)
    code: "RAM104",
    name: "syntax/trailing-content",
    severity: Error,
    kinds: ALL_KINDS,
    fix: Unsafe,
    since: "0.2.0",
    check: Check::Mistake(&[Code::NotJson], check),
}

fn check(mistake: &policy::Finding, subject: &Subject<'_>, found: &mut Findings) -> bool {
    let source = subject.source();
    let syntax = if subject.settings().dialect.comments { Syntax::Lenient } else { Syntax::Strict };
    let before = SourceText::new("", source.slice(Span::new(0, mistake.span.start)));
    if json::parse(&before, syntax).is_err() {
        return false;
    }
    let draft = found.at(mistake.span, "text follows the end of the policy");
    let draft = draft.help("take it away; a file holds one policy");
    let rest = Span::new(mistake.span.start, source.text().len());
    if source.slice(rest).chars().all(|letter| letter.is_whitespace() || matches!(letter, ';' | ',' | '.' | '`')) {
        draft.fix("take it away", [Edit::replace(rest, "\n")]);
    }
    true
}
