//! `session/grants-nothing`.

use crate::lint::rule::rule;
use crate::lint::rules::reach::{every_action, every_resource};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Document, Effect, PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds session policies that allow everything, and so limit nothing.
    ///
    /// ## Why is this bad?
    /// A session policy takes away from what the role may do; it gives nothing. One that allows everything leaves the
    /// session with all that the role has.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "*", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:assets/*"}
    /// ```
    ///
    /// ## Limits
    /// Beside a Deny, an Allow of everything is how one says "all but", and is left alone.
    ///
    /// ## References
    /// - RAM, [how RAM evaluates policies](https://www.alibabacloud.com/help/en/ram/policy-evaluation-process)
    code: "RAM840",
    name: "session/grants-nothing",
    severity: Note,
    kinds: &[PolicyKind::Session],
    fix: None,
    since: "0.2.0",
    check: Check::Document(check),
}

fn check(document: &Document, _: &Subject<'_>, found: &mut Findings) {
    let whole = |statement: &&Statement| {
        statement.condition().is_empty() && every_action(statement) && every_resource(statement)
    };
    let denies = document.statements().iter().any(|statement| statement.effect() == Effect::Deny);
    if let (Some(statement), false) = (document.statements().iter().find(whole), denies) {
        found
            .at(statement.span(), "this leaves the session with everything that the role may do, and gives it no more")
            .help("name what the session needs, or give no session policy");
    }
}
