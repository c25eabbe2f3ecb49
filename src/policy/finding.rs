//! What is wrong with a document, and where.

use std::fmt;

use crate::json::{SourceText, Span};

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)+) => {
        /// A stable name for a kind of mistake; a code never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $variant,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The code as it is printed.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }
    };
}

codes! {
    /// The text is not JSON.
    NotJson = "not-json",
    /// The document is longer than RAM stores.
    TooLong = "too-long",
    /// Something is of the wrong JSON type.
    WrongType = "wrong-type",
    /// A member that the language does not have there.
    UnknownMember = "unknown-member",
    /// A member stands twice.
    RepeatedMember = "repeated-member",
    /// `Version` is missing.
    MissingVersion = "missing-version",
    /// `Version` is not `"1"`.
    Version = "version",
    /// `Statement` is missing.
    MissingStatement = "missing-statement",
    /// `Effect` is missing.
    MissingEffect = "missing-effect",
    /// `Effect` is neither `Allow` nor `Deny`.
    Effect = "effect",
    /// Neither `Action` nor `NotAction`.
    MissingAction = "missing-action",
    /// Both `Action` and `NotAction`.
    ActionAndNotAction = "action-and-not-action",
    /// `Resource` is missing.
    MissingResource = "missing-resource",
    /// `Resource` in a document that has none.
    ResourceNotAllowed = "resource-not-allowed",
    /// An element of the language that is not supported: `NotResource`, `NotPrincipal`.
    UnsupportedElement = "unsupported-element",
    /// `Principal` is missing.
    MissingPrincipal = "missing-principal",
    /// `Principal` in a document that has none.
    PrincipalNotAllowed = "principal-not-allowed",
    /// `Principal` is not of the form that this kind of document takes.
    PrincipalForm = "principal-form",
    /// A kind of principal that there is not.
    PrincipalKind = "principal-kind",
    /// A list, or an object, without elements.
    EmptyList = "empty-list",
    /// An action or resource that is the empty text.
    EmptyPattern = "empty-pattern",
    /// A condition operator that there is not.
    UnknownOperator = "unknown-operator",
    /// A condition value that is not a string.
    ConditionValue = "condition-value",
    /// An operand that is no decimal number.
    OperandNumber = "operand-number",
    /// An operand that is no point in time.
    OperandDate = "operand-date",
    /// An operand that is neither `true` nor `false`.
    OperandBool = "operand-bool",
    /// An operand that is neither an IP address nor a CIDR block.
    OperandIp = "operand-ip",
    /// Two stars side by side in a bucket policy.
    ConsecutiveStars = "consecutive-stars",
    /// A bucket policy tests `acs:SourceIp` without `acs:SourceVpc`.
    SourceIpWithoutVpc = "source-ip-without-vpc",
    /// A `Sid`, which RAM tolerates and does not document (a warning).
    Sid = "sid",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One mistake, or one warning, with its place and its mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind of mistake.
    pub code: Code,
    /// What is wrong; lower case, no full stop.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    /// Where.
    pub span: Span,
}

/// A document that cannot be used: every mistake it has, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} is no valid policy: {}", document.name(), summary(document, findings))]
pub struct InvalidPolicy {
    /// The text.
    pub document: SourceText,
    /// The mistakes; at least one.
    pub findings: Vec<Finding>,
}

fn summary(document: &SourceText, findings: &[Finding]) -> String {
    let lines = findings.iter().map(|finding| format!("{} {}", document.position(finding.span.start), finding.message));
    lines.collect::<Vec<_>>().join("; ")
}
