//! The program as a process with a key in its environment, and the sandbox as one that serves.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};

pub const ACCOUNT: &str = "1234567890123456";

/// What no output may ever hold, as part of any secret or token in these tests.
const CANARY: &str = "canary";

/// An access key as the environment carries it. A part that is empty is left out.
#[derive(Clone, Copy)]
pub struct Key {
    pub id: &'static str,
    pub secret: &'static str,
    pub token: &'static str,
}

pub const OWNER: Key = Key { id: "LTAI5tOwner", secret: "canary-secret", token: "" };
pub const SESSION: Key = Key { id: "STS.Session", secret: "canary-session-secret", token: "canary/token+of=session" };

/// The program, with this key and nothing else of a key in its environment.
pub fn ramgate(key: Key, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramgate"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("RAMGATE_LOG");
    for (name, value) in [
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", key.id),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", key.secret),
        ("ALIBABA_CLOUD_SECURITY_TOKEN", key.token),
    ] {
        if value.is_empty() {
            command.env_remove(name);
        } else {
            command.env(name, value);
        }
    }
    command
}

/// Exit status, standard output and standard error of a run that must not tell a secret.
pub fn run(key: Key, arguments: &[&str]) -> (i32, String, String) {
    told(&ramgate(key, arguments).output().unwrap())
}

fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (result, remarks) = (text(&output.stdout), text(&output.stderr));
    assert!(!result.contains(CANARY) && !remarks.contains(CANARY), "a secret is told:\n{result}\n{remarks}");
    (output.status.code().unwrap(), result, remarks)
}

/// Makes a call, and gives what [`run`] gives.
pub fn call(key: Key, endpoint: &str, arguments: &[&str]) -> (i32, String, String) {
    run(key, &[&["call", "polardb"], arguments, &["--endpoint", endpoint]].concat())
}

/// A call that is carried out, and its answer.
pub fn answer(key: Key, endpoint: &str, arguments: &[&str]) -> serde_json::Value {
    let (status, result, remarks) = call(key, endpoint, arguments);
    assert_eq!((status, remarks.as_str()), (0, ""), "{result}");
    serde_json::from_str(&result).unwrap()
}

/// `text` with every request id and port of this machine written alike.
pub fn settled(text: &str) -> String {
    let id = regex::Regex::new("[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}").unwrap();
    let port = regex::Regex::new("(127.0.0.1|localhost):[0-9]{2,5}").unwrap();
    port.replace_all(&id.replace_all(text, "<request id>"), "$1:<port>").into_owned()
}

/// A directory with these files.
pub fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    directory
}

/// What comes of a run that has `text` on standard input.
pub fn piped(arguments: &[&str], text: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ramgate"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// Sends `signal`.
pub fn send(process: &Child, signal: &str) {
    // The shell's own: not every system has it as a program.
    let sent = Command::new("sh").args(["-c", &format!("kill -{signal} {}", process.id())]).status().unwrap();
    assert!(sent.success());
}

/// Sends `signal`, waits for the end of the process, and gives its exit status.
pub fn end(process: &mut Child, signal: &str) -> i32 {
    send(process, signal);
    process.wait().unwrap().code().expect("it ends by itself")
}

/// A process of the program that serves. It ends with it.
pub struct Serving {
    child: Child,
    printed: BufReader<ChildStdout>,
    remarks: Option<ChildStderr>,
}

impl Serving {
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let printed = BufReader::new(child.stdout.take().unwrap());
        Self { printed, remarks: child.stderr.take(), child }
    }

    /// Waits for the next line on standard output; there is none where it is empty.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.printed.read_line(&mut line).unwrap();
        line
    }

    /// Sends it `signal` and waits for its end: exit status, and what it said on standard error.
    pub fn end(mut self, signal: &str) -> (i32, String) {
        let status = end(&mut self.child, signal);
        (status, self.said())
    }

    /// Waits for its end.
    pub fn ended(&mut self) -> (i32, String) {
        let status = self.child.wait().unwrap().code().expect("it ends by itself");
        (status, self.said())
    }

    fn said(&mut self) -> String {
        let mut said = String::new();
        self.remarks.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(!said.contains(CANARY), "a secret is told:\n{said}");
        said
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Neither fails unless it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A sandbox that is served by a process of its own.
pub struct Sandbox {
    process: Serving,
    pub address: String,
}

impl Sandbox {
    /// Starts one whose key is `key`, and waits until it says where it listens. It logs whatever there is to log.
    pub fn start(key: Key, further: &[&str]) -> Self {
        let arguments = [&["sandbox", "--account", ACCOUNT, "--listen", "127.0.0.1:0"], further].concat();
        let mut command = ramgate(key, &arguments);
        command.env("RAMGATE_LOG", "trace");
        Self::start_as(command)
    }

    /// Starts it as `command` says.
    pub fn start_as(command: Command) -> Self {
        let mut process = Serving::start(command);
        let line = process.line();
        let Some(address) = line.trim_end().strip_prefix("listening on http://") else {
            panic!("it says `{line}` and {:?}", process.ended());
        };
        Self { address: address.to_owned(), process }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sends it `signal` and waits for its end: exit status, and what it said on standard error.
    pub fn end(self, signal: &str) -> (i32, String) {
        self.process.end(signal)
    }
}
