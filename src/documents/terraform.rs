//! Policies in Terraform configurations.

mod expression;
mod policy_blocks;
mod template;

use std::collections::BTreeMap;

use hcl_edit::Span as _;
use hcl_edit::expr::Expression;
use hcl_edit::structure::{Attribute, Block, Body};

use super::carriers::{self, Carrier};
use super::draft::{Draft, note_unread};
use super::{Contents, Editing, Embedded};
use crate::json::{Position, SourceText, Span};
use crate::policy::PolicyKind;
use crate::report::{Finding, Severity};

/// The data source whose blocks are a policy.
const POLICY_DOCUMENT: &str = "alicloud_ram_policy_document";

pub(super) fn read(file: &SourceText) -> Result<Contents, Vec<Finding>> {
    let body = hcl_edit::parser::parse_body(file.text()).map_err(|error| vec![unreadable(file, &error)])?;
    let mut reader = Reader { file, locals: locals(&body), used_as: BTreeMap::new(), contents: Contents::default() };
    // What a data source is used as is known once the resources have been read.
    for block in body.blocks() {
        reader.resource(block);
    }
    for block in body.blocks() {
        reader.policy_blocks(block);
    }
    reader.contents.documents.sort_by_key(|document| document.whole().start);
    let notes = reader.contents.documents.iter().filter_map(note_unread);
    reader.contents.notes.extend(notes.collect::<Vec<_>>());
    Ok(reader.contents)
}

struct Reader<'f> {
    file: &'f SourceText,
    locals: BTreeMap<&'f str, &'f Expression>,
    /// The kinds of the policies that refer to a data source.
    used_as: BTreeMap<String, &'static Carrier>,
    contents: Contents,
}

impl<'f> Reader<'f> {
    /// The documents in the attributes of a resource, or of the provider.
    fn resource(&mut self, block: &'f Block) {
        let labels: Vec<&str> = block.labels.iter().map(|label| label.as_str()).collect();
        let (kind, address) = match (block.ident.as_str(), &labels[..]) {
            ("resource", [kind, name]) => ((*kind).to_owned(), format!("{kind}.{name}")),
            ("provider", [name]) => (format!("provider.{name}"), format!("provider.{name}")),
            _ => return,
        };
        for carrier in carriers::of_terraform(&kind) {
            let path: Vec<&str> = carrier.path().collect();
            for attribute in attributes(&block.body, &path) {
                self.attribute(attribute, carrier, &address, path.len() > 1);
            }
        }
        if kind == "alicloud_ram_policy" && block.body.has_blocks("statement") {
            let document = self.blocks(block, address, Some(PolicyKind::Identity));
            self.contents.documents.extend(document);
        }
    }

    fn attribute(&mut self, attribute: &'f Attribute, carrier: &'static Carrier, address: &str, nested: bool) {
        let kind = carrier.kind;
        let name = if nested { format!("{address}.{}", attribute.key.as_str()) } else { address.to_owned() };
        let value = self.resolved(&attribute.value);
        let written = self.file.slice(value.span().unwrap_or_default().into());
        if let Some(source) = data_source(written) {
            self.used_as.insert(source.to_owned(), carrier);
            return;
        }
        match self.document(value, name.clone(), kind) {
            Ok(document) => self.contents.documents.push(carrier.of(document)),
            // A reference to the document of another resource: it is read where it stands.
            Err(_) if matches!(value, Expression::Traversal(_)) && written.starts_with("alicloud_") => {}
            Err(what) => {
                let span = value.span().or_else(|| attribute.span()).unwrap_or_default().into();
                self.note(span, format!("the policy of {name} is {what}, which is not read"));
            }
        }
    }

    /// What an expression is, where it is a local value of this file.
    fn resolved(&self, expression: &'f Expression) -> &'f Expression {
        let mut expression = expression;
        // A chain of locals is short; a ring of them has an end too.
        for _ in 0..8 {
            let written = self.file.slice(expression.span().unwrap_or_default().into());
            match written.strip_prefix("local.").and_then(|name| self.locals.get(name)) {
                Some(value) => expression = value,
                None => break,
            }
        }
        match expression {
            Expression::Parenthesis(inner) => self.resolved(inner.inner()),
            other => other,
        }
    }

    /// The document that an expression is.
    ///
    /// # Errors
    /// What the expression is instead.
    fn document(&self, expression: &'f Expression, name: String, kind: PolicyKind) -> Result<Embedded, &'static str> {
        let whole = Span::from(expression.span().unwrap_or_default());
        let mut draft = Draft::default();
        let editing = match expression {
            Expression::HeredocTemplate(heredoc) => {
                template::heredoc(heredoc, self.file, &mut draft, Draft::character)?;
                template::editing(heredoc, self.file)
            }
            Expression::String(_) => {
                let inner = Span::new(whole.start + 1, whole.end.saturating_sub(1));
                template::quoted(self.file.slice(inner), inner.start, |c, raw, at| draft.character(c, raw, at));
                Editing::No("a quoted string of Terraform")
            }
            Expression::StringTemplate(text) => {
                // `"${expression}"` is the expression.
                if let Some(inner) = expression::sole_interpolation(text) {
                    return self.document(self.resolved(inner), name, kind);
                }
                template::elements(text, self.file, &mut draft, Draft::character)?;
                Editing::No("a quoted string of Terraform")
            }
            Expression::FuncCall(call) if call.name.name.as_str() == "jsonencode" && call.args.len() == 1 => {
                let argument = call.args.get(0).map(|argument| self.resolved(argument));
                let object = argument.filter(|argument| matches!(argument, Expression::Object(_)));
                let object = object.ok_or("an expression that is no object")?;
                expression::json(object, self.file, &mut draft, &|expression| self.resolved(expression));
                Editing::No("an expression of Terraform")
            }
            Expression::FuncCall(call) if matches!(call.name.name.as_str(), "file" | "templatefile") => {
                return Err("another file");
            }
            Expression::Variable(_) | Expression::Traversal(_) => return Err("a value of elsewhere"),
            Expression::Conditional(_) => return Err("a choice of two"),
            _ => return Err("an expression that only Terraform evaluates"),
        };
        Ok(draft.finish(self.file, whole, name, Some(kind), editing))
    }

    /// The document of a data source.
    fn policy_blocks(&mut self, block: &'f Block) {
        let labels: Vec<&str> = block.labels.iter().map(|label| label.as_str()).collect();
        if let ("data", [POLICY_DOCUMENT, name]) = (block.ident.as_str(), &labels[..]) {
            let carrier = self.used_as.get(*name).copied();
            let document = self.blocks(block, document_of_data_source(name), carrier.map(|used| used.kind));
            self.contents.documents.extend(match carrier {
                Some(carrier) => document.map(|document| carrier.of(document)),
                None => document,
            });
        }
    }

    /// The document that the `statement` blocks in a block are.
    fn blocks(&mut self, block: &'f Block, name: String, kind: Option<PolicyKind>) -> Option<Embedded> {
        let mut draft = Draft::default();
        let shape = policy_blocks::render(block, self.file, &mut draft, &|expression| self.resolved(expression));
        let whole = block.span().unwrap_or_default().into();
        for span in &shape.dynamic {
            self.note(*span, format!("statements of {name} are made by a `dynamic` block, which is not read"));
        }
        let kind = kind.or(shape.kind);
        let editing = Editing::No("blocks of Terraform");
        (shape.statements > 0).then(|| draft.finish(self.file, whole, name, kind, editing))
    }

    fn note(&mut self, span: Span, message: String) {
        let place = Some((self.file.clone(), span));
        let note = Finding { severity: Severity::Note, code: "unread".to_owned(), message, help: None, place };
        self.contents.notes.push(note);
    }
}

/// The local values of a configuration.
fn locals(body: &Body) -> BTreeMap<&str, &Expression> {
    let blocks = body.get_blocks("locals").flat_map(|block| block.body.attributes());
    blocks.map(|attribute| (attribute.key.as_str(), &attribute.value)).collect()
}

/// The attributes that a path through blocks leads to.
fn attributes<'b>(body: &'b Body, path: &[&str]) -> Vec<&'b Attribute> {
    match path {
        [] => Vec::new(),
        [name] => body.get_attribute(name).into_iter().collect(),
        [name, rest @ ..] => {
            let blocks = body.blocks().filter(|block| block.ident.as_str() == *name);
            blocks.flat_map(|block| attributes(&block.body, rest)).collect()
        }
    }
}

/// What the document of a data source is called.
pub(super) fn document_of_data_source(name: &str) -> String {
    format!("data.{POLICY_DOCUMENT}.{name}")
}

/// The name of the data source whose document an expression is.
pub(super) fn data_source(written: &str) -> Option<&str> {
    let rest = written.strip_prefix("data.")?.strip_prefix(POLICY_DOCUMENT)?.strip_prefix('.')?;
    rest.split(['.', '[']).next()
}

fn unreadable(file: &SourceText, error: &hcl_edit::parser::Error) -> Finding {
    let location = error.location();
    let start = file.offset(Position { line: location.line(), column: location.column() });
    Finding {
        severity: Severity::Error,
        code: "not-hcl".to_owned(),
        message: format!("the file is no Terraform configuration: {}", error.message()),
        help: None,
        place: Some((file.clone(), Span::new(start, start))),
    }
}

#[cfg(test)]
mod tests;
