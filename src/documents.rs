//! Policies inside other files, with every position mapped back to the file that a person edits.
//!
//! [`find`] lists the files below given paths that may hold policies, [`read`] takes the policies out of one file.
//!
//! ```
//! use ramgate::documents::{self, Options};
//! use ramgate::json::{SourceText, Span};
//!
//! let file = SourceText::new("deploy.json", r#"{"Version": "1", "Statement": []}"#);
//! let contents = documents::read(&file, &Options::default()).unwrap();
//! let [document] = &contents.documents[..] else { panic!("one document") };
//! assert_eq!(document.text().text(), file.text());
//! assert_eq!(document.place(Span::new(17, 28)), (file, Span::new(17, 28)));
//! ```

mod attachments;
mod carried;
mod carriers;
mod draft;
mod embedded;
mod find;
mod format;
mod json_file;
mod map;
mod markdown;
mod neighbour;
mod placeholders;
mod plan;
mod ros;
mod shape;
mod terraform;
mod tree;
mod write;
mod yaml;

pub use attachments::{AttachedTo, Attachment, Holdings};
pub use embedded::{Editing, Embedded, Unread};
pub use find::{Found, find};
pub use format::{Formatted, format, format_file};
pub use neighbour::Neighbour;
pub use write::write;

use crate::json::{SourceText, Span, Syntax};
use crate::policy::PolicyKind;
use crate::report::{Finding, Severity};

/// What a file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// JSON: one policy, or a file of another tool that holds policies.
    Json,
    /// YAML: templates of ROS.
    Yaml,
    /// Terraform: resources, and `alicloud_ram_policy_document` blocks.
    Terraform,
    /// Markdown: policies in fences. It is read where it is named, or asked for, and not in a directory.
    Markdown,
}

impl Format {
    /// What a file of this name is written in, where files of such a name can hold policies.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "json" => Some(Self::Json),
            "yaml" | "yml" => Some(Self::Yaml),
            "tf" => Some(Self::Terraform),
            "md" | "markdown" => Some(Self::Markdown),
            _ => None,
        }
    }

    /// Whether files of this format are looked at when a directory is read.
    pub(crate) const fn is_walked(self) -> bool {
        !matches!(self, Self::Markdown)
    }
}

/// How files are read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Which texts count as JSON.
    pub syntax: Syntax,
    /// What every document is used as, whatever it looks like.
    pub kind: Option<PolicyKind>,
    /// Whether somebody named this very file, so that a JSON file that looks like nothing known is taken for a
    /// policy; otherwise it is passed over.
    pub named: bool,
    /// What the file is written in, whatever its name says.
    pub format: Option<Format>,
}

/// What a file holds.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// Its policy documents, in the order of the file.
    pub documents: Vec<Embedded>,
    /// What could not be read of them, as notes.
    pub notes: Vec<Finding>,
}

/// Takes the policy documents out of `file`, whose name says what it is written in.
///
/// Whether a document is a valid policy is not looked at: that is for
/// [`Document::parse`](crate::policy::Document::parse) to say.
///
/// # Errors
/// Why the file cannot be read at all: it is not written in what its name says.
pub fn read(file: &SourceText, options: &Options) -> Result<Contents, Vec<Finding>> {
    let format = options.format.or_else(|| Format::of_name(file.name()));
    match format {
        Some(Format::Json) => Ok(json_file::read(file, options)),
        Some(Format::Yaml) => yaml_file(file, options),
        Some(Format::Terraform) => terraform::read(file),
        Some(Format::Markdown) => Ok(markdown::read(file, options)),
        None if options.named => Ok(json_file::read(file, options)),
        None => Ok(Contents::default()),
    }
}

/// The templates of ROS in a YAML file; YAML files of anything else are passed over.
fn yaml_file(file: &SourceText, options: &Options) -> Result<Contents, Vec<Finding>> {
    if !options.named && !file.text().contains(ros::MARK) {
        return Ok(Contents::default());
    }
    let mut contents = Contents::default();
    for root in yaml::read(file).map_err(|finding| vec![finding])? {
        if ros::is_template(&root) {
            let found = ros::read(&root, file);
            contents.documents.extend(found.documents);
            contents.notes.extend(found.notes);
        }
    }
    Ok(contents)
}

fn finding(severity: Severity, code: &str, message: String, place: Option<(SourceText, Span)>) -> Finding {
    Finding { severity, code: code.to_owned(), message, help: None, place }
}
