//! Whole decisions, against the reference evaluator.

use ramgate::authz::{Mode, PolicySet, Request, reference};
use ramgate::catalog::Known;
use ramgate::identity::{Principal, Scope};
use ramgate::json::SourceText;
use ramgate::policy::{Context, ContextValue, Dialect, InvalidPolicy, PolicyKind};

use super::compare::{Evaluator, Tally, compare_made, engine, explained, minimised, shown};
use super::worlds::Maker;
use super::{KINDS, parts, text};

/// How many questions each world is asked.
const QUESTIONS: usize = 24;

/// A world of two accounts with policies of every kind, and questions about it, every choice of them a byte of the input.
/// Once the bytes are spent, a seed goes on.
pub fn decision(data: &[u8]) {
    let maker = Maker::of(data.to_vec(), data.len() as u64);
    let evaluator: Evaluator = if data.len().is_multiple_of(8) { explained } else { engine };
    if let Some(mismatch) = compare_made(maker, QUESTIONS, evaluator, &mut Tally::default()) {
        panic!("{}", shown(&minimised(*mismatch, evaluator)));
    }
}

const EVERYTHING: &str = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;
const ACCOUNT: &str = "1234567890123456";

/// An action, a resource, keys of the context as `KEY=VALUE;KEY=VALUE`, on a line each, and a policy in free text, which is
/// taken as every kind in both dialects.
pub fn request(data: &[u8]) {
    let text = text(data);
    let Some([action, resource, keys, policy]) = parts(&text) else { return };
    let source = SourceText::new("policy", policy);
    let everything = SourceText::new("everything", EVERYTHING);
    for kind in KINDS {
        for dialect in [Dialect::strict(), Dialect::lenient()] {
            let mut policies = PolicySet::new(dialect);
            if add(&mut policies, kind, &source, &everything).is_ok() {
                ask(&policies, kind, action, resource, keys);
            }
        }
    }
}

fn add(
    policies: &mut PolicySet,
    kind: PolicyKind,
    source: &SourceText,
    everything: &SourceText,
) -> Result<(), InvalidPolicy> {
    match kind {
        PolicyKind::Identity => policies.add_identity("p", source, Scope::Account),
        PolicyKind::Control => policies.add_control("p", source, "member"),
        PolicyKind::Session => policies.set_session("p", source),
        PolicyKind::Trust => policies.set_trust("p", source),
        PolicyKind::Resource => policies.add_resource("p", source),
    }?;
    // What only narrows needs something to narrow.
    if kind != PolicyKind::Identity { policies.add_identity("all", everything, Scope::Account) } else { Ok(()) }
}

fn ask(policies: &PolicySet, kind: PolicyKind, action: &str, resource: &str, keys: &str) {
    let mut context = Context::new();
    for (number, key) in keys.split(';').filter(|key| !key.is_empty()).enumerate() {
        match key.split_once('=') {
            // Several values are as good as one.
            Some((key, values)) => {
                context.set_value(key, ContextValue::Present(values.split(',').map(str::to_owned).collect()));
            }
            None if number % 2 == 0 => context.set_value(key, ContextValue::Unknown),
            None => context.set_unknown_prefix(key),
        }
    }
    let principals = [
        Principal::User { account: ACCOUNT.into(), name: "alice".into(), id: "2234567890123456".into() },
        Principal::RoleSession { account: ACCOUNT.into(), role: "ops".into(), session: "ci".into(), policy: None },
        Principal::Service { name: "ecs.aliyuncs.com".into() },
        Principal::Federated { provider: format!("acs:ram::{ACCOUNT}:saml-provider/p") },
    ];
    for principal in &principals {
        let mode = match (kind, principal) {
            (PolicyKind::Trust, Principal::Federated { .. }) => Mode::Sso,
            (PolicyKind::Trust, _) => Mode::AssumeRole,
            _ => Mode::General,
        };
        let request = Request {
            principal,
            action,
            resource,
            owner: Some(ACCOUNT),
            resource_group: &Known::Unknown,
            context: &context,
            mode,
        };
        let answer = reference::decide(&reference::Policies::of(&policies.applicable()), &request);
        let decision = policies.decide(&request).to_decision();
        assert_eq!(answer.difference(&decision), None, "{request:?}");
        assert_eq!(policies.trace(&request).0, decision, "as it is explained: {request:?}");
    }
}
