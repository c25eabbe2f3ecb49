//! One request after the other: receives it, passes it through the pipeline, answers.

use std::sync::Arc;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper::{Request, Response};
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

use super::audit::Log;
use super::config::Limits;
use super::heads::HeadError;
use super::listener::Connection;
use super::metrics::Metrics;
use super::origin::Origin;
use super::pipeline::{Pipeline, Received};
use super::record::Record;
use super::refusal::Refusal;
use super::respond::{self, Audience};
use super::seen_through::SeenThrough;
use super::snapshot::Snapshot;
use super::traces::Traces;
use crate::openapi::Format;

/// What every connection of a gate is served by.
#[derive(Debug)]
pub(super) struct Service {
    pipeline: Pipeline,
    calls: Arc<Semaphore>,
    most_calls: usize,
    metrics: Arc<Metrics>,
    /// Bodies that may be on their way at once: one for each connection, or of HTTP/2 more for fewer.
    bodies: Semaphore,
    log: Log,
    traces: Option<Arc<Traces>>,
    /// Calls under way, whether or not their callers still wait.
    tasks: TaskTracker,
}

impl Service {
    /// A service within the bounds of `limits` on what is under way at once, which puts calls on record in `log`, and
    /// in `traces` where there are any.
    pub(super) fn new(pipeline: Pipeline, limits: &Limits, log: Log, traces: Option<Arc<Traces>>) -> Self {
        let metrics = Arc::new(Metrics::new(&pipeline.snapshot()));
        Self {
            pipeline,
            calls: Arc::new(Semaphore::new(limits.calls)),
            most_calls: limits.calls,
            metrics,
            log,
            traces,
            bodies: Semaphore::new(limits.connections),
            tasks: TaskTracker::new(),
        }
    }

    pub(super) fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    pub(super) fn log(&self) -> &Log {
        &self.log
    }

    pub(super) fn traces(&self) -> Option<&Arc<Traces>> {
        self.traces.as_ref()
    }

    pub(super) fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Calls under way.
    pub(super) fn calls(&self) -> usize {
        self.most_calls.saturating_sub(self.calls.available_permits())
    }

    /// Ends once no call is under way any more; for a service that gets no further calls.
    pub(super) async fn finish(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// The answer to one request, or to the refused head that it stands for. It never fails: a refusal is an answer too.
    pub(super) async fn answer(
        self: Arc<Self>,
        connection: Arc<Connection>,
        refused: Option<HeadError>,
        request: Request<Incoming>,
    ) -> Response<Full<Bytes>> {
        let id = uuid::Uuid::new_v4().hyphenated().encode_upper(&mut uuid::Uuid::encode_buffer()).to_owned();
        let mut record = Record::new(id, &connection, &self.log).counted(&self.metrics);
        record.traced(self.traces.as_ref().map(|traces| traces.call(request.headers())));
        let request_id = record.request_id().to_owned();
        // One snapshot from end to end.
        let snapshot = self.pipeline.snapshot();
        if let Some(error) = refused {
            return refuse(&error.into(), &mut record, &snapshot, &connection, Format::Json);
        }
        let (origin, request) = match receive(&connection, request, &snapshot.limits, &self.bodies, &mut record).await {
            Ok(received) => received,
            Err(refusal) => return refuse(&refusal, &mut record, &snapshot, &connection, Format::Json),
        };
        record.received(request.body().len());
        let format = Format::wanted(&request);
        let Ok(turn) = Arc::clone(&self.calls).try_acquire_owned() else {
            let refusal = Refusal::Overloaded { limit: self.most_calls };
            return refuse(&refusal, &mut record, &snapshot, &connection, format);
        };
        let received = Received { request, connection: Arc::clone(&connection), origin, at: Timestamp::now() };
        let call = Arc::clone(&self).carry_out(snapshot, received, record, turn, format);
        call.await.unwrap_or_else(|error| {
            tracing::error!(%error, request_id, "a call broke off");
            let refusal = Refusal::Internal { reason: error.to_string() };
            respond(&refusal, &request_id, &self.pipeline.snapshot(), &connection, None, format)
        })
    }

    /// Takes a received call through the pipeline. What was forwarded is seen through to its end even where the caller
    /// hangs up (spec gate-rules G16).
    // Not `async` itself: a connection has room for what `answer` waits for, and a whole call is large.
    fn carry_out(
        self: Arc<Self>,
        snapshot: Arc<Snapshot>,
        received: Received,
        mut record: Record,
        turn: OwnedSemaphorePermit,
        format: Format,
    ) -> SeenThrough<impl Future<Output = Response<Full<Bytes>>> + Send> {
        let tasks = self.tasks.clone();
        let call = async move {
            let response = match self.pipeline.pass(&snapshot, &received, &mut record).await {
                Ok(answer) => {
                    record.answered(answer.body.len());
                    respond::forwarded(answer, record.request_id())
                }
                Err(refusal) => refuse(&refusal, &mut record, &snapshot, &received.connection, format),
            };
            // The candidate is asked when the answer is on its way; no more of that is under way than calls may be.
            if let Some(question) = record.question() {
                self.tasks.spawn(async move {
                    if let Some(candidate) = &snapshot.candidate {
                        candidate.compare(&question, &mut record);
                    }
                    drop((record, turn));
                });
            }
            response
        };
        SeenThrough::new(call, &tasks)
    }
}

/// Where the request comes from, and all of it, within its bounds of size and time.
async fn receive(
    connection: &Connection,
    request: Request<Incoming>,
    limits: &Limits,
    bodies: &Semaphore,
    record: &mut Record,
) -> Result<(Origin, Request<Bytes>), Refusal> {
    let origin = Origin::of(connection, request.headers())?;
    record.came_from(origin);
    let Limits { body_bytes: limit, body_timeout, .. } = *limits;
    let (head, body) = request.into_parts();
    if body.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Err(Refusal::BodyTooLarge { limit });
    }
    if body.is_end_stream() {
        return Ok((origin, Request::from_parts(head, Bytes::new())));
    }
    let collected = async {
        let _turn = bodies.acquire().await.ok();
        Limited::new(body, limit).collect().await
    };
    match tokio::time::timeout(body_timeout, collected).await {
        Ok(Ok(body)) => Ok((origin, Request::from_parts(head, body.to_bytes()))),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::BodyTooLarge { limit }),
        Ok(Err(error)) => Err(Refusal::BodyBroken { reason: error.to_string() }),
        Err(_) => Err(Refusal::BodyTooSlow { seconds: body_timeout.as_secs() }),
    }
}

fn refuse(
    refusal: &Refusal,
    record: &mut Record,
    snapshot: &Snapshot,
    connection: &Connection,
    format: Format,
) -> Response<Full<Bytes>> {
    record.refused(refusal);
    let response = respond(refusal, record.request_id(), snapshot, connection, record.version(), format);
    record.answered(response.body().size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(0));
    response
}

fn respond(
    refusal: &Refusal,
    request_id: &str,
    snapshot: &Snapshot,
    connection: &Connection,
    version: Option<&str>,
    format: Format,
) -> Response<Full<Bytes>> {
    let product = version.and_then(|version| snapshot.product(version)).or_else(|| snapshot.products().next());
    let audience = Audience {
        request_id,
        host_id: &connection.host_id,
        product: product.unwrap_or_default(),
        format,
        echo: snapshot.echo,
    };
    respond::refused(refusal, &audience)
}
