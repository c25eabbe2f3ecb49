//! Ways from some permissions to more: the data, and which of them a document opens.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::Deserialize;

use super::permits::{Permit, Question, permits};
use crate::policy::{Context, Document};

const DATA: &str = include_str!("../../data/escalation.toml");

#[derive(Debug, Default, Deserialize)]
struct Data {
    path: Vec<PathData>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PathData {
    name: String,
    #[serde(default)]
    lent: bool,
    steps: Vec<StepData>,
    #[cfg_attr(not(test), expect(dead_code, reason = "for whoever reads the data"))]
    source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StepData {
    actions: Vec<String>,
    #[serde(default)]
    on: Vec<String>,
    #[serde(default)]
    any: Vec<String>,
    service: Option<String>,
}

struct Step {
    actions: Vec<String>,
    /// What RAM is asked about; one question without a template where nothing is known of the ARNs.
    asked: Vec<Option<Question>>,
    known: Context,
}

/// A way to more permissions.
pub(super) struct Path {
    /// What it comes to, as an order.
    pub(super) name: String,
    /// Whether only the role of a resource is gained, if it has one.
    pub(super) lent: bool,
    steps: Vec<Step>,
}

/// A way that a document opens.
pub(super) struct Open<'d> {
    pub(super) path: &'static Path,
    /// The actions, each with the statement that permits it.
    pub(super) permits: Vec<(&'static str, Permit<'d>)>,
}

impl Open<'_> {
    /// The statements that open it together.
    pub(super) fn statements(&self) -> BTreeSet<usize> {
        self.permits.iter().map(|(_, permit)| permit.statement.index()).collect()
    }
}

// INVARIANT: the embedded text is right (test `the_data_is_read_whole`).
static PATHS: LazyLock<Vec<Path>> = LazyLock::new(|| {
    let paths = toml::from_str::<Data>(DATA).unwrap_or_default().path;
    let path =
        |path: PathData| Path { name: path.name, lent: path.lent, steps: path.steps.into_iter().map(step).collect() };
    paths.into_iter().map(path).collect()
});

fn step(data: StepData) -> Step {
    let named = data.on.iter().map(|template| Some(Question::on(template)));
    let mut asked: Vec<_> = named.chain(data.any.iter().map(|template| Some(Question::any(template)))).collect();
    if asked.is_empty() {
        asked.push(None);
    }
    let mut known = Context::unknown();
    if let Some(service) = data.service {
        known.set("acs:Service", service);
    }
    Step { actions: data.actions, asked, known }
}

/// Every way that the document opens, in the order of the data.
pub(super) fn open_paths(document: &Document) -> impl Iterator<Item = Open<'_>> {
    let opens = move |path: &'static Path| {
        let steps: Option<Vec<_>> = path.steps.iter().map(|step| taken(step, document)).collect();
        Some(Open { path, permits: steps?.into_iter().flatten().collect() })
    };
    PATHS.iter().filter_map(opens)
}

fn taken<'d>(step: &'static Step, document: &'d Document) -> Option<Vec<(&'static str, Permit<'d>)>> {
    step.actions.iter().find_map(|action| {
        let asked = step.asked.iter().map(|template| {
            let permit = permits(document, action, template.as_ref(), &step.known).into_iter();
            // The one with the fewest conditions shows best that the way is open.
            permit.min_by_key(|permit| permit.limits.len()).map(|permit| (action.as_str(), permit))
        });
        asked.collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::SourceText;
    use crate::policy::{Dialect, PolicyKind};

    fn open(statements: &str) -> Vec<String> {
        let text = format!("{{\"Version\": \"1\", \"Statement\": [{statements}]}}");
        let document = Document::parse(&SourceText::new("p", text), PolicyKind::Identity, &Dialect::strict()).unwrap();
        open_paths(&document).map(|open| open.path.name.clone()).collect()
    }

    #[test]
    fn the_data_is_read_whole() {
        let data: Data = toml::from_str(DATA).unwrap();
        assert_eq!(data.path.len(), PATHS.len());
        for path in &data.path {
            assert!(!path.steps.is_empty() && !path.source.is_empty(), "{}", path.name);
            let actions = path.steps.iter().flat_map(|step| &step.actions);
            assert!(actions.clone().count() > 0 && actions.clone().all(|action| action.split_once(':').is_some()));
        }
    }

    #[test]
    fn every_path_is_open_to_an_administrator_and_to_whoever_has_just_its_steps() {
        assert_eq!(open(r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#).len(), PATHS.len());
        let data: Data = toml::from_str(DATA).unwrap();
        for path in &data.path {
            for chosen in path.steps.iter().flat_map(|step| &step.actions) {
                let steps = path.steps.iter().map(|step| {
                    let action = step.actions.iter().find(|action| *action == chosen).unwrap_or(&step.actions[0]);
                    format!(r#"{{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}"#)
                });
                let opened = open(&steps.collect::<Vec<_>>().join(", "));
                assert!(opened.contains(&path.name), "{} by {chosen}", path.name);
            }
        }
    }

    #[test]
    fn a_path_is_shut_without_any_one_of_its_steps() {
        let data: Data = toml::from_str(DATA).unwrap();
        for path in &data.path {
            for left_out in 0..path.steps.len() {
                let steps = path.steps.iter().enumerate().filter(|(at, _)| *at != left_out);
                let steps: Vec<_> = steps
                    .map(|(_, step)| {
                        format!(r#"{{"Effect": "Allow", "Action": "{}", "Resource": "*"}}"#, step.actions[0])
                    })
                    .chain([r#"{"Effect": "Allow", "Action": "ecs:DescribeRegions", "Resource": "*"}"#.to_owned()])
                    .collect();
                assert!(!open(&steps.join(", ")).contains(&path.name), "{} without step {left_out}", path.name);
            }
        }
    }

    #[test]
    fn a_denial_shuts_a_path_and_a_condition_on_the_service_is_weighed() {
        let all = r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#;
        let deny =
            r#"{"Effect": "Deny", "Action": ["ram:*", "ims:*", "resourcemanager:*", "cloudsso:*"], "Resource": "*"}"#;
        let left = open(&format!("{all}, {deny}"));
        assert!(
            left.iter().all(|name| name.contains("with the role it has") || name.contains("Kubernetes")),
            "{left:?}"
        );
        let pass = |service: &str| {
            format!(
                r#"{{"Effect": "Allow", "Action": "ram:PassRole", "Resource": "*",
                "Condition": {{"StringEquals": {{"acs:Service": "{service}.aliyuncs.com"}}}}}},
                {{"Effect": "Allow", "Action": ["ros:CreateStack", "ecs:RunInstances"], "Resource": "*"}}"#
            )
        };
        assert_eq!(open(&pass("ros")), ["create a stack under any role"]);
        assert_eq!(open(&pass("ecs")), ["run an instance under any role"]);
        assert_eq!(open(&pass("fc")), Vec::<String>::new());
    }
}
