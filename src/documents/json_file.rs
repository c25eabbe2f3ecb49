//! JSON files: a policy, or a file of another tool that holds policies.

use super::draft::note_placeholders;
use super::shape::Shape;
use super::tree::Node;
use super::{Contents, Embedded, Neighbour, Options, plan, ros};
use crate::json::{self, SourceText, Syntax};
use crate::policy::PolicyKind;

pub(super) fn read(file: &SourceText, options: &Options) -> Contents {
    let tree = json::parse(file, options.syntax).or_else(|_| json::parse(file, Syntax::Lenient));
    let Ok(tree) = tree else { return unreadable(file, options) };
    if let Some(contents) = of_another_tool(&tree, file) {
        return contents;
    }
    match Shape::of(&tree) {
        Shape::Policy(kind) => {
            let kind = options.kind.or(kind).or_else(|| kind_of_path(file.name()));
            let document = Embedded::of_file(file, kind);
            let notes = note_placeholders(&document).into_iter().collect();
            Contents { documents: vec![document], notes }
        }
        Shape::Neighbour(neighbour) => of_neighbour(file, options, neighbour),
        Shape::Other if options.named => {
            Contents { documents: vec![Embedded::of_file(file, options.kind)], ..Contents::default() }
        }
        Shape::Other => Contents::default(),
    }
}

/// The documents of a plan of Terraform, or of a template of ROS.
fn of_another_tool(tree: &json::Value, file: &SourceText) -> Option<Contents> {
    let is_known = |member: &json::Member| member.name == "format_version" || member.name == ros::MARK;
    if !tree.members().iter().any(is_known) {
        return None;
    }
    let root = Node::of_json(tree);
    if ros::is_template(&root) {
        return Some(ros::read(&root, file));
    }
    plan::is_plan(&root).then(|| plan::read(&root, file))
}

/// A text that is no JSON is a policy with a mistake where somebody said so, or where it has the look of one.
fn unreadable(file: &SourceText, options: &Options) -> Contents {
    if let Some(neighbour) = Neighbour::of_text(file.text()) {
        return of_neighbour(file, options, neighbour);
    }
    let text = file.text();
    if options.named || text.contains("\"Statement\"") && text.contains("\"Effect\"") {
        let kind = options.kind.or_else(|| kind_of_path(file.name()));
        return Contents { documents: vec![Embedded::of_file(file, kind)], ..Contents::default() };
    }
    Contents::default()
}

fn of_neighbour(file: &SourceText, options: &Options, neighbour: Neighbour) -> Contents {
    let mut document = Embedded::of_file(file, options.kind);
    document.neighbour = Some(neighbour);
    Contents { documents: vec![document], ..Contents::default() }
}

/// The kind that a folder below `policies` gives the documents in it (spec world, policy kind).
fn kind_of_path(path: &str) -> Option<PolicyKind> {
    let folders: Vec<&str> = path.split(['/', '\\']).collect();
    folders.windows(2).rev().find_map(|pair| match pair {
        ["policies", "control"] => Some(PolicyKind::Control),
        ["policies", "trust"] => Some(PolicyKind::Trust),
        ["policies", "session"] => Some(PolicyKind::Session),
        ["policies", "resource"] => Some(PolicyKind::Resource),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
