//! The gate as a process of its own, with files of its own.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};

use super::ledger::lock;
use super::worlds::{ACCOUNT, UPSTREAM};

/// Calls that may be under way at once: more come only where the upstream holds them up.
const CALLS: usize = 384;

/// Lines of standard error that are kept.
const KEPT: usize = 400;

/// The gate.
pub struct Gate {
    child: Child,
    pid: Pid,
    folder: PathBuf,
    pub plain: SocketAddr,
    pub secure: SocketAddr,
    admin: SocketAddr,
    said: Arc<Mutex<Said>>,
    reader: Option<std::thread::JoinHandle<()>>,
    clock: Option<PathBuf>,
}

/// What it says on standard error.
#[derive(Default)]
struct Said {
    lines: Vec<String>,
    panics: Vec<String>,
    /// Records of calls and of intents that it says it dropped.
    dropped: (u64, u64),
}

/// What the process takes.
#[derive(Debug, Clone, Copy)]
pub struct Taken {
    pub memory: u64,
    pub descriptors: usize,
    pub threads: usize,
}

/// How the gate ended.
pub struct Ended {
    pub status: std::process::ExitStatus,
    pub dropped: (u64, u64),
    pub panics: Vec<String>,
    pub said: Vec<String>,
}

impl Gate {
    /// Starts `program` in front of `upstream`, whose clock `faketime` can set.
    pub fn start(program: &Path, folder: &Path, upstream: SocketAddr, faketime: Option<&Path>) -> Self {
        certificates(folder);
        fs::create_dir(folder.join("log")).unwrap();
        let path = folder.join("ramgate.toml");
        fs::write(&path, configuration(upstream)).unwrap();
        let mut command = Command::new(program);
        command
            .args(["serve", "--config"])
            .arg(&path)
            .env("UPSTREAM_SECRET", UPSTREAM.secret)
            .env_remove("RAMGATE_LOG");
        let clock = faketime.map(|library| {
            let clock = folder.join("clock");
            fs::write(&clock, "+0\n").unwrap();
            command
                .env("LD_PRELOAD", library)
                .env("FAKETIME_TIMESTAMP_FILE", &clock)
                .env("FAKETIME_CACHE_DURATION", "1")
                .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
            clock
        });
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut remarks = BufReader::new(child.stderr.take().unwrap());
        let mut places = Vec::new();
        let mut told = String::new();
        while places.len() < 3 {
            let mut line = String::new();
            assert_ne!(remarks.read_line(&mut line).unwrap(), 0, "it ended: {told}");
            let said = line.trim_end().strip_prefix("ramgate: ").unwrap_or_default();
            let place = ["listening on http://", "listening on https://", "looked after on "]
                .iter()
                .find_map(|prefix| said.strip_prefix(prefix));
            places.extend(place.map(|address| address.parse::<SocketAddr>().unwrap()));
            told.push_str(&line);
        }
        let [plain, secure, admin] = places[..] else { unreachable!("three places") };
        let said = Arc::<Mutex<Said>>::default();
        let listener = Arc::clone(&said);
        let reader = std::thread::spawn(move || {
            for line in remarks.lines().map_while(Result::ok) {
                lock(&listener).hear(line);
            }
        });
        let pid = Pid::from_child(&child);
        Self { child, pid, folder: folder.to_owned(), plain, secure, admin, said, reader: Some(reader), clock }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).unwrap();
    }

    /// Lowers the soft limit of a resource, or lifts it again.
    pub fn limit(&self, resource: Resource, to: Option<u64>) {
        let maximum = rustix::process::getrlimit(resource).maximum;
        prlimit(Some(self.pid), resource, Rlimit { current: to.or(maximum), maximum }).unwrap();
    }

    /// Sets the gate's clock off by so many seconds; whether it can be.
    pub fn set_clock(&self, seconds: i64) -> bool {
        let Some(clock) = &self.clock else { return false };
        let new = clock.with_extension("new");
        fs::write(&new, format!("{seconds:+}\n")).unwrap();
        fs::rename(&new, clock).unwrap();
        true
    }

    /// Bytes of resident memory, open descriptors and threads; nothing where it has ended.
    pub fn taken(&self) -> Option<Taken> {
        let process = PathBuf::from(format!("/proc/{}", self.child.id()));
        let status = fs::read_to_string(process.join("status")).ok()?;
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().trim_end_matches(" kB").parse::<u64>().ok()
        };
        let descriptors = fs::read_dir(process.join("fd")).ok()?.count();
        Some(Taken {
            memory: number("VmRSS:")? * 1024,
            descriptors,
            threads: usize::try_from(number("Threads:")?).unwrap(),
        })
    }

    /// Asks for a reload over the admin listener; whether it was put in force.
    pub fn reload(&self) -> bool {
        let answer = self.ask("POST /reload");
        assert!(answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.1 422"), "{answer}");
        answer.starts_with("HTTP/1.1 200")
    }

    /// A metric without labels, or the sum over all of its labels.
    pub fn metric(&self, name: &str) -> u64 {
        let answer = self.ask("GET /metrics");
        let values = answer.lines().filter_map(|line| {
            let rest = line.strip_prefix(name)?;
            rest.starts_with([' ', '{']).then(|| rest.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap())
        });
        values.map(|value| value as u64).sum()
    }

    fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.admin).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let head =
            format!("{request} HTTP/1.1\r\nhost: {}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", self.admin);
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// The file of the audit log.
    pub fn log(&self) -> PathBuf {
        self.folder.join("log/audit.log")
    }

    /// Ends it.
    pub fn end(mut self) -> Ended {
        // It may have ended by itself.
        let _ = kill_process(self.pid, Signal::TERM);
        let status = self.child.wait().unwrap();
        self.reader.take().unwrap().join().unwrap();
        let said = std::mem::take(&mut *lock(&self.said));
        Ended { status, dropped: said.dropped, panics: said.panics, said: said.lines }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        // Neither fails unless it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Said {
    fn hear(&mut self, line: String) {
        if let Some(rest) = line.strip_prefix("ramgate: dropped so far: records of ") {
            let mut numbers = rest.split(' ').filter_map(|word| word.parse().ok());
            self.dropped = (numbers.next().unwrap(), numbers.next().unwrap());
        }
        if line.contains("panicked") || line.contains("a call broke off") {
            self.panics.push(line.clone());
        }
        // It says so many times a second while it lasts.
        if line.contains("connection not accepted") {
            return;
        }
        if self.lines.len() >= KEPT {
            self.lines.drain(..KEPT / 2);
        }
        self.lines.push(line);
    }
}

fn configuration(upstream: SocketAddr) -> String {
    format!(
        r#"world = "worlds/current"

[[listeners]]
address = "127.0.0.1:0"
plain = true
network = "public"

[[listeners]]
address = "127.0.0.1:0"
tls = {{ certificate = "listener.pem", key = "listener.key" }}
network = "public"

[[upstreams]]
product = "polardb"
version = "2017-08-01"
account = "{ACCOUNT}"
endpoint = "http://{upstream}"
plain = true
credential = {{ id = "{}", secret = "env:UPSTREAM_SECRET" }}

[gate]
workers = 2
nonce_journal = "nonces"

[admin]
address = "127.0.0.1:0"

[audit]
file = "log/audit.log"
rotate_bytes = 4194304
queue_bytes = 1048576

[circuit]
open_for = 1

[limits]
calls = {CALLS}
connections_per_client = 4096
nonces_per_key = 10000000
header_timeout = 3
body_timeout = 2
write_timeout = 3
forward_timeout = 4
idle_timeout = 10
"#,
        UPSTREAM.id
    )
}

fn certificates(folder: &Path) {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.distinguished_name.push(DnType::CommonName, "authority of a soak");
    let authority = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let listener = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    fs::write(folder.join("authority.pem"), authority.pem()).unwrap();
    fs::write(folder.join("listener.pem"), listener.pem()).unwrap();
    fs::write(folder.join("listener.key"), key.serialize_pem()).unwrap();
    // It is refused where others can read it.
    fs::set_permissions(folder.join("listener.key"), Permissions::from_mode(0o600)).unwrap();
}
