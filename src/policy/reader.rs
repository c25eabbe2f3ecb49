//! From the JSON tree to a document, with every mistake noted where it stands.

mod condition;
mod principal;

use super::{
    ActionClause, Case, Code, Dialect, Effect, Finding, Pattern, PolicyKind, ResourceClause, Statement, Written,
};
use crate::json::{self, Kind, Member, SourceText, Span, Syntax, Value};

const ROOT_MEMBERS: [&str; 2] = ["Version", "Statement"];
const STATEMENT_MEMBERS: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

pub(super) struct Reader<'a> {
    source: &'a SourceText,
    kind: PolicyKind,
    dialect: &'a Dialect,
    /// Whether the statement being read is an Allow; one whose effect cannot be told is not.
    allows: bool,
    findings: Vec<Finding>,
    warnings: Vec<Finding>,
}

/// The members of an object whose names were checked: each known one at most once.
struct Members<'v> {
    found: Vec<(&'static str, &'v Member)>,
}

impl<'v> Members<'v> {
    fn get(&self, name: &str) -> Option<&'v Member> {
        self.found.iter().find(|(known, _)| *known == name).map(|(_, member)| *member)
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a SourceText, kind: PolicyKind, dialect: &'a Dialect) -> Self {
        Self { source, kind, dialect, allows: false, findings: Vec::new(), warnings: Vec::new() }
    }

    /// Mistakes and warnings, in text order.
    pub(super) fn finish(mut self) -> (Vec<Finding>, Vec<Finding>) {
        self.findings.sort_by_key(|finding| finding.span);
        self.warnings.sort_by_key(|finding| finding.span);
        (self.findings, self.warnings)
    }

    fn refuse(&mut self, code: Code, span: Span, message: impl Into<String>, help: &str) {
        let help = (!help.is_empty()).then(|| help.to_owned());
        self.findings.push(Finding { code, message: message.into(), help, span });
    }

    fn warn(&mut self, code: Code, span: Span, message: impl Into<String>, help: &str) {
        let help = (!help.is_empty()).then(|| help.to_owned());
        self.warnings.push(Finding { code, message: message.into(), help, span });
    }

    fn wrong_type(&mut self, value: &Value, what: &str, wanted: &str, help: &str) {
        let message = format!("{what} is {wanted}, and here is {}", value.kind_name());
        self.refuse(Code::WrongType, value.span, message, help);
    }

    /// The statements; `None` where there is nothing to make them of. What they lack was noted.
    pub(super) fn document(&mut self) -> Option<Vec<Statement>> {
        let text = self.source.text();
        if let Some(limit) = self.kind.max_bytes().filter(|limit| self.dialect.length_limits && text.len() > *limit) {
            let message =
                format!("the document has {} bytes, and {} may have {limit}", text.len(), self.kind.with_article());
            let help = "split it into several policies, or write it more tightly";
            self.refuse(Code::TooLong, Span::new(0, 0), message, help);
        }
        let syntax = if self.dialect.comments { Syntax::Lenient } else { Syntax::Strict };
        let Ok(root) = json::parse(self.source, syntax) else {
            for error in json::mistakes(self.source, syntax) {
                self.refuse(Code::NotJson, error.span, error.to_string(), error.kind.help().unwrap_or_default());
            }
            return None;
        };
        let Kind::Object(members) = &root.kind else {
            let help = "write {\"Version\": \"1\", \"Statement\": [ … ]}";
            self.wrong_type(&root, "a policy document", "an object", help);
            return None;
        };
        let members = self.members(members, &ROOT_MEMBERS, "a policy document", self.dialect.unknown_root_members);
        self.version(&root, members.get("Version"));
        let Some(member) = members.get("Statement") else {
            let help = "add \"Statement\": [ … ] with at least one statement";
            self.refuse(Code::MissingStatement, opening(&root), "the document has no `Statement`", help);
            return None;
        };
        let values = match &member.value.kind {
            Kind::Array(values) => values.as_slice(),
            Kind::Object(_) if self.dialect.statement_as_object => std::slice::from_ref(&member.value),
            _ => {
                let help = "put the statements into one list: [ … ]";
                self.wrong_type(&member.value, "`Statement`", "a list of statements", help);
                return None;
            }
        };
        if values.is_empty() {
            self.refuse(Code::EmptyList, member.value.span, "`Statement` is empty", "add a statement");
        }
        Some(values.iter().enumerate().filter_map(|(index, value)| self.statement(index, value)).collect())
    }

    /// Checks member names: unknown ones, and ones that stand twice.
    fn members<'v>(
        &mut self,
        members: &'v [Member],
        known: &[&'static str],
        what: &str,
        tolerate_unknown: bool,
    ) -> Members<'v> {
        let mut found: Vec<(&'static str, &'v Member)> = Vec::new();
        for member in members {
            let same = |name: &&&'static str| {
                **name == member.name || (self.dialect.any_member_case && name.eq_ignore_ascii_case(&member.name))
            };
            let Some(name) = known.iter().find(same) else {
                self.unknown_member(member, known, what, tolerate_unknown);
                continue;
            };
            if let Some((_, first)) = found.iter().find(|(other, _)| other == name) {
                if !(self.dialect.equal_repeats && same_value(&first.value, &member.value)) {
                    let line = self.source.position(first.name_span.start).line;
                    let message = format!("`{name}` stands already in line {line}");
                    let help = "keep one of them; which one would count is not defined";
                    self.refuse(Code::RepeatedMember, member.name_span, message, help);
                }
                continue;
            }
            found.push((name, member));
        }
        Members { found }
    }

    fn unknown_member(&mut self, member: &Member, known: &[&'static str], what: &str, tolerate: bool) {
        let message = format!("{what} has no member `{}`", member.name);
        let near = known.iter().find(|name| same_word(name, &member.name));
        let help = match near {
            Some(name) => format!("write `{name}`, in exactly these letters"),
            None => {
                let usual: Vec<_> = known.iter().copied().filter(|name| self.is_usual(name)).collect();
                format!("its members are {}", list(&usual))
            }
        };
        if tolerate && near.is_none() {
            self.warn(Code::UnknownMember, member.name_span, message, &help);
        } else {
            self.refuse(Code::UnknownMember, member.name_span, message, &help);
        }
    }

    /// Whether documents of this kind have a member of the name, so that it is worth proposing.
    fn is_usual(&self, name: &str) -> bool {
        match name {
            "Sid" | "NotPrincipal" | "NotResource" => false,
            "Principal" => matches!(self.kind, PolicyKind::Trust | PolicyKind::Resource),
            "NotAction" => self.kind != PolicyKind::Resource,
            "Resource" => self.kind != PolicyKind::Trust,
            _ => true,
        }
    }

    fn version(&mut self, root: &Value, member: Option<&Member>) {
        let help = "write \"Version\": \"1\"";
        match member.map(|member| &member.value) {
            _ if self.dialect.any_version => {}
            None => self.refuse(Code::MissingVersion, opening(root), "the document has no `Version`", help),
            Some(Value { kind: Kind::String(text), .. }) if text == "1" => {}
            Some(value) => {
                let message =
                    format!("`Version` is {}, and the only version is the string \"1\"", shown(self.source, value));
                self.refuse(Code::Version, value.span, message, help);
            }
        }
    }

    fn statement(&mut self, index: usize, value: &Value) -> Option<Statement> {
        let Kind::Object(members) = &value.kind else {
            let help = "write it as in {\"Effect\": \"Allow\", \"Action\": \"ecs:Describe*\", \"Resource\": \"*\"}";
            self.wrong_type(value, "a statement", "an object", help);
            return None;
        };
        let members = self.members(members, &STATEMENT_MEMBERS, "a statement", false);
        let sid = self.sid(members.get("Sid"));
        let effect = self.effect(value, members.get("Effect"));
        self.allows = matches!(effect, Some((Effect::Allow, _)));
        let action = self.action(value, &members);
        let resource = self.resource(value, &members);
        let principal = self.principal(value, &members);
        let condition = self.condition(members.get("Condition"));
        if self.kind == PolicyKind::Resource {
            self.source_ip_needs_vpc(members.get("Condition"));
        }
        let (effect, effect_span) = effect?;
        Some(Statement {
            index,
            span: value.span,
            sid,
            effect,
            effect_span,
            action: action?,
            resource: resource?,
            condition,
            principal: principal?,
            principal_span: members.get("Principal").map(|member| member.value.span),
        })
    }

    fn sid(&mut self, member: Option<&Member>) -> Option<Written> {
        let member = member?;
        let Kind::String(text) = &member.value.kind else {
            self.wrong_type(&member.value, "`Sid`", "a string", "put it into double quotes, or take it away");
            return None;
        };
        let help = "RAM accepts it and does not document it; it changes nothing";
        self.warn(Code::Sid, member.name_span, "`Sid` is not part of RAM's policy language", help);
        Some(Written { text: text.as_str().into(), span: member.value.span })
    }

    fn effect(&mut self, statement: &Value, member: Option<&Member>) -> Option<(Effect, Span)> {
        let help = "write \"Effect\": \"Allow\" or \"Effect\": \"Deny\"";
        let Some(member) = member else {
            self.refuse(Code::MissingEffect, opening(statement), "the statement has no `Effect`", help);
            return None;
        };
        match &member.value.kind {
            Kind::String(text) if text == "Allow" => Some((Effect::Allow, member.value.span)),
            Kind::String(text) if text == "Deny" => Some((Effect::Deny, member.value.span)),
            _ => {
                let shown = shown(self.source, &member.value);
                let message =
                    format!("`Effect` is {shown}, and must be \"Allow\" or \"Deny\" in exactly these letters");
                self.refuse(Code::Effect, member.value.span, message, help);
                None
            }
        }
    }

    fn action(&mut self, statement: &Value, members: &Members<'_>) -> Option<ActionClause> {
        let (member, negated) = match (members.get("Action"), members.get("NotAction")) {
            (Some(member), None) => (member, false),
            (None, Some(member)) => (member, true),
            (None, None) => {
                let help = "add \"Action\": [ … ], or \"NotAction\" for every action but these";
                self.refuse(Code::MissingAction, opening(statement), "the statement has no `Action`", help);
                return None;
            }
            (Some(action), Some(not_action)) => {
                let message = "the statement has both `Action` and `NotAction`";
                self.refuse(Code::ActionAndNotAction, not_action.name_span, message, "keep one of them");
                self.patterns(&action.value, "`Action`", Case::Ignore, false);
                self.patterns(&not_action.value, "`NotAction`", Case::Ignore, true);
                return None;
            }
        };
        if negated && self.kind == PolicyKind::Resource {
            let message = "`NotAction` is not part of the language of bucket policies";
            self.refuse(Code::UnsupportedElement, member.name_span, message, "name the actions under `Action`");
            return None;
        }
        let what = if negated { "`NotAction`" } else { "`Action`" };
        let patterns = self.patterns(&member.value, what, Case::Ignore, negated)?;
        Some(ActionClause { negated, patterns, span: member.value.span })
    }

    /// The resource clause; the inner `None` is a document that rightly has none.
    fn resource(&mut self, statement: &Value, members: &Members<'_>) -> Option<Option<ResourceClause>> {
        let case = if self.dialect.fold_service_code { Case::Arn } else { Case::Exact };
        if let Some(member) = members.get("NotResource").filter(|_| !self.takes_not_resource()) {
            if let Some(resource) = members.get("Resource").filter(|_| self.kind != PolicyKind::Trust) {
                self.patterns(&resource.value, "`Resource`", case, false);
            }
            let help = "name the resources that are meant under `Resource`";
            let message = "`NotResource` is not part of RAM's policy language";
            self.refuse(Code::UnsupportedElement, member.name_span, message, help);
            return None;
        }
        let (member, negated) = match (members.get("Resource"), members.get("NotResource")) {
            (Some(resource), Some(member)) => {
                self.patterns(&resource.value, "`Resource`", case, false);
                self.patterns(&member.value, "`NotResource`", case, true);
                let message = "the statement has both `Resource` and `NotResource`";
                self.refuse(Code::UnsupportedElement, member.name_span, message, "keep one of them");
                return None;
            }
            (Some(member), None) => (member, false),
            (None, Some(member)) => (member, true),
            (None, None) if self.kind == PolicyKind::Trust => return Some(None),
            (None, None) => {
                let help = "add \"Resource\": \"*\", or the ARNs that are meant";
                self.refuse(Code::MissingResource, opening(statement), "the statement has no `Resource`", help);
                return None;
            }
        };
        if self.kind == PolicyKind::Trust {
            let message = "a trust policy has no `Resource`: it stands at the role it is about";
            self.refuse(Code::ResourceNotAllowed, member.name_span, message, "take it away");
            return None;
        }
        let what = if negated { "`NotResource`" } else { "`Resource`" };
        let patterns = self.patterns(&member.value, what, case, negated)?;
        Some(Some(ResourceClause { negated, patterns, span: member.value.span }))
    }

    /// Whether `NotResource` is read: bucket and trust policies never had it.
    fn takes_not_resource(&self) -> bool {
        self.dialect.not_resource && !matches!(self.kind, PolicyKind::Resource | PolicyKind::Trust)
    }

    fn patterns(&mut self, value: &Value, what: &str, case: Case, negated: bool) -> Option<Vec<(Pattern, Span)>> {
        let (texts, mut sound) = self.strings(value, what, !negated);
        for Written { text, span } in &texts {
            if text.is_empty() {
                let message = format!("{what} holds an empty text, which matches nothing");
                self.refuse(Code::EmptyPattern, *span, message, "name what is meant, or take it away");
                sound = false;
            } else if self.kind == PolicyKind::Resource && text.contains("**") {
                let message = format!("`{text}` has two stars side by side, which OSS refuses");
                self.refuse(Code::ConsecutiveStars, *span, message, "write one star");
                sound = false;
            }
        }
        sound.then(|| texts.iter().map(|written| (Pattern::new(&written.text, case), written.span)).collect())
    }

    /// A string, or a list of strings (spec ram-policy-language 1.2): the strings among the elements, so that they
    /// are checked further, and whether that is all of them. `matches_nothing` says whether an empty list would
    /// match nothing, so that a dialect may take it.
    fn strings(&mut self, value: &Value, what: &str, matches_nothing: bool) -> (Vec<Written>, bool) {
        let values = match &value.kind {
            Kind::Array(values) => values.as_slice(),
            _ => std::slice::from_ref(value),
        };
        let mut sound = !values.is_empty() || self.takes_empty_list(value, what, matches_nothing);
        let mut strings = Vec::with_capacity(values.len());
        for value in values {
            match &value.kind {
                Kind::String(text) => strings.push(Written { text: text.as_str().into(), span: value.span }),
                _ => {
                    let help = "write each element as a string in double quotes";
                    self.wrong_type(value, what, "a string or a list of strings", help);
                    sound = false;
                }
            }
        }
        (strings, sound)
    }

    /// Whether an empty list is read as matching nothing. In a Deny it never is: what was meant to be denied would
    /// go unnoticed.
    fn takes_empty_list(&mut self, value: &Value, what: &str, matches_nothing: bool) -> bool {
        let message = format!("{what} is empty");
        let taken = self.dialect.empty_lists && matches_nothing && self.allows;
        if taken {
            let help = "it matches nothing, so the statement allows nothing; take it away";
            self.warn(Code::EmptyList, value.span, message, help);
        } else {
            self.refuse(Code::EmptyList, value.span, message, "name at least one, or take it away");
        }
        taken
    }
}

/// The opening brace of an object: where something that it lacks is reported.
fn opening(value: &Value) -> Span {
    Span::new(value.span.start, (value.span.start + 1).min(value.span.end))
}

/// A value as it stands in the text, shortened.
fn shown(source: &SourceText, value: &Value) -> String {
    match value.kind {
        Kind::Array(_) | Kind::Object(_) => value.kind_name().to_owned(),
        _ => {
            let text = source.slice(value.span);
            if text.chars().count() > 60 {
                format!("`{}…`", text.chars().take(60).collect::<String>())
            } else {
                format!("`{text}`")
            }
        }
    }
}

/// Whether `written` is the member `name` but for letter case, blanks and the plural: `Resources`, `effect `.
fn same_word(name: &str, written: &str) -> bool {
    let written = written.trim();
    name.eq_ignore_ascii_case(written)
        || written.strip_suffix(['s', 'S']).is_some_and(|singular| name.eq_ignore_ascii_case(singular))
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Whether two values are the same but for where they stand.
fn same_value(a: &Value, b: &Value) -> bool {
    match (&a.kind, &b.kind) {
        (Kind::Array(a), Kind::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_value(a, b)),
        (Kind::Object(a), Kind::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.name == b.name && same_value(&a.value, &b.value))
        }
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests;
