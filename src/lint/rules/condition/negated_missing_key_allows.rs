//! `condition/negated-missing-key-allows`.

use super::keys;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Effect, Operand, Statement};

rule! {
    /// ## What it does
    /// Finds an Allow that is limited by a negated operator on a key that requests may lack.
    ///
    /// ## Why is this bad?
    /// A negated operator holds where the key is not there. `StringNotEquals` on a tag allows the action on every
    /// resource without the tag, and on every service that does not send tags.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"StringNotEquals": {"acs:ResourceTag/env": "prod"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"StringEquals": {"acs:ResourceTag/env": ["dev", "test"]}}}
    /// ```
    ///
    /// ## Limits
    /// Alibaba Cloud's own samples use it on purpose for `acs:SourceVpc` (requests from outside of any VPC) and for
    /// `ecs:CommandRunAs` (actions that run no command); these keys are left alone.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Condition`
    /// - RAM, [conditional operators](https://www.alibabacloud.com/help/en/ram/conditional-operator)
    code: "RAM558",
    name: "condition/negated-missing-key-allows",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    if statement.effect() != Effect::Allow {
        return;
    }
    for test in statement.condition().iter().filter(|test| test.operator().is_negated()) {
        let Some(absent) = keys::find(test.key()).and_then(|key| key.absent.as_deref()) else { continue };
        // `StringNotLike` with a star asks that the key is not there.
        let asks =
            test.operands().iter().any(|operand| matches!(operand, Operand::Like(pattern) if pattern.is_universal()));
        let there =
            statement.condition().iter().any(|other| other.key() == test.key() && !other.operator().is_negated());
        if !asks && !there {
            let message = format!("this holds where `{}` is missing, and {absent}", test.written_key().text);
            found
                .at(test.span(), message)
                .help("ask for the values that are meant, or add `StringLike` with \"*\" on the same key");
        }
    }
}
