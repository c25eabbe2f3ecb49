//! Who gives out temporary credentials: the metadata of an ECS instance and STS, both at one address.

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use ramgate::gateway::config::Endpoint;
use ramgate::openapi::WireRequest;
use serde_json::json;

use super::caller::Key;
use super::scripted::{Scripted, success};

pub const ROLE: &str = "GateRole";
pub const METADATA_TOKEN: &str = "canary-metadata-token";

/// What is given out.
#[derive(Debug, Clone, Copy)]
pub enum Gives {
    /// This key, for so many seconds.
    Key(Key, i64),
    /// An error.
    Nothing,
}

pub struct Issuer {
    pub server: Scripted,
    gives: Arc<Mutex<Gives>>,
}

impl Issuer {
    pub fn giving(gives: Gives) -> Self {
        let gives = Arc::new(Mutex::new(gives));
        let given = Arc::clone(&gives);
        let server = Scripted::answering(move |request| answer(request, *given.lock().unwrap()));
        Self { server, gives }
    }

    /// Gives out this from now on.
    pub fn gives(&self, gives: Gives) {
        *self.gives.lock().unwrap() = gives;
    }

    pub fn endpoint(&self) -> Endpoint {
        Endpoint { tls: false, authority: self.server.address.to_string() }
    }
}

pub fn header<'a>(request: &'a WireRequest, name: &str) -> Option<&'a str> {
    let found = request.headers.iter().find(|(known, _)| known == name)?;
    Some(std::str::from_utf8(&found.1).unwrap())
}

fn refusal(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn answer(request: &WireRequest, gives: Gives) -> Vec<u8> {
    let path = request.target.split('?').next().unwrap();
    let Gives::Key(key, seconds) = gives else {
        // With a message that repeats what was sent, as the cloud does.
        let body = json!({ "Code": "NoPermission", "Message": "canary-message" }).to_string();
        return refusal("403 Forbidden", &body);
    };
    let expires = Timestamp::now() + SignedDuration::from_secs(seconds);
    let keys = json!({
        "AccessKeyId": key.id,
        "AccessKeySecret": key.secret,
        "SecurityToken": key.token.unwrap(),
        "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    });
    let shown = header(request, "x-aliyun-ecs-metadata-token") == Some(METADATA_TOKEN);
    match (request.method.as_str(), path) {
        ("PUT", "/latest/api/token") => success(METADATA_TOKEN),
        ("GET", "/latest/meta-data/ram/security-credentials/") if shown => success(ROLE),
        ("GET", path) if shown && path == format!("/latest/meta-data/ram/security-credentials/{ROLE}") => {
            let mut body = keys;
            body["Code"] = "Success".into();
            success(&body.to_string())
        }
        ("POST", "/") => success(&json!({ "RequestId": "x", "Credentials": keys }).to_string()),
        _ => refusal("404 Not Found", ""),
    }
}
