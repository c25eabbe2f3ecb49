//! How long connections live, and how many there may be.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::caller::{self, KeptOpen};
use super::rules::{ALICE, ALL, CLUSTER, gate_with};
use super::stand::Stand;

/// Far longer than a test may take.
const LONG: Duration = Duration::from_secs(3600);

fn describing(stand: &Stand) -> Vec<u8> {
    let pairs = [("DBClusterId", CLUSTER)];
    caller::bytes_with(&caller::signed(&stand.place.endpoint, ALICE, "DescribeDBClusterMigration", &pairs), "")
}

/// Whether the other end closes the connection without another byte.
fn is_closed(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    matches!(stream.read(&mut [0; 1]), Ok(0))
}

#[test]
fn a_connection_is_closed_once_it_was_idle_for_its_time() {
    let stand = gate_with(ALL, |config| {
        config.limits.header_timeout = LONG;
        config.limits.idle_timeout = Duration::from_secs(1);
    });
    let stand = stand.unwrap();
    let mut connection = KeptOpen::to(stand.address);
    assert_eq!(connection.exchange(&describing(&stand)).unwrap().status, 200);
    assert!(is_closed(connection.stream()));
}

#[test]
fn the_time_of_a_head_begins_with_its_first_byte_and_the_idle_time_before_does_not_count() {
    let stand = gate_with(ALL, |config| {
        config.limits.header_timeout = Duration::from_secs(1);
        config.limits.idle_timeout = LONG;
    });
    let stand = stand.unwrap();
    let mut connection = KeptOpen::to(stand.address);
    for _ in 0..2 {
        assert_eq!(connection.exchange(&describing(&stand)).unwrap().status, 200);
        std::thread::sleep(Duration::from_millis(1500));
    }
    connection.stream().write_all(b"POST / HT").unwrap();
    assert!(is_closed(connection.stream()));
    // The first one on a connection has its time from the beginning.
    for sent in [&b""[..], b"POST / HT"] {
        let mut stream = TcpStream::connect(stand.address).unwrap();
        stream.write_all(sent).unwrap();
        assert!(is_closed(&mut stream));
    }
}
