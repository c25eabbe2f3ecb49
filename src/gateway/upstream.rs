//! Calling upstreams: a pool of connections for each, deadlines, bounded answers, and none for those that fail.

mod channel;
mod circuit;
mod connect;
mod pool;
mod state;

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

pub(super) use self::channel::{Answer, Bounds, Channel, METADATA_TOKEN};
pub(super) use self::circuit::{Circuit, CircuitState, Ticket};
pub(super) use self::state::UpstreamState;

use self::circuit::{Failure, Shed};
use super::config::{self, Limits};
use super::credentials::{Credentials, Signing, Source};
use super::tls::TlsError;
use crate::authn::Caller;
use crate::identity::Principal;
use crate::openapi::sign::SignedRequest;

/// Why an upstream gave no answer to pass on. Whether it may have acted decides what can be said to the caller.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpstreamError {
    /// It failed too often of late: nothing was sent.
    #[error("the upstream `{authority}` fails, and no call goes to it for another {} ms", wait.as_millis())]
    Shed {
        /// Host and port.
        authority: String,
        /// After how long a call may go to it again.
        wait: Duration,
    },
    /// The gate has no credential for it that is good: nothing was sent.
    #[error("there is no credential for the upstream `{authority}`: {reason}")]
    NoCredential {
        /// Host and port.
        authority: String,
        /// Why.
        reason: String,
    },
    /// No connection: the upstream has not seen the call.
    #[error("the upstream `{authority}` cannot be reached: {reason}")]
    Unreachable {
        /// Host and port.
        authority: String,
        /// The chain of causes.
        reason: String,
    },
    /// The call went out and no whole answer came back: the upstream may have acted.
    #[error("the upstream `{authority}` broke off its answer: {reason}")]
    Broken {
        /// Host and port.
        authority: String,
        /// The chain of causes.
        reason: String,
    },
    /// The answer is longer than may be passed on: the upstream may have acted.
    #[error("the upstream `{authority}` answered with more than {limit} bytes")]
    TooLong {
        /// Host and port.
        authority: String,
        /// The bound.
        limit: usize,
    },
    /// The call went out and no head of an answer came in time: the upstream may have acted.
    #[error("the upstream `{authority}` began no answer within {} seconds", waited.as_secs())]
    Silent {
        /// Host and port.
        authority: String,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The deadline of a forwarded call passed: the upstream may have acted (spec gate-rules G16).
    #[error("the upstream `{authority}` did not answer within {} seconds", deadline.as_secs())]
    TimedOut {
        /// Host and port.
        authority: String,
        /// The deadline.
        deadline: Duration,
    },
    /// The request could not be put together.
    #[error("the call for the upstream `{authority}` cannot be built: {reason}")]
    Unsendable {
        /// Host and port.
        authority: String,
        /// Why.
        reason: String,
    },
}

impl UpstreamError {
    /// Whether the upstream may have carried the call out.
    #[must_use]
    pub fn may_have_acted(&self) -> bool {
        match self {
            Self::Broken { .. } | Self::TooLong { .. } | Self::Silent { .. } | Self::TimedOut { .. } => true,
            Self::Shed { .. } | Self::NoCredential { .. } | Self::Unreachable { .. } | Self::Unsendable { .. } => false,
        }
    }
}

/// One upstream of one account, with the credential it is called with and its connections.
pub(super) struct Upstream {
    product: String,
    version: String,
    account: String,
    region: Option<String>,
    credentials: Credentials,
    channel: Channel,
    circuit: Arc<Circuit>,
}

impl Upstream {
    pub(super) fn new(
        upstream: &config::Upstream,
        credentials: Credentials,
        limits: &Limits,
        circuit: Arc<Circuit>,
    ) -> Result<Self, TlsError> {
        Ok(Self {
            product: upstream.product.clone(),
            version: upstream.version.clone(),
            account: upstream.account.clone(),
            region: upstream.region.clone(),
            credentials,
            channel: Channel::new(&upstream.endpoint, upstream.ca.as_deref(), Bounds::of(limits))?,
            circuit,
        })
    }

    /// RAM code of its product.
    pub(super) fn product(&self) -> &str {
        &self.product
    }

    /// The account whose callers it serves.
    pub(super) fn account(&self) -> &str {
        &self.account
    }

    /// The version of its API.
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// Whether it serves this version for callers of this account.
    pub(super) fn serves(&self, account: &str, version: &str) -> bool {
        self.account == account && self.version == version
    }

    /// The one region it serves, if it is declared to serve exactly one.
    pub(super) fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// Its host, and port where it has one, as its calls are signed for.
    pub(super) fn authority(&self) -> &str {
        &self.channel.endpoint().authority
    }

    /// What a call that `caller` or the gate itself makes at `now` is signed with.
    ///
    /// # Errors
    /// [`UpstreamError::NoCredential`] where there is nothing.
    pub(super) fn signing<'a>(
        &'a self,
        caller: Option<&'a Caller>,
        now: Timestamp,
    ) -> Result<Signing<'a>, UpstreamError> {
        let none = |reason| UpstreamError::NoCredential { authority: self.authority().to_owned(), reason };
        self.credentials.signing(caller, now).map_err(none)
    }

    /// Whether the gate has a credential of its own for it.
    pub(super) fn has_own_credential(&self) -> bool {
        !matches!(self.credentials, Credentials::Caller)
    }

    /// Has `credentials` renewed together with its own where they come from just the same.
    pub(super) fn share(&self, credentials: &mut Credentials) {
        credentials.succeed(&self.credentials);
    }

    /// What renews its credential, where something does.
    pub(super) fn source(&self) -> Option<&Arc<Source>> {
        self.credentials.source()
    }

    /// The circuit of its endpoint.
    pub(super) fn circuit(&self) -> &Arc<Circuit> {
        &self.circuit
    }

    /// Goes on with what is known of its endpoint from upstreams that were there `before`.
    pub(super) fn succeed<'a>(&mut self, before: impl IntoIterator<Item = &'a Self>) {
        for before in before {
            self.credentials.succeed(&before.credentials);
            if before.circuit.is_as(&self.circuit) {
                self.circuit = Arc::clone(&before.circuit);
            }
        }
    }

    /// Whether a call of `caller`, or of the gate itself, may go to it now.
    ///
    /// # Errors
    /// [`UpstreamError::Shed`] where it is left alone.
    pub(super) fn admit(&self, caller: Option<&Principal>) -> Result<Ticket, UpstreamError> {
        let caller = caller.map(|caller| BuildHasherDefault::<DefaultHasher>::default().hash_one(caller));
        let shed = |Shed { wait }| UpstreamError::Shed { authority: self.authority().to_owned(), wait };
        self.circuit.admit(caller).map_err(shed)
    }

    /// Sends a signed call that was admitted and reads the whole answer, within the deadline.
    pub(super) async fn send(&self, signed: SignedRequest, ticket: Ticket) -> Result<Answer, UpstreamError> {
        let answered = self.channel.send(signed).await;
        match &answered {
            // However long it is, somebody answers there.
            Ok(_) | Err(UpstreamError::TooLong { .. }) => ticket.succeeded(),
            Err(UpstreamError::Unreachable { .. }) => ticket.failed(Failure::Unreachable),
            Err(error) if error.may_have_acted() => ticket.failed(Failure::Unanswered),
            Err(_) => drop(ticket),
        }
        answered
    }
}

/// Where it is; the credential keeps its own secret.
impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upstream")
            .field("product", &self.product)
            .field("version", &self.version)
            .field("account", &self.account)
            .field("endpoint", self.channel.endpoint())
            .finish_non_exhaustive()
    }
}
