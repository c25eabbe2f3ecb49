//! The way of a call. Each stage is one function; it takes the value that the stage before made, and it alone makes its
//! own, so that nothing reaches an upstream without having been read, verified, resolved and permitted.
//!
//! ```text
//! Received ──► Call ──► Caller ──► Resolved ──► Permitted ──► Outbound ──► answer
//!        read   authenticate  resolve      decide        sign       forward
//! ```
//!
//! Whatever goes wrong on the way is a [`Refusal`], and nothing is sent.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::Request;
use jiff::Timestamp;

use super::candidate::Question;
use super::context;
use super::listener::Connection;
use super::lookup::Found;
use super::origin::Origin;
use super::rates::Exhausted;
use super::record::Record;
use super::refusal::{Denial, Refusal};
use super::shadow::Mode;
use super::snapshot::Snapshot;
use super::upstream::{Answer, Ticket, Upstream, UpstreamError};
use crate::authn::{Caller, NonceMemory, Verifier};
use crate::authz::ConsultedKeys;
use crate::catalog::{ApiCall, Checks, Plan, Product, ResolutionError};
use crate::openapi::Call;
use crate::openapi::sign::{SignedRequest, SigningRequest, sign_acs3};

/// A whole request, and what the network says of it.
#[derive(Debug)]
pub struct Received {
    /// The request.
    pub request: Request<Bytes>,
    /// The connection it came over.
    pub connection: Arc<Connection>,
    /// Where it comes from.
    pub origin: Origin,
    /// When it had arrived; the time that it is verified and decided at.
    pub at: Timestamp,
}

/// What calls go through: the snapshot in force, and the nonces that were seen.
#[derive(Debug)]
pub struct Pipeline {
    snapshot: ArcSwap<Snapshot>,
    nonces: NonceMemory,
    replacing: Mutex<()>,
}

impl Pipeline {
    /// A pipeline that decides by `snapshot`.
    #[must_use]
    pub fn new(snapshot: Snapshot, nonces: NonceMemory) -> Self {
        Self { snapshot: ArcSwap::from_pointee(snapshot), nonces, replacing: Mutex::default() }
    }

    /// Puts another snapshot in force, and gives the number of its generation. Calls under way end by the one they
    /// began with.
    pub fn replace(&self, mut snapshot: Snapshot) -> u64 {
        // One after the other: each succeeds the one that is then in force.
        let _turn = self.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        let generation = snapshot.succeed(&self.snapshot.load());
        self.snapshot.store(Arc::new(snapshot));
        generation
    }

    /// The snapshot in force.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// The nonces that were seen.
    pub(super) fn nonces(&self) -> &NonceMemory {
        &self.nonces
    }

    /// Takes a call all the way by `snapshot`, and gives back the upstream's answer.
    pub(super) async fn pass(
        &self,
        snapshot: &Snapshot,
        received: &Received,
        record: &mut Record,
    ) -> Result<Answer, Refusal> {
        let permitted = self.permit_by(snapshot, received, record).await?;
        let (nonce, mut text) = (uuid::Uuid::new_v4(), uuid::Uuid::encode_buffer());
        // What cannot be sent needs no intent.
        let outbound = permitted.sign(Timestamp::now(), nonce.hyphenated().encode_lower(&mut text))?;
        record.before_forwarding().await?;
        Ok(outbound.forward(record).await?)
    }

    /// Takes a call up to the decision by the snapshot in force: nothing is sent anywhere.
    ///
    /// # Errors
    /// The [`Refusal`] of the first stage that the call does not pass.
    pub async fn permit(&self, received: &Received, record: &mut Record) -> Result<Permitted, Refusal> {
        self.permit_by(&self.snapshot(), received, record).await
    }

    async fn permit_by(
        &self,
        snapshot: &Snapshot,
        received: &Received,
        record: &mut Record,
    ) -> Result<Permitted, Refusal> {
        record.began(snapshot.generation, received.at);
        let call = read(received, snapshot)?;
        record.read(&call, snapshot.product(call.version()));
        let caller = authenticate(call, received, snapshot, &self.nonces).await?;
        record.authenticated(&caller);
        charge(&caller, snapshot)?;
        let resolved = resolve(caller, received, snapshot, record).await?;
        record.resolved(&resolved.checks);
        decide(resolved, received, snapshot, record)
    }
}

/// Reads the call, and refuses whatever two readers could read differently.
fn read(received: &Received, snapshot: &Snapshot) -> Result<Call, Refusal> {
    let declares = |version: &str, operation: &str, parameter: &str| {
        let product = snapshot.product(version);
        let operation = product.and_then(|product| snapshot.catalog.operation(product, version, operation));
        operation.is_some_and(|operation| operation.parameter(parameter).is_some())
    };
    Ok(Call::parse_declared(&received.request, &snapshot.wire_limits(), &declares)?)
}

/// Finds out whose the call is: host, key, token, time, signature, and then the nonce (spec gate-rules G10 to G12).
async fn authenticate(
    call: Call,
    received: &Received,
    snapshot: &Snapshot,
    nonces: &NonceMemory,
) -> Result<Caller, Refusal> {
    let verifier = Verifier::new(Arc::clone(&snapshot.keys), Arc::clone(&received.connection.hosts));
    let verified = verifier.verify(call, received.at)?;
    if let Some(certificate) = &received.connection.certificate {
        certificate.admit(verified.principal())?;
    }
    Ok(verified.record(nonces).await?)
}

/// Counts the call against the rate limits of its caller: no unverified call takes from anyone's budget, and none that
/// will be refused later is free, whether what it names cannot be found or a policy denies it.
fn charge(caller: &Caller, snapshot: &Snapshot) -> Result<(), Refusal> {
    if snapshot.rates.is_empty() {
        return Ok(());
    }
    let (version, operation) = (caller.call().version(), caller.call().action());
    let product = snapshot.product(version).unwrap_or_default();
    let taken = match snapshot.catalog.operation(product, version, operation) {
        Some(known) => snapshot.rates.take(caller.principal(), known.action()),
        // What is not in the catalogue will be refused, and counts for what it would most likely have been.
        None => snapshot.rates.take(caller.principal(), &format!("{product}:{operation}")),
    };
    taken.map_err(|Exhausted { limit, wait }| Refusal::RateLimited {
        principal: caller.principal().to_string(),
        limit,
        wait,
    })
}

/// A caller's call with everything it touches and where it would go.
#[derive(Debug)]
struct Resolved {
    caller: Caller,
    checks: Arc<Checks>,
    upstream: Arc<Upstream>,
    /// Only where there is somebody else to ask: what the call was, and what was looked up for it.
    plan: Option<(Plan, Option<Found>)>,
}

/// Finds the operation, what it touches, and the upstream of the caller's own account (spec gate-rules G1, G3 to G8).
async fn resolve(
    caller: Caller,
    received: &Received,
    snapshot: &Snapshot,
    record: &mut Record,
) -> Result<Resolved, Refusal> {
    let (call, principal) = (caller.call(), caller.principal());
    let account = principal.account().ok_or_else(|| Refusal::NoAccount { principal: principal.to_string() })?;
    let version = call.version();
    let Some(product) = snapshot.product(version) else {
        let product = snapshot.products().collect::<Vec<_>>().join("`, `");
        return Err(unknown_version(snapshot, product, version).into());
    };
    let upstream = snapshot.upstream(account, version);
    let plan = snapshot.catalog.plan(&ApiCall {
        product,
        version,
        operation: call.action(),
        parameters: call.parameters(),
        account,
        account_alias: snapshot.alias(account),
        single_region: upstream.and_then(|upstream| upstream.region()),
    })?;
    let found = match upstream {
        Some(upstream) => look_up(&plan, product, upstream, snapshot, record).await?,
        None => None,
    };
    let beside = found.as_ref().map(|found| found.beside(&snapshot.facts));
    let checks = match plan.complete(beside.as_ref().unwrap_or(&snapshot.facts)) {
        Ok(checks) => Arc::new(checks),
        Err(error) => return Err(absent(error, &plan, found, &caller, received, snapshot)),
    };
    let no_upstream = || Refusal::NoUpstream { account: account.to_owned(), version: version.to_owned() };
    let upstream = Arc::clone(upstream.ok_or_else(no_upstream)?);
    let plan = snapshot.candidate.is_some().then_some((plan, found));
    Ok(Resolved { caller, checks, upstream, plan })
}

/// Finds out what the inventory does not say of the clusters of a call; `None` where nothing is looked up.
async fn look_up(
    plan: &Plan,
    product: &str,
    upstream: &Upstream,
    snapshot: &Snapshot,
    record: &mut Record,
) -> Result<Option<Found>, Refusal> {
    let Some(lookups) = &snapshot.lookups else { return Ok(None) };
    let lacking = plan.lacking(&snapshot.facts);
    let known = snapshot.catalog.product(product, upstream.version()).and_then(Product::lookup);
    let known = known.filter(|_| !lacking.is_empty() && upstream.has_own_credential());
    let Some(lookup) = known else { return Ok(None) };
    record.looked_up(lacking.len());
    // Rare, and far larger than what every call needs room for.
    Ok(Some(Box::pin(lookups.find(&lacking, lookup, upstream)).await?))
}

/// What becomes of a call that could not be resolved. That a cluster is not there is told to a caller who may do the
/// same with every cluster of the account, and to no other.
fn absent(
    error: ResolutionError,
    plan: &Plan,
    found: Option<Found>,
    caller: &Caller,
    received: &Received,
    snapshot: &Snapshot,
) -> Refusal {
    let ResolutionError::UnknownCluster { cluster, .. } = &error else { return error.into() };
    let version = caller.call().version();
    let product = snapshot.product(version).and_then(|product| snapshot.catalog.product(product, version));
    let code = product.and_then(Product::lookup).and_then(|lookup| lookup.not_found.first());
    let Some(code) = code.filter(|_| found.is_some_and(|found| found.absent.contains(cluster))) else {
        return error.into();
    };
    let context = context::of_call(&received.connection, &received.origin, received.at);
    let may_know = snapshot.authorizer.decide_checks(caller.principal(), &plan.to_know_of(cluster), &context);
    if may_know.is_allowed() {
        Refusal::NoSuchCluster { cluster: cluster.clone(), code: code.clone() }
    } else {
        error.into()
    }
}

fn unknown_version(snapshot: &Snapshot, product: String, version: &str) -> ResolutionError {
    let served = snapshot.catalog.products().filter(|known| snapshot.products().any(|product| product == known.code()));
    let known = served.map(|known| known.version()).collect::<Vec<_>>().join(", ");
    ResolutionError::UnknownVersion { product, version: version.to_owned(), known }
}

/// Asks the policies. Every check must pass.
fn decide(
    resolved: Resolved,
    received: &Received,
    snapshot: &Snapshot,
    record: &mut Record,
) -> Result<Permitted, Refusal> {
    let Resolved { caller, checks, upstream, plan } = resolved;
    let context = context::of_call(&received.connection, &received.origin, received.at);
    let mut keys = ConsultedKeys::default();
    let verdict = snapshot.authorizer.observe_checks(caller.principal(), &checks, &context, &mut keys);
    if let Some((plan, found)) = plan {
        let (principal, context) = (caller.principal().clone(), context.clone());
        record.ask(Question { plan, found, principal, context, allowed: verdict.is_allowed() });
    }
    let mut shadow = None;
    let mode = match verdict.denied() {
        None if verdict.is_allowed() => Ok(Mode::Enforce),
        None => Err(Refusal::Unchecked),
        Some(denied) => {
            let shadows = &snapshot.shadows;
            shadow = shadows.lets_through(caller.principal(), &checks, &context, denied, received.at);
            match shadow {
                Some(_) => Ok(Mode::Shadow),
                None => {
                    let principal = caller.principal().clone();
                    Err(Refusal::Denied(Box::new(Denial { principal, check: denied.clone() })))
                }
            }
        }
    };
    record.decided(verdict, keys, shadow);
    Ok(Permitted { caller, checks, upstream, mode: mode? })
}

/// A call that may be forwarded, and where to. Only the decision makes one.
#[derive(Debug)]
pub struct Permitted {
    caller: Caller,
    checks: Arc<Checks>,
    upstream: Arc<Upstream>,
    mode: Mode,
}

impl Permitted {
    /// The call as it was decided.
    #[must_use]
    pub fn call(&self) -> &Call {
        self.caller.call()
    }

    /// What was asked of the policies.
    #[must_use]
    pub fn checks(&self) -> &Checks {
        &self.checks
    }

    /// Whether policies allow it, or a shadow lets it through.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Writes the call anew from what was decided, and signs it with the credential of the caller's account, or
    /// with the caller's own key where the upstream says so (spec
    /// gate-rules G1, G14). Nothing else that the caller sent is in it.
    ///
    /// # Errors
    /// [`UpstreamError`] where it cannot be sent now.
    pub fn sign(&self, now: Timestamp, nonce: &str) -> Result<Outbound, UpstreamError> {
        let call = self.call();
        let signing = self.upstream.signing(Some(&self.caller), now)?;
        let ticket = self.upstream.admit(Some(self.caller.principal()))?;
        let signed = sign_acs3(&SigningRequest {
            host: self.upstream.authority(),
            action: &self.checks.operation,
            version: call.version(),
            parameters: call.parameters(),
            credential: &signing,
            date: now,
            nonce,
            format: call.format(),
        });
        Ok(Outbound { upstream: Arc::clone(&self.upstream), signed, ticket })
    }
}

/// A call as it goes to its upstream. Only a permitted call makes one.
#[derive(Debug)]
pub struct Outbound {
    upstream: Arc<Upstream>,
    signed: SignedRequest,
    ticket: Ticket,
}

impl Outbound {
    /// The request that is sent.
    #[must_use]
    pub fn request(&self) -> &SignedRequest {
        &self.signed
    }

    async fn forward(self, record: &mut Record) -> Result<Answer, UpstreamError> {
        let sent = Instant::now();
        record.sent();
        let answer = self.upstream.send(self.signed, self.ticket).await.inspect_err(|error| {
            if !error.may_have_acted() {
                record.not_sent();
            }
        })?;
        record.forwarded(self.upstream.authority(), &answer, sent);
        Ok(answer)
    }
}
