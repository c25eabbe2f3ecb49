//! `action/unknown-service`.

use super::super::near::nearest;
use super::super::{reach, services};
use crate::catalog::Product;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::Statement;

rule! {
    /// ## What it does
    /// Finds actions of a service that is not known.
    ///
    /// ## Why is this bad?
    /// A misspelt service code matches nothing, and the statement reads as if it did something.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "esc:StopInstance", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:StopInstance", "Resource": "*"}
    /// ```
    ///
    /// ## Limits
    /// The list of services holds codes that were guessed from the names of products, so that few are missing; those
    /// that are new are. With a catalogue that is pinned, a finding is an error.
    ///
    /// ## References
    /// - RAM, [services that work with RAM](https://www.alibabacloud.com/help/en/ram/product-overview/services-that-work-with-ram)
    code: "RAM329",
    name: "action/unknown-service",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    for (pattern, span) in statement.action().patterns() {
        let Some((written, _)) = pattern.as_str().split_once(':') else { continue };
        if written.contains(char::is_whitespace) || !pattern.reaches(&reach::ACTION) {
            continue;
        }
        let code = reach::action(written);
        let catalogue = subject.settings().catalog.products().flat_map(Product::operations);
        let mut listed = catalogue.filter_map(|operation| operation.action().split_once(':')).map(|(code, _)| code);
        // A star may reach over the colon.
        if written.contains('*')
            || services::codes().any(|known| code.matches(known))
            || listed.any(|known| code.matches(known))
        {
            continue;
        }
        let draft = found.at(span, format!("no service is known by the code `{written}`")).severity(subject.unknown());
        match (services::code_of_product(written), nearest(written, services::codes())) {
            (Some(code), _) => draft.help(format!("in policies the service is called `{code}`")),
            (None, Some(near)) => draft.help(format!("did you mean `{near}`?")),
            (None, None) => {
                draft.help("see how the service is called in RAM; a service that is new can be added to the catalogue")
            }
        };
    }
}
