//! The RAM policy language: documents, statements, patterns, ARNs and conditions.
//!
//! ```
//! use ramgate::json::SourceText;
//! use ramgate::policy::{Dialect, Document, PolicyKind};
//!
//! let source = SourceText::new("close.json", r#"{
//!   "Version": "1",
//!   "Statement": [
//!     {"Effect": "Allow", "Action": "polardb:CloseDBClusterMigration", "Resource": "acs:polardb:*:*:dbcluster/pc-1"}
//!   ]
//! }"#);
//! let document = Document::parse(&source, PolicyKind::Identity, &Dialect::strict())?;
//! assert!(document.statements().iter().any(|statement| statement.action().matches("polardb:closedbclustermigration")));
//! # Ok::<(), ramgate::policy::InvalidPolicy>(())
//! ```

mod arn;
mod condition;
mod context;
mod dialect;
mod document;
mod finding;
mod operand;
mod operand_set;
mod pattern;
mod principal;
mod reader;
mod statement;

pub use arn::Arn;
pub use condition::{ConditionTest, Operator, TestOutcome};
pub use context::{Context, ContextValue};
pub use dialect::{AbsentKey, Dialect};
pub use document::{Document, PolicyKind};
pub use finding::{Code, Finding, InvalidPolicy};
pub use operand::{Decimal, Instant, IpBlock, Operand, parse_address, parse_instant};
pub use pattern::{ArnTemplate, COVERAGE_WORK, Case, Coverage, Hole, Pattern};
pub use principal::{ListedPrincipal, PrincipalClause, PrincipalNames, RamPrincipal};
pub use statement::{ActionClause, Effect, ResourceClause, Statement, Written};
