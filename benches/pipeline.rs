//! The whole way of a call without its sockets: read, verified, its nonce remembered, resolved, decided among 1,000
//! statements, recorded, and signed anew. Beside it what a proxy would do that only passes on what a known key signed:
//! read, verify, sign anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::cast_precision_loss)]

mod gate;
mod ratios;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use gate::{CLUSTER, HOST, pipeline, sign, world};
use http::{HeaderMap, Request};
use jiff::Timestamp;
use ramgate::authn::{Hosts, KeyRing, Verifier};
use ramgate::catalog::Parameters;
use ramgate::gateway::audit::{Log, Stream};
use ramgate::gateway::config::{Audit, Network};
use ramgate::gateway::{Connection, Origin, Received, Record};
use ramgate::openapi::{Call, Limits, WireRequest};
use ratios::Ratios;
use tokio::runtime::Runtime;

const STATEMENTS: [usize; 2] = [10, 1000];

/// Calls that were signed beforehand, each with a nonce of its own.
struct Calls {
    requests: Vec<Request<Bytes>>,
    next: AtomicUsize,
}

impl Calls {
    fn signed(count: usize) -> Self {
        let mut parameters = Parameters::new();
        parameters.insert("DBClusterId", CLUSTER).unwrap();
        parameters.insert("ContinueEnableBinlog", "true").unwrap();
        let request = |number: usize| {
            let signed = sign("LTAI5tBench", "bench-secret", HOST, &parameters, &format!("{number}-of-a-bench"));
            WireRequest::from(signed).try_into().unwrap()
        };
        Self { requests: (0..count).map(request).collect(), next: AtomicUsize::new(0) }
    }

    fn next(&self) -> Request<Bytes> {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        self.requests.get(next).expect("more calls than were signed").clone()
    }

    fn again(&self) {
        self.next.store(0, Ordering::Relaxed);
    }
}

fn main() {
    let mut criterion = ratios::criterion();
    let mut ratios = Ratios::new(&["verify and sign", "pipeline"]);
    let runtime: Runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let calls = Calls::signed(400_000);
    let peer = SocketAddr::from(([192, 0, 2, 1], 5000));
    let connection = Arc::new(Connection::direct(peer, true, Network::Public, Hosts::new([HOST])));
    let origin = Origin::of(&connection, &HeaderMap::new()).unwrap();
    let log = Log::to(Stream(std::io::sink()), &Audit::default()).unwrap();
    for statements in STATEMENTS {
        let size = format!("{statements} statements");
        let keys = KeyRing::of_world(&world(statements)).unwrap();
        let verifier = Verifier::new(keys, Arc::clone(&connection.hosts));
        calls.again();
        ratios.measure(&mut criterion, ("call", &size), "verify and sign", || {
            let call = Call::parse(&calls.next(), &Limits::default()).unwrap();
            let parameters = call.parameters().clone();
            let _ = verifier.verify(call, Timestamp::now()).unwrap();
            sign("LTAI5tUpstream", "upstream-secret", "127.0.0.1:1", &parameters, &uuid::Uuid::new_v4().to_string())
        });
        let pipeline = pipeline(statements);
        calls.again();
        ratios.measure(&mut criterion, ("call", &size), "pipeline", || {
            let mut record = Record::new(uuid::Uuid::new_v4().to_string(), &connection, &log);
            let received =
                Received { request: calls.next(), connection: Arc::clone(&connection), origin, at: Timestamp::now() };
            let permitted = runtime.block_on(pipeline.permit(&received, &mut record)).unwrap();
            permitted.sign(Timestamp::now(), &uuid::Uuid::new_v4().to_string()).unwrap()
        });
    }
    ratios.print();
}
