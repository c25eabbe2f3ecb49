//! `action.yml`, its steps run as the runner of GitHub Actions runs those of a composite action.

use std::collections::BTreeMap;

use super::*;

/// What a job sees of the action.
struct Ran {
    failed: bool,
    log: String,
    outputs: BTreeMap<String, String>,
    summary: String,
}

fn action() -> Value {
    let [action] = &yaml::read(&project("action.yml"))[..] else { panic!("one document") };
    action.clone()
}

/// Replaces `${{ name }}` by what `value` says.
fn expanded(text: &str, value: impl Fn(&str) -> String) -> String {
    let expression = regex::Regex::new(r"\$\{\{\s*([^}\s]+)\s*\}\}").unwrap();
    expression.replace_all(text, |found: &regex::Captures<'_>| value(&found[1])).into_owned()
}

/// Runs the action in a repository with these inputs and, of the environment, this search path.
fn run(repository: &Path, inputs: &[(&str, &str)], path: &str) -> Ran {
    let action = action();
    for (name, _) in inputs {
        assert!(action["inputs"].get(*name).is_some(), "the action has no input `{name}`");
    }
    let runner = tempfile::tempdir().unwrap();
    let file = |name: &str| runner.path().join(name);
    let mut outputs: BTreeMap<String, String> = BTreeMap::new();
    let mut ran = Ran { failed: false, log: String::new(), outputs: BTreeMap::new(), summary: String::new() };
    let value = |name: &str, outputs: &BTreeMap<String, String>| match name.split('.').collect::<Vec<_>>()[..] {
        ["inputs", input] => {
            let given = inputs.iter().find(|(name, _)| *name == input).map(|(_, value)| (*value).to_owned());
            given.unwrap_or_else(|| action["inputs"][input]["default"].as_str().unwrap().to_owned())
        }
        ["steps", step, "outputs", output] => outputs.get(&format!("{step}.{output}")).cloned().unwrap_or_default(),
        _ => panic!("`{name}` is no expression of these tests"),
    };
    for (number, step) in action["runs"]["steps"].as_array().unwrap().iter().enumerate() {
        assert_eq!(step["shell"], "bash", "a runner runs nothing else without asking");
        let script = file(&format!("{number}.sh"));
        fs::write(&script, expanded(step["run"].as_str().unwrap(), |name| value(name, &outputs))).unwrap();
        fs::write(file("output"), "").unwrap();
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-e", "-o", "pipefail"]).arg(&script).current_dir(repository);
        command.env("PATH", path).env("GITHUB_ACTION_PATH", env!("CARGO_MANIFEST_DIR"));
        command.env("RUNNER_TEMP", runner.path()).env("GITHUB_WORKSPACE", repository);
        command.env("GITHUB_OUTPUT", file("output")).env("GITHUB_STEP_SUMMARY", file("summary"));
        for (name, text) in step["env"].as_object().unwrap() {
            command.env(name, expanded(text.as_str().unwrap(), |name| value(name, &outputs)));
        }
        let output = command.output().unwrap();
        ran.log.push_str(&printed(&output));
        for line in fs::read_to_string(file("output")).unwrap().lines() {
            let (name, text) = line.split_once('=').unwrap();
            outputs.insert(format!("{}.{name}", step["id"].as_str().unwrap()), text.to_owned());
        }
        if !output.status.success() {
            ran.failed = true;
            break;
        }
    }
    for (name, output) in action["outputs"].as_object().unwrap() {
        let text = expanded(output["value"].as_str().unwrap(), |name| value(name, &outputs));
        ran.outputs.insert(name.clone(), text);
    }
    ran.summary = fs::read_to_string(file("summary")).unwrap_or_default();
    ran
}

/// As [`run`], with the program that was built for these tests.
fn checked(repository: &Path, inputs: &[(&str, &str)]) -> Ran {
    let given = ("ramgate", env!("CARGO_BIN_EXE_ramgate"));
    run(repository, &[inputs, &[given]].concat(), &std::env::var("PATH").unwrap())
}

#[test]
fn a_finding_fails_the_job_and_annotates_its_line() {
    let tree = repository(&[("policies/bad.json", BAD), ("policies/good.json", GOOD)]);
    let ran = checked(tree.path(), &[]);
    assert!(ran.failed, "{}", ran.log);
    assert!(ran.log.contains("::warning file=policies/bad.json,line=3,endLine=3,col="), "{}", ran.log);
    assert!(ran.summary.contains("0 errors, 1 warnings, 0 notes"), "{}", ran.summary);
    let outputs: Vec<_> = ran.outputs.iter().map(|(name, text)| format!("{name}={text}")).collect();
    assert_eq!(outputs, ["errors=0", "notes=0", "status=1", "warnings=1"]);
}

#[test]
fn a_repository_without_findings_passes() {
    let tree = repository(&[("policies/good.json", GOOD)]);
    let ran = checked(tree.path(), &[]);
    assert!(!ran.failed && !ran.log.contains("::"), "{}", ran.log);
    assert_eq!((ran.outputs["status"].as_str(), ran.outputs["warnings"].as_str()), ("0", "0"));
}

#[test]
fn every_input_does_what_its_description_says() {
    let tree = repository(&[("a b/bad.json", BAD), ("good.json", GOOD), ("all.toml", "select = [\"style/todo\"]\n")]);
    let failed = |inputs: &[(&str, &str)]| checked(tree.path(), inputs).failed;
    assert!(failed(&[("paths", "good.json\na b")]));
    assert!(!failed(&[("paths", "good.json")]));
    assert!(!failed(&[("config", "all.toml")]));
    assert!(!failed(&[("fail-on", "error")]));
    assert!(!failed(&[("args", "--ignore=RAM711\n--lenient")]));
    let log = checked(tree.path(), &[("annotations", "false")]).log;
    assert!(log.contains("--> a b/bad.json:3:") && !log.contains("::warning"), "{log}");
    assert!(failed(&[("sarif", "out/lint.sarif"), ("paths", "a b")]), "a folder that is not there changes nothing");
    assert!(failed(&[("sarif", "lint.sarif")]));
    let sarif: Value = serde_json::from_str(&fs::read_to_string(tree.path().join("lint.sarif")).unwrap()).unwrap();
    let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!((&sarif["version"], &place["region"]["startLine"]), (&"2.1.0".into(), &3.into()));
    let unreadable = checked(tree.path(), &[("paths", "nowhere")]);
    assert!(unreadable.failed && unreadable.log.contains("`nowhere`"), "{}", unreadable.log);
    assert_eq!(unreadable.outputs["status"], "2");
}

#[test]
fn without_a_program_it_is_built_once_from_the_source_of_the_action() {
    let (tree, cargo) = (repository(&[("bad.json", BAD)]), Cargo::new());
    let ran = run(tree.path(), &[], &cargo.path());
    assert!(ran.failed && ran.log.contains("::warning file=bad.json,line=3"), "{}", ran.log);
    let [asked] = &cargo.asked()[..] else { panic!("{:?}", cargo.asked()) };
    let from = format!("install --locked --path {} --root ", env!("CARGO_MANIFEST_DIR"));
    assert!(asked.starts_with(&from), "{asked}");
}

#[test]
fn every_input_and_output_is_described_and_no_script_is_made_of_one() {
    let action = action();
    let text = project("action.yml");
    for (kind, used) in [("inputs", "inputs."), ("outputs", "outputs.")] {
        for (name, described) in action[kind].as_object().unwrap() {
            assert!(described["description"].as_str().unwrap().len() > 20, "{name}");
            assert!(text.contains(&format!("{used}{name} }}}}")), "`{name}` is not used");
        }
    }
    let documented = project("docs/ci.md");
    for name in names(&action["inputs"]).into_iter().chain(names(&action["outputs"])) {
        assert!(documented.contains(&format!("| `{name}` |")), "`{name}` is not in docs/ci.md");
    }
    // What an input holds would be run as a part of the script.
    for step in action["runs"]["steps"].as_array().unwrap() {
        assert!(!step["run"].as_str().unwrap().contains("${{"), "{}", step["name"]);
    }
}
