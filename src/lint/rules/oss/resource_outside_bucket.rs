//! `oss/resource-outside-bucket`.

use crate::json::Span;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Arn, Case, Document, Pattern, PolicyKind};

rule! {
    /// ## What it does
    /// Finds resources in a bucket policy that are no bucket or object, or that are of several buckets.
    ///
    /// ## Why is this bad?
    /// A bucket policy belongs to one bucket, and is asked about that one and its objects. Whatever else it names is
    /// never met.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:GetObject", "Principal": ["2234567890123456"], "Resource": ["acs:oss:*:1234567890123456:assets/*", "acs:oss:*:1234567890123456:logs/*"]}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:GetObject", "Principal": ["2234567890123456"], "Resource": ["acs:oss:*:1234567890123456:assets/*"]}
    /// ```
    ///
    /// ## References
    /// - OSS, [bucket policies](https://www.alibabacloud.com/help/en/oss/user-guide/oss-bucket-policy)
    code: "RAM805",
    name: "oss/resource-outside-bucket",
    severity: Warning,
    kinds: &[PolicyKind::Resource],
    fix: None,
    since: "0.2.0",
    check: Check::Document(check),
}

fn check(document: &Document, _: &Subject<'_>, found: &mut Findings) {
    let own = Pattern::new("acs:oss:*:*:*", Case::Arn);
    let mut first: Option<(&str, Span)> = None;
    for (pattern, span) in
        document.statements().iter().filter_map(|statement| statement.resource()).flat_map(|r| r.patterns())
    {
        if own.meets(pattern).is_none() {
            found
                .at(span, format!("`{}` is neither a bucket nor an object", pattern.as_str()))
                .help("a bucket is named as in `acs:oss:*:1234567890123456:bucket`, its objects as in `acs:oss:*:1234567890123456:bucket/*`");
            continue;
        }
        let Some(arn) = Arn::parse(pattern.as_str()) else { continue };
        let bucket = arn.relative.split('/').next().unwrap_or_default();
        match first {
            _ if bucket.contains(['*', '?']) => {}
            None => first = Some((bucket, span)),
            Some((other, at)) if other != bucket => {
                found
                    .at(span, format!("this is the bucket `{bucket}`, and the policy has spoken of `{other}`"))
                    .help("give each bucket a policy of its own")
                    .also(at, "the first bucket");
            }
            Some(_) => {}
        }
    }
}
