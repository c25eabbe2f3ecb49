//! What is put on record of every call: one decision event, and for a write an intent before it is forwarded
//! (spec gate-rules G16). Events are `tracing` events; none of them holds a secret or a parameter's value.

use std::sync::Arc;
use std::time::Instant;

use super::candidate::{self, Objection, Question};
use super::config::Shadow;
use super::listener::Connection;
use super::metrics::{Ending, Measured, Metrics};
use super::origin::Origin;
use super::refusal::Refusal;
use super::respond;
use super::upstream::Answer;
use crate::authn::Caller;
use crate::authz::{CheckDecision, ConsultedKeys, Decision, Outcome, StatementRef, Verdict};
use crate::catalog::Checks;
use crate::openapi::Call;

/// Target of the decision events.
pub const DECISION: &str = "ramgate::decision";

/// Target of the events that say that a write is about to be forwarded.
pub const INTENT: &str = "ramgate::intent";

/// Most characters that are recorded of what an unknown caller wrote.
const LONGEST_CLAIM: usize = 128;

/// Most characters of a reason, which may repeat what a caller wrote.
const LONGEST_REASON: usize = 1024;

/// The record of one call. It is written when it is dropped, so that a call that ends in whatever way, a panic and a
/// caller that hangs up among them, leaves exactly one.
#[derive(Debug)]
pub struct Record {
    request_id: String,
    peer: String,
    origin: Option<Origin>,
    started: Instant,
    generation: Option<u64>,
    access_key_id: Option<String>,
    version: Option<String>,
    operation: Option<String>,
    principal: Option<String>,
    looked_up: Option<usize>,
    question: Option<Box<Question>>,
    candidate: Option<&'static str>,
    objection: Option<Objection>,
    write: Option<bool>,
    checks: String,
    context_keys: String,
    decided: Option<CheckDecision>,
    decided_us: Option<u64>,
    upstream_us: Option<u64>,
    upstream_status: Option<u16>,
    upstream_request_id: Option<String>,
    rate_limit: Option<String>,
    sent: bool,
    mode: Option<&'static str>,
    shadow: Option<String>,
    outcome: Option<Ended>,
    metrics: Option<Arc<Metrics>>,
}

/// How a call was answered.
#[derive(Debug)]
enum Ended {
    Forwarded,
    Refused { code: String, status: u16, reason: String, ending: Ending },
}

impl Record {
    /// Begins the record of a call that comes in now.
    #[must_use]
    pub fn new(request_id: String, connection: &Connection) -> Self {
        Self {
            request_id,
            peer: connection.peer.to_string(),
            origin: None,
            started: Instant::now(),
            generation: None,
            access_key_id: None,
            version: None,
            operation: None,
            principal: None,
            looked_up: None,
            question: None,
            candidate: None,
            objection: None,
            write: None,
            checks: String::new(),
            context_keys: String::new(),
            decided: None,
            decided_us: None,
            upstream_us: None,
            upstream_status: None,
            upstream_request_id: None,
            rate_limit: None,
            sent: false,
            mode: None,
            shadow: None,
            outcome: None,
            metrics: None,
        }
    }

    /// The same record, counted by `metrics` as well.
    #[must_use]
    pub(super) fn counted(mut self, metrics: &Arc<Metrics>) -> Self {
        self.metrics = Some(Arc::clone(metrics));
        self
    }

    /// The gate's id of the call.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The version of the API that was called, once it is known.
    pub(super) fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Where it comes from.
    pub fn came_from(&mut self, origin: Origin) {
        self.origin = Some(origin);
    }

    /// Which snapshot it is decided by.
    pub(super) fn began(&mut self, generation: u64) {
        self.generation = Some(generation);
    }

    /// What the call says it is; nothing of it is verified yet.
    pub(super) fn read(&mut self, call: &Call) {
        let claim = |text: &str| Some(text.chars().take(LONGEST_CLAIM).collect());
        self.access_key_id = claim(call.access_key_id());
        self.version = claim(call.version());
        self.operation = claim(call.action());
    }

    /// Whose it is.
    pub(super) fn authenticated(&mut self, caller: &Caller) {
        self.principal = Some(caller.principal().to_string());
    }

    /// What it touches.
    pub(super) fn resolved(&mut self, checks: &Checks) {
        self.write = Some(checks.write);
        for check in &checks.checks {
            if !self.checks.is_empty() {
                self.checks.push_str("; ");
            }
            self.checks.push_str(&check.action);
            self.checks.push_str(" on ");
            self.checks.push_str(&check.resource);
        }
    }

    /// What the policies say, and which condition keys they looked at.
    pub(super) fn decided(&mut self, verdict: &Verdict, keys: ConsultedKeys) {
        self.context_keys = keys.0.into_iter().collect::<Vec<_>>().join(" ");
        self.decided = candidate::deciding(verdict).cloned();
        self.mode = Some("enforce");
        self.decided_us = Some(micros(self.started));
    }

    /// Of how many clusters something had to be looked up, or remembered from before.
    pub(super) fn looked_up(&mut self, clusters: usize) {
        self.looked_up = Some(clusters);
    }

    /// What another world is to be asked once the call is answered.
    pub(super) fn ask(&mut self, question: Question) {
        self.question = Some(Box::new(question));
    }

    /// Takes what another world is to be asked.
    pub(super) fn question(&mut self) -> Option<Box<Question>> {
        self.question.take()
    }

    /// What the candidate world says to the decision.
    pub(super) fn compared(&mut self, objection: Option<Objection>) {
        self.candidate = Some(if objection.is_none() { "same" } else { "different" });
        self.objection = objection;
    }

    /// Which shadow lets it through although policies deny it.
    pub(super) fn shadowed(&mut self, shadow: &Shadow) {
        self.mode = Some("shadow");
        self.shadow = Some(shadow.to_string());
    }

    /// Says that a write is about to be forwarded.
    pub(super) fn intend(&self) {
        tracing::info!(
            target: INTENT,
            request_id = %self.request_id,
            principal = self.principal.as_deref(),
            operation = self.operation.as_deref(),
            checks = %self.checks,
            mode = self.mode,
            "write"
        );
    }

    /// From here on the upstream may have acted.
    pub(super) fn sent(&mut self) {
        self.sent = true;
    }

    /// It never reached the upstream.
    pub(super) fn not_sent(&mut self) {
        self.sent = false;
    }

    /// What the upstream at `authority` answered to a call that was sent at `sent`.
    pub(super) fn forwarded(&mut self, authority: &str, answer: &Answer, sent: Instant) {
        if let Some(metrics) = &self.metrics {
            metrics.answered(authority, answer.status);
        }
        self.upstream_us = Some(micros(sent));
        self.upstream_status = Some(answer.status.as_u16());
        self.upstream_request_id = request_id_of(answer);
        self.outcome = Some(Ended::Forwarded);
    }

    /// Why the gate answered itself.
    pub(super) fn refused(&mut self, refusal: &Refusal) {
        if let Refusal::RateLimited { limit, .. } = refusal {
            self.rate_limit = Some(limit.to_string());
        }
        if let (Some(metrics), Refusal::Upstream(error)) = (&self.metrics, refusal) {
            metrics.unanswered(error);
        }
        self.outcome = Some(Ended::Refused {
            code: respond::code(refusal).to_owned(),
            status: respond::status(refusal),
            reason: refusal.to_string().chars().take(LONGEST_REASON).collect(),
            ending: Ending::of(refusal),
        });
    }
}

/// The upstream's own id of the call, from its header or its JSON body.
fn request_id_of(answer: &Answer) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Body {
        #[serde(rename = "RequestId")]
        request_id: String,
    }
    let header = answer.headers.get("x-acs-request-id").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let id = header.or_else(|| serde_json::from_slice::<Body>(&answer.body).ok().map(|body| body.request_id))?;
    Some(id.chars().take(LONGEST_CLAIM).collect())
}

fn micros(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// The text, where there is any.
fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn outcome(decision: &Decision) -> &'static str {
    match decision.outcome {
        Outcome::Allow => "Allow",
        Outcome::ExplicitDeny => "ExplicitDeny",
        Outcome::ImplicitDeny => "ImplicitDeny",
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let (code, status, reason) = match &self.outcome {
            Some(Ended::Forwarded) => (None, self.upstream_status, None),
            Some(Ended::Refused { code, status, reason, .. }) => {
                (Some(code.as_str()), Some(*status), Some(reason.as_str()))
            }
            None if std::thread::panicking() => (Some("InternalError"), Some(500), Some("the gate broke off")),
            None => (None, None, Some("the call ended without an answer: the caller hung up, or the gate was ended")),
        };
        let decision = self.decided.as_ref().map(|decided| &decided.decision);
        let total = micros(self.started);
        if let Some(metrics) = &self.metrics {
            let named = self.version.as_deref().zip(self.operation.as_deref());
            metrics.call(&Measured {
                // What an unverified caller writes makes no label.
                operation: named.filter(|_| self.principal.is_some()),
                ending: match &self.outcome {
                    Some(Ended::Forwarded) if self.shadow.is_some() => Ending::Shadowed,
                    Some(Ended::Forwarded) => Ending::Forwarded,
                    Some(Ended::Refused { ending, .. }) => *ending,
                    None if code.is_some() => Ending::Failed,
                    None => Ending::Unanswered,
                },
                code,
                decision: decision.map(|decision| (decision.outcome, decision.policy_type)),
                decided: self.decided_us,
                upstream: self.upstream_us,
                total,
            });
        }
        let statement: Option<&StatementRef> = decision.and_then(|decision| decision.determining.as_ref());
        let candidate = self.objection.as_ref().and_then(Objection::decision);
        let other = candidate.and_then(|decision| decision.determining.as_ref());
        let denied = self.decided.as_ref().filter(|decided| !decided.passed);
        tracing::info!(
            target: DECISION,
            request_id = %self.request_id,
            peer = %self.peer,
            source = self.origin.and_then(|origin| origin.address).map(tracing::field::display),
            secure = self.origin.and_then(|origin| origin.secure),
            generation = self.generation,
            access_key_id = self.access_key_id.as_deref(),
            principal = self.principal.as_deref(),
            version = self.version.as_deref(),
            operation = self.operation.as_deref(),
            write = self.write,
            checks = some(&self.checks),
            context_keys = some(&self.context_keys),
            // Where it is missing the call was refused before any policy was read.
            decision = decision.map(outcome),
            policy_type = decision.map(|decision| tracing::field::display(decision.policy_type)),
            policy = statement.map(|statement| statement.policy.as_str()),
            statement = statement.map(tracing::field::display),
            file = statement.map(|statement| statement.file.as_str()),
            line = statement.map(|statement| statement.line),
            denied_action = denied.map(|denied| denied.action.as_str()),
            denied_resource = denied.map(|denied| denied.resource.as_str()),
            stricter_than_cloud = denied.map(|denied| denied.stricter_than_cloud),
            looked_up = self.looked_up,
            candidate = self.candidate,
            candidate_decision = match &self.objection {
                Some(Objection::Refused(_)) => Some("Refused"),
                _ => candidate.map(outcome),
            },
            candidate_policy = other.map(|statement| statement.policy.as_str()),
            candidate_file = other.map(|statement| statement.file.as_str()),
            candidate_line = other.map(|statement| statement.line),
            candidate_reason = self.objection.as_ref().and_then(Objection::reason),
            mode = self.mode,
            shadow = self.shadow.as_deref(),
            rate_limit = self.rate_limit.as_deref(),
            // Whether the upstream may have acted. With a code beside it, nobody knows whether it has.
            forwarded = self.sent,
            code,
            reason,
            status,
            upstream_request_id = self.upstream_request_id.as_deref(),
            decided_us = self.decided_us,
            upstream_us = self.upstream_us,
            total_us = total,
            "call"
        );
    }
}
