//! What the documents show to be copied holds.

use std::path::Path;

use ramgate::gateway::config::{Config, Limits};
use ramgate::json::SourceText;
use serde_json::Value;

use super::ramgate;

/// The findings of a configuration, as `SEVERITY CODE`.
fn findings(path: &str) -> Vec<String> {
    let output = ramgate(&["check", path, "--without-secrets", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let text = |finding: &Value, field: &str| finding[field].as_str().unwrap().to_owned();
    findings.iter().map(|finding| format!("{} {}", text(finding, "severity"), text(finding, "code"))).collect()
}

#[test]
fn the_example_configuration_warns_only_of_its_plain_listener() {
    assert_eq!(findings("examples/ramgate.toml"), ["warning plain-listener"]);
}

#[test]
fn the_example_configuration_has_the_default_limits() {
    let config = Config::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ramgate.toml")).unwrap();
    assert_eq!(config.limits, Limits::default());
}

#[test]
fn the_configuration_of_the_readme_has_no_mistakes() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(directory.join("README.md")).unwrap();
    let blocks = readme.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let shown: Vec<_> = blocks.filter(|block| block.contains("[[listeners]]")).collect();
    let [shown] = shown[..] else { panic!("one configuration") };
    let config = Config::parse(&SourceText::new("README.md", shown), directory).unwrap();
    let findings = ramgate::gateway::check(&config, false);
    assert!(findings.is_empty(), "{findings:?}");
}
