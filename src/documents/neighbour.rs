//! Languages that look like RAM's, and are not.

use std::fmt;

use crate::json::{Kind, Member, SourceText, Span, Value};
use crate::report::{Finding, Severity};

/// A language whose documents have the look of a RAM policy (spec ram-policy-language 1.6), or that are written for
/// the same purpose elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Neighbour {
    /// A policy of AWS IAM.
    AwsIam,
    /// A policy of Tencent Cloud CAM.
    TencentCam,
    /// A policy of Huawei Cloud IAM.
    HuaweiIam,
    /// A policy of Volcano Engine IAM.
    VolcanoIam,
    /// A role definition of Azure.
    AzureRole,
    /// A definition of Azure Policy.
    AzurePolicy,
    /// An allow policy of Google Cloud.
    GoogleCloud,
    /// A Cedar policy, as text or as JSON.
    Cedar,
    /// A stack policy of ROS: which resources of a stack an update may touch.
    RosStackPolicy,
    /// A role policy of MaxCompute.
    MaxCompute,
    /// A network policy of an AccessKey.
    AccessKeyNetwork,
    /// The form policy of OSS `PostObject`.
    OssPostObject,
}

impl fmt::Display for Neighbour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AwsIam => "a policy of AWS IAM",
            Self::TencentCam => "a policy of Tencent Cloud CAM",
            Self::HuaweiIam => "a policy of Huawei Cloud IAM",
            Self::VolcanoIam => "a policy of Volcano Engine IAM",
            Self::AzureRole => "a role definition of Azure",
            Self::AzurePolicy => "a definition of Azure Policy",
            Self::GoogleCloud => "an allow policy of Google Cloud",
            Self::Cedar => "a Cedar policy",
            Self::RosStackPolicy => "a stack policy of ROS",
            Self::MaxCompute => "a role policy of MaxCompute",
            Self::AccessKeyNetwork => "a network policy of an AccessKey",
            Self::OssPostObject => "a form policy of OSS PostObject",
        })
    }
}

impl Neighbour {
    /// That `file` is written in this language.
    #[must_use]
    pub fn finding(self, file: &SourceText, severity: Severity) -> Finding {
        let first = file.text().len() - file.text().trim_start().len();
        let end = file.text().ceil_char_boundary((first + 1).min(file.text().len()));
        Finding {
            severity,
            code: "other-language".to_owned(),
            message: format!("this is {self}, not a RAM policy"),
            help: (self == Self::AwsIam).then(|| {
                "if it is meant for RAM, write `\"Version\": \"1\"`, `acs:` in place of `arn:aws:` and of `aws:`, and RAM's actions"
                    .to_owned()
            }),
            place: Some((file.clone(), Span::new(first, end))),
        }
    }

    /// The language of a text that is not JSON.
    pub(super) fn of_text(text: &str) -> Option<Self> {
        let cedar = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("//"))?;
        let begins = |word: &str| cedar.strip_prefix(word).is_some_and(|rest| rest.trim_start().starts_with('('));
        (begins("permit") || begins("forbid") || begins("@id")).then_some(Self::Cedar)
    }

    /// The language of a document with statements, where it is not RAM's.
    pub(super) fn of_statements(root: &Value) -> Option<Self> {
        let mut strings = Vec::new();
        collect(root, &mut strings);
        let any = |matches: fn(&str) -> bool| strings.iter().any(|text| matches(text));
        if any(|text| text.starts_with("qcs:")) {
            return Some(Self::TencentCam);
        }
        if any(|text| text.starts_with("trn:")) {
            return Some(Self::VolcanoIam);
        }
        if any(|text| text.starts_with("acs:odps:") && text.split(':').count() == 4) {
            return Some(Self::MaxCompute);
        }
        let of_ram = any(|text| text.starts_with("acs:"));
        let of_aws = any(|text| ["arn:aws:", "arn:aws-cn:", "aws:"].iter().any(|start| text.starts_with(start)));
        if of_ram {
            return None;
        }
        if any(|text| text.starts_with("Update:")) {
            return Some(Self::RosStackPolicy);
        }
        match member(root, "Version").and_then(Value::as_str) {
            _ if of_aws => Some(Self::AwsIam),
            Some("2012-10-17" | "2008-10-17") => Some(Self::AwsIam),
            Some("2.0") => Some(Self::TencentCam),
            Some("1.1" | "5.0") => Some(Self::HuaweiIam),
            _ => None,
        }
    }

    /// The language of a document without statements.
    pub(super) fn of_other(root: &Value) -> Option<Self> {
        let has = |name: &str| member(root, name).is_some();
        let first = |value: Option<&Value>| match value.map(|value| &value.kind) {
            Some(Kind::Array(values)) => values.first().cloned(),
            _ => None,
        };
        let nested = |outer: &str, inner: &str| member(root, outer).is_some_and(|outer| member(outer, inner).is_some());
        if has("Statements") && has("Status") {
            return Some(Self::AccessKeyNetwork);
        }
        if has("expiration") && has("conditions") {
            return Some(Self::OssPostObject);
        }
        if has("policyRule") || nested("properties", "policyRule") {
            return Some(Self::AzurePolicy);
        }
        if has("AssignableScopes") || nested("properties", "assignableScopes") {
            return Some(Self::AzureRole);
        }
        let binding = first(member(root, "bindings"));
        if binding.is_some_and(|binding| member(&binding, "role").is_some() && member(&binding, "members").is_some()) {
            return Some(Self::GoogleCloud);
        }
        let effect = member(root, "effect").and_then(Value::as_str);
        if has("staticPolicies") || matches!(effect, Some("permit" | "forbid")) && has("principal") {
            return Some(Self::Cedar);
        }
        None
    }
}

/// The value of the first member of this name, in any letter case.
pub(super) fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let named = |member: &&Member| member.name.eq_ignore_ascii_case(name);
    value.members().iter().find(named).map(|member| &member.value)
}

/// Every string of a tree, names of members included.
fn collect<'v>(value: &'v Value, strings: &mut Vec<&'v str>) {
    match &value.kind {
        Kind::String(text) => strings.push(text),
        Kind::Array(values) => values.iter().for_each(|value| collect(value, strings)),
        Kind::Object(members) => members.iter().for_each(|member| {
            strings.push(&member.name);
            collect(&member.value, strings);
        }),
        Kind::Null | Kind::Bool(_) | Kind::Number(_) => {}
    }
}
