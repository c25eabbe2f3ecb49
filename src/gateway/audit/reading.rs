//! Reading the lines of a log.

use serde::Deserialize;

use super::{Entry, Gap, VERSION};

/// A line of the log.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// A call, or the intent of one.
    Record(Box<Entry<'static>>),
    /// Records were dropped.
    Gap(Gap),
}

/// A line that is no record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrokenLine {
    /// It is not what a record looks like.
    #[error("the line is no record: {0}")]
    NoRecord(#[from] serde_json::Error),
    /// It is of another version.
    #[error("the record has version {version}, and this ramgate reads version {VERSION}")]
    OtherVersion {
        /// The version that it says.
        version: u32,
    },
}

impl Line {
    /// Reads one line. Fields that are not known are passed over: a later ramgate may have added them.
    ///
    /// # Errors
    /// [`BrokenLine`].
    pub fn parse(line: &[u8]) -> Result<Self, BrokenLine> {
        #[derive(Deserialize)]
        struct Head {
            v: u32,
            kind: String,
        }
        let Head { v: version, kind } = serde_json::from_slice(line)?;
        if version != VERSION {
            return Err(BrokenLine::OtherVersion { version });
        }
        Ok(match kind.as_str() {
            "gap" => Self::Gap(serde_json::from_slice(line)?),
            _ => Self::Record(serde_json::from_slice(line)?),
        })
    }
}
