//! RAM900 to 999: the linter's own files: configuration, suppressions, baseline.

pub(in crate::lint) mod conflicting_config;
pub(in crate::lint) mod exception;
pub(in crate::lint) mod expired_suppression;
pub(in crate::lint) mod invalid_policy;
pub(in crate::lint) mod other_language;
pub(in crate::lint) mod suppression_without_reason;
pub(in crate::lint) mod unknown_rule_in_config;
pub(in crate::lint) mod unread_part;
pub(in crate::lint) mod unused_baseline;
pub(in crate::lint) mod unused_suppression;

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[
    &unused_suppression::RULE,
    &expired_suppression::RULE,
    &suppression_without_reason::RULE,
    &unknown_rule_in_config::RULE,
    &conflicting_config::RULE,
    &unused_baseline::RULE,
    &other_language::RULE,
    &unread_part::RULE,
    &exception::RULE,
    &invalid_policy::RULE,
];
