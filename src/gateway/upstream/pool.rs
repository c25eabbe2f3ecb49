//! Keep-alive HTTP/1.1 connections to one upstream.
//!
//! A call is sent a second time only where hyper hands the request back as never begun, so that an upstream can not
//! have acted on it: the other end had closed a connection that was kept.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use thread_local::ThreadLocal;
use tokio_rustls::TlsConnector;

use super::connect::connect;
use crate::gateway::config::Endpoint;

/// How long a connection may stay unused before it is given up: less than servers and load balancers wait, which
/// would otherwise close it just as a call is sent.
const IDLE: Duration = Duration::from_secs(30);

/// Connections that a worker keeps for later; more are closed once their call is answered.
const KEPT: usize = 256;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum PoolError {
    /// No connection.
    Connect(String),
    /// The call was begun, and no answer came.
    Exchange(hyper::Error),
    /// The call was begun, and no head of an answer came in time.
    Silent,
}

/// How long an upstream may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For a connection, its TLS handshake included.
    pub(super) connect: Duration,
    /// From then on for the head of the answer, where that has a bound of its own.
    pub(super) first_byte: Option<Duration>,
}

/// The connections of one upstream.
pub(super) struct Pool {
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    patience: Patience,
    /// Of each worker, which keeps to its own.
    idle: ThreadLocal<Mutex<Vec<Idle>>>,
}

struct Idle {
    sender: Sender,
    since: Instant,
}

type Sender = SendRequest<Full<Bytes>>;

/// A connection that a call is under way on. It can be [given back](Pool::keep) once the answer was read whole.
pub(super) struct Lent(Sender);

impl Pool {
    /// Connections to `endpoint`, which may take as long as `patience` says.
    ///
    /// # Errors
    /// Where the host is none that a certificate could name, or the port is none.
    pub(super) fn new(endpoint: &Endpoint, tls: ClientConfig, patience: Patience) -> Result<Self, String> {
        let authority: http::uri::Authority =
            endpoint.authority.parse().map_err(|error: http::uri::InvalidUri| error.to_string())?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let tls = if endpoint.tls {
            let name = ServerName::try_from(host.clone()).map_err(|error| error.to_string())?;
            Some((TlsConnector::from(Arc::new(tls)), name))
        } else {
            None
        };
        let port = authority.port_u16().unwrap_or(if endpoint.tls { 443 } else { 80 });
        Ok(Self { host, port, tls, patience, idle: ThreadLocal::new() })
    }

    /// Sends `request`, and gives the answer's head and the connection it comes over.
    pub(super) async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<(Response<Incoming>, Lent), PoolError> {
        while let Some(mut sender) = self.take() {
            if sender.ready().await.is_err() {
                continue;
            }
            match self.in_time(sender.try_send_request(request)).await? {
                Ok(response) => return Ok((response, Lent(sender))),
                Err(mut error) => match error.take_message() {
                    // The other end closed the connection before any of the request was written.
                    Some(unsent) => request = unsent,
                    None => return Err(PoolError::Exchange(error.into_error())),
                },
            }
        }
        // Rare, and far larger than what every call needs room for.
        let connected = tokio::time::timeout(self.patience.connect, Box::pin(self.connect())).await;
        let mut sender = match connected {
            Ok(Ok(sender)) => sender,
            Ok(Err(error)) => return Err(PoolError::Connect(error.to_string())),
            Err(_) => return Err(PoolError::Connect(format!("no connection within {:?}", self.patience.connect))),
        };
        let response = self.in_time(sender.send_request(request)).await?.map_err(PoolError::Exchange)?;
        Ok((response, Lent(sender)))
    }

    /// What comes of a request that is sent, within the time for the head of an answer.
    async fn in_time<T>(&self, answer: impl Future<Output = T>) -> Result<T, PoolError> {
        match self.patience.first_byte {
            Some(first_byte) => tokio::time::timeout(first_byte, answer).await.map_err(|_| PoolError::Silent),
            None => Ok(answer.await),
        }
    }

    /// Takes back a connection whose answer was read whole.
    pub(super) fn keep(&self, Lent(sender): Lent) {
        if !sender.is_closed() {
            let mut idle = self.own();
            if idle.len() < KEPT {
                idle.push(Idle { sender, since: Instant::now() });
            }
        }
    }

    /// The connections of the worker that this runs on.
    fn own(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.get_or_default().lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection that was used last, so that those that are not needed grow old.
    fn take(&self) -> Option<Sender> {
        let mut idle = self.own();
        let taken = idle.pop()?;
        if taken.since.elapsed() > IDLE {
            // Those below were used before it.
            idle.clear();
            return None;
        }
        Some(taken.sender)
    }

    async fn connect(&self) -> io::Result<Sender> {
        let stream = connect(&self.host, self.port, self.patience.connect).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            None => handshake(TokioIo::new(stream)).await,
            Some((connector, name)) => handshake(TokioIo::new(connector.connect(name.clone(), stream).await?)).await,
        }
    }
}

async fn handshake<S>(stream: S) -> io::Result<Sender>
where
    S: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(stream).await.map_err(io::Error::other)?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "connection to an upstream ended");
        }
    });
    Ok(sender)
}
