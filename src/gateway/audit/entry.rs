//! One record of the audit log, as a line of JSON has it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::authz::{Outcome, PolicyType};
use crate::gateway::shadow::Mode;
use crate::policy::{Effect, PolicyKind};

/// The version of the records that this ramgate writes, and the only one that it reads. A field that is added leaves it;
/// one that goes or changes its meaning raises it.
pub const VERSION: u32 = 1;

/// What a record of a call tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Kind {
    /// A write is about to be forwarded.
    Intent,
    /// A call has ended.
    Decision,
}

/// What a candidate world says to a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Compared {
    /// It would have allowed or refused the call as well.
    Same,
    /// It would have refused what was allowed, or allowed what was refused.
    Different,
}

/// What a candidate world would have decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum CandidateDecision {
    /// A statement allows it.
    Allow,
    /// A statement denies it.
    ExplicitDeny,
    /// Nothing allows it.
    ImplicitDeny,
    /// It does not come to a decision.
    Refused,
}

impl From<Outcome> for CandidateDecision {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Allow => Self::Allow,
            Outcome::ExplicitDeny => Self::ExplicitDeny,
            Outcome::ImplicitDeny => Self::ImplicitDeny,
        }
    }
}

/// A record of a call. A field that does not apply, or of which nothing is known, is left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Entry<'a> {
    /// Version of the record: 1.
    pub v: u32,
    /// What it tells: an intent comes before a write is forwarded, a decision once a call has ended.
    pub kind: Kind,
    /// When the call had arrived: the time that it was verified and decided at.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub time: Timestamp,
    /// The gate's id of the call.
    pub request_id: Cow<'a, str>,
    /// The upstream's own id of the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream_request_id: Option<Cow<'a, str>>,
    /// Number of the set of files that the call was decided by; the one that the gate began with has 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// `enforce`, or `shadow` for a call that policies deny and a shadow lets through; missing where nothing was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Address and port of the other end of the connection.
    #[cfg_attr(test, schemars(with = "String"))]
    pub peer: SocketAddr,
    /// The address that the call is taken to come from: `acs:SourceIp`; missing where nobody tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub source: Option<IpAddr>,
    /// Whether it came over TLS: `acs:SecureTransport`; missing where nobody tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secure: Option<bool>,
    /// What the listener says of its network: `public`, or the id of a VPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Cow<'a, str>>,
    /// The access key that the call names, at most 128 characters of it; not verified unless `principal` is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key_id: Option<Cow<'a, str>>,
    /// Whose call it is, once it is verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<Cow<'a, str>>,
    /// RAM code of the product, where an upstream serves the version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<Cow<'a, str>>,
    /// The version of the API that the call names, at most 128 characters of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Cow<'a, str>>,
    /// The operation that the call names, at most 128 characters of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<Cow<'a, str>>,
    /// Whether the operation is a write by the gate's own table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write: Option<bool>,
    /// The account that owns what the call touches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Cow<'a, str>>,
    /// Everything that was asked of the policies, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckEntry<'a>>,
    /// The tags that the call passes: `acs:RequestTag/…`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub request_tags: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    /// The condition keys that statements looked at, in lower case up to the first `/`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub context_keys: Vec<Cow<'a, str>>,
    /// What policies said: of the first check that did not pass, or of the first one where all did. Where it is
    /// missing, no policy was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Outcome>,
    /// The kind of policy that decided, as an answer of the API names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_type: Option<PolicyType>,
    /// The policy that decided; an implicit deny has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Cow<'a, str>>,
    /// What that policy is used as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_kind: Option<PolicyKind>,
    /// Number of the statement in it, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<usize>,
    /// `Sid` of the statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<Cow<'a, str>>,
    /// What the statement does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// The file that the statement stands in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<Cow<'a, str>>,
    /// The line that it begins in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The column that it begins in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// Action of the first check that did not pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied_action: Option<Cow<'a, str>>,
    /// Resource of the first check that did not pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied_resource: Option<Cow<'a, str>>,
    /// Whether that check is one that the cloud is believed not to make.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stricter_than_cloud: Option<bool>,
    /// Whether the upstream may have acted; with a `code` beside it, nobody knows whether it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forwarded: Option<bool>,
    /// Of how many clusters something was looked up or remembered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looked_up: Option<usize>,
    /// What a candidate world says to the decision, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidate: Option<Compared>,
    /// What it would have decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidate_decision: Option<CandidateDecision>,
    /// The policy of the candidate that would have decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidate_policy: Option<Cow<'a, str>>,
    /// The file that its statement stands in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidate_file: Option<Cow<'a, str>>,
    /// The line that it begins in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidate_line: Option<usize>,
    /// Why the candidate would have refused the call before any policy was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidate_reason: Option<Cow<'a, str>>,
    /// Which shadow it was, and until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shadow: Option<Cow<'a, str>>,
    /// The rate limit that the call was refused by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<Cow<'a, str>>,
    /// The code that the gate answered with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Cow<'a, str>>,
    /// Why the gate answered itself, in full.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'a, str>>,
    /// The HTTP status that the caller got; missing where the call ended without an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The HTTP status that the upstream answered with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream_status: Option<u16>,
    /// Bytes of the body that the caller sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_in: Option<usize>,
    /// Bytes of the body that the caller was answered with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_out: Option<usize>,
    /// Microseconds from the arrival of the head to the decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_us: Option<u64>,
    /// Microseconds that the upstream took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream_us: Option<u64>,
    /// Microseconds from the arrival of the head to the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_us: Option<u64>,
}

/// One thing that was asked of the policies, with what was known of the resource then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CheckEntry<'a> {
    /// The RAM action.
    pub action: Cow<'a, str>,
    /// The ARN, or `*`.
    pub resource: Cow<'a, str>,
    /// Whether the answer was good enough; missing where policies were not asked any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passed: Option<bool>,
    /// Whether it passes unless it is explicitly denied; otherwise it must be allowed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unless_denied: bool,
    /// Whether the cloud is believed not to ask it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub stricter_than_cloud: bool,
    /// The resource group, where it is known; empty where the resource is known to be in none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_group: Option<Cow<'a, str>>,
    /// The tags of the resource, where they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<Cow<'a, str>, Cow<'a, str>>>,
}

/// Says that records were dropped between those before it and those after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Gap {
    /// Version of the record: 1.
    pub v: u32,
    /// `gap`.
    pub kind: GapKind,
    /// When the log went on.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub time: Timestamp,
    /// Records of ended calls that were dropped.
    pub decisions: u64,
    /// Records of intents that were dropped.
    pub intents: u64,
}

/// The kind of a [`Gap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum GapKind {
    /// Records are missing.
    Gap,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "what serde asks for")]
fn is_false(value: &bool) -> bool {
    !value
}
