//! `statement` blocks, of `alicloud_ram_policy_document` and of old `alicloud_ram_policy` resources, as a document.

use hcl_edit::Span as _;
use hcl_edit::expr::Expression;
use hcl_edit::structure::{Attribute, Block, Body};

use super::expression::{self, Resolve};
use crate::documents::draft::Draft;
use crate::json::{SourceText, Span};
use crate::policy::PolicyKind;

/// What the blocks come to.
pub(super) struct Shape {
    /// How many statements there are.
    pub(super) statements: usize,
    /// The kind that their principals show.
    pub(super) kind: Option<PolicyKind>,
    /// Where further statements are made by `dynamic` blocks.
    pub(super) dynamic: Vec<Span>,
}

/// Writes the document that the blocks in a block are; defaults are those of the data source.
pub(super) fn render<'f>(block: &'f Block, file: &'f SourceText, draft: &mut Draft, resolve: Resolve<'_, 'f>) -> Shape {
    let header = span_of_header(block);
    let writer = Writer { file, resolve };
    let statements: Vec<&Block> = blocks(&block.body, "statement").collect();
    let has_principal = |block: &&Block| {
        blocks(&block.body, "principal").next().is_some() || dynamic(&block.body, "principal").next().is_some()
    };
    let kind = statements.iter().any(has_principal).then_some(PolicyKind::Trust);
    draft.stands_for("{", header);
    draft.stands_for("\"Version\"", header);
    draft.added(":");
    match block.body.get_attribute("version") {
        Some(version) => writer.value(version, draft),
        None => draft.stands_for("\"1\"", header),
    }
    draft.added(",");
    draft.stands_for("\"Statement\"", header);
    draft.added(":[");
    for (index, statement) in statements.iter().enumerate() {
        if index > 0 {
            draft.added(",");
        }
        writer.statement(statement, draft);
    }
    draft.added("]}");
    let dynamic = dynamic(&block.body, "statement").map(span_of_header).collect();
    Shape { statements: statements.len(), kind, dynamic }
}

struct Writer<'r, 'f> {
    file: &'f SourceText,
    resolve: Resolve<'r, 'f>,
}

impl<'f> Writer<'_, 'f> {
    fn value(&self, attribute: &'f Attribute, draft: &mut Draft) {
        expression::json(&attribute.value, self.file, draft, self.resolve);
    }

    /// An attribute of a block as a member of this name.
    fn member(&self, name: &str, attribute: &'f Attribute, draft: &mut Draft) {
        draft.stands_for(&format!("\"{name}\""), attribute.key.span().unwrap_or_default().into());
        draft.added(":");
        self.value(attribute, draft);
    }

    fn statement(&self, statement: &'f Block, draft: &mut Draft) {
        let whole = Span::from(statement.span().unwrap_or_default());
        let header = span_of_header(statement);
        let body = &statement.body;
        draft.stands_for("{", header);
        match body.get_attribute("effect") {
            Some(effect) => self.member("Effect", effect, draft),
            None => draft.stands_for("\"Effect\":\"Allow\"", header),
        }
        self.principals(body, draft);
        for (attribute, name) in [("action", "Action"), ("resource", "Resource")] {
            if let Some(attribute) = body.get_attribute(attribute) {
                draft.added(",");
                self.member(name, attribute, draft);
            }
        }
        self.conditions(body, draft);
        draft.stands_for("}", expression::last(whole));
    }

    fn principals(&self, body: &'f Body, draft: &mut Draft) {
        let groups = self.groups(body, "principal", "entity");
        let dynamic: Vec<&Block> = dynamic(body, "principal").collect();
        let Some(first) = groups.first().and_then(|(_, blocks)| blocks.first()).or(dynamic.first()) else { return };
        draft.added(",");
        draft.stands_for("\"Principal\"", span_of_header(first));
        draft.added(":{");
        let mut written = false;
        for (name, blocks) in &groups {
            separate(&mut written, draft);
            expression::json(name, self.file, draft, self.resolve);
            draft.added(":");
            self.joined(blocks, "identifiers", draft);
        }
        for block in dynamic {
            separate(&mut written, draft);
            self.unread_block(block, "RAM", draft);
        }
        draft.added("}");
    }

    /// The lists of several blocks as one list.
    fn joined(&self, blocks: &[&'f Block], attribute: &str, draft: &mut Draft) {
        let values: Vec<&Attribute> = blocks.iter().filter_map(|block| block.body.get_attribute(attribute)).collect();
        if let [value] = values[..] {
            return self.value(value, draft);
        }
        draft.added("[");
        let mut written = false;
        for value in values {
            match (self.resolve)(&value.value) {
                Expression::Array(list) => {
                    for element in list.iter() {
                        separate(&mut written, draft);
                        expression::json(element, self.file, draft, self.resolve);
                    }
                }
                other => {
                    separate(&mut written, draft);
                    expression::json(other, self.file, draft, self.resolve);
                }
            }
        }
        draft.added("]");
    }

    fn conditions(&self, body: &'f Body, draft: &mut Draft) {
        let groups = self.groups(body, "condition", "operator");
        let dynamic: Vec<&Block> = dynamic(body, "condition").collect();
        let Some(first) = groups.first().and_then(|(_, blocks)| blocks.first()).or(dynamic.first()) else { return };
        draft.added(",");
        draft.stands_for("\"Condition\"", span_of_header(first));
        draft.added(":{");
        let mut written = false;
        for (operator, blocks) in &groups {
            separate(&mut written, draft);
            expression::json(operator, self.file, draft, self.resolve);
            draft.added(":{");
            let mut inner = false;
            for block in blocks {
                let Some(key) = block.body.get_attribute("variable") else { continue };
                separate(&mut inner, draft);
                expression::json(&key.value, self.file, draft, self.resolve);
                draft.added(":");
                self.joined(&[block], "values", draft);
            }
            draft.added("}");
        }
        for block in dynamic {
            // There is a condition, and nobody knows which.
            separate(&mut written, draft);
            draft.added("\"StringEquals\":{");
            draft.unread(self.file.slice(span_of_header(block)), span_of_header(block));
            draft.added(":");
            draft.unread(self.file.slice(span_of_header(block)), span_of_header(block));
            draft.added("}");
        }
        draft.added("}");
    }

    fn unread_block(&self, block: &'f Block, name: &str, draft: &mut Draft) {
        let header = span_of_header(block);
        draft.stands_for(&format!("\"{name}\""), header);
        draft.added(":[");
        draft.unread(self.file.slice(header), header);
        draft.added("]");
    }

    /// The blocks of a name, those together whose `by` is the same.
    fn groups(&self, body: &'f Body, name: &'f str, by: &str) -> Vec<(&'f Expression, Vec<&'f Block>)> {
        let mut groups: Vec<(&Expression, Vec<&Block>)> = Vec::new();
        for block in blocks(body, name) {
            let Some(key) = block.body.get_attribute(by) else { continue };
            match groups.iter_mut().find(|(known, _)| **known == key.value) {
                Some((_, blocks)) => blocks.push(block),
                None => groups.push((&key.value, vec![block])),
            }
        }
        groups
    }
}

fn separate(written: &mut bool, draft: &mut Draft) {
    if *written {
        draft.added(",");
    }
    *written = true;
}

fn blocks<'f>(body: &'f Body, name: &'f str) -> impl Iterator<Item = &'f Block> {
    body.blocks().filter(move |block| block.ident.as_str() == name)
}

/// The `dynamic` blocks that make blocks of this name.
fn dynamic<'f>(body: &'f Body, name: &'f str) -> impl Iterator<Item = &'f Block> {
    let makes = move |block: &&Block| {
        block.ident.as_str() == "dynamic" && block.labels.first().is_some_and(|label| label.as_str() == name)
    };
    body.blocks().filter(makes)
}

/// A block up to its brace: `statement`, `data "…" "…"`.
fn span_of_header(block: &Block) -> Span {
    let start = block.ident.span().unwrap_or_default();
    let end = block.labels.last().and_then(|label| label.span()).map_or(start.end, |span| span.end);
    Span::new(start.start, end)
}
