//! `variable/unsupported`.

use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Effect, Statement};

rule! {
    /// ## What it does
    /// Finds variables, `${acs:...}` or `${aws:...}`, in resources and conditions.
    ///
    /// ## Why is this bad?
    /// RAM has no variables: the text is compared as it stands, and nothing is ever called so. An Allow then allows
    /// nothing, and a Deny, which is worse, denies nothing.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:*", "Resource": "acs:oss:*:*:home/${acs:username}/*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:*", "Resource": "acs:oss:*:*:home/alice/*"}
    /// ```
    ///
    /// ## Limits
    /// Other `${...}` is taken for what a template fills in, and left alone.
    ///
    /// ## References
    /// - RAM, [policy structure and syntax](https://www.alibabacloud.com/help/en/ram/policy-structure-and-syntax)
    code: "RAM580",
    name: "variable/unsupported",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    let patterns = statement.resource().into_iter().flat_map(|resource| resource.patterns());
    let resources = patterns.map(|(pattern, span)| (pattern.as_str(), span, false));
    let operands = statement.condition().iter().flat_map(|test| {
        test.written_operands().iter().map(|written| (&*written.text, written.span, test.operator().is_negated()))
    });
    for (text, span, negated) in resources.chain(operands) {
        let lower = text.to_ascii_lowercase();
        let Some(at) =
            ["${acs:", "${aws:", "${ram:", "${sts:", "${saml:", "${oidc:"].iter().find_map(|begin| lower.find(begin))
        else {
            continue;
        };
        let variable = text.get(at..).map_or("", |rest| rest.split_inclusive('}').next().unwrap_or(rest));
        let consequence = match (statement.effect(), negated) {
            (_, true) => "nothing is left out by it",
            (Effect::Allow, false) => "nothing is allowed by it",
            (Effect::Deny, false) => "nothing is denied by it",
        };
        found
            .at(span, format!("`{variable}` is compared as it stands, since RAM has no variables, and {consequence}"))
            .help("write a statement for each value, or choose by tags: `acs:ResourceTag/`");
    }
}
