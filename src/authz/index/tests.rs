use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::identity::PolicySource;
use crate::json::SourceText;
use crate::policy::{Dialect, Document, PolicyKind, Statement};

/// Action and resources of a statement, whether it is about all but these actions, and whether it denies.
type Said = (Vec<String>, Vec<String>, bool, bool);

fn policies(statements: &[Said]) -> Vec<Arc<PolicySource>> {
    let policy = |(number, chunk): (usize, &[Said])| {
        let statement = |(actions, resources, negated, denies): &Said| {
            let element = if *negated { "NotAction" } else { "Action" };
            json!({"Effect": if *denies { "Deny" } else { "Allow" }, element: actions, "Resource": resources})
        };
        let statements: Vec<_> = chunk.iter().map(statement).collect();
        let text = json!({"Version": "1", "Statement": statements}).to_string();
        let document = Document::parse(&SourceText::new("p", text), PolicyKind::Identity, &Dialect::lenient()).unwrap();
        Arc::new(PolicySource { name: number.to_string(), document: Arc::new(document) })
    };
    statements.chunks(7).enumerate().map(policy).collect()
}

fn matches(statement: &Statement, action: &str, resource: &str) -> bool {
    statement.action().matches(action) && statement.resource().is_some_and(|clause| clause.matches(resource))
}

/// Numbers of the candidates for a request that have an effect.
fn candidates(index: &Index, action: &str, resource: &str, effect: Effect) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    index.candidates(&Lookup::new(action, resource), &mut |number, of_effect| {
        if of_effect == effect {
            found.insert(number);
        }
    });
    found
}

fn check(statements: &[Said], requests: &[(String, String)]) -> Result<(), TestCaseError> {
    let policies = policies(statements);
    let index = Index::new(&policies);
    let all: Vec<&Statement> = policies.iter().flat_map(|policy| policy.document.statements()).collect();
    for (action, resource) in requests {
        for effect in [Effect::Deny, Effect::Allow] {
            let found = candidates(&index, action, resource, effect);
            for (number, statement) in (0..).zip(&all).filter(|(_, statement)| matches(statement, action, resource)) {
                let of_effect = statement.effect() == effect;
                prop_assert_eq!(found.contains(&number), of_effect, "{} {} {}", action, resource, number);
            }
        }
    }
    Ok(())
}

proptest! {
    /// The index leaves out nothing that matches, and keeps what denies and what allows apart.
    #[test]
    fn what_matches_is_found(
        statements in vec((
            vec("[aA]:[bB]{1,2}|[aAéb*?:]{1,5}", 1..3),
            vec("[aAbB*?:/é]{1,8}|acs:[aA*]{1,3}:[*b]{0,2}:1:[ab*?/]{1,6}", 1..4),
            any::<bool>(),
            any::<bool>(),
        ), 1..40),
        requests in vec(("[aA]:[bB]{1,2}|[aAéb:]{0,4}", "[aAbB:/é]{0,10}|[aA]cs:[aA]{1,3}:b?:1:[abA/]{1,8}"), 1..12),
    ) {
        check(&statements, &requests)?;
    }
}

#[test]
fn what_could_hide_a_statement_does_not() {
    let said = |action: &str, resource: &str| (vec![action.to_owned()], vec![resource.to_owned()], false, true);
    let statements = [
        said("ecs:Get", "acs:ecs:r:1:i/a"),
        said("ECS:Get", "ACS:ECS:r:1:i/a"),
        said("ecs:G?t", "acs:EC?:r:1:i/a"),
        said("*:get", "*:i/a"),
        said("ecs*", "acs:ecs:*i/a"),
        said("ecs:*", "acs:ecs:*:*:i/*"),
        said("*", "*/a*"),
        said("ecs:Ge*", "*r:1*"),
        said("ecs:Get", "*:*:*"),
        said("ecs:Get", "acs:ecs:r:1:i/a*"),
        said("ecs:Get", "*acs:ecs:r:1:i/a"),
        said("ecs:Get", "*acs:ecs:r:1:i/a*"),
        said("ecs:Get", "??????????????*"),
        said("ecs:Get", "acs:ecs:?:1:i/a"),
        said("ecs:Get", "a*"),
        said("ecs:Get", "*a"),
    ];
    let policies = policies(&statements);
    let index = Index::new(&policies);
    for (action, resource) in [("ecs:Get", "acs:ecs:r:1:i/a"), ("eCs:gEt", "aCs:EcS:r:1:i/a")] {
        let found = candidates(&index, action, resource, Effect::Deny);
        assert_eq!(found.len(), statements.len(), "{action} {resource}: {found:?}");
    }
}

/// Forms of statements, each with a number that few others have in common.
const FORMS: [fn(usize) -> (String, String); 8] = [
    |number| ("polardb:Close".into(), format!("acs:polardb:r:1:dbcluster/pc-{number}x")),
    |number| ("polardb:Close".into(), format!("acs:polardb:r:1:dbcluster/pc-{number}x*")),
    |number| ("polardb:Close".into(), format!("acs:polardb:*:*:dbcluster/pc-{number}x")),
    |number| ("polardb:Close".into(), format!("acs:polardb:*:*:dbcluster/pc-{number}x*")),
    |number| ("polardb:Close".into(), format!("*pc-{number}x*")),
    |number| ("polardb:*".into(), format!("acs:polardb:*:*:dbcluster/pc-{number}x*")),
    |number| ("*".into(), format!("acs:polardb:r:1:dbcluster/pc-{number}x*")),
    |number| (format!("polardb:Close{number}"), "*".into()),
];

/// Of many statements of one form, those that have nothing of the request are left out, whatever the form.
#[test]
fn of_many_statements_of_one_form_hardly_one_is_a_candidate_that_does_not_match() {
    for (number, form) in FORMS.iter().enumerate() {
        for count in [10, 200] {
            let said = |number| {
                let (action, resource) = form(number);
                (vec![action], vec![resource], false, false)
            };
            let statements: Vec<Said> = (0..count).map(said).collect();
            let index = Index::new(&policies(&statements));
            let (action, resource) = ("polardb:Close7", "acs:polardb:r:1:dbcluster/pc-7x");
            let action = if number == 7 { action } else { "polardb:Close" };
            let found = candidates(&index, action, resource, Effect::Allow);
            // Of few statements nothing is kept of what stands within a resource.
            let most = if count == 10 && (3..6).contains(&number) { 10 } else { 2 };
            assert!(found.contains(&7) && found.len() <= most, "{number} {count}: {found:?}");
        }
    }
}

/// One statement that is about a request, and of each of these forms a thousand that nearly are.
#[test]
fn few_of_many_statements_are_candidates() {
    let mut statements: Vec<Said> = Vec::new();
    for (number, form) in (0..1000).flat_map(|number| FORMS.iter().map(move |form| (number, form))) {
        let (action, resource) = form(number);
        statements.push((vec![action], vec![resource], false, false));
    }
    let index = Index::new(&policies(&statements));
    let resource = "acs:polardb:r:1:dbcluster/pc-77x";
    let found = candidates(&index, "polardb:Close", resource, Effect::Allow);
    let expected: BTreeSet<u32> = (0..7).map(|form| 77 * 8 + form).collect();
    assert!(found.is_superset(&expected) && found.len() < 60, "{found:?}");
    assert!(candidates(&index, "polardb:Close", resource, Effect::Deny).is_empty());
}
