//! The sandbox on a socket: HTTP/1.1, every call verified before it is answered.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use crate::authn::{Echo, Hosts, KeyRing, NonceMemory, Verifier};
use crate::openapi::{Call, ErrorBody, Format, Limits, RenderedBody, WireRequest};

use super::clock::Clock;
use super::error::{Failure, SandboxError, ServiceError};
use super::machine::Durations;
use super::operations::Verified;
use super::reply;
use super::state::{Location, State};

/// How the sandbox is served.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the state is kept.
    pub location: Location,
    /// How long stages last.
    pub durations: Durations,
    /// Regions in which clusters can be created.
    pub regions: Vec<String>,
    /// The names that calls may be made to, each as in a `Host` header; none stands for the bound address, and for
    /// `localhost` where that is a loopback one.
    pub hosts: Vec<String>,
    /// How large a request may be.
    pub limits: Limits,
    /// Whether the caller of a wrongly signed call is told what it should have signed.
    pub echo: Echo,
    /// Connections at once; more wait to be accepted.
    pub connections: usize,
    /// Calls at once that read or write the state; more wait, and are refused after `patience`.
    pub concurrent_calls: usize,
    /// How long a request may take to arrive, and a call to wait for its turn.
    pub patience: Duration,
    /// How many of the latest requests [`Server::requests`] remembers, secrets in them included; none by default.
    pub remembered_requests: usize,
}

impl Default for Config {
    /// A free loopback port, state in memory.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            location: Location::Memory,
            durations: Durations::default(),
            regions: ["cn-hangzhou", "cn-beijing", "cn-shanghai"].map(str::to_owned).to_vec(),
            hosts: Vec::new(),
            limits: Limits::default(),
            echo: Echo::default(),
            connections: 256,
            concurrent_calls: 16,
            patience: Duration::from_secs(10),
            remembered_requests: 0,
        }
    }
}

/// A sandbox that is being served. Dropped, it stops accepting and lets calls under way end.
pub struct Server {
    address: SocketAddr,
    service: Arc<Service>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Server {
    /// Listens on the configured address, opens the state, and serves it to callers with one of `keys`.
    ///
    /// `clock` is what migrations go by. Signatures and keys are held to the time of the machine, so that a clock set
    /// on by a month does not make every call expire. Nonces are remembered in memory only.
    ///
    /// # Errors
    /// [`SandboxError`] where the address cannot be listened on or the state cannot be opened.
    pub async fn bind(config: Config, keys: KeyRing, clock: Arc<dyn Clock>) -> Result<Self, SandboxError> {
        let refused = |error: std::io::Error| SandboxError::Listen {
            address: config.listen.to_string(),
            reason: error.to_string(),
        };
        let listener = TcpListener::bind(config.listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let (location, durations, regions) =
            (config.location.clone(), config.durations.clone(), config.regions.clone());
        let opened = tokio::task::spawn_blocking(move || State::open(&location, durations, regions, clock)).await;
        let state = Arc::new(opened.map_err(|error| SandboxError::Storage(error.to_string()))??);
        let hosts = if config.hosts.is_empty() { Hosts::of_address(address) } else { Hosts::new(&config.hosts) };
        let service = Arc::new(Service {
            state,
            verifier: Verifier::new(keys, hosts),
            nonces: NonceMemory::in_memory(),
            calls: Arc::new(Semaphore::new(config.concurrent_calls)),
            requests: Mutex::new(VecDeque::new()),
            host: address.to_string(),
            config,
        });
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(accept(listener, Arc::clone(&service), stopped));
        Ok(Self { address, service, stop, task })
    }

    /// The address that is listened on.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The state, for setting clusters up and reading them back.
    #[must_use]
    pub fn state(&self) -> &Arc<State> {
        &self.service.state
    }

    /// The latest requests that arrived whole, oldest first, as many as [`Config::remembered_requests`] says.
    #[must_use]
    pub fn requests(&self) -> Vec<WireRequest> {
        self.service.requests.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Stops accepting, lets calls under way end within the configured patience, and returns.
    pub async fn shutdown(self) {
        let Self { stop, task, .. } = self;
        // Neither fails unless the server has ended already.
        let _ = stop.send(true);
        let _ = task.await;
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

async fn accept(listener: TcpListener, service: Arc<Service>, mut stopped: watch::Receiver<bool>) {
    let graceful = GracefulShutdown::new();
    let connections = Arc::new(Semaphore::new(service.config.connections));
    loop {
        let accepted = async {
            let place = Arc::clone(&connections).acquire_owned().await.ok()?;
            Some((listener.accept().await, place))
        };
        let (accepted, place) = tokio::select! {
            // An error says that the server was dropped, which stops the server as well.
            _ = stopped.wait_for(|stop| *stop) => break,
            accepted = accepted => match accepted {
                Some(accepted) => accepted,
                None => break,
            },
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of descriptors, as a rule; without a pause this loop would spin until some are free.
                tracing::warn!(%error, "the sandbox cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let patience = service.config.patience;
        let service = Arc::clone(&service);
        let answer = hyper::service::service_fn(move |request| {
            let service = Arc::clone(&service);
            async move { Ok::<_, std::convert::Infallible>(service.answer(request).await) }
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(patience)
            .serve_connection(TokioIo::new(stream), answer);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to the sandbox broke off");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(service.config.patience, graceful.shutdown()).await.is_err() {
        tracing::warn!("the sandbox ends with calls under way");
    }
}

struct Service {
    state: Arc<State>,
    verifier: Verifier,
    nonces: NonceMemory,
    calls: Arc<Semaphore>,
    requests: Mutex<VecDeque<WireRequest>>,
    host: String,
    config: Config,
}

/// What is written back, before it is put into bytes.
struct Reply {
    status: u16,
    body: RenderedBody,
}

impl Service {
    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let request_id = uuid::Uuid::new_v4().to_string().to_uppercase();
        let reply = match self.receive(request).await {
            Ok(received) => {
                self.remember(&received);
                Arc::clone(&self).in_turn(received, &request_id).await
            }
            Err(error) => self.refuse(&error, Format::Json, &request_id),
        };
        let mut response = Response::new(Full::new(Bytes::from(reply.body.body)));
        *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(reply.body.content_type));
        if let Ok(value) = HeaderValue::from_str(&request_id) {
            response.headers_mut().insert("x-acs-request-id", value);
        }
        response
    }

    /// The whole request, within its bounds of size and time.
    async fn receive(&self, request: Request<Incoming>) -> Result<WireRequest, ServiceError> {
        let (head, body) = request.into_parts();
        let body = Limited::new(body, self.config.limits.body_bytes).collect();
        let body = match tokio::time::timeout(self.config.patience, body).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
                return Err(ServiceError::RequestTooLarge);
            }
            Ok(Err(_)) | Err(_) => return Err(ServiceError::UnreadableRequest),
        };
        Ok(WireRequest::new(&Request::from_parts(head, body)))
    }

    fn remember(&self, request: &WireRequest) {
        if self.config.remembered_requests == 0 {
            return;
        }
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        while requests.len() >= self.config.remembered_requests {
            requests.pop_front();
        }
        requests.push_back(request.clone());
    }

    /// Answers, a bounded number of calls at once, in a task of its own: a call that has begun is finished even where
    /// its caller hangs up, and one that breaks takes no other with it.
    async fn in_turn(self: Arc<Self>, request: WireRequest, request_id: &str) -> Reply {
        let format = Format::wanted(&request);
        let turn = tokio::time::timeout(self.config.patience, Arc::clone(&self.calls).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return self.refuse(&ServiceError::Overloaded, format, request_id) };
        let service = Arc::clone(&self);
        let id = request_id.to_owned();
        let answered = tokio::spawn(async move {
            let reply = service.reply(request, id).await;
            drop(turn);
            reply
        });
        answered.await.unwrap_or_else(|error| {
            tracing::error!(%error, request_id, "the sandbox broke off while it answered a call");
            self.refuse(&ServiceError::Internal, format, request_id)
        })
    }

    async fn reply(self: Arc<Self>, request: WireRequest, request_id: String) -> Reply {
        let wanted = Format::wanted(&request);
        let call = match Call::parse(&request, &self.config.limits) {
            Ok(call) => call,
            Err(error) => {
                let body = self.error_body(error.code().to_owned(), error.message(), &request_id);
                return Reply { status: error.status(), body: body.render(wanted) };
            }
        };
        let format = call.format();
        let caller = match self.verifier.verify(call, jiff::Timestamp::now()) {
            Ok(verified) => verified.record(&self.nonces).await,
            Err(error) => Err(error),
        };
        let caller = match caller {
            Ok(caller) => caller,
            Err(error) => {
                let message = error.message(self.config.echo);
                let body = self.error_body(error.code().to_owned(), message, &request_id);
                return Reply { status: error.status(), body: body.render(format) };
            }
        };
        let service = Arc::clone(&self);
        let operation = caller.call().action().to_owned();
        let answered = tokio::task::spawn_blocking(move || {
            let account = caller.principal().account().ok_or(ServiceError::NoAccount)?;
            let call = caller.call();
            service.state.answer(&Verified {
                account,
                version: call.version(),
                operation: call.action(),
                parameters: call.parameters(),
            })
        });
        let failure = match answered.await {
            Ok(Ok(members)) => {
                return Reply { status: 200, body: reply::success(format, &operation, members, &request_id) };
            }
            Ok(Err(Failure::Refused(error))) => return self.refuse(&error, format, &request_id),
            Ok(Err(Failure::Broken(error))) => error.to_string(),
            Err(error) => error.to_string(),
        };
        tracing::error!(error = failure, request_id, "the sandbox cannot answer a call");
        self.refuse(&ServiceError::Internal, format, &request_id)
    }

    fn refuse(&self, error: &ServiceError, format: Format, request_id: &str) -> Reply {
        Reply {
            status: error.status(),
            body: self.error_body(error.code(), error.message(), request_id).render(format),
        }
    }

    fn error_body(&self, code: String, message: String, request_id: &str) -> ErrorBody {
        ErrorBody {
            code,
            message,
            request_id: request_id.to_owned(),
            host_id: self.host.clone(),
            product: "polardb".to_owned(),
            access_denied_detail: None,
        }
    }
}

#[cfg(test)]
mod tests;
