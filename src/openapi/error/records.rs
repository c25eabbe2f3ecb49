//! The table of error codes.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

static RECORDS: LazyLock<BTreeMap<String, ErrorRecord>> = LazyLock::new(|| {
    // INVARIANT: the table is part of the program, and a test reads it; without it every code would be answered as an
    // internal error.
    toml::from_str(include_str!("../data/errors.toml")).unwrap_or_default()
});

/// What the API answers with one error code (spec openapi-wire 4.1).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorRecord {
    /// HTTP status.
    pub status: u16,
    message: String,
    /// Where code, status and message come from.
    pub source: String,
}

impl ErrorRecord {
    /// The message, naming `parameter` where the code is about one; without it the message is about some parameter.
    #[must_use]
    pub fn message(&self, parameter: Option<&str>) -> String {
        match parameter {
            Some(name) => self.message.replace("{parameter}", name),
            None => self.message.replace(" {parameter}", "").replace("{parameter}", "A parameter"),
        }
    }
}

/// What is known of an error code; nothing for a code that is not in the table.
#[must_use]
pub fn error_record(code: &str) -> Option<&'static ErrorRecord> {
    RECORDS.get(code)
}

/// Every code of the table with its record, in order of the codes.
pub fn error_records() -> impl Iterator<Item = (&'static str, &'static ErrorRecord)> {
    RECORDS.iter().map(|(code, record)| (code.as_str(), record))
}
