//! What may be said of a credential, and what is said of mistakes.

use std::path::Path;

use serde_json::json;

use crate::gateway::config::{Config, CredentialSource};
use crate::json::SourceText;
use crate::report::{Colour, Finding, text};

fn parse(credential: &str) -> Result<CredentialSource, Vec<Finding>> {
    let text = format!(
        "[gate]\nnonces_in_memory = true\n[[listeners]]\naddress = \"127.0.0.1:1\"\nplain = true\n[[upstreams]]\nproduct \
         = \"polardb\"\nversion = \"2017-08-01\"\naccount = \"1234567890123456\"\nendpoint = \
         \"https://polardb.aliyuncs.com\"\n{credential}\n"
    );
    let config = Config::parse(&SourceText::new("ramgate.toml", text), Path::new("/etc/ramgate"))?;
    Ok(config.upstreams.into_iter().next().unwrap().credential)
}

/// As `GET /config` shows it.
#[track_caller]
fn assert_shown(credential: &str, shown: serde_json::Value) {
    assert_eq!(serde_json::to_value(parse(credential).unwrap()).unwrap(), shown, "{credential}");
}

#[test]
fn every_kind_is_read_with_its_defaults_and_shown_without_a_secret() {
    let sts = json!({ "tls": true, "authority": "sts.aliyuncs.com" });
    assert_shown("credential = \"caller\"", json!({ "type": "caller" }));
    let key = json!({ "type": "access_key", "id": "LTAI", "secret": "env:S", "token": "file:/etc/ramgate/t" });
    assert_shown("credential = { id = \"LTAI\", secret = \"env:S\", token = \"file:t\" }", key);
    let metadata = json!({ "tls": false, "authority": "100.100.100.200" });
    let instance = json!({ "type": "ecs_ram_role", "role_name": null, "metadata_endpoint": metadata });
    assert_shown("credential = { type = \"ecs_ram_role\" }", instance.clone());
    assert_shown(
        "[upstreams.credential]\ntype = \"ram_role_arn\"\nrole_arn = \"acs:ram::1234567890123456:role/gate\"\nsource = { \
         type = \"ecs_ram_role\" }",
        json!({
            "type": "ram_role_arn", "role_arn": "acs:ram::1234567890123456:role/gate", "role_session_name": null,
            "duration_seconds": 3600, "external_id": null, "sts_endpoint": sts, "ca": null, "source": instance,
        }),
    );
    assert_shown(
        "[upstreams.credential]\ntype = \"oidc_role_arn\"\noidc_token_file = \"t\"\nduration_seconds = 900\nca = \"c\"",
        json!({
            "type": "oidc_role_arn", "role_arn": null, "oidc_provider_arn": null, "oidc_token_file": "/etc/ramgate/t",
            "role_session_name": null, "duration_seconds": 900, "sts_endpoint": sts, "ca": "/etc/ramgate/c",
        }),
    );
}

#[test]
fn a_mistake_in_a_credential_is_told_with_its_place_and_its_mend() {
    let mut told = String::new();
    for wrong in [
        "credential = \"hunter2\"",
        "credential = { id = \"LTAI\" }",
        "credential = { id = \"\", secret = \"env:S\" }",
        "credential = { id = \"LTAI\", secret = \"hunter2\" }",
        "credential = { type = \"magic\" }",
        "credential = { type = \"ecs_ram_role\", role_name = \"../x\", id = \"LTAI\" }",
        "credential = { type = \"ram_role_arn\" }",
        "credential = { type = \"ram_role_arn\", role_arn = \"gate\", source = \"caller\" }",
        "credential = { type = \"ram_role_arn\", role_arn = \"acs:ram::6543210987654321:role/gate\", duration_seconds = 60, \
         source = { id = \"LTAI\", secret = \"env:S\" } }",
        "credential = { type = \"oidc_role_arn\", oidc_provider_arn = \"x\", role_session_name = \"a b\", sts_endpoint = \
         \"http://sts.aliyuncs.com\" }",
    ] {
        told.push_str(&text(&parse(wrong).unwrap_err(), Colour::Off));
        told.push('\n');
    }
    assert!(!told.contains("hunter2"));
    insta::assert_snapshot!(told);
}
