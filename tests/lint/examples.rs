//! Documents that decide as Alibaba Cloud's own pages say are no errors.

use std::fs;
use std::path::Path;

use ramgate::json::SourceText;
use ramgate::lint::{Linter, Settings};
use ramgate::policy::PolicyKind;
use ramgate::report::Severity;

/// The policies of the conformance cases whose outcome is a decision, each with its kind and case.
fn policies() -> Vec<(String, PolicyKind, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/ram-policy-examples.json");
    let cases: serde_json::Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let mut all = Vec::new();
    for case in cases.as_array().unwrap().iter().filter(|case| case["expect"] != "InvalidPolicy") {
        for policy in case["policies"].as_array().unwrap() {
            let kind = match policy["kind"].as_str().unwrap() {
                "identity" => PolicyKind::Identity,
                "control" => PolicyKind::Control,
                "session" => PolicyKind::Session,
                "trust" => PolicyKind::Trust,
                "resource" => PolicyKind::Resource,
                other => panic!("{other}"),
            };
            let text = serde_json::to_string_pretty(&policy["document"]).unwrap();
            all.push((case["id"].as_str().unwrap().to_owned(), kind, text));
        }
    }
    all
}

#[test]
fn documents_that_alibaba_cloud_documents_are_no_errors() {
    let linter = Linter::new(Settings { now: "2026-11-24T00:00:00Z".parse().unwrap(), ..Settings::new() });
    let policies = policies();
    assert!(policies.len() > 100, "{}", policies.len());
    let mut errors = Vec::new();
    for (case, kind, text) in policies {
        for finding in linter.check(&SourceText::new(format!("{case}.json"), text), kind) {
            if finding.severity == Severity::Error {
                errors.push(format!("{case}: {} {}", finding.rule.name, finding.message));
            }
        }
    }
    // A key with a blank at its end is there to show that it is never met.
    errors.retain(|error| {
        error != "key-002: condition/key-format `acs:MFAPresent ` is no condition key, and no request carries it"
    });
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}
