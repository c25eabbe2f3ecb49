//! One call that is shown: made over a socket, and looked at from every side.

use std::time::Duration;

use http::StatusCode;
use jiff::Timestamp;
use serde_json::Value;

use super::events::{Event, Events};
use super::example::Caller;
use super::stand::{NO_MIGRATION, Stand};
use crate::catalog::{DuplicateParameter, Parameters};
use crate::cli::endpoint::Endpoint;
use crate::cli::exchange::{self, Answer, NoAnswer};
use crate::gateway::tls::{self, TlsError};
use crate::openapi::Format;
use crate::openapi::sign::{Credential, SigningRequest, sign_acs3};
use crate::sandbox::{SandboxError, VERSION};

/// The operation that is shown.
pub(super) const OPERATION: &str = "CloseDBClusterMigration";

/// How long a call, and then its event, may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is to come of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    Allowed,
    Denied,
}

/// A call that is to be shown.
#[derive(Debug)]
pub(super) struct Trial<'a> {
    pub(super) title: &'a str,
    pub(super) caller: &'a Caller,
    pub(super) cluster: &'a str,
    pub(super) expected: Expected,
}

/// Everything that there is to see of a call.
#[derive(Debug)]
pub(super) struct Observed {
    /// Method and target of the request.
    pub(super) request: String,
    pub(super) status: u16,
    pub(super) body: Value,
    pub(super) event: Event,
    /// The status of the cluster's migration before the call, after it, and once a closing would have ended.
    pub(super) before: &'static str,
    pub(super) after: &'static str,
    pub(super) later: &'static str,
}

/// Why there is nothing to see.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotObserved {
    #[error(transparent)]
    Answer(#[from] NoAnswer),
    #[error(transparent)]
    Parameters(#[from] DuplicateParameter),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    #[error("{0}")]
    Endpoint(String),
    #[error("the answer is no JSON: {0}")]
    Body(#[from] serde_json::Error),
    #[error("the answer has no request id")]
    RequestId,
    #[error("the gate left no record of the call")]
    Event,
}

impl Trial<'_> {
    /// Signs the call as an SDK does, sends it to the gate, and waits for the gate's own event of it.
    pub(super) async fn make(&self, stand: &Stand, events: &mut Events) -> Result<Observed, NotObserved> {
        let before = stand.migration_status(self.cluster)?;
        let endpoint = Endpoint::parse(&format!("http://{}", stand.gate())).map_err(NotObserved::Endpoint)?;
        let mut parameters = Parameters::new();
        parameters.insert("DBClusterId", self.cluster)?;
        let request = sign_acs3(&SigningRequest {
            host: endpoint.host(),
            action: OPERATION,
            version: VERSION,
            parameters: &parameters,
            credential: &Credential {
                access_key_id: self.caller.access_key_id.clone(),
                secret: self.caller.secret.clone(),
                security_token: self.caller.security_token.clone(),
            },
            date: Timestamp::now(),
            nonce: &uuid::Uuid::new_v4().to_string(),
            format: Format::Json,
        });
        let sent = format!("{} {endpoint}{}", request.method, request.target);
        let Answer { status, request_id, body } =
            exchange::send(&endpoint, request, tls::client(None)?, PATIENCE).await?;
        let request_id = request_id.ok_or(NotObserved::RequestId)?;
        let event = tokio::time::timeout(PATIENCE, events.of_call(&request_id)).await;
        let event = event.ok().flatten().ok_or(NotObserved::Event)?;
        let after = stand.migration_status(self.cluster)?;
        stand.pass(stand.closing());
        let later = stand.migration_status(self.cluster)?;
        Ok(Observed { request: sent, status, body: serde_json::from_slice(&body)?, event, before, after, later })
    }
}

impl Expected {
    /// What of `observed` is not as it should be.
    pub(super) fn misses(self, observed: &Observed) -> Vec<String> {
        let Observed { status, event, before, after, later, .. } = observed;
        let (expected_status, decision, forwarded, expected_later) = match self {
            Self::Allowed => (StatusCode::OK, "Allow", "true", NO_MIGRATION),
            Self::Denied => (StatusCode::FORBIDDEN, "ExplicitDeny", "false", *before),
        };
        let decided = event.decision.map(|decision| decision.to_string());
        let was_forwarded = event.forwarded.map(|forwarded| forwarded.to_string());
        let expected_after = if self == Self::Allowed { "CLOSING_MIGRATION" } else { *before };
        let nothing = "nothing";
        [
            ("the status of the answer", status.to_string().as_str(), expected_status.as_str()),
            ("the decision", decided.as_deref().unwrap_or(nothing), decision),
            ("whether it was passed on", was_forwarded.as_deref().unwrap_or(nothing), forwarded),
            ("the migration before the call", before, "POLARDB2RDS_SYNCING"),
            ("the migration after the call", after, expected_after),
            ("the migration later", later, expected_later),
        ]
        .into_iter()
        .filter(|(_, found, expected)| found != expected)
        .map(|(what, found, expected)| format!("{what} is `{found}` and should be `{expected}`"))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::demo::events::event;

    fn observed(status: u16, decision: &str, forwarded: bool, stages: [&'static str; 3]) -> Observed {
        let [before, after, later] = stages;
        let event = event(&[("decision", decision.into()), ("forwarded", forwarded.into())]);
        Observed { request: String::new(), status, body: Value::Null, event, before, after, later }
    }

    #[test]
    fn whatever_is_not_as_it_should_be_is_named() {
        let syncing = "POLARDB2RDS_SYNCING";
        let closed = [syncing, "CLOSING_MIGRATION", NO_MIGRATION];
        assert!(Expected::Allowed.misses(&observed(200, "Allow", true, closed)).is_empty());
        assert!(Expected::Denied.misses(&observed(403, "ExplicitDeny", false, [syncing; 3])).is_empty());
        for (expected, observed, says) in [
            (Expected::Allowed, observed(500, "Allow", true, closed), "the answer is `500` and should be `200`"),
            (Expected::Allowed, observed(200, "Allow", true, [syncing; 3]), "after the call is `POLARDB2RDS_SYNCING`"),
            (Expected::Denied, observed(403, "ImplicitDeny", false, [syncing; 3]), "decision is `ImplicitDeny`"),
            (Expected::Denied, observed(403, "ExplicitDeny", true, [syncing; 3]), "passed on is `true`"),
            (Expected::Denied, observed(403, "ExplicitDeny", false, closed), "later is `NO_MIGRATION`"),
            (Expected::Denied, observed(403, "ExplicitDeny", false, [NO_MIGRATION; 3]), "before the call is"),
        ] {
            let misses = expected.misses(&observed);
            assert!(misses.iter().any(|miss| miss.contains(says)), "{says} in {misses:?}");
        }
    }
}
