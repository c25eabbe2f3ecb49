//! Reading fields of a table with every mistake noted where it stands.

use super::Mistake;
use super::tree::{Entry, Kind, Tree};
use crate::json::{SourceText, Span};

/// Notes mistakes of one text.
pub(super) struct Notes<'a> {
    pub(super) source: &'a SourceText,
    pub(super) mistakes: &'a mut Vec<Mistake>,
}

/// The entries of a table whose names were checked.
#[derive(Clone, Copy)]
pub(super) struct Fields<'t> {
    entries: &'t [Entry],
    pub(super) span: Span,
}

/// A string of the text with its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'t> {
    pub(super) value: &'t str,
    pub(super) span: Span,
}

impl<'t> Fields<'t> {
    pub(super) fn get(&self, name: &str) -> Option<&'t Tree> {
        self.entries.iter().find(|entry| entry.name == name).map(|entry| &entry.value)
    }
}

impl Notes<'_> {
    pub(super) fn note(&mut self, span: Span, code: &str, message: String, help: &str) {
        self.mistakes.push(Mistake {
            code: code.to_owned(),
            message,
            help: (!help.is_empty()).then(|| help.to_owned()),
            place: Some((self.source.clone(), span)),
        });
    }

    fn wrong_type(&mut self, tree: &Tree, what: &str, wanted: &str) {
        let message = format!("{what} is {wanted}, and here is {}", tree.kind.name());
        self.note(tree.span, "wrong-type", message, "");
    }

    /// The entries of a table with free names (accounts, users), each name once.
    pub(super) fn entries<'t>(&mut self, tree: Option<&'t Tree>, what: &str) -> &'t [Entry] {
        let Some(tree) = tree else { return &[] };
        let Kind::Table(entries) = &tree.kind else {
            self.wrong_type(tree, what, "a table");
            return &[];
        };
        for (index, entry) in entries.iter().enumerate() {
            if entries.iter().take(index).any(|before| before.name == entry.name) {
                let message = format!("`{}` stands twice", entry.name);
                self.note(entry.name_span, "repeated-field", message, "keep one of them");
            }
        }
        entries
    }

    /// The fields of a table with fixed names.
    pub(super) fn fields<'t>(&mut self, tree: &'t Tree, what: &str, known: &[&str]) -> Option<Fields<'t>> {
        if !matches!(tree.kind, Kind::Table(_)) {
            self.wrong_type(tree, what, "a table");
            return None;
        }
        let entries = self.entries(Some(tree), what);
        for entry in entries {
            if !known.contains(&entry.name.as_str()) {
                let message = format!("{what} has no field `{}`", entry.name);
                let help = format!("its fields are {}", list(known));
                self.note(entry.name_span, "unknown-field", message, &help);
            }
        }
        Some(Fields { entries, span: tree.span })
    }

    pub(super) fn array<'t>(&mut self, tree: Option<&'t Tree>, what: &str) -> &'t [Tree] {
        match tree {
            None => &[],
            Some(Tree { kind: Kind::Array(values), .. }) => values,
            Some(tree) => {
                self.wrong_type(tree, what, "a list");
                &[]
            }
        }
    }

    pub(super) fn text<'t>(&mut self, tree: &'t Tree, what: &str) -> Option<Text<'t>> {
        match &tree.kind {
            Kind::String(value) => Some(Text { value, span: tree.span }),
            _ => {
                self.wrong_type(tree, what, "a string");
                None
            }
        }
    }

    pub(super) fn optional_text<'t>(&mut self, fields: &Fields<'t>, name: &str) -> Option<Text<'t>> {
        let tree = fields.get(name)?;
        self.text(tree, &format!("`{name}`"))
    }

    pub(super) fn required_text<'t>(&mut self, fields: &Fields<'t>, name: &str, what: &str) -> Option<Text<'t>> {
        match fields.get(name) {
            Some(tree) => self.text(tree, &format!("`{name}`")),
            None => {
                self.note(fields.span, "missing-field", format!("{what} needs `{name}`"), "");
                None
            }
        }
    }

    pub(super) fn bool(&mut self, fields: &Fields<'_>, name: &str) -> bool {
        match fields.get(name) {
            None => false,
            Some(Tree { kind: Kind::Bool(value), .. }) => *value,
            Some(tree) => {
                self.wrong_type(tree, &format!("`{name}`"), "true or false");
                false
            }
        }
    }

    pub(super) fn number(
        &mut self,
        fields: &Fields<'_>,
        name: &str,
        within: std::ops::RangeInclusive<u32>,
    ) -> Option<u32> {
        let tree = fields.get(name)?;
        let number = match &tree.kind {
            Kind::Integer(digits) => digits.parse::<u32>().ok().filter(|number| within.contains(number)),
            _ => {
                self.wrong_type(tree, &format!("`{name}`"), "a number");
                return None;
            }
        };
        if number.is_none() {
            let message = format!("`{name}` is a number from {} to {}", within.start(), within.end());
            self.note(tree.span, "out-of-range", message, "");
        }
        number
    }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
