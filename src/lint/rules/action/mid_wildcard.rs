//! `action/mid-wildcard`.

use super::super::reach;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds an Allow whose wildcard stands before the end of an action, and reaches actions that change something.
    ///
    /// ## Why is this bad?
    /// `polardb:*DBCluster*` reads as if it were about looking at clusters, and takes in what deletes them. A wildcard
    /// at the end, after the verb, says what it does.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "polardb:*DBCluster", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "polardb:DescribeDBClusters", "Resource": "*"}
    /// ```
    ///
    /// ## Limits
    /// Only services that the catalogue lists are judged.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Action`
    code: "RAM335",
    name: "action/mid-wildcard",
    severity: Note,
    kinds: &[PolicyKind::Identity],
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    if !reach::allows(statement) {
        return;
    }
    for (pattern, span) in statement.action().patterns() {
        let Some((_, name)) = pattern.as_str().split_once(':') else { continue };
        let within = name.trim_end_matches(['*', '?']);
        if reach::service(pattern.as_str()).is_none() || !within.contains(['*', '?']) {
            continue;
        }
        let reached = reach::operations(subject, pattern);
        let writes: Vec<_> = reached.iter().filter(|o| o.write()).map(|o| o.action()).collect();
        if !writes.is_empty() {
            let (all, count) = (reached.len(), writes.len());
            let message =
                format!("{count} of the {all} actions that this matches change something: {}", reach::some(writes));
            reach::limits(found.at(span, message).help("write the verbs out"), statement);
        }
    }
}
