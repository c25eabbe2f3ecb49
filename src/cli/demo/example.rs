//! The example world, as it stands in `examples/demo`, inside the program.

use std::path::PathBuf;

use secrecy::SecretString;

use crate::identity::{Principal, World};
use crate::json::SourceText;
use crate::policy::Dialect;
use crate::store::{self, LoadErrors, WorldSources, secret};

/// Where the files stand in the repository; decisions name them so.
pub(super) const DIRECTORY: &str = "examples/demo";

/// One file: its path below the directory, and its text.
macro_rules! file {
    ($path:literal) => {
        ($path, include_str!(concat!("../../../examples/demo/", $path)))
    };
}

const WORLD: (&str, &str) = file!("world.toml");

const POLICIES: [(&str, &str); 7] = [
    file!("policies/cluster-list-reader.json"),
    file!("policies/control/keep-clusters.json"),
    file!("policies/migration-auditor.json"),
    file!("policies/migration-operator.json"),
    file!("policies/protected-clusters-guard.json"),
    file!("policies/session/first-cluster-only.json"),
    file!("policies/trust/migration-ops-trust.json"),
];

fn text((path, text): (&str, &str)) -> SourceText {
    SourceText::new(format!("{DIRECTORY}/{path}"), text)
}

/// The example world.
///
/// # Errors
/// Its mistakes; a test holds that it has none.
pub(super) fn world() -> Result<World, LoadErrors> {
    let policies = POLICIES.map(|file| (file.0.trim_start_matches("policies/").to_owned(), text(file)));
    let sources =
        WorldSources { world: text(WORLD), policies: policies.into(), limits: None, base: PathBuf::from(DIRECTORY) };
    store::load_sources(&sources, &Dialect::strict())
}

/// Somebody who can call, with a key that anyone may know.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) principal: Principal,
    pub(super) access_key_id: String,
    pub(super) secret: SecretString,
    pub(super) security_token: Option<SecretString>,
}

impl Caller {
    /// What it is called here: `operator`, `migration-ops/nightly-cutover`.
    pub(super) fn name(&self) -> String {
        name(&self.principal.to_string()).to_owned()
    }
}

/// The last part of a principal's whole name.
pub(super) fn name(principal: &str) -> &str {
    let relative = principal.rsplit(':').next().unwrap_or(principal);
    relative.split_once('/').map_or(relative, |(_, name)| name)
}

/// Everybody who has a key in `world`, by name, sessions last.
pub(super) fn callers(world: &World) -> Vec<Caller> {
    let caller = |holder: crate::identity::KeyHolder<'_>| {
        Some(Caller {
            access_key_id: holder.key_id.to_owned(),
            secret: secret::read(holder.secret).ok()?,
            security_token: holder.token.map(secret::read).transpose().ok()?,
            principal: holder.principal,
        })
    };
    world.keys().filter_map(caller).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;

    fn read(folder: &Path, below: &Path, files: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, below, files);
            } else {
                let name = path.strip_prefix(below).unwrap().to_str().unwrap().replace('\\', "/");
                files.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }

    #[test]
    fn the_program_holds_the_example_world_as_it_stands_in_its_directory() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(DIRECTORY);
        let mut files = BTreeMap::new();
        read(&directory, &directory, &mut files);
        let held = POLICIES.into_iter().chain([WORLD]).map(|(path, text)| (path.to_owned(), text.to_owned()));
        assert_eq!(held.collect::<BTreeMap<_, _>>(), files);
    }

    #[test]
    fn the_example_world_has_no_mistakes_and_four_callers() {
        let callers: Vec<String> = callers(&world().unwrap()).iter().map(Caller::name).collect();
        assert_eq!(callers, ["auditor", "intern", "operator", "migration-ops/nightly-cutover"]);
    }

    #[test]
    fn a_decision_names_the_file_as_it_stands_in_the_repository() {
        let files: Vec<_> =
            world().unwrap().policies.iter().map(|policy| policy.document.source().name().to_owned()).collect();
        assert!(files.contains(&"examples/demo/policies/migration-operator.json".to_owned()), "{files:?}");
    }
}
