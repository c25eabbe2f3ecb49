//! `condition/multiple-bool`.

use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Operator, Statement};

rule! {
    /// ## What it does
    /// Finds `Bool` with more than one value.
    ///
    /// ## Why is this bad?
    /// A boolean has one value. RAM reports several as a mistake of the policy, and `true` and `false` together would
    /// hold for whatever the key is.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:*", "Resource": "*", "Condition": {"Bool": {"acs:SecureTransport": ["true", "false"]}}}
    /// ```
    ///
    /// ## References
    /// - RAM, [conditional operators](https://www.alibabacloud.com/help/en/ram/conditional-operator)
    code: "RAM514",
    name: "condition/multiple-bool",
    severity: Error,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    for test in statement.condition() {
        if test.operator() == Operator::Bool && test.written_operands().len() > 1 {
            let key = &test.written_key().text;
            found
                .at(test.span(), format!("`{key}` is compared with {} booleans", test.written_operands().len()))
                .help("write the one that is meant; to ask that the key is there, another condition is needed");
        }
    }
}
