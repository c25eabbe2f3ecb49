//! The paths.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context as Polled, Poll, Waker};

use bytes::Bytes;
use http::{HeaderMap, Request};
use jiff::Timestamp;
use ramgate::authn::{Caller, Hosts, KeyRing, NonceMemory, Verifier};
use ramgate::authz::{self, Authorizer, Outcome, PolicySet};
use ramgate::catalog::{ApiCall, Catalog, Checks, Facts, Parameters};
use ramgate::gateway::audit::{Log, Stream};
use ramgate::gateway::config::{Audit, Network};
use ramgate::gateway::{Connection, Origin, Pipeline, Received, Record, context};
use ramgate::json::SourceText;
use ramgate::lint;
use ramgate::openapi::{Call, Limits, WireRequest};
use ramgate::policy::{Dialect, Document, PolicyKind};

use crate::counts::{TIMES, path};
use crate::gate::{CLUSTER, HOST, pipeline, sign, world};
use crate::mix::{self, Mix};

/// Something that is gone many times.
pub struct Path {
    pub name: &'static str,
    pub run: Box<dyn Fn()>,
}

/// Statements of the gate's caller.
const STATEMENTS: usize = 1000;

/// Every path. Those of the gate are its stages, in their order, and at last all of them in one.
pub fn all() -> Vec<Path> {
    let of = |name: &'static str, run: Box<dyn Fn()>| Path { name, run };
    let decide = |statements, outcome| Box::new(move || decide(statements, outcome));
    vec![
        of("policy/parse", Box::new(parse_policy)),
        of("authorizer/compile", Box::new(compile)),
        of("decide/10/allow", decide(10, Outcome::Allow)),
        of("decide/10/implicit", decide(10, Outcome::ImplicitDeny)),
        of("decide/10/explicit", decide(10, Outcome::ExplicitDeny)),
        of("decide/1000/allow", decide(1000, Outcome::Allow)),
        of("decide/1000/implicit", decide(1000, Outcome::ImplicitDeny)),
        of("decide/1000/explicit", decide(1000, Outcome::ExplicitDeny)),
        of("explain/10", Box::new(|| explain(10, |policies, request| drop(policies.explain(request))))),
        of("explain/1000", Box::new(|| explain(1000, |policies, request| drop(policies.explain(request))))),
        of("explain/10000", Box::new(|| explain(10_000, |policies, request| drop(policies.explain(request))))),
        of(
            "explain/1000/told",
            Box::new(|| explain(1000, |policies, request| drop(policies.explain(request).to_trace()))),
        ),
        of("explain/1000/every", Box::new(|| explain(1000, |policies, request| drop(policies.trace(request))))),
        of("lint/file", Box::new(lint)),
        of("gate/01 head", Box::new(|| with_gate(|_, calls| path(|| calls.head(), |head| parsed(&head))))),
        of(
            "gate/02 call",
            Box::new(|| with_gate(|_, calls| path(|| calls.request(), |request| (read(&request), request)))),
        ),
        of("gate/03 verify", Box::new(verify)),
        of("gate/04 nonce", Box::new(nonce)),
        of("gate/05 resolve", Box::new(resolve)),
        of("gate/06 context", Box::new(of_context)),
        of("gate/07 decide", Box::new(decide_checks)),
        of("gate/08 sign", Box::new(sign_anew)),
        of("gate/09 record", Box::new(record)),
        of("gate/all", Box::new(everything)),
    ]
}

// ── the evaluator ───────────────────────────────────────────────────────────

fn parse_policy() {
    let source = SourceText::new("policy.json", Mix::new(100).documents().remove(0));
    path(|| (), |()| Document::parse(&source, PolicyKind::Identity, &Dialect::strict()).unwrap());
}

fn compile() {
    let world = world(STATEMENTS);
    path(|| (), |()| Authorizer::new(&world).unwrap());
}

fn decide(statements: usize, outcome: Outcome) {
    let mut mix = Mix::new(statements);
    let policies = mix.policy_set();
    let principal = mix::principal();
    let decide = |call: &mix::Call| policies.decide(&call.request(&principal, &call.context())).outcome;
    let mut calls = mix.calls(4 * usize::try_from(TIMES).unwrap(), decide);
    calls.retain(|call| decide(call) == outcome);
    let contexts: Vec<_> = calls.iter().map(mix::Call::context).collect();
    let mut turn = calls.iter().zip(&contexts).map(|(call, context)| call.request(&principal, context)).cycle();
    path(|| turn.next().unwrap(), |request| policies.decide(&request));
}

fn explain(statements: usize, explain: impl Fn(&PolicySet, &authz::Request<'_>)) {
    let mut mix = Mix::new(statements);
    let policies = mix.policy_set();
    let principal = mix::principal();
    let decide = |call: &mix::Call| policies.decide(&call.request(&principal, &call.context())).outcome;
    let calls = mix.calls(usize::try_from(TIMES).unwrap(), decide);
    let contexts: Vec<_> = calls.iter().map(mix::Call::context).collect();
    let mut turn = calls.iter().zip(&contexts).map(|(call, context)| call.request(&principal, context)).cycle();
    path(|| turn.next().unwrap(), |request| explain(&policies, &request));
}

fn lint() {
    let source = SourceText::new("policy.json", Mix::new(100).documents().remove(0));
    let (config, options) = (lint::Config::default(), lint::Options { threads: Some(1), ..lint::Options::default() });
    path(|| (), |()| lint::run_text(&config, &source, &options));
}

// ── the gate ────────────────────────────────────────────────────────────────

/// Calls as they come off a connection, each with a nonce of its own.
struct Calls {
    parameters: Parameters,
    number: std::cell::Cell<u64>,
    connection: Arc<Connection>,
    origin: Origin,
}

impl Calls {
    fn wire(&self) -> WireRequest {
        let number = self.number.replace(self.number.get() + 1);
        WireRequest::from(sign("LTAI5tBench", "bench-secret", HOST, &self.parameters, &format!("{number:036}")))
    }

    /// The bytes of a call without a body.
    fn head(&self) -> Bytes {
        let request = self.wire();
        let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.target).into_bytes();
        for (name, value) in &request.headers {
            head.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        head.extend(b"\r\n");
        head.into()
    }

    fn request(&self) -> Request<Bytes> {
        parsed(&self.head())
    }

    fn received(&self) -> Received {
        Received {
            request: self.request(),
            connection: Arc::clone(&self.connection),
            origin: self.origin,
            at: Timestamp::now(),
        }
    }
}

fn with_gate(then: impl FnOnce(&Pipeline, &Calls)) {
    let mut parameters = Parameters::new();
    parameters.insert("DBClusterId", CLUSTER).unwrap();
    parameters.insert("ContinueEnableBinlog", "true").unwrap();
    let peer = SocketAddr::from(([192, 0, 2, 1], 5000));
    let connection = Arc::new(Connection::direct(peer, true, Network::Public, Hosts::new([HOST])));
    let origin = Origin::of(&connection, &HeaderMap::new()).unwrap();
    then(&pipeline(STATEMENTS), &Calls { parameters, number: 0.into(), connection, origin });
}

/// What is to be had at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Polled::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here waits for anything"),
    }
}

/// A head as hyper reads it: by the same crate into the same type.
fn parsed(head: &Bytes) -> Request<Bytes> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut read = httparse::Request::new(&mut headers);
    assert!(read.parse(head).unwrap().is_complete());
    let mut request = Request::new(Bytes::new());
    *request.method_mut() = read.method.unwrap().parse().unwrap();
    *request.uri_mut() = read.path.unwrap().parse().unwrap();
    for header in read.headers {
        let name = http::HeaderName::from_bytes(header.name.as_bytes()).unwrap();
        let value = http::HeaderValue::from_maybe_shared(head.slice_ref(header.value)).unwrap();
        request.headers_mut().append(name, value);
    }
    request
}

fn read(request: &Request<Bytes>) -> Call {
    Call::parse(request, &Limits::default()).unwrap()
}

fn verifier() -> Verifier {
    Verifier::new(KeyRing::of_world(&world(STATEMENTS)).unwrap(), Hosts::new([HOST]))
}

fn verify() {
    let verifier = verifier();
    with_gate(|_, calls| path(|| read(&calls.request()), |call| verifier.verify(call, Timestamp::now()).unwrap()));
}

fn nonce() {
    let (verifier, nonces) = (verifier(), NonceMemory::in_memory().with_share(usize::MAX));
    with_gate(|_, calls| {
        path(
            || verifier.verify(read(&calls.request()), Timestamp::now()).unwrap(),
            |verified| now(verified.record(&nonces)).unwrap(),
        );
    });
}

fn caller(calls: &Calls) -> Caller {
    let verified = verifier().verify(read(&calls.request()), Timestamp::now()).unwrap();
    now(verified.record(&NonceMemory::in_memory())).unwrap()
}

fn checks(catalog: &Catalog, facts: &Facts, call: &Call) -> Checks {
    let plan = catalog.plan(&ApiCall {
        product: "polardb",
        version: call.version(),
        operation: call.action(),
        parameters: call.parameters(),
        account: "1234567890123456",
        account_alias: None,
        single_region: None,
    });
    plan.unwrap().complete(facts).unwrap()
}

fn resolve() {
    let (catalog, facts) = (Catalog::embedded(), world(STATEMENTS).inventory.facts());
    with_gate(|_, calls| {
        let caller = caller(calls);
        path(|| (), |()| checks(&catalog, &facts, caller.call()));
    });
}

fn of_context() {
    with_gate(|_, calls| {
        path(Timestamp::now, |now| context::of_call(&calls.connection, &calls.origin, now));
    });
}

fn decide_checks() {
    let world = world(STATEMENTS);
    let authorizer = Authorizer::new(&world).unwrap();
    with_gate(|_, calls| {
        let caller = caller(calls);
        let checks = checks(&Catalog::embedded(), &world.inventory.facts(), caller.call());
        let context = context::of_call(&calls.connection, &calls.origin, Timestamp::now());
        path(
            || (),
            |()| {
                let verdict = authorizer.decide_checks(caller.principal(), &checks, &context);
                assert!(verdict.is_allowed());
                verdict
            },
        );
    });
}

fn log() -> Log {
    Log::to(Stream(std::io::sink()), &Audit::default()).unwrap()
}

const REQUEST_ID: &str = "7f0c1d5e-7d0c-4b1e-9f3a-0d2a5a1f6c11";

fn sign_anew() {
    let log = log();
    with_gate(|pipeline, calls| {
        path(
            || {
                let mut record = Record::new(REQUEST_ID.to_owned(), &calls.connection, &log);
                now(pipeline.permit(&calls.received(), &mut record)).unwrap()
            },
            |permitted| permitted.sign(Timestamp::now(), REQUEST_ID).unwrap(),
        );
    });
}

fn record() {
    let log = log();
    with_gate(|pipeline, calls| {
        path(
            || {
                let mut record = Record::new(REQUEST_ID.to_owned(), &calls.connection, &log);
                let permitted = now(pipeline.permit(&calls.received(), &mut record)).unwrap();
                (record, permitted)
            },
            |(record, permitted)| {
                drop(record);
                permitted
            },
        );
    });
}

fn everything() {
    let log = log();
    with_gate(|pipeline, calls| {
        path(
            || calls.head(),
            |head| {
                let mut record = Record::new(REQUEST_ID.to_owned(), &calls.connection, &log);
                let received = Received {
                    request: parsed(&head),
                    connection: Arc::clone(&calls.connection),
                    origin: calls.origin,
                    at: Timestamp::now(),
                };
                let permitted = now(pipeline.permit(&received, &mut record)).unwrap();
                drop(permitted.sign(Timestamp::now(), REQUEST_ID).unwrap());
            },
        );
    });
}
