//! What RAM takes and is harmful all the same: every idea of the specification's list has a rule that fires on it.

use super::*;

/// A case of an idea, as `ideas.toml` has it.
struct Case {
    rule: &'static Rule,
    text: Text,
    at: String,
}

enum Text {
    /// A fixture of the rule, as one document or as a project.
    Fixture(PathBuf),
    Inline(SourceText, PolicyKind),
}

impl Case {
    fn of(table: &toml::Table) -> Self {
        let word = |key: &str| table.get(key).map(|value| value.as_str().unwrap().to_owned());
        let name = word("rule").unwrap();
        let rule = lint::find(&name).unwrap_or_else(|| panic!("there is no rule `{name}`"));
        let kind =
            word("kind").map_or(rule.kinds[0], |kind| KINDS.into_iter().find(|k| k.to_string() == kind).unwrap());
        let statement = word("statement").map(|text| format!("{{\"Version\": \"1\", \"Statement\": [{text}]}}"));
        let text = match (word("fixture"), statement.or_else(|| word("document"))) {
            (Some(fixture), None) => Text::Fixture(folder(rule).join(fixture)),
            (None, Some(text)) => Text::Inline(SourceText::new("policy.json", text), kind),
            _ => panic!("a case of {rule:?} has a fixture, a statement or a document"),
        };
        Self { rule, text, at: word("at").unwrap() }
    }

    /// The texts that the rule's findings are about.
    fn found(&self) -> Vec<String> {
        let sliced = |source: &SourceText, kind| -> Vec<String> {
            let found = found(self.rule, &Linter::new(settings(self.rule)), source, kind);
            found.iter().map(|finding| source.slice(finding.span).to_owned()).collect()
        };
        match &self.text {
            Text::Inline(source, _) if matches!(self.rule.check, Check::Linter) => {
                let outcome = lint::run_text(&Config::default(), source, &Options::default());
                slices(outcome.diagnostics.into_iter().filter(|found| found.finding.code == self.rule.code))
            }
            Text::Inline(source, kind) => sliced(source, *kind),
            Text::Fixture(path) if path.is_dir() => slices(projects::found_in(self.rule, path).into_iter()),
            Text::Fixture(path) => {
                sliced(&SourceText::new("policy.json", fs::read_to_string(path).unwrap()), kind_of(self.rule, path))
            }
        }
    }
}

fn slices(diagnostics: impl Iterator<Item = Diagnostic>) -> Vec<String> {
    let places = diagnostics.filter_map(|diagnostic| diagnostic.finding.place);
    places.map(|(source, span)| source.slice(span).to_owned()).collect()
}

#[test]
fn every_idea_of_the_specification_fires() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint/ideas.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let ideas = table["idea"].as_array().unwrap();
    let ids: Vec<_> = ideas.iter().map(|idea| idea["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, (1..=28).map(|number| format!("L{number:02}")).collect::<Vec<_>>());
    let mut wrong = String::new();
    for idea in ideas {
        let cases = idea["cases"].as_array().unwrap();
        assert!(!cases.is_empty(), "{idea}");
        for case in cases.iter().map(|case| Case::of(case.as_table().unwrap())) {
            let found = case.found();
            if !found.iter().any(|text| text.contains(&case.at)) {
                writeln!(wrong, "{} {:?} finds {found:?}, and nothing at `{}`", idea["id"], case.rule, case.at)
                    .unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
