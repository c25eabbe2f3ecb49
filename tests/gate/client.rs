//! The four SDKs, each through its program in `tests/clients`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::{Value, json};

/// An SDK that calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// `alibabacloud-polardb20170801`: V3.
    PythonNew,
    /// `aliyun-python-sdk-core`: V1, everything in the query.
    PythonOld,
    /// `@alicloud/openapi-core`: V3.
    NodeCore,
    /// `@alicloud/polardb20170801`: V1, form body.
    NodePolardb,
}

/// One key.
#[derive(Debug, Clone, Copy)]
pub struct Credential {
    pub id: &'static str,
    pub secret: &'static str,
    pub token: Option<&'static str>,
}

/// Where the gate listens.
#[derive(Debug, Clone)]
pub struct Place {
    /// `host:port`.
    pub endpoint: String,
    /// The authority to trust; plain HTTP without one.
    pub ca: Option<PathBuf>,
}

/// What the SDK handed to its caller.
#[derive(Debug, Deserialize)]
pub struct Surfaced {
    pub ok: bool,
    pub status: Option<u16>,
    pub exception: Option<String>,
    pub code: Option<String>,
    pub message: Option<String>,
    pub request_id: Option<String>,
    pub access_denied_detail: Option<Value>,
    pub body: Option<Value>,
}

impl Client {
    pub const ALL: [Self; 4] = [Self::PythonNew, Self::PythonOld, Self::NodeCore, Self::NodePolardb];

    /// What it raises for an answer with a status of 400 to 499.
    pub fn exception(self) -> &'static str {
        match self {
            Self::PythonNew => "ClientException",
            Self::PythonOld => "ServerException",
            Self::NodeCore => "ClientError",
            Self::NodePolardb => "Error",
        }
    }

    /// The code under which it reports `code` of an answer.
    pub fn code(self, code: &str) -> String {
        match self {
            Self::NodePolardb => format!("{code}Error"),
            _ => code.to_owned(),
        }
    }

    /// Whether it keeps `AccessDeniedDetail`.
    pub fn keeps_detail(self) -> bool {
        self != Self::PythonOld
    }

    /// Calls `operation` and returns what came of it.
    pub fn call(self, place: &Place, credential: Credential, operation: &str, parameters: &Value) -> Surfaced {
        let job = json!({
            "endpoint": place.endpoint,
            "scheme": if place.ca.is_some() { "https" } else { "http" },
            "ca": place.ca,
            "access_key_id": credential.id,
            "access_key_secret": credential.secret,
            "security_token": credential.token,
            "operation": operation,
            "parameters": parameters,
        });
        let mut command = self.command();
        if let Some(ca) = &place.ca {
            command.env("NODE_EXTRA_CA_CERTS", ca);
        }
        // Neither a proxy nor a profile of whoever runs the tests takes part.
        for name in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALIBABA_CLOUD_CA_BUNDLE"] {
            command.env_remove(name);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(job.to_string().as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        serde_json::from_str(&printed).unwrap_or_else(|error| {
            panic!("{self:?} printed `{printed}` ({error})\n{}", String::from_utf8_lossy(&output.stderr))
        })
    }

    fn command(self) -> Command {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let clients = std::env::var_os("RAMGATE_CLIENTS").map_or_else(|| root.join("target/clients"), PathBuf::from);
        let programs = root.join("tests/clients");
        let (needed, mut command, program) = match self {
            Self::PythonNew | Self::PythonOld => {
                let python = clients.join("python/bin/python");
                let name = if self == Self::PythonNew { "python/new_sdk.py" } else { "python/old_core.py" };
                (clients.join("python/.stamp"), Command::new(python), name)
            }
            Self::NodeCore | Self::NodePolardb => {
                let name = if self == Self::NodeCore { "node/openapi_core.js" } else { "node/polardb_v1.js" };
                let mut node = Command::new("node");
                node.env("NODE_PATH", clients.join("node/node_modules"));
                (clients.join("node/.stamp"), node, name)
            }
        };
        assert!(
            needed.exists(),
            "the SDK of {self:?} is not installed in `{}`: run `tests/run`, or `tests/clients/install` alone",
            clients.display(),
        );
        command.arg(programs.join(program));
        command
    }
}
