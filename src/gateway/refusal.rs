//! Why a call is not passed on.

use std::sync::Arc;
use std::time::Duration;

use super::audit::Unrecorded;
use super::client_certificate::CertificateMismatch;
use super::heads::HeadError;
use super::lookup::LookupError;
use super::origin::OriginError;
use super::upstream::UpstreamError;
use crate::authn::AuthnError;
use crate::authz::CheckDecision;
use crate::catalog::ResolutionError;
use crate::identity::{Principal, RateLimit};
use crate::openapi::WireError;

/// A call that the gate answers itself. Each stage has its own reasons; the text is for the operator, and what the
/// caller is told is up to `respond.rs`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// What came is no request, or one whose body has no certain length.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// The body is larger than the configured bound.
    #[error("the body has more than {limit} bytes, which is `body_bytes` of the configuration")]
    BodyTooLarge {
        /// The bound.
        limit: usize,
    },
    /// The body did not arrive in time.
    #[error("the body did not arrive within {seconds} s, which is `body_timeout` of the configuration")]
    BodyTooSlow {
        /// The bound.
        seconds: u64,
    },
    /// The connection broke while the body was read, or the body's framing is no HTTP.
    #[error("the body cannot be read: {reason}")]
    BodyBroken {
        /// What the reader said.
        reason: String,
    },
    /// As many calls as are configured are under way.
    #[error("{limit} calls are under way, which is `calls` of the configuration")]
    Overloaded {
        /// The bound.
        limit: usize,
    },
    /// It cannot be said where the call comes from.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// The bytes are no call, or one that could be read in two ways.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// It cannot be said whose the call is.
    #[error(transparent)]
    Authn(#[from] AuthnError),
    /// The caller has called as often as a rate limit of the world allows.
    #[error("`{principal}` has no call left of {limit}, for {} ms", wait.as_millis())]
    RateLimited {
        /// The caller.
        principal: String,
        /// The limit.
        limit: Arc<RateLimit>,
        /// After how long there is a call again.
        wait: Duration,
    },
    /// The client's certificate names another.
    #[error(transparent)]
    Certificate(#[from] CertificateMismatch),
    /// The catalogue and the inventory do not tell what the call acts on.
    #[error(transparent)]
    Resolution(#[from] ResolutionError),
    /// What the inventory does not say could not be looked up.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// The account has no such cluster, and the caller may know it.
    #[error("cluster `{cluster}` is neither in the inventory nor, says the upstream, in the caller's account")]
    NoSuchCluster {
        /// The cluster's id.
        cluster: String,
        /// The API's own code for it.
        code: String,
    },
    /// The caller belongs to no account.
    #[error("`{principal}` belongs to no account, and calls are forwarded by account")]
    NoAccount {
        /// The caller.
        principal: String,
    },
    /// The gate has no credential for the caller's account (spec gate-rules G1).
    #[error("account {account} has no upstream for version {version}: add one to the configuration")]
    NoUpstream {
        /// The caller's account.
        account: String,
        /// The version that was called.
        version: String,
    },
    /// A policy denies it, or none allows it.
    #[error("{}", .0.reason())]
    Denied(Box<Denial>),
    /// Nothing was asked of any policy, so nothing allows the call.
    #[error("no check came of the call, and what is not checked is not allowed")]
    Unchecked,
    /// The call cannot be put on record, and is not forwarded without (spec gate-rules G16).
    #[error(transparent)]
    Unrecorded(#[from] Unrecorded),
    /// The upstream gave no answer.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    /// The gate itself failed. Nothing more was done for the call.
    #[error("the gate broke off: {reason}")]
    Internal {
        /// What happened.
        reason: String,
    },
}

/// A refusal by policy.
#[derive(Debug)]
pub struct Denial {
    /// Who asked.
    pub principal: Principal,
    /// The first check that did not pass.
    pub check: CheckDecision,
}

impl Denial {
    fn reason(&self) -> String {
        let CheckDecision { action, resource, stricter_than_cloud, decision, .. } = &self.check;
        let stricter = if *stricter_than_cloud { ", a check that is stricter than the cloud" } else { "" };
        let by = match &decision.determining {
            Some(statement) => format!("{statement}"),
            None => "no statement matches it".to_owned(),
        };
        format!("{} of {action} on {resource} by {}: {by}{stricter}", decision.outcome, decision.policy_type)
    }
}
