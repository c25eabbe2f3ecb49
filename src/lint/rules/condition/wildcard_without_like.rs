//! `condition/wildcard-without-like`.

use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Operator, Statement};

rule! {
    /// ## What it does
    /// Finds values with `*` or `?` under string operators that do not know wildcards.
    ///
    /// ## Why is this bad?
    /// `StringEquals` and its kin compare letter by letter. A positive test is then met by a star only, and a negated
    /// one by everything: the Deny of `StringNotEquals` with `vpc-*` denies every request, from within a VPC too.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"StringEquals": {"acs:ResourceTag/team": "dev-*"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"StringLike": {"acs:ResourceTag/team": "dev-*"}}}
    /// ```
    ///
    /// ## Limits
    /// A `?` in a URL is taken for what it is there.
    ///
    /// ## References
    /// - RAM, [conditional operators](https://www.alibabacloud.com/help/en/ram/conditional-operator)
    code: "RAM542",
    name: "condition/wildcard-without-like",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    for test in statement.condition() {
        let like = match test.operator() {
            Operator::StringEquals => "`StringLike`",
            Operator::StringNotEquals => "`StringNotLike`",
            Operator::StringEqualsIgnoreCase => "`StringLike`, which minds letter case,",
            Operator::StringNotEqualsIgnoreCase => "`StringNotLike`, which minds letter case,",
            _ => continue,
        };
        for written in test.written_operands() {
            let query = written.text.contains("://");
            if written.text.contains('*') || (written.text.contains('?') && !query) {
                let message = format!("`{}` compares letter by letter, `{}` too", test.operator(), written.text);
                found
                    .at(written.span, message)
                    .help(format!("write {like} for wildcards"))
                    .also(test.written_key().span, "of this key");
            }
        }
    }
}
