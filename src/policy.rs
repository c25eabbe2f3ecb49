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
//!
//! # What calls cost
//!
//! Nothing here does I/O, and no call panics, whatever a text says. What is read can be shared by threads.
//!
//! | call | cost |
//! |---|---|
//! | [`Document::parse`] | time and memory by the length of the text; a mistake more is a message more |
//! | [`Document::statements`] and what statements have | a reference to what was read |
//! | [`ActionClause::matches`], [`ResourceClause::matches`] | pattern after pattern, up to the first that matches |
//! | [`Pattern::matches`] | at most the length of the pattern times that of the text; no memory |
//! | [`ConditionTest::evaluate`] | for each value of the request a look at each operand; of more than eight texts or blocks of addresses, one look-up |
//! | [`Context::set`], [`Context::set_value`] | a place among the keys that were set, and a copy of key and value |
//! | [`Context::value_for`] | a look at each key that was set, or of many a search by halves; where it is none, at each family of keys |
//! | cloning a [`Document`] | its statements are shared |

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
