//! An embedded upstream with state: the migration operations of PolarDB 2017-08-01.
//!
//! [`State`] keeps clusters in an embedded database, one committed transaction a change, and answers operations on
//! them; stages advance lazily by a [`Clock`]. [`Server`] puts it on a socket and verifies who signed each call. What is
//! inferred about the service rather than documented stands in `docs/sandbox.md`.

mod arguments;
mod clock;
mod describe;
mod error;
mod machine;
mod operations;
mod reply;
mod server;
mod state;

pub use clock::{Clock, SettableClock, SystemClock};
pub use error::{Failure, SandboxError, ServiceError};
pub use machine::{Cluster, Direction, Durations, Fault, Migration, PayType, Stage, Status};
pub use operations::{VERSION, Verified};
pub use server::{Config, Server};
pub use state::{Location, State};
