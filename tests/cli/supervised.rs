//! A gate under a service manager that speaks systemd's protocols.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::process::{OWNER, Sandbox, call};
use super::serve::{Gate, OPERATOR, configuration};

/// The same command with `socket` as its descriptor 3 and the environment that tells of it.
fn with_socket(command: &Command, socket: &TcpListener) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", "LISTEN_FDS=1 LISTEN_PID=$$ exec \"$@\" 3<&0 </dev/null", "sh"]);
    shell.arg(command.get_program()).args(command.get_args()).current_dir(command.get_current_dir().unwrap());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.stdin(Stdio::from(OwnedFd::from(socket.try_clone().unwrap())));
    shell
}

/// A configuration that listens on `socket`.
fn listening_on(socket: &TcpListener, folder: &Path, upstream: &str) -> PathBuf {
    let path = configuration(folder, upstream);
    let text = std::fs::read_to_string(&path).unwrap();
    let address = socket.local_addr().unwrap().to_string();
    std::fs::write(&path, text.replace("127.0.0.1:0", &address)).unwrap();
    path
}

#[test]
fn no_call_fails_in_a_restart_on_a_socket_that_was_passed_on() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(OWNER, &[]);
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let path = listening_on(&socket, folder.path(), &sandbox.endpoint());
    let start = || Gate::start_as(with_socket(&Gate::command(&path), &socket));
    let gate = start();
    let endpoint = gate.endpoint();
    assert_eq!(endpoint, format!("http://{}", socket.local_addr().unwrap()));
    let (done, made) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (gate, events) = std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let arguments = ["DescribeDBClusterMigration", "DBClusterId=pc-bp1demo00000001"];
                    let (status, _, remarks) = call(OPERATOR, &endpoint, &arguments);
                    // The upstream's own answer: it knows no such cluster.
                    assert_eq!(status, 1, "{remarks}");
                    assert!(remarks.starts_with("InvalidDBClusterId.NotFound (404)"), "{remarks}");
                    made.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let further = |calls: usize| {
            let (began, before) = (Instant::now(), made.load(Ordering::Relaxed));
            while made.load(Ordering::Relaxed) < before + calls {
                assert!(began.elapsed() < Duration::from_secs(20), "calls are made");
                std::thread::sleep(Duration::from_millis(5));
            }
        };
        let (mut gate, mut events) = (gate, 0);
        for _ in 0..3 {
            further(10);
            let (status, of_gate) = gate.end();
            assert_eq!(status, 0);
            events += of_gate.len();
            gate = start();
        }
        further(10);
        done.store(true, Ordering::Relaxed);
        (gate, events)
    });
    let (_, rest) = gate.end();
    assert_eq!(events + rest.len(), made.load(Ordering::Relaxed), "one event for each call");
}

#[test]
fn a_socket_that_no_listener_asks_for_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let path = configuration(folder.path(), "http://127.0.0.1:1");
    let output = with_socket(&Gate::command(&path), &socket).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains(&socket.local_addr().unwrap().to_string()), "{said}");
}

/// The next message that has `wanted` in it.
fn told(socket: &UnixDatagram, wanted: &str) -> String {
    let mut message = [0; 4096];
    loop {
        let length = socket.recv(&mut message).unwrap_or_else(|error| panic!("{wanted}: {error}"));
        let text = String::from_utf8_lossy(&message[..length]).into_owned();
        if text.lines().any(|line| line.starts_with(wanted)) {
            return text;
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_service_manager_is_told_of_the_start_of_reloads_of_life_and_of_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("notify.sock");
    let socket = UnixDatagram::bind(&place).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let path = configuration(folder.path(), "http://127.0.0.1:1");
    let mut command = Gate::command(&path);
    command.env("NOTIFY_SOCKET", &place).env("WATCHDOG_USEC", "200000");
    let gate = Gate::start_as(command);
    assert!(told(&socket, "READY=1").contains("STATUS=generation 0"));
    told(&socket, "WATCHDOG=1");
    told(&socket, "WATCHDOG=1");
    gate.signal("HUP");
    assert!(told(&socket, "RELOADING=1").contains("MONOTONIC_USEC="));
    assert!(told(&socket, "READY=1").contains("STATUS=generation 1"));
    std::fs::write(&path, "a mistake").unwrap();
    gate.signal("HUP");
    told(&socket, "RELOADING=1");
    assert!(told(&socket, "READY=1").contains("refused"));
    let (status, _) = gate.end();
    assert_eq!(status, 0);
    told(&socket, "STOPPING=1");
}
