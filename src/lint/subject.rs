//! The policy that rules look at.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;

use super::rules::tree::strings;
use super::{Edit, Settings};
use crate::catalog::{Operation, Product};
use crate::documents::Embedded;
use crate::json::{self, Kind, SourceText, Span, Syntax, Value};
use crate::policy::{self, Dialect, Document, Pattern, PolicyKind};
use crate::report::Severity;

/// A policy under a rule's eyes, with all that the rule may know.
pub struct Subject<'a> {
    source: &'a SourceText,
    kind: PolicyKind,
    settings: &'a Settings,
    document: Option<Document>,
    mistakes: Vec<policy::Finding>,
    tree: OnceCell<Option<Value>>,
    /// Of action patterns that were asked about, the operations that they match.
    operations: RefCell<HashMap<String, Vec<&'a Operation>>>,
    name: Option<&'a str>,
    service: Option<&'a str>,
    unread: Vec<Span>,
}

impl<'a> Subject<'a> {
    /// Reads `source` as a policy of `kind`, as far as it can be read.
    #[must_use]
    pub fn new(source: &'a SourceText, kind: PolicyKind, settings: &'a Settings) -> Self {
        let (document, mistakes) = match Document::parse(source, kind, &settings.dialect) {
            Ok(document) => (Some(document), Vec::new()),
            Err(invalid) => {
                let most_lenient = Dialect { any_version: true, ..Dialect::lenient() };
                (Document::parse(source, kind, &most_lenient).ok(), invalid.findings)
            }
        };
        Self {
            source,
            kind,
            settings,
            document,
            mistakes,
            tree: OnceCell::new(),
            operations: RefCell::default(),
            name: None,
            service: None,
            unread: Vec::new(),
        }
    }

    /// Reads a document that stands in another file.
    #[must_use]
    pub fn embedded(document: &'a Embedded, kind: PolicyKind, settings: &'a Settings) -> Self {
        let unread = document.unread().iter().map(|part| part.span).collect();
        Self {
            name: Some(document.name()),
            service: document.service(),
            unread,
            ..Self::new(document.text(), kind, settings)
        }
    }

    /// Whether `span` holds a part that only another program knows, such as an interpolation of Terraform: it may be
    /// anything, so that nothing follows from what stands there. Findings at such a place are dropped in any case; a
    /// rule has to ask where it concludes from what stands elsewhere.
    #[must_use]
    pub fn has_unread(&self, span: Span) -> bool {
        self.unread.iter().any(|part| part.start < span.end && span.start < part.end)
    }

    /// Whether a resource policy is a bucket policy of OSS: the place says so that it stands at, or else what it is
    /// about; `None` where it names no service. Endpoints, keys and log projects have policies of their own, with other
    /// principals.
    #[must_use]
    pub fn is_of_bucket(&self) -> Option<bool> {
        if self.kind != PolicyKind::Resource {
            return Some(false);
        }
        if let Some(service) = self.service {
            return Some(service == "oss");
        }
        let statements = self.tree().and_then(|tree| tree.members().iter().find(|member| member.name == "Statement"));
        let statements = statements.map_or(&[][..], |member| match &member.value.kind {
            Kind::Array(statements) => statements,
            _ => std::slice::from_ref(&member.value),
        });
        let mut of_oss = None;
        for member in statements.iter().flat_map(Value::members) {
            if matches!(&*member.name, "Action" | "NotAction" | "Resource") {
                strings(&member.value, &mut |text, _| {
                    let action = text.strip_prefix("acs:").unwrap_or(text);
                    let service = action.split_once(':').map(|(service, _)| service.eq_ignore_ascii_case("oss"));
                    of_oss = of_oss.max(service);
                });
            }
        }
        of_oss
    }

    /// The text.
    #[must_use]
    pub fn source(&self) -> &'a SourceText {
        self.source
    }

    /// What the policy is used as.
    #[must_use]
    pub fn kind(&self) -> PolicyKind {
        self.kind
    }

    /// What is known beside the policy.
    #[must_use]
    pub fn settings(&self) -> &'a Settings {
        self.settings
    }

    /// The document, where it can be read at least leniently, whatever its version says.
    #[must_use]
    pub fn document(&self) -> Option<&Document> {
        self.document.as_ref()
    }

    /// Why the document is not valid; nothing where it is.
    #[must_use]
    pub fn mistakes(&self) -> &[policy::Finding] {
        &self.mistakes
    }

    /// The JSON tree, comments and trailing commas taken leniently; `None` where the text is not JSON.
    #[must_use]
    pub fn tree(&self) -> Option<&Value> {
        self.tree.get_or_init(|| json::parse(self.source, Syntax::Lenient).ok()).as_ref()
    }

    /// The name that the policy goes by: the stem of its file, or what it is called within a file of another tool.
    #[must_use]
    pub fn policy_name(&self) -> &'a str {
        if let Some(name) = self.name {
            return name;
        }
        let file = self.source.name().rsplit(['/', '\\']).next().unwrap_or_default();
        file.split_once('.').map_or(file, |(stem, _)| stem)
    }

    /// The known actions of a service, as in `polardb:DescribeDBClusters`; the service code in any letter case, and
    /// without wildcards. `None` where the catalogue does not have the service, so that nothing can be said.
    #[must_use]
    pub fn actions(&self, service: &str) -> Option<&'a [String]> {
        self.settings.catalog.actions(service)
    }

    /// The operations of the catalogue whose actions a pattern matches.
    pub(super) fn operations(&self, pattern: &Pattern) -> Vec<&'a Operation> {
        // A service that the catalogue does not list has no operations to look through.
        let service = pattern.as_str().split_once(':').map(|(service, _)| service);
        if service.is_some_and(|service| !service.contains(['*', '?']) && self.actions(service).is_none()) {
            return Vec::new();
        }
        let mut known = self.operations.borrow_mut();
        if let Some(operations) = known.get(pattern.as_str()) {
            return operations.clone();
        }
        let all = self.settings.catalog.products().flat_map(Product::operations);
        let operations: Vec<&'a Operation> = all.filter(|operation| pattern.matches(operation.action())).collect();
        known.insert(pattern.as_str().to_owned(), operations.clone());
        operations
    }

    /// How bad it is that the catalogue does not know something.
    #[must_use]
    pub fn unknown(&self) -> Severity {
        if self.settings.catalog_pinned { Severity::Error } else { Severity::Warning }
    }

    /// Takes away the element of a list whose value stands at `span`, or the member of an object whose value stands
    /// there, with the comma that goes with it. `None` where it is the only one, where there is none, and where a
    /// comment would be taken along.
    #[must_use]
    pub fn removal(&self, span: Span) -> Option<Edit> {
        let siblings = siblings(self.tree()?, span)?;
        let at = siblings.iter().position(|(_, value)| *value == span)?;
        let whole = |(start, value): &(usize, Span)| Span::new(*start, value.end);
        let this = siblings.get(at).map(whole)?;
        let gone = match (at.checked_sub(1).and_then(|before| siblings.get(before)), siblings.get(at + 1)) {
            // From the end of what stands before it, so that no line is left empty.
            (Some((_, before)), _) => Span::new(before.end, this.end),
            (None, Some((next, _))) => Span::new(this.start, *next),
            (None, None) => return None,
        };
        let between = |from: usize, to: usize| self.source.slice(Span::new(from, to)).trim();
        let only_comma =
            matches!(between(gone.start, this.start), "" | ",") && matches!(between(this.end, gone.end), "" | ",");
        only_comma.then(|| Edit::delete(gone))
    }
}

/// Where the elements, or members, begin among which a value stands, and where their values stand.
fn siblings(value: &Value, span: Span) -> Option<Vec<(usize, Span)>> {
    if value.span.start > span.start || value.span.end < span.end {
        return None;
    }
    let places: Vec<(usize, &Value)> = match &value.kind {
        Kind::Array(values) => values.iter().map(|value| (value.span.start, value)).collect(),
        Kind::Object(members) => members.iter().map(|member| (member.name_span.start, &member.value)).collect(),
        _ => return None,
    };
    if places.iter().any(|(_, value)| value.span == span) {
        return Some(places.into_iter().map(|(start, value)| (start, value.span)).collect());
    }
    places.into_iter().find_map(|(_, value)| siblings(value, span))
}
