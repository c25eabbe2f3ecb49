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

#[test]
fn the_dashboard_and_the_alert_rules_name_only_documented_metrics() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let page = read("docs/metrics.md");
    let name = regex::Regex::new(r"\b(?:ramgate|process)_[a-z_]+\b").unwrap();
    let dashboard: Value = serde_json::from_str(&read("deploy/grafana-dashboard.json")).unwrap();
    let expressions = dashboard["panels"].as_array().unwrap().iter().flat_map(|panel| {
        panel["targets"].as_array().unwrap().iter().map(|target| target["expr"].as_str().unwrap().to_owned())
    });
    let expressions: Vec<String> = expressions.collect();
    assert!(expressions.iter().all(|expression| name.is_match(expression)));
    let used = expressions.join("\n") + &read("deploy/alerts.yml");
    let mut names = 0;
    for found in name.find_iter(&used) {
        let metric = ["_bucket", "_sum", "_count"].iter().find_map(|part| found.as_str().strip_suffix(part));
        let row = format!("| `{}` |", metric.unwrap_or(found.as_str()));
        assert!(page.contains(&row), "{} is not documented", found.as_str());
        names += 1;
    }
    assert!(names > 30, "{names}");
}

#[test]
fn the_units_and_the_image_run_the_program_with_a_time_to_end() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let service = std::fs::read_to_string(root.join("deploy/ramgate.service")).unwrap();
    let stop = service.lines().find_map(|line| line.strip_prefix("TimeoutStopSec=")).unwrap();
    assert!(stop.parse::<u64>().unwrap() > Limits::default().drain_timeout.as_secs());
    // What both start is a command that there is.
    let image = std::fs::read_to_string(root.join("deploy/Dockerfile")).unwrap();
    assert!(service.contains("ExecStart=/usr/bin/ramgate serve --config /etc/ramgate/ramgate.toml\n"));
    assert!(image.contains("CMD [\"serve\", \"--config\", \"/etc/ramgate/ramgate.toml\"]\n"));
    // Nobody is root in it.
    let user = image.lines().rev().find_map(|line| line.strip_prefix("USER ")).unwrap();
    assert!(user.split(':').all(|id| id.parse::<u32>().is_ok_and(|id| id > 0)), "{user}");
}
