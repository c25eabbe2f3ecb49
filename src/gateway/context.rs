//! The condition keys of a call, from the connection and the clock (spec gate-rules G2, G13).

use jiff::Timestamp;

use super::config::{Listener, Network};
use super::listener::Connection;
use super::origin::Origin;
use crate::authz::KeySupply;
use crate::openapi::sign::date_text;
use crate::policy::{Context, ContextValue};

const SOURCE_VPC: &str = "acs:SourceVpc";
const VPC_SOURCE_IP: &str = "acs:VpcSourceIp";

/// What the gate knows of a call that came over `connection` from `origin` at `now`. Nothing that the caller wrote takes
/// part.
///
/// Every key that is not set here, or by [`resource_keys`](crate::authz::resource_keys) for each check, is unknown.
#[must_use]
pub fn of_call(connection: &Connection, origin: &Origin, now: Timestamp) -> Context {
    of_origin(&connection.network, origin, now)
}

/// What was known of a call that came from `origin` over `network` at `now`.
pub(super) fn of_origin(network: &Network, origin: &Origin, now: Timestamp) -> Context {
    let address = origin.address.map(|address| address.to_string());
    let mut context = Context::unknown();
    context.set("acs:CurrentTime", date_text(now));
    if let Some(secure) = origin.secure {
        context.set("acs:SecureTransport", if secure { "true" } else { "false" });
    }
    match network {
        Network::Unstated => {}
        Network::Public => {
            context.set_value(SOURCE_VPC, ContextValue::Absent);
            context.set_value(VPC_SOURCE_IP, ContextValue::Absent);
        }
        Network::Vpc(id) => {
            context.set(SOURCE_VPC, id.as_str());
            if let Some(address) = &address {
                context.set(VPC_SOURCE_IP, address.as_str());
            }
        }
    }
    if let Some(address) = address {
        context.set("acs:SourceIp", address);
    }
    context
}

/// The keys that a gate with these listeners can tell in every call, present or absent.
#[must_use]
pub fn supply(listeners: &[Listener]) -> KeySupply {
    let known = [
        "acs:CurrentTime",
        "acs:SecureTransport",
        "acs:SourceIp",
        "acs:PrincipalARN",
        "acs:ResourceGroupId",
        "acs:ResourceTag/",
        "acs:RequestTag/",
    ];
    let supply: KeySupply = known.into_iter().collect();
    if listeners.iter().all(|listener| listener.network != Network::Unstated) {
        supply.with(SOURCE_VPC).with(VPC_SOURCE_IP)
    } else {
        supply
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::authn::Hosts;
    use crate::gateway::config::Proxies;

    fn listener(network: Network) -> Listener {
        let proxies = Proxies::default();
        Listener { address: ([127, 0, 0, 1], 0).into(), hosts: Vec::new(), tls: None, network, proxies }
    }

    fn context(peer: &str, network: Network) -> Context {
        let connection = Connection::direct(peer.parse().unwrap(), true, network, Hosts::default());
        of_call(&connection, &Origin::of(&connection, &HeaderMap::new()).unwrap(), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn what_the_gate_says_it_knows_it_knows_in_every_call_and_nothing_else() {
        let keys = [
            "acs:currenttime",
            "acs:securetransport",
            "acs:sourceip",
            "acs:sourcevpc",
            "acs:vpcsourceip",
            "acs:mfapresent",
            "acs:useragent",
            "ecs:tag/x",
            "polardb:x",
        ];
        // These are added for each check, from the caller and the inventory.
        let of_each_check = ["acs:principalarn", "acs:resourcegroupid", "acs:resourcetag/x", "acs:requesttag/x"];
        for network in [Network::Unstated, Network::Public, Network::Vpc("vpc-1".to_owned())] {
            let supply = supply(&[listener(network.clone())]);
            let context = context("192.0.2.1:5000", network.clone());
            for key in keys {
                let known = context.get(key) != &ContextValue::Unknown;
                assert_eq!(known, supply.covers(key), "{key} of {network:?}");
            }
            assert!(of_each_check.iter().all(|key| supply.covers(key)));
        }
    }

    #[test]
    fn an_address_of_ipv4_is_one_however_the_socket_writes_it() {
        let context = context("[::ffff:192.0.2.1]:5000", Network::Vpc("vpc-1".to_owned()));
        for key in ["acs:sourceip", "acs:vpcsourceip"] {
            assert_eq!(context.get(key), &ContextValue::Present(vec!["192.0.2.1".to_owned()]), "{key}");
        }
    }
}
