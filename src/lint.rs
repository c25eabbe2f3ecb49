//! Lint: the rules that policies are checked by, one a file.
//!
//! ```
//! use ramgate::json::SourceText;
//! use ramgate::lint::{Linter, Settings};
//! use ramgate::policy::PolicyKind;
//!
//! let source = SourceText::new("close.json", r#"{"Version": "1", "Statement": [
//!   {"Effect": "Allow", "Action": "polardb:Dscribe*", "Resource": "*"}
//! ]}"#);
//! let findings = Linter::new(Settings::new()).check(&source, PolicyKind::Identity);
//! let names: Vec<_> = findings.iter().map(|finding| finding.rule.name).collect();
//! assert!(names.contains(&"action/pattern-matches-nothing"));
//! ```
//!
//! # How to add a rule
//!
//! 1. `src/lint/rules/<group>/<rule>.rs`, with underscores for hyphens. It declares the rule and holds its check:
//!
//!    ```ignore
//!    rule! {
//!        /// ## What it does
//!        /// Finds … (a sentence; it is the rule's line in the index).
//!        ///
//!        /// ## Why is this bad?
//!        /// …
//!        ///
//!        /// ## Example
//!        /// ```json
//!        /// {"Effect": "Allow", "Action": "…", "Resource": "*"}
//!        /// ```
//!        ///
//!        /// Use instead:
//!        /// ```json
//!        /// {"Effect": "Allow", "Action": "…", "Resource": "*"}
//!        /// ```
//!        ///
//!        /// ## Limits
//!        /// What it does not see, and what it lets pass on purpose (may be left out).
//!        ///
//!        /// ## References
//!        /// - …
//!        code: "RAM342",              // of the range of the group; never of a rule that was taken away
//!        name: "action/some-rule",
//!        severity: Warning,           // Error, Warning, Note
//!        kinds: ALL_KINDS,            // or &[PolicyKind::Identity, …]
//!        fix: None,                   // Safe: no fix changes a decision; Unsafe: some may
//!        since: "0.2.0",
//!        check: Check::Statement(check),
//!    }
//!
//!    fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
//!        found.at(span, "what is wrong, in lower case and without a full stop").help("…").also(span, "why this matters");
//!    }
//!    ```
//!
//!    The doc comment is the public page of the rule. Its JSON blocks are run: the example, a whole document or one
//!    statement, must fire, and what to use instead must not. Examples that are no JSON stand in `text` blocks.
//! 2. Two lines in `src/lint/rules/<group>.rs`: `mod some_rule;` and `&some_rule::RULE`.
//! 3. `tests/lint/<group>/<rule>/fires*.json` and `silent*.json`: texts on which it finds something, and near misses on
//!    which it must not. A name such as `fires-wild.trust.json` says the kind of policy; otherwise it is the first of the
//!    rule's kinds. A `settings.toml` beside them sets `accounts`, `regions`, `sensitive`, `catalog_pinned` and `catalogue`.
//! 4. `RULE_PAGES=write INSTA_UPDATE=always cargo test --no-default-features --test lint`, and read the snapshot `found.snap`.
//!    It writes `docs/rules/` too, which is made of the doc comments.
//!
//! That test walks the registry: without page, fixtures or snapshot it fails, and so it does where a fix that is declared
//! safe changes a decision, or leaves something to fix.
//!
//! A rule about several documents at once ([`Check::Project`]) has directories `fires*/` and `silent*/` in place of those files,
//! each a whole project, and its examples are no JSON.
//!
//! # What to look at
//!
//! [`Check`] says at what a rule looks. Prefer [`Check::Statement`] and [`Check::Document`], which see the parsed document:
//! a rule judges what a policy means and not how it is written. The document is there whenever the text can be read, if need
//! be leniently, so the rule needs no care for what another rule reports. [`Check::Relabel`] and [`Check::Mistake`] give a
//! name, and perhaps a fix, to mistakes that [`Document::parse`](crate::policy::Document::parse) has found already.
//! [`Check::Tree`] sees the JSON, valid policy or not; [`Check::Text`] the bare text. [`Check::Project`] sees policies that belong
//! together, and who has them ([`Project`]).
//!
//! A rule about permissions says nothing of a Deny, and names the condition that limits an Allow ([`Draft::also`]). What the
//! catalogue does not know is a warning ([`Subject::unknown`]), and of services that it does not list nothing is said
//! ([`Subject::actions`]).
//!
//! Fixes are edits of the text: [`Edit::string`] writes another JSON string in place of a value, [`Subject::removal`] takes
//! an element out of its list with its comma.

mod across;
mod baseline;
mod config;
mod finding;
mod linter;
mod project;
mod rule;
mod rules;
mod run;
mod selection;
mod settings;
mod subject;
mod suppressions;

pub use baseline::Baseline;
pub use config::{Config, FILE, Override, SUPPRESSIONS_FILE};
pub use finding::{Draft, Edit, Finding, Findings, Fix};
pub use linter::{Fixed, Linter};
pub use project::{Attached, Holder, HolderKind, Policy, Project, ProjectFindings};
pub use rule::{Applicability, Check, Rule};
pub use rules::{GROUPS, Group, all, find};
pub use run::{Change, Options, Outcome, run, run_text};
pub use selection::{Selection, Selector, UnknownRule};
pub use settings::Settings;
pub use subject::Subject;
pub use suppressions::Suppressions;

#[cfg(test)]
mod tests;
