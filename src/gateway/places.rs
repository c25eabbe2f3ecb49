//! How many connections there may be: of all clients together, and of each.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The part of an IPv6 address that tells networks apart, and not the machines of one: whoever has a network has all
/// addresses of it (RFC 6177).
const NETWORK: u128 = !(u64::MAX as u128);

/// The client has as many connections as one client may.
#[derive(Debug, thiserror::Error)]
#[error("{client} has as many connections as one client may, {most}")]
pub(super) struct TooMany {
    client: IpAddr,
    most: usize,
}

/// The places that connections take.
#[derive(Debug)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    /// By client, and never more of them than there are places.
    taken: Mutex<HashMap<IpAddr, usize>>,
}

impl Places {
    pub(super) fn new(connections: usize) -> Arc<Self> {
        Arc::new(Self { free: Arc::new(Semaphore::new(connections)), taken: Mutex::default() })
    }

    /// A place for a connection, once there is one.
    pub(super) async fn next(self: &Arc<Self>) -> Option<Place> {
        let permit = Arc::clone(&self.free).acquire_owned().await.ok()?;
        Some(Place { places: Arc::clone(self), client: None, _permit: permit })
    }
}

/// The place of one connection. Dropped, it is free again.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    client: Option<IpAddr>,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    /// Counts the place as one of the client at `address`, which may have `most` of them. IPv6 addresses of one /64 are
    /// one client.
    ///
    /// # Errors
    /// [`TooMany`] where it has them already.
    pub(super) fn belongs_to(&mut self, address: IpAddr, most: usize) -> Result<(), TooMany> {
        let client = match address.to_canonical() {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & NETWORK)),
        };
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(client).or_default();
        if *count >= most {
            // There is no entry that counts nothing.
            if *count == 0 {
                taken.remove(&client);
            }
            return Err(TooMany { client, most });
        }
        *count += 1;
        self.client = Some(client);
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(client) = self.client else { return };
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&client) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.remove(&client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_client_has_so_many_places_and_others_have_theirs() {
        let places = Places::new(16);
        let mut held = Vec::new();
        for (address, given) in [
            ("192.0.2.1", true),
            ("192.0.2.1", true),
            ("::ffff:192.0.2.1", false),
            ("192.0.2.2", true),
            ("2001:db8:0:1::1", true),
            ("2001:db8:0:1:ffff::2", true),
            ("2001:db8:0:1::3", false),
            ("2001:db8:0:2::1", true),
        ] {
            let mut place = places.next().await.unwrap();
            assert_eq!(place.belongs_to(address.parse().unwrap(), 2).is_ok(), given, "{address}");
            if given {
                held.push(place);
            }
        }
        held.remove(0);
        assert!(places.next().await.unwrap().belongs_to("192.0.2.1".parse().unwrap(), 2).is_ok());
        held.clear();
        assert!(places.taken.lock().unwrap().is_empty());
        assert_eq!(places.free.available_permits(), 16);
    }

    #[tokio::test]
    async fn a_client_that_may_have_none_is_not_remembered() {
        let places = Places::new(1);
        assert!(places.next().await.unwrap().belongs_to("192.0.2.1".parse().unwrap(), 0).is_err());
        assert!(places.taken.lock().unwrap().is_empty());
    }
}
