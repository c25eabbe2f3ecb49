//! `trust/cycle`.

use super::roles::{assumes, roles};
use crate::lint::rule::rule;
use crate::lint::{Check, Holder, Project, ProjectFindings, Settings};
use crate::policy::PolicyKind;

rule! {
    /// ## What it does
    /// Finds roles that may assume one another in a circle.
    ///
    /// ## Why is this bad?
    /// Whoever has one of them has them all, and for good: each session begins the next one. That roles are apart then
    /// separates nothing.
    ///
    /// ## Example
    /// ```json5
    /// // the trust policy of the role `deploy`; that of `build` trusts `deploy`, and both may call sts:AssumeRole
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": "acs:ram::1234567890123456:role/build"}}
    /// ```
    ///
    /// Use instead:
    /// ```json5
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": "acs:ram::1234567890123456:user/alice"}}
    /// ```
    ///
    /// ## Limits
    /// Only roles that are named themselves count, and what hangs on a condition does not.
    ///
    /// ## References
    /// - RAM, [edit the trust policy of a RAM role](https://www.alibabacloud.com/help/en/ram/user-guide/edit-the-trust-policy-of-a-ram-role)
    code: "RAM778",
    name: "trust/cycle",
    severity: Warning,
    kinds: &[PolicyKind::Trust],
    fix: None,
    since: "0.2.0",
    check: Check::Project(check),
}

fn check(project: &Project, _: &Settings, found: &mut ProjectFindings) {
    let roles = roles(project);
    let next: Vec<Vec<usize>> = roles
        .iter()
        .map(|by| {
            (0..roles.len()).filter(|role| roles.get(*role).is_some_and(|role| assumes(project, by, role).is_some()))
        })
        .map(Iterator::collect)
        .collect();
    for first in 0..roles.len() {
        let Some(way) = circle(first, &next) else { continue };
        let named: Vec<&Holder> = way.iter().filter_map(|index| roles.get(*index).copied()).collect();
        // The last one of the circle may assume the first one again.
        let (Some(role), Some(last)) = (named.first(), named.last()) else { continue };
        let Some((trust, statement)) = assumes(project, last, role) else { continue };
        let chain: Vec<String> = named.iter().map(|role| format!("`{}`", role.name)).collect();
        let message =
            format!("roles may assume one another in a circle: {}, and again the first", chain.join(", then "));
        let draft = found.about(trust).at(statement.principal_span(), message);
        draft.help("let one of them be assumed by people or by a service only");
    }
}

/// The shortest circle of two or more that begins with `first` and has no role before it, so that each is found once.
fn circle(first: usize, next: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut ways = std::collections::VecDeque::from([vec![first]]);
    let mut seen = std::collections::BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        let last = *way.last()?;
        for role in next.get(last).into_iter().flatten().copied() {
            if role == first && way.len() > 1 {
                return Some(way);
            }
            if role > first && seen.insert(role) {
                ways.push_back([way.as_slice(), &[role]].concat());
            }
        }
    }
    None
}
