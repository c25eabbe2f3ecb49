//! Plans and states of Terraform, as `terraform show -json` prints them.

use super::carried::{self, Functions};
use super::carriers;
use super::draft::Draft;
use super::tree::{Content, Node};
use super::{Contents, Embedded};
use crate::json::SourceText;
use crate::report::{Finding, Severity};

/// Whether a tree is a plan or a state.
pub(super) fn is_plan(root: &Node) -> bool {
    let has = |name: &str| root.get(name).is_some();
    has("format_version") && (has("planned_values") || has("resource_changes") || has("values"))
}

/// The documents of a plan: of the resources as they will be, each under its address.
pub(super) fn read(root: &Node, file: &SourceText) -> Contents {
    let mut contents = Contents::default();
    for values in ["planned_values", "values"] {
        for module in root.at(&[values, "root_module"]) {
            read_module(module, file, &mut contents);
        }
    }
    let planned: Vec<String> = contents.documents.iter().map(|document| document.name.clone()).collect();
    for change in root.at(&["resource_changes"]).into_iter().flat_map(Node::elements) {
        for after in change.at(&["change", "after"]) {
            resource(change, after, file, &mut contents);
        }
        unknown(change, file, &mut contents);
    }
    // A change tells the same as the planned values, where both are there.
    let mut at = 0;
    contents.documents.retain(|document| {
        at += 1;
        at <= planned.len() || !planned.contains(&document.name)
    });
    contents
}

fn read_module(module: &Node, file: &SourceText, contents: &mut Contents) {
    for resources in module.at(&["resources"]) {
        for entry in resources.elements() {
            for values in entry.at(&["values"]) {
                resource(entry, values, file, contents);
            }
        }
    }
    for modules in module.at(&["child_modules"]) {
        modules.elements().iter().for_each(|module| read_module(module, file, contents));
    }
}

/// The documents in the values of one resource.
fn resource(entry: &Node, values: &Node, file: &SourceText, contents: &mut Contents) {
    let (Some(kind), Some(address)) = (text(entry, "type"), text(entry, "address")) else { return };
    for carrier in carriers::of_terraform(kind) {
        let path: Vec<&str> = carrier.path().collect();
        for value in values.at(&path) {
            let name = if path.len() > 1 { format!("{address}.{}", path.join(".")) } else { address.to_owned() };
            contents.documents.extend(document(value, file, name, carrier));
        }
    }
}

fn document(value: &Node, file: &SourceText, name: String, carrier: &'static carriers::Carrier) -> Option<Embedded> {
    // An attribute that is not set is null or empty.
    let filled = value.text().is_some_and(|text| !text.trim().is_empty());
    let kind = Some(carrier.kind);
    let document = filled.then(|| carried::document(value, file, name, kind, &NoFunctions, "a plan of Terraform"));
    Some(carrier.of(document.flatten()?))
}

/// A note for every document that is known only once the plan has been applied.
fn unknown(change: &Node, file: &SourceText, contents: &mut Contents) {
    let (Some(kind), Some(address)) = (text(change, "type"), text(change, "address")) else { return };
    for carrier in carriers::of_terraform(kind) {
        let path: Vec<&str> = ["change", "after_unknown"].into_iter().chain(carrier.path()).collect();
        for value in change.at(&path) {
            if value.content == Content::Bare("true".to_owned()) {
                contents.notes.push(Finding {
                    severity: Severity::Note,
                    code: "unread".to_owned(),
                    message: format!("the policy of {address} is known only once the plan has been applied"),
                    help: None,
                    place: Some((file.clone(), value.span)),
                });
            }
        }
    }
}

fn text<'n>(node: &'n Node, name: &str) -> Option<&'n str> {
    node.get(name)?.text()
}

/// A plan has no functions: everything in it is a value.
struct NoFunctions;

impl Functions for NoFunctions {
    fn is_function(&self, _: &Node) -> bool {
        false
    }

    fn write(&self, _: &Node, _: &SourceText, _: &mut Draft) {}
}

#[cfg(test)]
mod tests;
