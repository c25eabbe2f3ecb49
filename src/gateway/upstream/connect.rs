//! Opening a TCP connection to a host that may have several addresses.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};

/// Connects to `host`, and where its first address takes no connection, once to another. Nothing of a call was sent by
/// then, so that nothing can be carried out twice. Whoever calls bounds the time with `within`, of which the first
/// address gets half where there is another.
///
/// # Errors
/// What the system said of the address that was tried last.
pub(super) async fn connect(host: &str, port: u16, within: Duration) -> io::Result<TcpStream> {
    let addresses: Vec<SocketAddr> = lookup_host((host, port)).await?.collect();
    connect_to_either(&addresses, within).await
}

async fn connect_to_either(addresses: &[SocketAddr], within: Duration) -> io::Result<TcpStream> {
    let Some((first, rest)) = addresses.split_first() else {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the host has no address"));
    };
    // One of the other family where there is one: networks fail by family.
    let other = rest.iter().find(|address| address.is_ipv4() != first.is_ipv4()).or(rest.first());
    let Some(other) = other else { return TcpStream::connect(first).await };
    let error = match tokio::time::timeout(within / 2, TcpStream::connect(first)).await {
        Ok(Ok(stream)) => return Ok(stream),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no connection in half of the time".to_owned(),
    };
    tracing::debug!(%first, %other, error, "another address is tried");
    TcpStream::connect(other).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// Long enough for everything on loopback.
    const WITHIN: Duration = Duration::from_secs(20);

    /// An address that takes no connection: its listener is gone.
    async fn closed() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    }

    #[tokio::test]
    async fn where_the_first_address_takes_no_connection_one_other_is_tried_and_no_third() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = listener.local_addr().unwrap();
        let (gone, also_gone) = (closed().await, closed().await);
        for addresses in [vec![open], vec![open, gone], vec![gone, open]] {
            let stream = connect_to_either(&addresses, WITHIN).await.unwrap();
            assert_eq!(stream.peer_addr().unwrap(), open, "{addresses:?}");
        }
        assert!(connect_to_either(&[gone, also_gone, open], WITHIN).await.is_err());
        assert!(connect_to_either(&[], WITHIN).await.is_err());
    }

    #[tokio::test]
    async fn the_other_address_is_one_of_the_other_family_where_there_is_one() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = listener.local_addr().unwrap();
        let sixth = |port| SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, port));
        let gone = closed().await.port();
        let stream = connect_to_either(&[sixth(gone), sixth(gone), open], WITHIN).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), open);
    }
}
