//! Resources of a plan, whose values are known.

use std::collections::BTreeMap;

use super::{ATTRIBUTES, Declared, Reference};
use crate::documents::tree::Node;
use crate::json::{self, SourceText, Syntax};

/// The resources of a plan or a state; none where the file is no such.
pub(super) fn declared(file: &SourceText) -> Vec<Declared> {
    let Ok(tree) = json::parse(file, Syntax::Strict) else { return Vec::new() };
    let root = Node::of_json(&tree);
    let mut declared = Vec::new();
    for values in ["planned_values", "values"] {
        root.at(&[values, "root_module"]).into_iter().for_each(|module| collect(module, &mut declared));
    }
    declared
}

fn collect(module: &Node, declared: &mut Vec<Declared>) {
    for entry in module.at(&["resources"]).into_iter().flat_map(Node::elements) {
        let text = |name: &str| entry.get(name).and_then(Node::text);
        let (Some(kind), Some(address), Some("managed")) = (text("type"), text("address"), text("mode")) else {
            continue;
        };
        let references = |name: &'static str| {
            let value = entry.get("values")?.get(name)?;
            let texts: Vec<&str> = match value.text() {
                Some(text) => vec![text],
                None => value.elements().iter().filter_map(Node::text).collect(),
            };
            let named = texts.into_iter().filter(|text| !text.is_empty());
            Some((name, named.map(|text| Reference::Name(text.to_owned())).collect::<Vec<_>>()))
        };
        let attributes: BTreeMap<_, _> = ATTRIBUTES.into_iter().filter_map(references).collect();
        let (kind, address) = (kind.to_owned(), address.to_owned());
        declared.push(Declared { kind, document: address.clone(), address, attributes, repeated: false });
    }
    for modules in module.at(&["child_modules"]) {
        modules.elements().iter().for_each(|module| collect(module, declared));
    }
}
