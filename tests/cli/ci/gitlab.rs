//! `templates/lint.yml`, its job run as the runner of GitLab runs one.

use super::*;

/// The header and the job, with these inputs in place of their defaults.
fn job(inputs: &[(&str, &str)]) -> Value {
    let text = project("templates/lint.yml");
    let (header, rest) = text.split_once("\n---\n").unwrap();
    let [header] = &yaml::read(header)[..] else { panic!("one document") };
    let declared = &header["spec"]["inputs"];
    for (name, _) in inputs {
        assert!(declared.get(*name).is_some(), "the template has no input `{name}`");
    }
    let input = regex::Regex::new(r"\$\[\[ inputs\.(\w+) \]\]").unwrap();
    let text = input.replace_all(rest, |found: &regex::Captures<'_>| {
        let given = inputs.iter().find(|(name, _)| *name == &found[1]).map(|(_, value)| *value);
        let value = given.unwrap_or_else(|| declared[&found[1]]["default"].as_str().unwrap());
        // As a double-quoted text of YAML has it.
        value.replace('\n', "\\n")
    });
    let [jobs] = &yaml::read(&text)[..] else { panic!("one document") };
    jobs["ramgate-lint"].clone()
}

/// Runs the job in a repository, with the program on its search path where the image has it.
fn run(repository: &Path, inputs: &[(&str, &str)], path: &str) -> Output {
    let job = job(inputs);
    let lines = |key: &str| -> Vec<String> {
        job[key].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
    };
    let script = [lines("before_script"), lines("script")].concat().join("\n");
    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", &script]).current_dir(repository);
    command.env("PATH", path).env("CI_PROJECT_DIR", repository).env("CI", "true").env("GITLAB_CI", "true");
    for (name, value) in job["variables"].as_object().unwrap() {
        command.env(name, value.as_str().unwrap());
    }
    command.output().unwrap()
}

/// As [`run`], in an image that has the program.
fn checked(repository: &Path, inputs: &[(&str, &str)]) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_ramgate")).parent().unwrap();
    run(repository, inputs, &format!("{}:{}", program.display(), std::env::var("PATH").unwrap()))
}

/// Paths and lines of the report that the job hands on.
fn report(repository: &Path) -> Vec<String> {
    let path = job(&[])["artifacts"]["reports"]["codequality"].as_str().unwrap().to_owned();
    let report: Value = serde_json::from_str(&fs::read_to_string(repository.join(path)).unwrap()).unwrap();
    let place = |record: &Value| {
        let location = &record["location"];
        format!("{}:{}", location["path"].as_str().unwrap(), location["lines"]["begin"])
    };
    report.as_array().unwrap().iter().map(place).collect()
}

#[test]
fn a_finding_fails_the_job_and_is_in_the_report() {
    let tree = repository(&[("policies/bad.json", BAD), ("policies/good.json", GOOD)]);
    let output = checked(tree.path(), &[]);
    assert_eq!(output.status.code(), Some(1), "{}", printed(&output));
    assert!(printed(&output).contains("--> policies/bad.json:3:"), "{}", printed(&output));
    assert_eq!(report(tree.path()), ["policies/bad.json:3"]);
    assert_eq!(job(&[])["artifacts"]["when"], "always", "a job that fails has its report too");
}

#[test]
fn a_repository_without_findings_passes_with_an_empty_report() {
    let tree = repository(&[("policies/good.json", GOOD)]);
    let output = checked(tree.path(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    assert_eq!(report(tree.path()), Vec::<String>::new());
}

#[test]
fn every_input_does_what_its_description_says() {
    let tree = repository(&[("a b/bad.json", BAD), ("good.json", GOOD), ("all.toml", "select = [\"style/todo\"]\n")]);
    for (inputs, status) in [
        (&[("paths", "good.json\na b")][..], 1),
        (&[("paths", "good.json")], 0),
        (&[("config", "all.toml")], 0),
        (&[("fail_on", "error")], 0),
        (&[("paths", "nowhere")], 2),
    ] {
        let output = checked(tree.path(), inputs);
        assert_eq!(output.status.code(), Some(status), "{inputs:?}: {}", printed(&output));
    }
    let placed = job(&[("stage", "lint"), ("image", "registry.example/ramgate")]);
    assert_eq!((placed["stage"].as_str(), placed["image"].as_str()), (Some("lint"), Some("registry.example/ramgate")));
    let documented = project("docs/ci.md");
    let text = project("templates/lint.yml");
    let header = yaml::read(text.split_once("\n---\n").unwrap().0);
    for name in names(&header[0]["spec"]["inputs"]) {
        assert!(documented.contains(&format!("| `{name}` |")), "`{name}` is not in docs/ci.md");
    }
}

#[test]
fn an_image_without_the_program_builds_it_from_the_named_revision() {
    let (tree, cargo) = (repository(&[("bad.json", BAD)]), Cargo::new());
    let unsaid = run(tree.path(), &[], &cargo.path());
    assert_eq!(unsaid.status.code(), Some(2));
    assert!(printed(&unsaid).contains("source and revision"), "{}", printed(&unsaid));
    let inputs = [("source", "https://git.example/ramgate"), ("revision", "v0.2.0")];
    let output = run(tree.path(), &inputs, &cargo.path());
    assert_eq!(output.status.code(), Some(1), "{}", printed(&output));
    let root = tree.path().join(".ramgate");
    let asked =
        format!("install --locked --git https://git.example/ramgate --rev v0.2.0 --root {} ramgate", root.display());
    assert_eq!(cargo.asked(), [asked.as_str()]);
    // The next job has it from the cache.
    assert_eq!(run(tree.path(), &inputs, &cargo.path()).status.code(), Some(1));
    assert_eq!(cargo.asked().len(), 1);
}
