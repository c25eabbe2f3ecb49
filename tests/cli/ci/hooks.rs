//! `.pre-commit-hooks.yaml`, run by pre-commit itself.

use super::*;

/// A place for pre-commit: the hooks in a repository of their own, as `repo` names one, and a home without settings of anybody.
struct PreCommit {
    program: PathBuf,
    hooks: TempDir,
    home: TempDir,
    cargo: Cargo,
}

impl PreCommit {
    fn new() -> Self {
        let (environment, home) = (clients().join("pre-commit"), tempfile::tempdir().unwrap());
        assert!(
            environment.join(".stamp").exists(),
            "pre-commit is not installed in `{}`: run `tests/run`, or `tests/ci/install` alone",
            environment.display(),
        );
        let hooks = directory(&[(".pre-commit-hooks.yaml", &project(".pre-commit-hooks.yaml"))]);
        let new = Self { program: environment.join("bin/pre-commit"), hooks, home, cargo: Cargo::new() };
        new.commit(new.hooks.path());
        new
    }

    fn command(&self, program: &Path, directory: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(directory).env("PATH", self.cargo.path()).env("HOME", self.home.path());
        command.env("PRE_COMMIT_HOME", self.home.path().join("pre-commit")).env("PRE_COMMIT_COLOR", "never");
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), "a").env(format!("GIT_{role}_EMAIL"), "a@example.com");
        }
        // A hook of git, from which these tests may be run, names its own repository.
        for name in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_PREFIX", "SKIP"] {
            command.env_remove(name);
        }
        command
    }

    fn git(&self, directory: &Path, arguments: &[&str]) -> Output {
        self.command(Path::new("git"), directory).args(arguments).output().unwrap()
    }

    /// Makes a directory a repository with everything committed.
    fn commit(&self, directory: &Path) {
        for arguments in [&["init", "-q", "-b", "main"][..], &["add", "-A"], &["commit", "-qm", "all"]] {
            let output = self.git(directory, arguments);
            assert!(output.status.success(), "{}", printed(&output));
        }
    }

    /// Runs a hook over all files of a repository: whether it passed, and what it printed.
    fn tried(&self, hook: &str, repository: &Path) -> (bool, String) {
        let hooks = self.hooks.path().to_str().unwrap();
        let mut command = self.command(&self.program, repository);
        let output = command.args(["try-repo", hooks, hook, "--all-files", "--verbose"]).output().unwrap();
        (output.status.success(), printed(&output))
    }
}

#[test]
fn every_hook_passes_a_repository_that_is_as_it_should_be() {
    let (pre_commit, tree) = (PreCommit::new(), repository(&[("policies/good.json", GOOD)]));
    pre_commit.commit(tree.path());
    let [hooks] = &yaml::read(&project(".pre-commit-hooks.yaml"))[..] else { panic!("one document") };
    let ids: Vec<_> = hooks.as_array().unwrap().iter().map(|hook| hook["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["ramgate-lint", "ramgate-lint-fix", "ramgate-fmt", "ramgate-fmt-check"]);
    for id in ids {
        let (passed, said) = pre_commit.tried(id, tree.path());
        assert!(passed && said.contains("Passed"), "{id}: {said}");
        assert!(project("docs/ci.md").contains(&format!("| `{id}` |")), "`{id}` is not in docs/ci.md");
    }
    // Built where pre-commit keeps it, from the repository of the hooks.
    let asked = pre_commit.cargo.asked();
    assert!(asked.iter().all(|asked| asked.contains("install --bins --root ")) && !asked.is_empty(), "{asked:?}");
}

#[test]
fn a_finding_stops_the_commit_and_names_its_line() {
    let (pre_commit, tree) = (PreCommit::new(), repository(&[("policies/bad.json", BAD)]));
    pre_commit.commit(tree.path());
    for id in ["ramgate-lint", "ramgate-lint-fix"] {
        let (passed, said) = pre_commit.tried(id, tree.path());
        assert!(!passed && said.contains("--> policies/bad.json:3:"), "{id}: {said}");
    }
}

#[test]
fn hooks_that_mend_leave_the_mended_file_and_stop_the_commit() {
    let unformatted = GOOD.replace("\n      ", " ");
    let number = GOOD.replace("\"1\"", "1");
    let (pre_commit, tree) = (PreCommit::new(), repository(&[("p.json", &unformatted)]));
    pre_commit.commit(tree.path());
    let read = || fs::read_to_string(tree.path().join("p.json")).unwrap();
    let (passed, said) = pre_commit.tried("ramgate-fmt-check", tree.path());
    assert!(!passed && said.contains("+++ b/p.json"), "{said}");
    assert_eq!(read(), unformatted);
    let (passed, said) = pre_commit.tried("ramgate-fmt", tree.path());
    assert!(!passed && said.contains("files were modified by this hook"), "{said}");
    assert_eq!(read(), GOOD);
    fs::write(tree.path().join("p.json"), number).unwrap();
    pre_commit.git(tree.path(), &["add", "-A"]);
    let (passed, said) = pre_commit.tried("ramgate-lint-fix", tree.path());
    assert!(!passed && said.contains("files were modified by this hook"), "{said}");
    assert_eq!(read(), GOOD);
}

#[test]
fn a_program_that_is_there_already_is_used_where_the_configuration_says_so() {
    let (pre_commit, tree) = (PreCommit::new(), repository(&[("bad.json", BAD)]));
    let revision = String::from_utf8(pre_commit.git(pre_commit.hooks.path(), &["rev-parse", "HEAD"]).stdout).unwrap();
    let config = format!(
        "repos:\n- repo: {}\n  rev: {}\n  hooks:\n  - id: ramgate-lint\n    language: system\n    entry: {} lint\n",
        pre_commit.hooks.path().display(),
        revision.trim(),
        env!("CARGO_BIN_EXE_ramgate"),
    );
    fs::write(tree.path().join(".pre-commit-config.yaml"), config).unwrap();
    pre_commit.commit(tree.path());
    let installed = pre_commit.command(&pre_commit.program, tree.path()).arg("install").output().unwrap();
    assert!(installed.status.success(), "{}", printed(&installed));
    fs::write(tree.path().join("bad.json"), format!("{BAD}\n")).unwrap();
    let stopped = pre_commit.git(tree.path(), &["commit", "-qam", "worse"]);
    assert!(!stopped.status.success() && printed(&stopped).contains("--> bad.json:3:"), "{}", printed(&stopped));
    fs::write(tree.path().join("bad.json"), GOOD).unwrap();
    let made = pre_commit.git(tree.path(), &["commit", "-qam", "better"]);
    assert!(made.status.success(), "{}", printed(&made));
    assert!(pre_commit.cargo.asked().is_empty(), "nothing is built");
}
