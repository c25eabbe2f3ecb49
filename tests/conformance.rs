//! Policies and requests with the decision each must come to: `conformance/*.json`, and every further file of the
//! same format in the folder that `RAMGATE_CONFORMANCE_DIR` names. `conformance/README.md` has the format.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "conformance/allocations.rs"]
mod allocations;
#[path = "conformance/world.rs"]
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ramgate::authz::reference::{self, Policies};
use ramgate::authz::{Mode, PolicySet, Request};
use ramgate::catalog::Known;
use ramgate::identity::{Principal, Scope};
use ramgate::json::{self, Kind, SourceText, Syntax};
use ramgate::policy::{Context, ContextValue, Dialect};
use serde::Deserialize;
use serde_json::Value;

const ACCOUNT: &str = "1234567890123456";
/// Names the folder with further cases.
const FOLDER_VARIABLE: &str = "RAMGATE_CONFORMANCE_DIR";

// ── the format ──────────────────────────────────────────────────────────────

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    #[serde(rename = "rule")]
    _rule: String,
    #[serde(rename = "status")]
    _status: String,
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "why")]
    why: String,
    policies: Vec<Policy>,
    request: CaseRequest,
    expect: Expectation,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum Policy {
    Identity { scope: CaseScope, resource_group: Option<String>, document: Value },
    Control { level: Level, document: Value },
    Session { document: Value },
    Resource { document: Value },
    Trust { document: Value },
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum CaseScope {
    Account,
    ResourceGroup,
}

/// In the order of the walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Level {
    Member,
    Folder,
    Root,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseRequest {
    principal: Option<CasePrincipal>,
    action: String,
    resource: String,
    resource_group: Option<MaybeUnknown<String>>,
    #[serde(default)]
    mode: CaseMode,
    #[serde(default)]
    context: BTreeMap<String, MaybeUnknown<OneOrMany>>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum CaseMode {
    #[default]
    General,
    AssumeRole,
    Sso,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum MaybeUnknown<T> {
    Unknown(Unknown),
    Known(T),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unknown {
    unknown: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum CasePrincipal {
    Owner {
        account: String,
    },
    RamUser {
        account: String,
        id: String,
        arn: String,
    },
    RoleSession {
        account: String,
        role: String,
        session: String,
        #[serde(rename = "arn")]
        _arn: Option<String>,
        #[serde(rename = "session_arn")]
        _session_arn: Option<String>,
    },
    Federated {
        provider: String,
    },
    Service {
        name: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Expectation {
    Allow,
    ExplicitDeny,
    ImplicitDeny,
    InvalidPolicy,
}

// ── reading ─────────────────────────────────────────────────────────────────

/// A case with its documents as they are written, so that a member that stands twice stays so.
struct ReadCase {
    case: Case,
    documents: Vec<String>,
}

fn read_cases(path: &Path) -> Result<Vec<ReadCase>, String> {
    let at = |problem: String| format!("{}: {problem}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| at(error.to_string()))?;
    let source = SourceText::new(path.display().to_string(), text);
    let tree = json::parse(&source, Syntax::Strict).map_err(|error| at(error.to_string()))?;
    let Kind::Array(cases) = tree.kind else { return Err(at("not a list of cases".to_owned())) };
    if cases.is_empty() {
        return Err(at("no cases".to_owned()));
    }
    let mut read = Vec::new();
    for tree in &cases {
        let position = source.position(tree.span.start);
        let case: Case = serde_json::from_str(source.slice(tree.span))
            .map_err(|error| at(format!("case at {position}: {error}")))?;
        let documents = policies(tree).iter().filter_map(|policy| member(policy, "document"));
        let documents: Vec<String> = documents.map(|document| source.slice(document.span).to_owned()).collect();
        if documents.len() != case.policies.len() {
            return Err(at(format!("case at {position}: a policy without its document")));
        }
        read.push(ReadCase { case, documents });
    }
    let mut ids = BTreeSet::new();
    match read.iter().find(|read| !ids.insert(read.case.id.clone())) {
        Some(repeated) => Err(at(format!("two cases are called `{}`", repeated.case.id))),
        None => Ok(read),
    }
}

fn member<'v>(value: &'v json::Value, name: &str) -> Option<&'v json::Value> {
    let Kind::Object(members) = &value.kind else { return None };
    members.iter().find(|member| member.name == name).map(|member| &member.value)
}

fn policies(case: &json::Value) -> &[json::Value] {
    match member(case, "policies").map(|policies| &policies.kind) {
        Some(Kind::Array(policies)) => policies,
        _ => &[],
    }
}

// ── running ─────────────────────────────────────────────────────────────────

/// The policies of `case` with these documents, or the codes of every mistake in them.
fn policy_set(case: &Case, documents: &[String]) -> Result<PolicySet, BTreeSet<String>> {
    let mut order: Vec<(usize, &Policy)> = case.policies.iter().enumerate().collect();
    order.sort_by_key(|(_, policy)| match policy {
        Policy::Control { level, .. } => Some(*level),
        _ => None,
    });
    let mut set = PolicySet::new(Dialect::strict());
    let mut codes = BTreeSet::new();
    for (index, policy) in order {
        let name = format!("policy-{index}");
        let source = SourceText::new(name.clone(), documents[index].clone());
        let added = match policy {
            Policy::Identity { scope: CaseScope::Account, .. } => set.add_identity(&name, &source, Scope::Account),
            Policy::Identity { scope: CaseScope::ResourceGroup, resource_group, .. } => {
                let group = resource_group.clone().expect("checked by `check_form`");
                set.add_identity(&name, &source, Scope::ResourceGroup(group))
            }
            Policy::Control { level, .. } => set.add_control(&name, &source, &format!("{level:?}")),
            Policy::Session { .. } => set.set_session(&name, &source),
            Policy::Resource { .. } => set.add_resource(&name, &source),
            Policy::Trust { .. } => set.set_trust(&name, &source),
        };
        if let Err(invalid) = added {
            codes.extend(invalid.findings.iter().map(|finding| finding.code.to_string()));
        }
    }
    if codes.is_empty() { Ok(set) } else { Err(codes) }
}

/// What serde cannot see is wrong with a case.
fn check_form(case: &Case) -> Result<(), String> {
    let count = |wanted: fn(&&Policy) -> bool| case.policies.iter().filter(wanted).count();
    if count(|policy| matches!(policy, Policy::Session { .. })) > 1 {
        return Err("more than one session policy".to_owned());
    }
    if count(|policy| matches!(policy, Policy::Trust { .. })) > 1 {
        return Err("more than one trust policy".to_owned());
    }
    for policy in &case.policies {
        if let Policy::Identity { scope, resource_group, .. } = policy
            && matches!(scope, CaseScope::ResourceGroup) != resource_group.is_some()
        {
            return Err("`resource_group` goes with the scope `resource-group`, and only with it".to_owned());
        }
    }
    let group_known = !matches!(&case.request.resource_group, Some(MaybeUnknown::Unknown(unknown)) if !unknown.unknown);
    let known = |value: &MaybeUnknown<OneOrMany>| !matches!(value, MaybeUnknown::Unknown(unknown) if !unknown.unknown);
    if !group_known || !case.request.context.values().all(known) {
        return Err("write {\"unknown\": true}, or the value".to_owned());
    }
    if let Some(CasePrincipal::RamUser { arn, .. }) = &case.request.principal
        && !arn.contains(":user/")
    {
        return Err(format!("`{arn}` is no ARN of a user"));
    }
    Ok(())
}

fn principal(case: &Case) -> Principal {
    match case.request.principal.clone() {
        None => {
            Principal::User { account: ACCOUNT.to_owned(), name: "alice".to_owned(), id: "2234567890123456".to_owned() }
        }
        Some(CasePrincipal::Owner { account }) => Principal::Owner { account },
        Some(CasePrincipal::RamUser { account, id, arn }) => {
            let name = arn.split_once(":user/").expect("checked by `check_form`").1.to_owned();
            Principal::User { account, name, id }
        }
        Some(CasePrincipal::RoleSession { account, role, session, .. }) => {
            Principal::RoleSession { account, role, session, policy: None }
        }
        Some(CasePrincipal::Federated { provider }) => Principal::Federated { provider },
        Some(CasePrincipal::Service { name }) => Principal::Service { name },
    }
}

fn context(case: &Case) -> Context {
    let mut context = Context::new();
    for (key, value) in &case.request.context {
        let value = match value {
            MaybeUnknown::Unknown(_) => ContextValue::Unknown,
            MaybeUnknown::Known(OneOrMany::One(value)) => ContextValue::Present(vec![value.clone()]),
            MaybeUnknown::Known(OneOrMany::Many(values)) => ContextValue::Present(values.clone()),
        };
        context.set_value(key, value);
    }
    context
}

/// Decides the case with these documents; the explanation and the reference must come to the same decision.
fn decide(case: &Case, set: &PolicySet) -> Result<Expectation, String> {
    let resource_group = match &case.request.resource_group {
        None => Known::Known(None),
        Some(MaybeUnknown::Known(group)) => Known::Known(Some(group.clone())),
        Some(MaybeUnknown::Unknown(_)) => Known::Unknown,
    };
    let request = Request {
        principal: &principal(case),
        action: &case.request.action,
        resource: &case.request.resource,
        owner: None,
        resource_group: &resource_group,
        context: &context(case),
        mode: match case.request.mode {
            CaseMode::General => Mode::General,
            CaseMode::AssumeRole => Mode::AssumeRole,
            CaseMode::Sso => Mode::Sso,
        },
    };
    let decision = set.decide(&request).to_decision();
    let (explained, trace) = set.trace(&request);
    if explained != decision {
        return Err(format!("the explanation comes to another decision:\n{trace}"));
    }
    if let Some(difference) = reference::decide(&Policies::of(&set.applicable()), &request).difference(&decision) {
        return Err(difference);
    }
    Ok(match decision.outcome {
        ramgate::authz::Outcome::Allow => Expectation::Allow,
        ramgate::authz::Outcome::ExplicitDeny => Expectation::ExplicitDeny,
        ramgate::authz::Outcome::ImplicitDeny => Expectation::ImplicitDeny,
    })
}

/// Runs one case, as written and in every other order; `codes` are those that its documents must be refused with.
fn run(read: &ReadCase, codes: Option<&BTreeSet<String>>) -> Result<(), String> {
    let ReadCase { case, documents } = read;
    check_form(case)?;
    let set = match (policy_set(case, documents), case.expect) {
        (Err(found), Expectation::InvalidPolicy) => {
            return match codes {
                Some(codes) if *codes != found => Err(format!("refused with {found:?} and not with {codes:?}")),
                _ => Ok(()),
            };
        }
        (Ok(_), Expectation::InvalidPolicy) => return Err("the documents were accepted".to_owned()),
        (Err(found), _) => return Err(format!("the documents were refused with {found:?}")),
        (Ok(set), _) => set,
    };
    let found = decide(case, &set)?;
    if found != case.expect {
        return Err(format!("{found:?} and not {:?} ({})", case.expect, case.why));
    }
    for other in reordered(case) {
        let set = policy_set(&other.case, &other.documents)
            .map_err(|found| format!("in another order the documents are refused with {found:?}"))?;
        let found = decide(&other.case, &set)?;
        if found != case.expect {
            return Err(format!("{found:?} and not {:?} in another order: {:?}", case.expect, other.documents));
        }
    }
    Ok(())
}

fn run_file(path: &Path, codes: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    match read_cases(path) {
        Err(problem) => vec![problem],
        Ok(cases) => cases
            .iter()
            .filter_map(|read| {
                let failure = run(read, codes.get(&read.case.id)).err()?;
                Some(format!("{} {}: {failure}", path.display(), read.case.id))
            })
            .collect(),
    }
}

/// Runs every `*.json` of a folder; what cannot be read is a failure.
fn run_folder(folder: &Path) -> Vec<String> {
    let entries = match std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
        Ok(entries) => entries,
        Err(error) => return vec![format!("{}: {error}", folder.display())],
    };
    let mut paths: Vec<PathBuf> = entries.iter().map(std::fs::DirEntry::path).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    paths.sort();
    if paths.is_empty() {
        return vec![format!("{}: no *.json in it", folder.display())];
    }
    paths.iter().flat_map(|path| run_file(path, &BTreeMap::new())).collect()
}

// ── other orders ────────────────────────────────────────────────────────────

/// The case with the statements of each document in other orders, with its lists and members turned round, and with
/// its policies turned round.
fn reordered(case: &Case) -> Vec<ReadCase> {
    let documents: Vec<Value> = case.policies.iter().map(|policy| policy.document().clone()).collect();
    let mut variants = Vec::new();
    for (index, document) in documents.iter().enumerate() {
        let Some(statements) = document.get("Statement").and_then(Value::as_array) else { continue };
        for order in orders(statements.len()) {
            let mut changed = documents.clone();
            changed[index]["Statement"] = order.iter().map(|at| statements[*at].clone()).collect();
            variants.push((case.clone(), changed));
        }
    }
    variants.push((case.clone(), documents.iter().map(turned_round).collect()));
    let mut backwards = case.clone();
    backwards.policies.reverse();
    variants.push((backwards, documents.iter().rev().cloned().collect()));
    let read = |(case, documents): (Case, Vec<Value>)| ReadCase {
        case,
        documents: documents.iter().map(Value::to_string).collect(),
    };
    variants.into_iter().map(read).collect()
}

impl Policy {
    fn document(&self) -> &Value {
        match self {
            Self::Identity { document, .. }
            | Self::Control { document, .. }
            | Self::Session { document }
            | Self::Resource { document }
            | Self::Trust { document } => document,
        }
    }
}

/// Every order of up to four statements; of more, the reverse and every rotation.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let all: Vec<usize> = (0..count).collect();
    if count > 4 {
        let rotated = (1..count).map(|by| all.iter().map(|at| (at + by) % count).collect());
        return std::iter::once(all.iter().rev().copied().collect()).chain(rotated).collect();
    }
    let mut orders = vec![Vec::new()];
    for at in all {
        orders = orders
            .iter()
            .flat_map(|order: &Vec<usize>| {
                (0..=order.len()).map(move |place| {
                    let mut longer = order.clone();
                    longer.insert(place, at);
                    longer
                })
            })
            .collect();
    }
    orders
}

/// Every list and every object back to front.
fn turned_round(value: &Value) -> Value {
    match value {
        Value::Array(values) => values.iter().rev().map(turned_round).collect(),
        Value::Object(members) => {
            Value::Object(members.iter().rev().map(|(name, value)| (name.clone(), turned_round(value))).collect())
        }
        other => other.clone(),
    }
}

// ── tests ───────────────────────────────────────────────────────────────────

fn own(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance").join(name)
}

fn invalid_policy_codes() -> BTreeMap<String, BTreeSet<String>> {
    serde_json::from_str(&std::fs::read_to_string(own("invalid-policy-codes.json")).unwrap()).unwrap()
}

fn assert_none(failures: &[String]) {
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_example_of_the_language_is_decided_as_it_says_in_any_order() {
    assert_none(&run_file(&own("ram-policy-examples.json"), &invalid_policy_codes()));
}

#[test]
fn every_further_case_is_decided_as_it_says_in_any_order() {
    assert_none(&run_file(&own("further-cases.json"), &invalid_policy_codes()));
}

#[test]
fn every_case_of_the_named_folder_is_decided_as_it_says_in_any_order() {
    let Some(folder) = std::env::var_os(FOLDER_VARIABLE) else { return };
    assert_none(&run_folder(Path::new(&folder)));
}

#[test]
fn every_refused_document_of_this_folder_says_with_which_codes() {
    let mut invalid = BTreeSet::new();
    for file in ["ram-policy-examples.json", "further-cases.json"] {
        let cases = read_cases(&own(file)).unwrap();
        let cases = cases.iter().map(|read| &read.case).filter(|case| case.expect == Expectation::InvalidPolicy);
        invalid.extend(cases.map(|case| case.id.clone()));
    }
    let named: BTreeSet<String> = invalid_policy_codes().into_keys().collect();
    assert_eq!(named, invalid);
}

#[test]
fn a_folder_that_cannot_be_read_whole_fails() {
    let missing = tempfile::tempdir().unwrap().path().join("missing");
    assert_eq!(run_folder(&missing).len(), 1);
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(run_folder(empty.path()).len(), 1);

    let example = std::fs::read_to_string(own("ram-policy-examples.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&example).unwrap();
    let case = |change: &dyn Fn(&mut Value)| {
        let mut case = cases.iter().find(|case| case["id"] == "op-022").unwrap().clone();
        change(&mut case);
        serde_json::to_string(&vec![case]).unwrap()
    };
    let fails = |text: &str| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("cases.json"), text).unwrap();
        run_folder(folder.path()).len()
    };
    assert_eq!(fails(&case(&|_| {})), 0);
    assert_eq!(fails("[]"), 1, "no case");
    assert_eq!(fails("{}"), 1, "no list");
    assert_eq!(fails("[{\"id\": "), 1, "no JSON");
    assert_eq!(fails(&case(&|case| case["surprise"] = 1.into())), 1, "an unknown member");
    assert_eq!(fails(&case(&|case| case["expect"] = "Maybe".into())), 1, "an unknown expectation");
    assert_eq!(fails(&case(&|case| case["policies"][0]["kind"] = "boundary".into())), 1, "an unknown kind");
    assert_eq!(fails(&case(&|case| case["expect"] = "InvalidPolicy".into())), 1, "a wrong expectation");
    assert_eq!(fails(&case(&|case| case["policies"][0]["document"]["Version"] = "2".into())), 1, "a bad document");
}
