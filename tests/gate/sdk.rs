//! What the users of four Alibaba Cloud SDKs see through the gate, over real sockets: the example world decides, the
//! sandbox acts.

use std::path::Path;

use ramgate::policy::Dialect;
use ramgate::store;
use serde_json::{Value, json};

use super::client::{Client, Credential, Surfaced};
use super::rules::{ALL, WORLD, policy};
use super::stand::{FIRST, PROTECTED, SECOND, Stand, limited_world};

const ACCOUNT: &str = "1234567890123456";

const OPERATOR: Credential =
    Credential { id: "LTAI5tDemoOperator0001", secret: "demo-operator-secret-0001", token: None };
const INTERN: Credential = Credential { id: "LTAI5tDemoIntern0001", secret: "demo-intern-secret-0001", token: None };
const SESSION: Credential = Credential {
    id: "STS.DemoNightlyCutover0001",
    secret: "demo-session-secret-0001",
    token: Some("demo-security-token-0001"),
};

/// Closes the migration of `cluster`, which all three clusters are in before.
fn close(stand: &Stand, client: Client, credential: Credential, cluster: &str) -> Surfaced {
    stand.migrate(&[(FIRST, "cn-hangzhou"), (SECOND, "cn-hangzhou"), (PROTECTED, "cn-beijing")]);
    let mut parameters = json!({ "DBClusterId": cluster });
    // The old core names a region in every call: the right one.
    if client == Client::PythonOld && cluster == PROTECTED {
        parameters["RegionId"] = json!("cn-beijing");
    }
    client.call(&stand.place, credential, "CloseDBClusterMigration", &parameters)
}

/// The call went through, and only its cluster changed.
fn assert_closed(stand: &Stand, client: Client, surfaced: &Surfaced, cluster: &str) {
    assert!(surfaced.ok, "{client:?}: {surfaced:?}");
    assert!(surfaced.body.as_ref().is_some_and(Value::is_object), "{client:?}: {surfaced:?}");
    assert!(surfaced.request_id.as_ref().is_some_and(|id| !id.is_empty()), "{client:?}: {surfaced:?}");
    for other in [FIRST, SECOND, PROTECTED] {
        assert_eq!(stand.migrating(other), other != cluster, "{client:?}: {other}");
    }
}

/// The call was refused under `code` in the way of its SDK, and nothing changed.
fn assert_refused(stand: &Stand, client: Client, surfaced: &Surfaced, code: &str) {
    assert!(!surfaced.ok, "{client:?}: {surfaced:?}");
    assert_eq!(surfaced.exception.as_deref(), Some(client.exception()), "{client:?}: {surfaced:?}");
    assert_eq!(surfaced.code.as_deref(), Some(client.code(code).as_str()), "{client:?}: {surfaced:?}");
    assert!(surfaced.request_id.as_ref().is_some_and(|id| !id.is_empty()), "{client:?}: {surfaced:?}");
    for cluster in [FIRST, SECOND, PROTECTED] {
        assert!(stand.migrating(cluster), "{client:?}: {cluster} changed");
    }
}

/// The detail of a refusal by policy, as far as the SDK keeps it.
fn assert_detail(client: Client, surfaced: &Surfaced, expected: &[(&str, &str)]) {
    assert!(surfaced.status.is_none_or(|status| status == 403), "{client:?}: {surfaced:?}");
    // The reason stands in the message as well, for the users of an SDK that loses the detail.
    let kind = expected.iter().find(|(field, _)| *field == "NoPermissionType").map(|(_, value)| *value);
    let message = surfaced.message.as_deref().unwrap_or_default();
    assert!(kind.is_some_and(|kind| message.contains(kind)), "{client:?}: {surfaced:?}");
    let detail = surfaced.access_denied_detail.as_ref();
    if !client.keeps_detail() {
        return assert_eq!(detail, None, "{client:?} is said to lose it");
    }
    let detail = detail.unwrap_or_else(|| panic!("{client:?}: {surfaced:?}"));
    for (field, value) in expected {
        assert_eq!(detail.get(field).and_then(Value::as_str), Some(*value), "{client:?}: {field} of {detail}");
    }
}

#[test]
fn an_allowed_call_goes_through_for_every_sdk() {
    let stand = Stand::plain();
    for client in Client::ALL {
        let surfaced = close(&stand, client, OPERATOR, FIRST);
        assert_closed(&stand, client, &surfaced, FIRST);
    }
}

#[test]
fn an_explicit_deny_reaches_the_caller_of_every_sdk() {
    let stand = Stand::plain();
    for client in Client::ALL {
        let surfaced = close(&stand, client, OPERATOR, PROTECTED);
        assert_refused(&stand, client, &surfaced, "Forbidden.RAM");
        let detail = [
            ("NoPermissionType", "ExplicitDeny"),
            ("PolicyType", "AccountLevelIdentityBasedPolicy"),
            ("AuthAction", "polardb:CloseDBClusterMigration"),
            ("AuthPrincipalType", "SubUser"),
            ("AuthPrincipalDisplayName", "2000000000000001"),
            ("AuthPrincipalOwnerId", ACCOUNT),
        ];
        assert_detail(client, &surfaced, &detail);
    }
}

#[test]
fn an_implicit_deny_reaches_the_caller_of_every_sdk() {
    let stand = Stand::plain();
    for client in Client::ALL {
        let surfaced = close(&stand, client, INTERN, FIRST);
        assert_refused(&stand, client, &surfaced, "Forbidden.RAM");
        let detail = [
            ("NoPermissionType", "ImplicitDeny"),
            ("PolicyType", "AccountLevelIdentityBasedPolicy"),
            ("AuthAction", "polardb:CloseDBClusterMigration"),
            ("AuthPrincipalDisplayName", "2000000000000003"),
        ];
        assert_detail(client, &surfaced, &detail);
    }
}

#[test]
fn a_wrong_secret_is_a_wrong_signature_to_every_sdk() {
    let stand = Stand::plain();
    for client in Client::ALL {
        let wrong = Credential { secret: "demo-operator-secret-0002", ..OPERATOR };
        let surfaced = close(&stand, client, wrong, FIRST);
        // The old core puts it in words of its own where the answer's string to sign is its own one; with a
        // `CommonRequest` it takes the empty text for that.
        let code = match (client, surfaced.code.as_deref()) {
            (Client::PythonOld, Some("InvalidAccessKeySecret")) => "InvalidAccessKeySecret",
            _ => "SignatureDoesNotMatch",
        };
        assert_refused(&stand, client, &surfaced, code);
        assert!(surfaced.access_denied_detail.is_none(), "{client:?}: {surfaced:?}");
    }
}

#[test]
fn a_session_acts_within_its_policy_for_every_sdk() {
    let stand = Stand::plain();
    for client in Client::ALL {
        let surfaced = close(&stand, client, SESSION, FIRST);
        assert_closed(&stand, client, &surfaced, FIRST);

        let surfaced = close(&stand, client, SESSION, SECOND);
        assert_refused(&stand, client, &surfaced, "Forbidden.RAM");
        let detail = [
            ("NoPermissionType", "ImplicitDeny"),
            ("PolicyType", "SessionPolicy"),
            ("AuthPrincipalType", "AssumedRoleUser"),
            ("AuthPrincipalDisplayName", "migration-ops:nightly-cutover"),
        ];
        assert_detail(client, &surfaced, &detail);
    }
}

#[test]
fn calls_over_tls_are_decided_alike() {
    let stand = Stand::tls();
    for client in Client::ALL {
        let surfaced = close(&stand, client, OPERATOR, SECOND);
        assert_closed(&stand, client, &surfaced, SECOND);
        let surfaced = close(&stand, client, OPERATOR, PROTECTED);
        assert_refused(&stand, client, &surfaced, "Forbidden.RAM");
    }
}

#[test]
fn a_caller_over_its_rate_is_throttled_for_every_sdk() {
    let mut world =
        store::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/demo"), &Dialect::strict()).unwrap();
    let limits = "[[rate_limits]]\nprincipal = \"user/operator\"\nrate = \"100/h\"\nburst = 1\n";
    world.rate_limits = limited_world(WORLD, &[("rights", &policy(ALL))], Some(limits)).rate_limits;
    let stand = Stand::of_world(world, |_| {}).unwrap();
    let surfaced = close(&stand, Client::PythonNew, OPERATOR, FIRST);
    assert_closed(&stand, Client::PythonNew, &surfaced, FIRST);
    for client in Client::ALL {
        let surfaced = close(&stand, client, OPERATOR, FIRST);
        assert!(!surfaced.ok, "{client:?}: {surfaced:?}");
        // Those that know `x-acs-retry-after`, and those that know the code, have an exception for it.
        let exception = match client {
            Client::PythonNew => "ThrottlingException",
            Client::NodeCore => "ThrottlingError",
            other => other.exception(),
        };
        assert_eq!(surfaced.exception.as_deref(), Some(exception), "{client:?}: {surfaced:?}");
        assert_eq!(surfaced.code.as_deref(), Some(client.code("Throttling.User").as_str()), "{client:?}: {surfaced:?}");
        assert!(stand.migrating(FIRST), "{client:?}");
    }
}
