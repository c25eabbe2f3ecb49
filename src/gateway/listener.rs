//! Accepting connections: with a PROXY header or without, plain or TLS, HTTP/1.1 or HTTP/2, bounded, drained on shutdown.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::GatewayError;
use super::client_certificate::ClientCertificate;
use super::config::{Limits, Listener, Network, Proxies};
use super::heads::{self, Bounds, Heads, RefusedHead};
use super::http2;
use super::inherited::Inherited;
use super::lifetime::{self, Activity, Parting, Watched};
use super::metrics::NotServed;
use super::places::{Place, Places, TooMany};
use super::proxy_protocol::{self, Announced, HeaderError};
use super::service::Service;
use super::tls::{self, Certificate};
use super::workers::Workers;
use crate::authn::Hosts;

/// Connections that wait in the system's queue to be accepted, where the system allows as many. One for which there is no
/// room there is held up for seconds, or half a minute, although its client has it for open.
const WAITING: u32 = 4096;

/// What the network says of a connection; nothing in it comes from the caller (spec gate-rules G13).
#[derive(Debug, Clone)]
pub struct Connection {
    /// Address of the other end.
    pub peer: SocketAddr,
    /// Whether the connection is TLS.
    pub secure: bool,
    /// The certificate that the client showed.
    pub certificate: Option<ClientCertificate>,
    /// What its PROXY header says, where the listener asks for one.
    pub announced: Option<Announced>,
    /// The proxies in front of the listener.
    pub proxies: Arc<Proxies>,
    /// What network the listener takes connections from.
    pub network: Network,
    /// Names that a call on this connection may be made to (G12).
    pub hosts: Arc<Hosts>,
    /// The name by which error bodies call the listener, in their `HostId`.
    pub host_id: Arc<str>,
}

impl Connection {
    /// A connection straight from a client, without a proxy in front, called by the names of `hosts`.
    pub fn direct(peer: SocketAddr, secure: bool, network: Network, hosts: impl Into<Arc<Hosts>>) -> Self {
        Self {
            peer,
            secure,
            certificate: None,
            announced: None,
            proxies: Arc::default(),
            network,
            hosts: hosts.into(),
            host_id: peer.to_string().into(),
        }
    }

    /// Whose the connection is; `None` where it is that of a trusted proxy, whose connections are those of many.
    fn client(&self) -> Option<IpAddr> {
        let client = match self.announced {
            Some(Announced::Relayed(client)) => client,
            Some(Announced::Own | Announced::Unaddressed) | None => self.peer,
        };
        Some(client.ip()).filter(|client| !self.proxies.trusts(*client))
    }
}

/// A listener that is bound, and takes connections once it is [run](Self::run).
pub(super) struct Bound {
    socket: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<Certificate>>,
    proxies: Arc<Proxies>,
    network: Network,
    hosts: Arc<Hosts>,
    host_id: Arc<str>,
}

impl Bound {
    /// Reads the listener's certificate, and takes its socket from `inherited` or binds its address.
    pub(super) async fn new(listener: &Listener, inherited: &mut Inherited) -> Result<Self, GatewayError> {
        let tls = listener.tls.as_ref().map(Certificate::read).transpose()?.map(Arc::new);
        let refused = |error: std::io::Error| GatewayError::Listen { address: listener.address, source: error };
        let socket = match inherited.tcp(listener.address) {
            Some(socket) => {
                socket.set_nonblocking(true).and_then(|()| TcpListener::from_std(socket)).map_err(refused)?
            }
            None => bind(listener.address).map_err(refused)?,
        };
        let address = socket.local_addr().map_err(refused)?;
        let host_id = listener.hosts.first().cloned().unwrap_or_else(|| address.to_string());
        Ok(Self {
            socket,
            address,
            tls,
            proxies: Arc::new(listener.proxies.clone()),
            network: listener.network.clone(),
            hosts: Arc::new(listener.names(address)),
            host_id: host_id.into(),
        })
    }

    /// The address that it has.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate that it shows, on a TLS listener.
    pub(super) fn certificate(&self) -> Option<&Arc<Certificate>> {
        self.tls.as_ref()
    }

    /// Accepts until `stop`. Each connection is served by one of `workers`, takes one of `places`, is one of
    /// `connections`, and ends on `stop` with what is under way on it.
    pub(super) async fn run(
        self,
        service: Arc<Service>,
        workers: Arc<Workers>,
        places: Arc<Places>,
        connections: TaskTracker,
        stop: CancellationToken,
    ) {
        loop {
            // A place first: past the limit connections wait in the system's queue and take no memory here.
            let accepted = async {
                let place = places.next().await?;
                Some((self.socket.accept().await, place))
            };
            let accepted = tokio::select! {
                accepted = accepted => accepted,
                () = stop.cancelled() => return,
            };
            let Some((accepted, place)) = accepted else { return };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, or the peer is already gone: nothing was decided. Without a pause this
                    // would spin until descriptors are free.
                    tracing::warn!(address = %self.address, %error, "connection not accepted");
                    service.metrics().not_connected();
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let open = service.metrics().connected();
            let connection = Connection {
                peer,
                secure: self.tls.is_some(),
                certificate: None,
                announced: None,
                proxies: Arc::clone(&self.proxies),
                network: self.network.clone(),
                hosts: Arc::clone(&self.hosts),
                host_id: Arc::clone(&self.host_id),
            };
            let tls = self.tls.as_ref().map(|certificate| TlsAcceptor::from(certificate.current()));
            // It is waited for where it is served, and no longer here.
            let stream = match stream.into_std() {
                Ok(stream) => stream,
                Err(error) => {
                    tracing::warn!(%peer, %error, "connection not handed to a worker");
                    continue;
                }
            };
            let serving = serve(stream, tls, connection, place, Arc::clone(&service), stop.clone());
            let Some(worker) = workers.next() else { return };
            let served = async move {
                serving.await;
                drop(open);
            };
            connections.spawn_on(served, worker);
        }
    }
}

/// Binds `address`, with room for a crowd.
fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // As every server does on Unix, so that one that starts anew has its address at once.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING)
}

async fn serve(
    stream: std::net::TcpStream,
    tls: Option<TlsAcceptor>,
    connection: Connection,
    mut place: Place,
    service: Arc<Service>,
    stop: CancellationToken,
) {
    let peer = connection.peer;
    let stream = match TcpStream::from_std(stream) {
        Ok(stream) => stream,
        Err(error) => return tracing::warn!(%peer, %error, "connection not taken by its worker"),
    };
    let snapshot = service.pipeline().snapshot();
    // A client that takes nothing of its answers must not hold its place for ever.
    let Limits { header_timeout, write_timeout, connections_per_client: most, .. } = snapshot.limits;
    drop(snapshot);
    let opening = open(stream, tls, connection, (&mut place, most), write_timeout);
    let (stream, connection) = match tokio::time::timeout(header_timeout, opening).await {
        Ok(Ok(opened)) => opened,
        Ok(Err(error)) => {
            service.metrics().refused(match error {
                NotOpened::Tls(_) => NotServed::Tls,
                NotOpened::Peer | NotOpened::Proxy(_) => NotServed::Proxy,
                NotOpened::TooMany(_) => NotServed::Client,
            });
            return tracing::debug!(%peer, %error, "connection refused");
        }
        Err(_) => {
            service.metrics().refused(NotServed::TimedOut);
            return tracing::debug!(%peer, "connection refused: what precedes the first request took too long");
        }
    };
    let activity = Activity::new(&service.pipeline().snapshot().limits);
    if let Stream::Plain(stream) = &stream
        && !lifetime::begins(stream.get_ref(), &activity).await
    {
        return tracing::debug!(%peer, "connection ended before a request");
    }
    let snapshot = service.pipeline().snapshot();
    let (bounds, refused) = (Bounds::of(&snapshot.limits), RefusedHead::default());
    let heads = refused.clone();
    let (connection, calls) = (Arc::new(connection), Arc::clone(&activity));
    let over_http2 = matches!(stream, Stream::Http2(_));
    let answer = service_fn(move |request| {
        let under_way = calls.call();
        let refused = if over_http2 { http2::check(&request).err() } else { refused.of(&request) };
        let last = !over_http2 && heads::ends_the_connection(&request);
        let answer = Arc::clone(&service).answer(Arc::clone(&connection), refused, request);
        async move {
            let mut response = answer.await;
            if last || under_way.is_last() {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            } else if over_http2 {
                // Streams end one by one there (RFC 9113, 8.2.2).
                response.headers_mut().remove(CONNECTION);
            }
            drop(under_way);
            Ok::<_, std::convert::Infallible>(response)
        }
    });
    let served = match stream {
        Stream::Plain(stream) => {
            let stream = Heads::new(Watched::new(stream, Arc::clone(&activity)), bounds, heads);
            let connection = http1(&snapshot.limits).serve_connection(TokioIo::new(stream), answer);
            drop(snapshot);
            lifetime::serve(connection, &activity, Parting::WithAnAnswer, &stop).await
        }
        Stream::Tls(stream) => {
            let stream = Heads::new(Watched::new(stream, Arc::clone(&activity)), bounds, heads);
            let connection = http1(&snapshot.limits).serve_connection(TokioIo::new(stream), answer);
            drop(snapshot);
            lifetime::serve(connection, &activity, Parting::WithAnAnswer, &stop).await
        }
        Stream::Http2(stream) => {
            let connection = http2::builder(&snapshot.limits).serve_connection(TokioIo::new(stream), answer);
            drop(snapshot);
            // Far larger than the others, which are not to take as much.
            Box::pin(lifetime::serve(connection, &activity, Parting::Announced, &stop)).await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%peer, %error, "connection ended");
    }
}

fn http1(limits: &Limits) -> http1::Builder {
    let mut http = http1::Builder::new();
    // A client may say that it sends no more and still wait for its answer.
    http.half_close(true).header_read_timeout(None).max_buf_size(limits.header_bytes).max_headers(limits.headers);
    http
}

/// A connection that ends where its other end takes nothing for too long.
type Timed = Pin<Box<TimeoutStream<TcpStream>>>;

/// A connection on which requests may come.
enum Stream {
    Plain(Timed),
    Tls(Box<TlsStream<Timed>>),
    Http2(Box<TlsStream<Timed>>),
}

/// A connection that is closed before it comes to a request.
#[derive(Debug, thiserror::Error)]
enum NotOpened {
    #[error("the peer is none of `trusted_proxies`")]
    Peer,
    #[error(transparent)]
    Proxy(#[from] HeaderError),
    #[error(transparent)]
    TooMany(#[from] TooMany),
    #[error("TLS: {0}")]
    Tls(#[source] std::io::Error),
}

/// Takes what precedes the first request: the PROXY header, where there has to be one, and the TLS handshake, once the
/// client is known to have no more connections than one may.
async fn open(
    mut stream: TcpStream,
    tls: Option<TlsAcceptor>,
    mut connection: Connection,
    (place, most): (&mut Place, usize),
    write_timeout: Duration,
) -> Result<(Stream, Connection), NotOpened> {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(peer = %connection.peer, %error, "connection without TCP_NODELAY");
    }
    let proxies = &*connection.proxies;
    if proxies.protocol {
        if !proxies.trusted.is_empty() && !proxies.trusts(connection.peer.ip()) {
            return Err(NotOpened::Peer);
        }
        connection.announced = Some(proxy_protocol::read(&mut stream).await?);
    }
    if let Some(client) = connection.client() {
        place.belongs_to(client, most)?;
    }
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(write_timeout));
    let stream = Box::pin(stream);
    let stream = match tls {
        None => Stream::Plain(stream),
        Some(acceptor) => {
            let stream = Box::new(acceptor.accept(stream).await.map_err(NotOpened::Tls)?);
            let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
            connection.certificate = shown.map(ClientCertificate::read);
            if stream.get_ref().1.alpn_protocol() == Some(tls::H2) {
                Stream::Http2(stream)
            } else {
                Stream::Tls(stream)
            }
        }
    };
    Ok((stream, connection))
}
