//! Every rule, by groups; each group lists its own.

mod action;
mod condition;
mod cp;
mod effective;
mod empty;
mod inclusion;
pub(super) mod meta;
mod near;
mod oss;
mod reach;
mod redundancy;
mod resource;
mod schema;
mod security;
mod services;
mod session;
mod style;
pub(super) mod syntax;
pub(super) mod tree;
mod trust;
mod variable;

use std::ops::RangeInclusive;

use super::Rule;

/// Rules about one thing.
#[derive(Debug)]
pub struct Group {
    /// The name, which their names begin with.
    pub name: &'static str,
    /// The numbers that their codes may have.
    pub codes: RangeInclusive<u16>,
    /// What they are about, as in "rules about …".
    pub about: &'static str,
    /// The rules. Of those that give names to the same kind of mistake, the first that takes one has it.
    pub rules: &'static [&'static Rule],
}

/// Every group, in the order of the codes.
pub static GROUPS: &[Group] = &[
    Group {
        name: "syntax",
        codes: 100..=199,
        about: "the text: JSON, encoding, repeated members, types",
        rules: syntax::RULES,
    },
    Group {
        name: "schema",
        codes: 200..=299,
        about: "the elements of a document and of its statements",
        rules: schema::RULES,
    },
    Group { name: "action", codes: 300..=399, about: "`Action` and `NotAction`", rules: action::RULES },
    Group { name: "resource", codes: 400..=499, about: "`Resource`", rules: resource::RULES },
    Group {
        name: "condition",
        codes: 500..=579,
        about: "`Condition`: operators, keys, values",
        rules: condition::RULES,
    },
    Group { name: "variable", codes: 580..=599, about: "`${…}`, which RAM takes literally", rules: variable::RULES },
    Group {
        name: "redundancy",
        codes: 600..=649,
        about: "what could go without changing a decision",
        rules: redundancy::RULES,
    },
    Group { name: "empty", codes: 650..=699, about: "elements that hold nothing", rules: empty::RULES },
    Group {
        name: "security",
        codes: 700..=749,
        about: "permissions that give away more than they seem to",
        rules: security::RULES,
    },
    Group { name: "trust", codes: 750..=799, about: "who may assume a role", rules: trust::RULES },
    Group { name: "oss", codes: 800..=819, about: "bucket policies of OSS", rules: oss::RULES },
    Group { name: "cp", codes: 820..=839, about: "control policies of a resource directory", rules: cp::RULES },
    Group { name: "session", codes: 840..=859, about: "session policies", rules: session::RULES },
    Group { name: "style", codes: 860..=879, about: "how a policy is written", rules: style::RULES },
    Group {
        name: "effective",
        codes: 880..=899,
        about: "what policies of several files come to for those who have them",
        rules: effective::RULES,
    },
    Group {
        name: "meta",
        codes: 900..=999,
        about: "the linter's own files: configuration, suppressions, baseline",
        rules: meta::RULES,
    },
];

/// Every rule, in the order of the groups.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    GROUPS.iter().flat_map(|group| group.rules).copied()
}

/// The rule of that code or name.
#[must_use]
pub fn find(code_or_name: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.code.eq_ignore_ascii_case(code_or_name) || rule.name == code_or_name)
}
