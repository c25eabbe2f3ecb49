//! `ramgate admin`: a running gate, asked over its admin listener.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use clap::{Args, ValueEnum};
use http::header::HOST;
use http::{Method, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::Exit;
use super::output::{self, Format};
use crate::gateway::config::{AdminPlace, Config};

/// How long to wait for an answer: a reload waits until files rest.
const WITHIN: Duration = Duration::from_secs(60);

/// Bytes of an answer.
const LONGEST: usize = 16 * 1024 * 1024;

const EXAMPLE: &str = "\
Ends with 0 where the answer is a success, with 1 where the gate is not ready or refuses the reload, and with 3 where there is
no answer. A listener that asks for client certificates is asked by other programs, as with `curl --cert`.

Examples:
  ramgate admin ready --config /etc/ramgate/ramgate.toml
  ramgate admin reload --at /run/ramgate/admin.sock";

/// Ask a running gate over its admin listener: whether it is ready, what it counts, to reload.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Admin {
    /// What to ask.
    #[arg(value_enum)]
    what: What,
    /// The configuration of the gate, which says where to ask.
    #[arg(long, value_name = "FILE", required_unless_present = "at")]
    config: Option<PathBuf>,
    /// Where to ask: the path of a socket, or a loopback address with its port.
    #[arg(long, value_name = "PLACE", conflicts_with = "config")]
    at: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Whether the process is alive.
    Alive,
    /// Whether it takes calls, and by what it decides them.
    Ready,
    /// What it counts.
    Metrics,
    /// The configuration in force, without its secrets.
    Config,
    /// To read everything anew.
    Reload,
}

impl Admin {
    pub(super) fn run(self) -> Exit {
        let place = match self.place() {
            Ok(place) => place,
            Err(exit) => return exit,
        };
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                output::complain(error);
                return Exit::Internal;
            }
        };
        let answered = runtime.block_on(async {
            match tokio::time::timeout(WITHIN, self.what.ask(&place)).await {
                Ok(answered) => answered,
                Err(_) => Err(format!("no answer within {} s", WITHIN.as_secs()).into()),
            }
        });
        match answered {
            Ok((succeeded, body)) => {
                output::print(body.trim_end());
                if succeeded { Exit::Success } else { Exit::Finding }
            }
            Err(error) => {
                output::complain(format_args!("{place} gives no answer: {error}"));
                Exit::Internal
            }
        }
    }

    fn place(&self) -> Result<AdminPlace, Exit> {
        if let Some(at) = &self.at {
            return Ok(at.parse().map_or_else(|_| AdminPlace::Unix(at.into()), AdminPlace::Address));
        }
        let path = self.config.as_deref().unwrap_or(Path::new(""));
        let config = Config::read(path).map_err(|findings| {
            output::findings(&findings, Format::Text);
            Exit::Usage
        })?;
        let refuse = |message: &str| {
            output::complain(message);
            Exit::Usage
        };
        let admin =
            config.admin.ok_or_else(|| refuse("the configuration has no admin listener: add an [admin] table"))?;
        if admin.tls.is_some() {
            return Err(refuse(
                "the admin listener asks for a client certificate: ask it with `curl --cert` or the like",
            ));
        }
        Ok(admin.place)
    }
}

type NoAnswer = Box<dyn std::error::Error + Send + Sync>;

impl What {
    /// Whether the answer is a success, and its body.
    async fn ask(self, place: &AdminPlace) -> Result<(bool, String), NoAnswer> {
        match place {
            AdminPlace::Address(address) => {
                self.over(tokio::net::TcpStream::connect(address).await?, &address.to_string()).await
            }
            #[cfg(unix)]
            AdminPlace::Unix(path) => self.over(tokio::net::UnixStream::connect(path).await?, "localhost").await,
            #[cfg(not(unix))]
            AdminPlace::Unix(_) => Err("there are no unix sockets on this system".into()),
        }
    }

    async fn over(
        self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        host: &str,
    ) -> Result<(bool, String), NoAnswer> {
        let (method, path) = match self {
            Self::Alive => (Method::GET, "/healthz"),
            Self::Ready => (Method::GET, "/readyz"),
            Self::Metrics => (Method::GET, "/metrics"),
            Self::Config => (Method::GET, "/config"),
            Self::Reload => (Method::POST, "/reload"),
        };
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        // It ends with the sender; what goes wrong on it the sender says.
        tokio::spawn(connection);
        let request = Request::builder().method(method).uri(path).header(HOST, host).body(Full::<Bytes>::default())?;
        let answer = sender.send_request(request).await?;
        let succeeded = answer.status().is_success();
        let body = Limited::new(answer.into_body(), LONGEST).collect().await?.to_bytes();
        Ok((succeeded, String::from_utf8_lossy(&body).into_owned()))
    }
}
