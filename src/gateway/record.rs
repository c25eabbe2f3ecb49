//! What is put on record of every call: a decision, and for a write an intent before it is forwarded (spec gate-rules
//! G16). No record holds a secret.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use super::audit::{CandidateDecision, CheckEntry, Compared, Entry, Kind, Log, Promise, Unrecorded, VERSION};
use super::candidate::{self, Objection, Question};
use super::config::{Network, Shadow};
use super::listener::Connection;
use super::metrics::{Ending, Measured, Metrics};
use super::origin::Origin;
use super::refusal::Refusal;
use super::respond;
use super::shadow::Mode;
use super::traces::{Stage, Trace};
use super::upstream::Answer;
use crate::authn::Caller;
use crate::authz::{ConsultedKeys, Verdict};
use crate::catalog::{Check, Checks, Known, Requirement};
use crate::openapi::Call;

/// Most characters that are recorded of what an unknown caller wrote.
const LONGEST_CLAIM: usize = 128;

/// Most characters of a reason, which may repeat what a caller wrote.
const LONGEST_REASON: usize = 1024;

/// The record of one call. It is handed to the log when it is dropped, so that a call that ends in whatever way, a
/// panic and a caller that hangs up among them, leaves exactly one.
#[derive(Debug)]
pub struct Record {
    log: Log,
    promise: Promise,
    request_id: String,
    connection: Arc<Connection>,
    origin: Option<Origin>,
    at: Timestamp,
    started: Instant,
    generation: Option<u64>,
    access_key_id: Option<String>,
    product: Option<String>,
    version: Option<String>,
    operation: Option<String>,
    principal: Option<String>,
    looked_up: Option<usize>,
    total_us: Option<u64>,
    question: Option<Box<Question>>,
    candidate: Option<Compared>,
    objection: Option<Objection>,
    checks: Option<Arc<Checks>>,
    keys: ConsultedKeys,
    verdict: Option<Verdict>,
    decided_us: Option<u64>,
    upstream_us: Option<u64>,
    upstream_status: Option<u16>,
    upstream_request_id: Option<String>,
    rate_limit: Option<String>,
    sent: bool,
    mode: Option<Mode>,
    shadow: Option<String>,
    bytes_in: Option<usize>,
    bytes_out: Option<usize>,
    outcome: Option<Ended>,
    metrics: Option<Arc<Metrics>>,
    trace: Option<Box<Trace>>,
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
    pub fn new(request_id: String, connection: &Arc<Connection>, log: &Log) -> Self {
        Self {
            log: log.clone(),
            promise: Promise::none(),
            request_id,
            connection: Arc::clone(connection),
            origin: None,
            at: Timestamp::now(),
            started: Instant::now(),
            generation: None,
            access_key_id: None,
            product: None,
            version: None,
            operation: None,
            principal: None,
            looked_up: None,
            total_us: None,
            question: None,
            candidate: None,
            objection: None,
            checks: None,
            keys: ConsultedKeys::default(),
            verdict: None,
            decided_us: None,
            upstream_us: None,
            upstream_status: None,
            upstream_request_id: None,
            rate_limit: None,
            sent: false,
            mode: None,
            shadow: None,
            bytes_in: None,
            bytes_out: None,
            outcome: None,
            metrics: None,
            trace: None,
        }
    }

    /// The same record, counted by `metrics` as well.
    #[must_use]
    pub(super) fn counted(mut self, metrics: &Arc<Metrics>) -> Self {
        self.metrics = Some(Arc::clone(metrics));
        self
    }

    /// The trace of the call, where calls are traced.
    pub(super) fn traced(&mut self, trace: Option<Box<Trace>>) {
        self.trace = trace;
    }

    fn passed(&mut self, stage: Stage) {
        if let Some(trace) = &mut self.trace {
            trace.passed(stage);
        }
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

    /// How long its body is.
    pub(super) fn received(&mut self, bytes: usize) {
        self.bytes_in = Some(bytes);
        self.passed(Stage::Receive);
    }

    /// Which snapshot it is decided by, and at what time.
    pub(super) fn began(&mut self, generation: u64, at: Timestamp) {
        self.generation = Some(generation);
        self.at = at;
    }

    /// What the call says it is; nothing of it is verified yet.
    pub(super) fn read(&mut self, call: &Call, product: Option<&str>) {
        let claim = |text: &str| Some(beginning(text, LONGEST_CLAIM));
        self.access_key_id = claim(call.access_key_id());
        self.version = claim(call.version());
        self.operation = claim(call.action());
        self.product = product.map(str::to_owned);
        self.passed(Stage::Read);
    }

    /// Whose it is.
    pub(super) fn authenticated(&mut self, caller: &Caller) {
        self.principal = Some(caller.principal().to_string());
        self.passed(Stage::Authenticate);
    }

    /// What it touches.
    pub(super) fn resolved(&mut self, checks: &Arc<Checks>) {
        self.checks = Some(Arc::clone(checks));
        self.passed(Stage::Resolve);
    }

    /// What the policies say, which condition keys they looked at, and which shadow lets the call through although they
    /// deny it.
    pub(super) fn decided(&mut self, verdict: Verdict, keys: ConsultedKeys, shadow: Option<&Shadow>) {
        self.keys = keys;
        self.verdict = Some(verdict);
        self.mode = Some(if shadow.is_some() { Mode::Shadow } else { Mode::Enforce });
        self.shadow = shadow.map(ToString::to_string);
        self.decided_us = Some(micros(self.started));
        self.passed(Stage::Decide);
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
    ///
    /// Whatever is asked further is not part of the call's time.
    pub(super) fn question(&mut self) -> Option<Box<Question>> {
        self.total_us = Some(micros(self.started));
        self.question.take()
    }

    /// What the candidate world says to the decision.
    pub(super) fn compared(&mut self, objection: Option<Objection>) {
        self.candidate = Some(if objection.is_none() { Compared::Same } else { Compared::Different });
        self.objection = objection;
    }

    /// Makes sure that the call, which is about to be forwarded, will be on record; of a write, that it already is.
    ///
    /// # Errors
    /// [`Unrecorded`]: it must not be forwarded.
    pub(super) async fn before_forwarding(&mut self) -> Result<(), Unrecorded> {
        let intended = match self.checks.as_ref().is_some_and(|checks| checks.write) {
            true => self.log.intend(&self.entry(Kind::Intent))?,
            false => self.log.admit()?,
        };
        self.promise = intended.written().await?;
        self.passed(Stage::Record);
        Ok(())
    }

    /// From here on the upstream may have acted.
    pub(super) fn sent(&mut self) {
        self.sent = true;
        self.passed(Stage::Sign);
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
        self.passed(Stage::Upstream);
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
            reason: beginning(&refusal.to_string(), LONGEST_REASON),
            ending: Ending::of(refusal),
        });
    }

    /// How long the body of the answer is.
    pub(super) fn answered(&mut self, bytes: usize) {
        self.bytes_out = Some(bytes);
    }

    /// What there is to tell by now.
    fn entry(&self, kind: Kind) -> Entry<'_> {
        let ended = kind == Kind::Decision;
        let (code, status, reason) = match &self.outcome {
            Some(Ended::Forwarded) => (None, self.upstream_status, None),
            Some(Ended::Refused { code, status, reason, .. }) => {
                (Some(code.as_str()), Some(*status), Some(reason.as_str()))
            }
            None if !ended => (None, None, None),
            None if std::thread::panicking() => (Some("InternalError"), Some(500), Some("the gate broke off")),
            None => (None, None, Some("the call ended without an answer: the caller hung up, or the gate was ended")),
        };
        let denied = self.verdict.as_ref().and_then(Verdict::denied);
        let decided = self.verdict.as_ref().and_then(candidate::deciding);
        let decision = decided.map(|decided| &decided.decision);
        let statement = decision.and_then(|decision| decision.determining.as_ref());
        let candidate = self.objection.as_ref().and_then(Objection::decision);
        let other = candidate.and_then(|decision| decision.determining.as_ref());
        let Connection { peer, network, .. } = &*self.connection;
        Entry {
            v: VERSION,
            kind,
            time: self.at,
            request_id: self.request_id.as_str().into(),
            upstream_request_id: text(self.upstream_request_id.as_deref()),
            generation: self.generation,
            mode: self.mode,
            peer: *peer,
            source: self.origin.and_then(|origin| origin.address),
            secure: self.origin.and_then(|origin| origin.secure),
            network: match network {
                Network::Unstated => None,
                Network::Public => Some("public".into()),
                Network::Vpc(id) => Some(id.into()),
            },
            access_key_id: text(self.access_key_id.as_deref()),
            principal: text(self.principal.as_deref()),
            product: text(self.product.as_deref()),
            version: text(self.version.as_deref()),
            operation: text(self.operation.as_deref()),
            write: self.checks.as_ref().map(|checks| checks.write),
            owner: self.checks.as_ref().map(|checks| checks.owner.as_str().into()),
            checks: self.checks(),
            request_tags: self.checks.as_ref().map(|checks| tags(&checks.request_tags)).unwrap_or_default(),
            context_keys: self.keys.0.iter().map(|key| key.as_str().into()).collect(),
            // Where it is missing the call was refused before any policy was read.
            decision: decision.map(|decision| decision.outcome),
            policy_type: decision.map(|decision| decision.policy_type),
            policy: text(statement.map(|statement| statement.policy.as_str())),
            policy_kind: statement.map(|statement| statement.kind),
            statement: statement.map(|statement| statement.index + 1),
            sid: text(statement.and_then(|statement| statement.sid.as_deref())),
            effect: statement.map(|statement| statement.effect),
            file: text(statement.map(|statement| statement.file.as_str())),
            line: statement.map(|statement| statement.line),
            column: statement.map(|statement| statement.column),
            denied_action: text(denied.map(|denied| denied.action.as_str())),
            denied_resource: text(denied.map(|denied| denied.resource.as_str())),
            stricter_than_cloud: denied.map(|denied| denied.stricter_than_cloud),
            forwarded: ended.then_some(self.sent),
            looked_up: self.looked_up,
            candidate: self.candidate,
            candidate_decision: match &self.objection {
                Some(Objection::Refused(_)) => Some(CandidateDecision::Refused),
                _ => candidate.map(|decision| decision.outcome.into()),
            },
            candidate_policy: text(other.map(|statement| statement.policy.as_str())),
            candidate_file: text(other.map(|statement| statement.file.as_str())),
            candidate_line: other.map(|statement| statement.line),
            candidate_reason: self.objection.as_ref().and_then(Objection::reason).map(Cow::Owned),
            shadow: text(self.shadow.as_deref()),
            rate_limit: text(self.rate_limit.as_deref()),
            code: text(code),
            reason: text(reason),
            status,
            upstream_status: self.upstream_status,
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            decided_us: self.decided_us,
            upstream_us: self.upstream_us,
            total_us: ended.then(|| self.total_us.unwrap_or_else(|| micros(self.started))),
        }
    }

    fn checks(&self) -> Vec<CheckEntry<'_>> {
        let checks = self.checks.iter().flat_map(|checks| &checks.checks);
        let mut decisions = self.verdict.iter().flat_map(|verdict| &verdict.decisions);
        let entry = |check| check_entry(check, decisions.next().map(|decision| decision.passed));
        checks.map(entry).collect()
    }
}

fn check_entry(check: &Check, passed: Option<bool>) -> CheckEntry<'_> {
    CheckEntry {
        action: check.action.as_str().into(),
        resource: check.resource.as_str().into(),
        passed,
        unless_denied: check.requirement == Requirement::NotExplicitlyDenied,
        stricter_than_cloud: check.stricter_than_cloud,
        resource_group: match &check.resource_group {
            Known::Known(group) => Some(group.as_deref().unwrap_or_default().into()),
            Known::Unknown => None,
        },
        tags: match &check.tags {
            Known::Known(known) => Some(tags(known)),
            Known::Unknown => None,
        },
    }
}

fn tags(pairs: &[(String, String)]) -> std::collections::BTreeMap<Cow<'_, str>, Cow<'_, str>> {
    pairs.iter().map(|(key, value)| (key.as_str().into(), value.as_str().into())).collect()
}

fn text(text: Option<&str>) -> Option<Cow<'_, str>> {
    text.map(Cow::Borrowed)
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
    Some(beginning(&id, LONGEST_CLAIM))
}

/// At most `most` characters of `text`, the first ones.
fn beginning(text: &str, most: usize) -> String {
    // No text has more characters than bytes.
    if text.len() <= most { text.to_owned() } else { text.chars().take(most).collect() }
}

fn micros(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX)
}

impl Drop for Record {
    fn drop(&mut self) {
        let promise = std::mem::replace(&mut self.promise, Promise::none());
        let trace = self.trace.take();
        let entry = self.entry(Kind::Decision);
        self.log.submit(Kind::Decision, &entry, promise);
        let ending = match &self.outcome {
            Some(Ended::Forwarded) if self.shadow.is_some() => Ending::Shadowed,
            Some(Ended::Forwarded) => Ending::Forwarded,
            Some(Ended::Refused { ending, .. }) => *ending,
            None if entry.code.is_some() => Ending::Failed,
            None => Ending::Unanswered,
        };
        if let Some(metrics) = &self.metrics {
            let named = self.version.as_deref().zip(self.operation.as_deref());
            metrics.call(&Measured {
                // What an unverified caller writes makes no label.
                operation: named.filter(|_| self.principal.is_some()),
                ending,
                code: entry.code.as_deref(),
                decision: entry.decision.zip(entry.policy_type),
                decided: self.decided_us,
                upstream: self.upstream_us,
                total: entry.total_us.unwrap_or_default(),
            });
        }
        if let Some(trace) = trace {
            trace.ended(&entry, ending);
        }
    }
}
