//! Where a gate is looked after: a listener of its own, on loopback or a unix socket, or with client certificates
//! (spec gate-rules G18). It runs on a thread of its own, so that it answers while calls take all that there is.

mod answers;
mod decide;
mod socket;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

pub(super) use self::socket::SocketFile;
use self::socket::{Accepting, Socket};
use super::GatewayError;
use super::config::{Admin, AdminPlace};
use super::inherited::Inherited;
use super::state::State;
use super::tls::Certificate;

/// Connections at once; further ones wait in the system's queue.
const CONNECTIONS: usize = 32;

/// How long a TLS handshake or a request's head may take.
const HEAD: Duration = Duration::from_secs(10);

/// How long a connection may last, whatever it does.
const CONNECTION: Duration = Duration::from_secs(300);

/// An admin listener that is bound, and answers once it is [run](Self::run).
pub(super) struct Bound {
    socket: Socket,
    tls: Option<Arc<Certificate>>,
}

impl Bound {
    /// Reads the certificates that it may have, and takes its socket from `inherited` or binds its place.
    pub(super) fn new(admin: &Admin, inherited: &mut Inherited) -> Result<Self, GatewayError> {
        let tls = admin.tls.as_ref().map(|tls| Certificate::read(&tls.files())).transpose()?.map(Arc::new);
        let socket = Socket::bind(&admin.place, inherited)
            .map_err(|source| GatewayError::Admin { place: admin.place.to_string(), source })?;
        Ok(Self { socket, tls })
    }

    /// Where it listens.
    pub(super) fn place(&self) -> &AdminPlace {
        self.socket.place()
    }

    /// The file of its unix socket, which is removed when it is dropped.
    pub(super) fn file(&mut self) -> Option<SocketFile> {
        self.socket.file()
    }

    /// Its certificates.
    pub(super) fn tls(&self) -> Option<&Arc<Certificate>> {
        self.tls.as_ref()
    }

    /// Answers on a thread of its own until `stop`.
    pub(super) fn run(self, state: Arc<State>, stop: CancellationToken) -> Result<(), GatewayError> {
        let failed = |place: &AdminPlace, source| GatewayError::Admin { place: place.to_string(), source };
        let place = self.socket.place().clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|source| failed(&place, source))?;
        let accepting = {
            let _entered = runtime.enter();
            self.socket.accepting().map_err(|source| failed(&place, source))?
        };
        let tls = self.tls;
        let serving = move || runtime.block_on(serve(accepting, tls, state, stop));
        std::thread::Builder::new().name("admin".to_owned()).spawn(serving).map_err(|source| failed(&place, source))?;
        Ok(())
    }
}

async fn serve(accepting: Accepting, tls: Option<Arc<Certificate>>, state: Arc<State>, stop: CancellationToken) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    let from = accepting.trust();
    loop {
        let accepted = async {
            let slot = Arc::clone(&slots).acquire_owned().await.map_err(io::Error::other)?;
            Ok((accepting.accept().await?, slot))
        };
        let accepted: io::Result<_> = tokio::select! {
            accepted = accepted => accepted,
            () = stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, slot)) => {
                let acceptor = tls.as_ref().map(|tls| TlsAcceptor::from(tls.current()));
                let state = Arc::clone(&state);
                tokio::spawn(async move {
                    match stream {
                        socket::Stream::Tcp(stream) => connection(stream, acceptor, state, from).await,
                        #[cfg(unix)]
                        socket::Stream::Unix(stream) => connection(stream, acceptor, state, from).await,
                    }
                    drop(slot);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "admin connection not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// By what it is known that a request comes from somebody who may look after the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// It came over loopback, from whatever program: also from a browser that a page steers.
    Loopback,
    /// It came over a socket whose file only some can open, or with a client certificate.
    Shown,
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    acceptor: Option<TlsAcceptor>,
    state: Arc<State>,
    trust: Trust,
) {
    let served = async {
        match acceptor {
            None => http(stream, state, trust).await,
            Some(acceptor) => match tokio::time::timeout(HEAD, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => http(stream, state, Trust::Shown).await,
                Ok(Err(error)) => tracing::debug!(%error, "admin TLS handshake failed"),
                Err(_) => tracing::debug!("admin TLS handshake took too long"),
            },
        }
    };
    if tokio::time::timeout(CONNECTION, served).await.is_err() {
        tracing::debug!("admin connection closed: it lasted too long");
    }
}

async fn http(stream: impl AsyncRead + AsyncWrite + Unpin, state: Arc<State>, trust: Trust) {
    let answer = service_fn(move |request: Request<Incoming>| {
        let state = Arc::clone(&state);
        async move { Ok::<Response<_>, std::convert::Infallible>(answers::answer(&state, trust, request).await) }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(16 * 1024)
        .serve_connection(TokioIo::new(stream), answer)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "admin connection ended");
    }
}
