//! Resources of a configuration.

use hcl_edit::Span as _;
use hcl_edit::expr::Expression;
use hcl_edit::structure::Block;

use super::{ATTRIBUTES, Declared, Reference};
use crate::documents::terraform::{data_source, document_of_data_source};
use crate::json::{SourceText, Span};

/// The resources of a file; none where it cannot be read, of which the reading of its documents tells.
pub(super) fn declared(file: &SourceText) -> Vec<Declared> {
    let Ok(body) = hcl_edit::parser::parse_body(file.text()) else { return Vec::new() };
    body.blocks().filter_map(|block| resource(block, file)).collect()
}

fn resource(block: &Block, file: &SourceText) -> Option<Declared> {
    let labels: Vec<&str> = block.labels.iter().map(|label| label.as_str()).collect();
    let ("resource", [kind, name]) = (block.ident.as_str(), &labels[..]) else { return None };
    if !kind.starts_with("alicloud_ram_") && !kind.starts_with("alicloud_resource_manager_") {
        return None;
    }
    let address = format!("{kind}.{name}");
    let attribute = |name: &str| Some(&block.body.get_attribute(name)?.value);
    let carried = ["policy_document", "assume_role_policy_document", "document"].into_iter().find_map(attribute);
    let document = carried.and_then(|value| data_source(written(value, file)));
    let references = |name: &'static str| Some((name, references(attribute(name)?, file)));
    Some(Declared {
        kind: (*kind).to_owned(),
        document: document.map_or_else(|| address.clone(), document_of_data_source),
        address,
        attributes: ATTRIBUTES.into_iter().filter_map(references).collect(),
        repeated: ["count", "for_each"].into_iter().any(|name| block.body.has_attribute(name)),
    })
}

fn references(value: &Expression, file: &SourceText) -> Vec<Reference> {
    match value {
        Expression::Array(list) => list.iter().map(|element| reference(element, file)).collect(),
        one => vec![reference(one, file)],
    }
}

fn reference(value: &Expression, file: &SourceText) -> Reference {
    if let Expression::String(text) = value {
        return Reference::Name(text.as_str().to_owned());
    }
    let written = written(value, file);
    // `"${expression}"` is the expression.
    let inner = written.strip_prefix("\"${").and_then(|rest| rest.strip_suffix("}\""));
    let written = inner.filter(|inner| !inner.contains("${")).unwrap_or(written).trim();
    let parts: Vec<&str> = written.split('.').collect();
    match parts.as_slice() {
        // One of several, as in `alicloud_ram_user.team[0]`, is known by its index.
        [kind, name, ..] if kind.starts_with("alicloud_") => Reference::Resource(format!("{kind}.{name}")),
        _ => Reference::Expression(written.to_owned()),
    }
}

fn written<'f>(value: &Expression, file: &'f SourceText) -> &'f str {
    file.slice(Span::from(value.span().unwrap_or_default())).trim()
}
