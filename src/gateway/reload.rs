//! Changing what a gate decides by while it serves.
//!
//! A reload builds a whole new [`Snapshot`] aside and puts it in force, or leaves the one in force and says why (spec
//! gate-rules G17). Calls under way end by the snapshot they began with; the next call on an open connection sees the
//! new one.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Gate;
use super::config::{Config, Limits};
use super::snapshot::{Loaded, Snapshot};
use crate::authz::Reuse;
use crate::report::{Finding, Severity};
use crate::store;

/// How often it is looked whether a file has changed.
const POLL: Duration = Duration::from_secs(1);

/// How many looks in a row must see the same before a change is taken for whole: a file that is written in place is
/// there in part for a while.
const QUIET_LOOKS: usize = 3;

/// How often files that change while they are read are read again before they are left for later.
const ATTEMPTS: usize = 5;

/// Folders deeper than this below a watched one are not looked into: a link may lead in a circle.
const MAX_DEPTH: usize = 8;

/// The configuration of a gate that is to be opened, what it names, and a watch over all of it.
#[derive(Debug)]
pub struct Opened {
    /// The configuration.
    pub config: Config,
    /// The snapshot to begin with.
    pub snapshot: Snapshot,
    /// Warnings and notes.
    pub findings: Vec<Finding>,
    /// Tells when something of it changes from what was read.
    pub watch: Watch,
}

impl Opened {
    /// Reads the configuration at `path` and everything that it names.
    ///
    /// # Errors
    /// Every mistake that was found.
    pub fn read(path: &Path) -> Result<Self, Vec<Finding>> {
        let settled = settled(path, &[], None);
        let (config, Loaded { snapshot, findings, secret_files }) = settled.read?;
        let watch = Watch { path: path.to_owned(), secrets: secret_files, seen: settled.seen };
        Ok(Self { config, snapshot, findings, watch })
    }
}

/// What a reload came to.
#[derive(Debug)]
pub struct Reloaded {
    /// Number of the snapshot that is in force now; the first one has 0.
    pub generation: u64,
    /// Warnings and notes, changes among them that take a restart.
    pub findings: Vec<Finding>,
    /// The lists of policies that went on with their indexes, and those that were made anew.
    pub lists: Reuse,
}

impl Gate {
    /// Puts everything in force anew that `watch` watches: world, policies, catalogue files, secrets, upstreams,
    /// certificates, and the limits of a single call.
    ///
    /// # Errors
    /// Every mistake that was found; everything stays as it was.
    pub async fn reload(&self, watch: &mut Watch) -> Result<Reloaded, Vec<Finding>> {
        let outcome = self.renew(watch).await;
        self.state.reloaded(&outcome);
        outcome
    }

    async fn renew(&self, watch: &mut Watch) -> Result<Reloaded, Vec<Finding>> {
        let (running, path, secrets) = (self.config.clone(), watch.path.clone(), watch.secrets.clone());
        let before = self.snapshot();
        let settled = tokio::task::spawn_blocking(move || settled(&path, &secrets, Some((&running, &before)))).await;
        let settled = settled.map_err(|error| mistake(format!("the reload broke off: {error}")))?;
        watch.seen = settled.seen;
        let (config, Loaded { mut snapshot, findings, secret_files }) = settled.read?;
        watch.secrets = secret_files;
        snapshot.take_over(&self.snapshot());
        // With one that cannot be had, calls would be refused that what is in force lets through.
        let mistakes = snapshot.obtain_credentials(super::FIRST_CREDENTIALS).await;
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let of_admin = self.admin.as_ref().and_then(|admin| admin.tls.as_ref());
        let (mut certificates, mut mistakes) = (Vec::new(), Vec::new());
        for certificate in self.certificates.iter().chain(of_admin) {
            match certificate.again() {
                Ok(config) => certificates.push((certificate, config)),
                Err(error) => mistakes.push(Finding::nowhere(Severity::Error, "tls", error.to_string())),
            }
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        for (certificate, config) in certificates {
            certificate.replace(config);
        }
        self.service.metrics().follow(&snapshot);
        let lists = snapshot.authorizer.reuse();
        let generation = self.service.pipeline().replace(snapshot);
        self.state.configured(config);
        Ok(Reloaded { generation, findings, lists })
    }
}

fn mistake(message: impl Into<String>) -> Vec<Finding> {
    vec![Finding::nowhere(Severity::Error, "reload", message)]
}

/// What reading came to, and what a look at the files showed before and after it. `None` where no two looks saw the
/// same.
struct Settled {
    read: Result<(Config, Loaded), Vec<Finding>>,
    seen: Option<u64>,
}

/// Reads everything until nothing of it changed from one reading to the next, so that files of two different changes
/// are never mixed. `secrets` are the files that secrets were in before, as long as the world does not tell which it is now.
fn settled(path: &Path, secrets: &[PathBuf], running: Option<(&Config, &Snapshot)>) -> Settled {
    let mut before = None;
    for _ in 0..ATTEMPTS {
        let read = read(path, running);
        let secrets = read.as_ref().map_or(secrets, |(_, loaded)| &loaded.secret_files);
        let seen = Some(fingerprint(&files(path, secrets)));
        // All of it was read between two looks that saw the same.
        if before == seen {
            return Settled { read, seen };
        }
        before = seen;
    }
    Settled { read: Err(mistake("the files change all the time: none of them is taken until they rest")), seen: None }
}

fn read(path: &Path, running: Option<(&Config, &Snapshot)>) -> Result<(Config, Loaded), Vec<Finding>> {
    let new = Config::read(path)?;
    let config = running.map_or_else(|| new.clone(), |(running, _)| kept(running, new.clone()));
    let waiting = waiting_for_a_restart(&config, &new);
    let mut loaded = Snapshot::load_after(&config, running.map(|(_, before)| before))?;
    loaded.findings.extend(waiting);
    Ok((config, loaded))
}

/// `new` with everything that takes a restart as it is in `running`.
fn kept(running: &Config, mut new: Config) -> Config {
    new.listeners.clone_from(&running.listeners);
    new.workers = running.workers;
    new.nonce_journal.clone_from(&running.nonce_journal);
    new.audit.clone_from(&running.audit);
    new.admin.clone_from(&running.admin);
    new.traces.clone_from(&running.traces);
    let Limits { connections, calls, nonces_per_key, drain_timeout, .. } = running.limits;
    new.limits = Limits { connections, calls, nonces_per_key, drain_timeout, ..new.limits };
    new
}

/// What of the configuration `new` takes a restart: where it differs from what is [`kept`] of the running one.
fn waiting_for_a_restart(kept: &Config, new: &Config) -> Option<Finding> {
    let parts = [
        (kept.listeners != new.listeners, "[[listeners]]"),
        (kept.workers != new.workers, "`workers`"),
        (kept.nonce_journal != new.nonce_journal, "`nonce_journal`"),
        (kept.audit != new.audit, "[audit]"),
        (kept.limits != new.limits, "`connections`, `calls`, `nonces_per_key` or `drain_timeout` of [limits]"),
        (kept.admin != new.admin, "[admin]"),
        (kept.traces != new.traces, "[traces]"),
    ];
    let parts: Vec<&str> = parts.into_iter().filter_map(|(differs, part)| differs.then_some(part)).collect();
    let message = format!("changed, and in force only after a restart: {}", parts.join(", "));
    (!parts.is_empty()).then(|| Finding::nowhere(Severity::Warning, "restart-needed", message))
}

/// Waits for changes of the files that a gate was opened from.
#[derive(Debug)]
pub struct Watch {
    path: PathBuf,
    secrets: Vec<PathBuf>,
    seen: Option<u64>,
}

impl Watch {
    /// Ends when a file is not as it was when it was last read, by content, by replacement, or because a link leads
    /// elsewhere, and has stayed so for some seconds. Where the wait is given up it has to begin anew; nothing is lost.
    pub async fn changed(&mut self) {
        let (mut last, mut looks) = (self.seen, 1);
        loop {
            tokio::time::sleep(POLL).await;
            let (path, secrets) = (self.path.clone(), self.secrets.clone());
            let looked = tokio::task::spawn_blocking(move || fingerprint(&files(&path, &secrets))).await;
            let Ok(now) = looked else { continue };
            looks = if last == Some(now) { looks + 1 } else { 1 };
            last = Some(now);
            if last != self.seen && looks >= QUIET_LOOKS {
                return;
            }
        }
    }
}

/// The files and folders that decide what a gate with the configuration at `path` does.
fn files(path: &Path, secrets: &[PathBuf]) -> Vec<PathBuf> {
    let mut files = vec![path.to_owned()];
    // One that cannot be read is watched until it can.
    if let Ok(config) = Config::read(path) {
        for world in [Some(&config.world), config.candidate.as_ref()].into_iter().flatten() {
            let names = store::WORLD_FILES.into_iter().chain(["policies", "limits.toml"]);
            files.extend(names.map(|name| world.join(name)));
        }
        files.extend(config.catalogue);
        for upstream in &config.upstreams {
            files.extend(upstream.ca.clone());
            files.extend(upstream.credential.secrets().filter_map(|secret| secret.file().map(Path::to_owned)));
            files.extend(upstream.credential.chain().filter_map(|source| source.sts()?.ca.clone()));
        }
        for tls in config.listeners.iter().filter_map(|listener| listener.tls.as_ref()) {
            files.extend([tls.certificate.clone(), tls.key.clone()]);
            files.extend(tls.clients.as_ref().map(|clients| clients.authorities.clone()));
        }
        if let Some(tls) = config.admin.as_ref().and_then(|admin| admin.tls.as_ref()) {
            files.extend([tls.certificate.clone(), tls.key.clone(), tls.clients.clone()]);
        }
    }
    files.extend_from_slice(secrets);
    files
}

/// What a look at the files shows without reading them.
fn fingerprint(files: &[PathBuf]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for file in files {
        look(file, 0, &mut hasher);
    }
    hasher.finish()
}

fn look(path: &Path, depth: usize, hasher: &mut DefaultHasher) {
    path.hash(hasher);
    // Where the path leads says whether a link was swapped, also one of a folder above.
    path.canonicalize().ok().hash(hasher);
    let Ok(metadata) = path.metadata() else { return };
    metadata.len().hash(hasher);
    metadata.modified().ok().hash(hasher);
    if metadata.is_dir() && depth < MAX_DEPTH {
        let mut entries: Vec<PathBuf> =
            path.read_dir().into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        entries.sort();
        for entry in entries {
            look(&entry, depth + 1, hasher);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::SourceText;

    /// A sound configuration with these lines, where a line of a table that is there already is added to it.
    fn configured(lines: &[(&str, String)]) -> Config {
        let of = |table: &str| -> String {
            lines.iter().filter(|(at, _)| *at == table).map(|(_, line)| format!("{line}\n")).collect()
        };
        let mut toml = of("At the top");
        toml += "[[listeners]]\naddress = \"127.0.0.1:1\"\nplain = true\n[[upstreams]]\nproduct = \"polardb\"\n\
                 version = \"2017-08-01\"\naccount = \"1234567890123456\"\nendpoint = \"https://a.example\"\n\
                 credential = { id = \"LTAI\", secret = \"env:S\" }\n";
        for (table, always) in [
            ("[limits]", ""),
            ("[circuit]", ""),
            ("[gate]", "nonces_in_memory = true\n"),
            ("[lookup]", "enabled = true\n"),
            ("[traces]", "endpoint = \"http://127.0.0.1:4318\"\n"),
            ("[audit]", "file = \"audit.log\"\n"),
        ] {
            toml += &format!("{table}\n{always}");
            toml += &of(table);
        }
        Config::parse(&SourceText::new("ramgate.toml", toml.clone()), Path::new(""))
            .unwrap_or_else(|_| panic!("{toml}"))
    }

    #[test]
    fn the_page_of_the_configuration_tells_the_defaults_and_what_takes_a_restart() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
        let page = std::fs::read_to_string(page).unwrap();
        let running = configured(&[]);
        let shown = |config: &Config| serde_json::to_value(config).unwrap();
        let (mut table, mut defaults, mut changes) = ("", 0, 0);
        for line in page.lines() {
            if let Some(heading) = line.strip_prefix("## ") {
                table = heading.trim_matches('`');
                continue;
            }
            let cells: Vec<&str> = line.split(" | ").collect();
            let [key, kind, default, change, _] = cells[..] else { continue };
            let key = key.trim_matches(['|', ' ', '`']);
            let literal = default.trim_matches('`').replace(',', "");
            let number = literal.parse::<u64>();
            let stated = number.is_ok() || literal.starts_with('"') || kind == "boolean";
            let always = ["enabled", "nonces_in_memory", "plain"].contains(&key);
            if !stated || always || table.starts_with("[[") || table.contains(" of ") {
                continue;
            }
            let with = configured(&[(table, format!("{key} = {literal}"))]);
            assert_eq!(shown(&with), shown(&running), "{table} {key}");
            defaults += 1;
            let other = match (number, literal.as_str()) {
                (Ok(number), _) => (number + 1).to_string(),
                (_, "false") => "true".to_owned(),
                _ => continue,
            };
            let new = configured(&[(table, format!("{key} = {other}"))]);
            let waits = waiting_for_a_restart(&kept(&running, new.clone()), &new);
            assert_eq!(waits.is_some(), change == "restart", "{table} {key} = {other}");
            changes += 1;
        }
        assert!(defaults > 25 && changes > 20, "{defaults} and {changes} keys were looked at");
    }

    #[test]
    fn a_look_sees_content_replacement_and_swapped_links() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["one", "two"] {
            std::fs::create_dir_all(at(name).join("policies")).unwrap();
            std::fs::write(at(name).join("policies/a.json"), "{}").unwrap();
        }
        std::os::unix::fs::symlink(at("one"), at("current")).unwrap();
        let files = [at("current/policies"), at("absent")];
        let mut seen = vec![fingerprint(&files)];
        assert_eq!(seen, [fingerprint(&files)], "nothing happened");
        let mut changed = |what: &str| {
            let now = fingerprint(&files);
            assert!(!seen.contains(&now), "{what}");
            seen.push(now);
        };
        std::fs::write(at("one/policies/a.json"), "{ }").unwrap();
        changed("a file has other content");
        std::fs::write(at("one/policies/b.json"), "{}").unwrap();
        changed("a file is there that was not");
        std::fs::remove_file(at("current")).unwrap();
        std::os::unix::fs::symlink(at("two"), at("current")).unwrap();
        changed("the link leads elsewhere");
        std::fs::write(at("absent"), "").unwrap();
        changed("what was missing is there");
    }
}
