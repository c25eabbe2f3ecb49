//! The gate and its rivals, each a process of its own in front of one upstream.

use std::fmt::Write;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ramgate::openapi::sign::Credential;
use secrecy::SecretString;
use tempfile::TempDir;

use super::origin;

pub const CLUSTER: &str = "pc-bp1bench";

/// Statements that are in force for the caller.
const STATEMENTS: usize = 1000;

/// Statements in one policy; as many fit into the 6,144 bytes that RAM takes.
const IN_A_POLICY: usize = 20;

/// Workers of every contender.
const WORKERS: usize = 2;

/// The caller's key.
pub struct Key {
    id: &'static str,
    secret: &'static str,
}

pub const CALLER: Key = Key { id: "LTAI5tBench", secret: "bench-secret" };

impl Key {
    pub fn credential(&self) -> Credential {
        Credential { access_key_id: self.id.to_owned(), secret: SecretString::from(self.secret), security_token: None }
    }
}

/// One that calls go through.
pub struct Contender {
    pub name: &'static str,
    pub address: SocketAddr,
    pub process: Option<Child>,
}

impl Contender {
    /// Bytes of resident memory, its child processes included.
    pub fn memory(&self) -> usize {
        let resident = |id: &String| {
            let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0").trim().to_owned();
            line.trim_end_matches(" kB").trim().parse::<usize>().unwrap_or(0) * 1024
        };
        self.processes().iter().map(resident).sum()
    }

    /// What it took of the processors so far, its child processes included.
    pub fn processor_time(&self) -> Duration {
        let ticks = |id: &String| {
            let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
            // Behind the name, which may hold anything: user time is the 12th field, system time the 13th.
            let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
            fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum::<u64>()
        };
        // A tick is a hundredth of a second on every Linux.
        Duration::from_millis(self.processes().iter().map(ticks).sum::<u64>() * 10)
    }

    fn processes(&self) -> Vec<String> {
        let Some(process) = &self.process else { return Vec::new() };
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", process.id())).unwrap_or_default();
        std::iter::once(process.id().to_string()).chain(children.split_whitespace().map(str::to_owned)).collect()
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            // SIGTERM, so that a master takes its workers along.
            let _ = Command::new("sh").args(["-c", &format!("kill -TERM {}", process.id())]).status();
            let _ = process.wait();
        }
    }
}

/// All of them, the direct way first.
pub struct Contenders {
    all: Vec<Contender>,
    gate_host: String,
    _folders: [TempDir; 2],
}

impl Contenders {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let origin = origin::serve();
        let ports: Vec<SocketAddr> = (0..4).map(|_| free_port()).collect();
        let memory = tempfile::tempdir_in("/dev/shm").unwrap();
        let gate = ramgate(folder.path(), memory.path(), ports[0], origin);
        let all = vec![
            Contender { name: "directly", address: origin, process: None },
            Contender {
                name: "nginx",
                address: ports[1],
                process: Some(nginx(folder.path(), "plain", ports[1], origin, "")),
            },
            Contender {
                name: "nginx with auth_request",
                address: ports[2],
                process: Some(nginx(folder.path(), "asking", ports[2], origin, "auth_request /authorize;")),
            },
            Contender { name: "haproxy", address: ports[3], process: Some(haproxy(folder.path(), ports[3], origin)) },
            Contender { name: "ramgate", address: ports[0], process: Some(gate) },
        ];
        for contender in &all {
            wait_for(contender);
        }
        Self { all, gate_host: ports[0].to_string(), _folders: [folder, memory] }
    }

    pub fn all(&self) -> &[Contender] {
        &self.all
    }

    /// Where the gate stands among them.
    pub fn gate(&self) -> usize {
        self.all.len() - 1
    }

    /// The name that calls to the gate are signed for.
    pub fn gate_host(&self) -> &str {
        &self.gate_host
    }
}

fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn wait_for(contender: &Contender) {
    let began = Instant::now();
    while TcpStream::connect(contender.address).is_err() {
        assert!(began.elapsed() < Duration::from_secs(10), "{} does not listen", contender.name);
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn start(command: &mut Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
        .spawn()
        .unwrap_or_else(|error| panic!("{:?} cannot be started ({error}): run benches/install", command.get_program()))
}

fn nginx(folder: &Path, name: &str, address: SocketAddr, origin: SocketAddr, location: &str) -> Child {
    let folder = folder.join(name);
    fs::create_dir(&folder).unwrap();
    let path = folder.join("nginx.conf");
    let text = format!(
        r#"daemon off;
worker_processes {WORKERS};
pid {0}/nginx.pid;
error_log {0}/error.log;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {0}/a;
    proxy_temp_path {0}/b;
    fastcgi_temp_path {0}/c;
    uwsgi_temp_path {0}/d;
    scgi_temp_path {0}/e;
    upstream origin {{ server {origin}; keepalive 256; keepalive_requests 1000000000; }}
    server {{
        listen {address} backlog=4096;
        location / {{
            {location}
            proxy_pass http://origin;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
        location = /authorize {{
            internal;
            proxy_pass http://origin;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}
}}
"#,
        folder.display()
    );
    fs::write(&path, text).unwrap();
    start(Command::new("nginx").arg("-e").arg(folder.join("start.log")).arg("-c").arg(path))
}

fn haproxy(folder: &Path, address: SocketAddr, origin: SocketAddr) -> Child {
    let path = folder.join("haproxy.cfg");
    let text = format!(
        "global\n    nbthread {WORKERS}\n    maxconn 8192\ndefaults\n    mode http\n    timeout connect 5s\n    timeout \
         client 60s\n    timeout server 60s\n    http-reuse always\nfrontend front\n    bind {address}\n    \
         default_backend back\nbackend back\n    server origin {origin}\n"
    );
    fs::write(&path, text).unwrap();
    start(Command::new("haproxy").arg("-f").arg(path))
}

/// The gate with everything that it does in production: journal, which is in memory, policies, records of calls.
fn ramgate(folder: &Path, memory: &Path, address: SocketAddr, origin: SocketAddr) -> Child {
    let folder = folder.join("ramgate");
    fs::create_dir_all(folder.join("policies")).unwrap();
    let policies = STATEMENTS / IN_A_POLICY;
    for number in 0..policies {
        fs::write(folder.join(format!("policies/p-{number}.json")), policy(number)).unwrap();
    }
    let attachments: Vec<String> = (0..policies).map(|number| format!("{{ policy = \"p-{number}\" }}")).collect();
    let mut world = format!(
        "allow_inline_secrets = true\n[accounts.1234567890123456.users.bench]\nid = \"2000000000000001\"\nattachments = \
         [{}]\nkeys = [{{ id = \"{}\", secret = \"{}\" }}]\n",
        attachments.join(", "),
        CALLER.id,
        CALLER.secret
    );
    for cluster in (0..100).map(|number| format!("{CLUSTER}{number}")).chain([CLUSTER.to_owned()]) {
        write!(
            world,
            "[[resources]]\nservice = \"polardb\"\ntype = \"dbcluster\"\nid = \"{cluster}\"\naccount = \
             \"1234567890123456\"\nregion = \"cn-hangzhou\"\ntags = {{ team = \"bench\" }}\n"
        )
        .unwrap();
    }
    fs::write(folder.join("world.toml"), world).unwrap();
    let configuration = format!(
        "[[listeners]]\naddress = \"{address}\"\nplain = true\nnetwork = \"public\"\n[[upstreams]]\nproduct = \
         \"polardb\"\nversion = \"2017-08-01\"\naccount = \"1234567890123456\"\nendpoint = \"http://{origin}\"\nplain = \
         true\ncredential = {{ id = \"LTAI5tUpstream\", secret = \"env:UPSTREAM_SECRET\" }}\n[limits]\nconnections_per_client = 4096\nnonces_per_key = \
         100000000\n[gate]\nnonce_journal = \"{}/nonces\"\n",
        memory.display()
    );
    let path = folder.join("ramgate.toml");
    fs::write(&path, configuration).unwrap();
    let program =
        std::env::var_os("RAMGATE_PROGRAM").map_or_else(|| env!("CARGO_BIN_EXE_ramgate").into(), PathBuf::from);
    start(Command::new(program).arg("serve").arg("--config").arg(path).env("UPSTREAM_SECRET", "upstream"))
}

/// Statements about clusters, one of which is the caller's.
fn policy(number: usize) -> String {
    let statements: Vec<String> = (0..IN_A_POLICY)
        .map(|index| {
            let cluster = format!("{CLUSTER}{}", if number + index == 0 { String::new() } else { format!("-{number}-{index}*") });
            format!(
                r#"{{ "Effect": "{}", "Action": ["polardb:Describe*", "polardb:CloseDBClusterMigration"], "Resource": "acs:polardb:*:*:dbcluster/{cluster}" }}"#,
                if index % 10 == 3 { "Deny" } else { "Allow" }
            )
        })
        .collect();
    format!(r#"{{ "Version": "1", "Statement": [{}] }}"#, statements.join(",\n"))
}
