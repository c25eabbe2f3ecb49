//! Evaluators with one fault each: the comparison must notice every one of them.

use super::compare::{Decide, Evaluator, Mismatch, Tally, compare, minimised, shown};
use crate::authz::{Authorizer, Decision, Mode, Outcome, Request};
use crate::catalog::Known;
use crate::identity::{PolicyStore, Principal, Scope, World};
use crate::policy::{Context, ContextValue, Document, Effect, PolicyKind};

/// Decides a request by way of the engine.
type Change = fn(Request<'_>, &dyn Fn(&Request<'_>) -> Decision) -> Decision;

/// The engine on a world that was changed.
fn of_world(world: &World, change: impl FnOnce(&mut World)) -> Option<Decide<'_>> {
    let mut world = world.clone();
    change(&mut world);
    let authorizer = Authorizer::new(&world).ok()?;
    Some(Box::new(move |request| authorizer.decide(request).to_decision()))
}

/// The engine on a context that was changed.
fn of_context(world: &World, change: fn(&ContextValue) -> Option<ContextValue>) -> Option<Decide<'_>> {
    let authorizer = Authorizer::new(world).ok()?;
    Some(Box::new(move |request| {
        let mut context = request.context.clone();
        for (key, value) in request.context.iter() {
            if let Some(value) = change(value) {
                context.set_value(key, value);
            }
        }
        authorizer.decide(&Request { context: &context, ..*request }).to_decision()
    }))
}

/// The engine on another request.
fn of_request(world: &World, change: Change) -> Option<Decide<'_>> {
    let authorizer = Authorizer::new(world).ok()?;
    Some(Box::new(move |request| change(*request, &|request| authorizer.decide(request).to_decision())))
}

fn every_document(world: &mut World, change: impl Fn(&Document) -> Document) {
    let mut store = PolicyStore::default();
    for policy in world.policies.iter() {
        store.insert(policy.name.clone(), change(&policy.document));
    }
    world.policies = store;
}

const FAULTS: &[(&str, Evaluator)] = &[
    ("every Deny is overlooked", |world| {
        of_world(world, |world| every_document(world, |document| document.without(Effect::Deny)))
    }),
    ("the Deny of one kind of policy is overlooked", |world| {
        of_world(world, |world| {
            every_document(world, |document| match document.kind() {
                PolicyKind::Session => document.without(Effect::Deny),
                _ => document.clone(),
            });
        })
    }),
    ("what is unknown is taken for absent", |world| {
        of_context(world, |value| (*value == ContextValue::Unknown).then_some(ContextValue::Absent))
    }),
    ("what is absent is taken for unknown", |world| {
        of_context(world, |value| (*value == ContextValue::Absent).then_some(ContextValue::Unknown))
    }),
    ("what is absent is taken for empty", |world| {
        of_context(world, |value| (*value == ContextValue::Absent).then(|| ContextValue::Present(vec![String::new()])))
    }),
    ("only the first of several values counts", |world| {
        of_context(world, |value| match value {
            ContextValue::Present(values) if values.len() > 1 => {
                Some(ContextValue::Present(values.iter().take(1).cloned().collect()))
            }
            _ => None,
        })
    }),
    ("a value is cut at its first line", |world| {
        of_context(world, |value| match value {
            ContextValue::Present(values) => Some(ContextValue::Present(
                values.iter().map(|value| value.lines().next().unwrap_or_default().to_owned()).collect(),
            )),
            _ => None,
        })
    }),
    ("families of keys are forgotten", |world| {
        of_request(world, |request, decide| {
            let mut context = Context::new();
            for (key, value) in request.context.iter() {
                context.set_value(key, value.clone());
            }
            decide(&Request { context: &context, ..request })
        })
    }),
    ("resources compare without case", |world| {
        of_request(world, |request, decide| {
            decide(&Request { resource: &request.resource.to_ascii_lowercase(), ..request })
        })
    }),
    ("an unknown resource group is taken for none", |world| {
        of_request(world, |request, decide| match request.resource_group {
            Known::Unknown => decide(&Request { resource_group: &Known::Known(None), ..request }),
            Known::Known(_) => decide(&request),
        })
    }),
    ("the resource group decides before the account", |world| {
        of_world(world, |world| {
            for account in world.accounts.values_mut() {
                for user in account.users.values_mut() {
                    let mut attachments = user.attachments.to_vec();
                    for attachment in &mut attachments {
                        if attachment.scope == Scope::ResourceGroup("rg-a".into()) {
                            attachment.scope = Scope::Account;
                        }
                    }
                    user.attachments = attachments.into();
                }
            }
        })
    }),
    ("groups of users are forgotten", |world| {
        of_world(world, |world| {
            let accounts = world.accounts.values_mut();
            accounts.flat_map(|account| account.users.values_mut()).for_each(|user| user.groups.clear());
        })
    }),
    ("session policies are forgotten", |world| {
        of_request(world, |request, decide| match request.principal.clone() {
            Principal::RoleSession { account, role, session, policy: Some(_) } => {
                let principal = Principal::RoleSession { account, role, session, policy: None };
                decide(&Request { principal: &principal, ..request })
            }
            _ => decide(&request),
        })
    }),
    ("control policies end below the root", |world| {
        of_world(world, |world| {
            let root = |node: &str| node == "root";
            for node in world.directory.values_mut() {
                node.parent = node.parent.take().filter(|parent| !root(parent));
            }
        })
    }),
    ("the management account is like any other", |world| {
        of_world(world, |world| world.accounts.values_mut().for_each(|account| account.management = false))
    }),
    ("service-linked roles are like any other", |world| {
        of_world(world, |world| {
            let accounts = world.accounts.values_mut();
            accounts.flat_map(|account| account.roles.values_mut()).for_each(|role| role.service_linked = false);
        })
    }),
    ("bucket policies are forgotten", |world| of_world(world, |world| world.resource_policies.clear())),
    ("trust policies are forgotten", |world| {
        of_request(world, |request, decide| {
            let mode = if request.mode == Mode::AssumeRole { Mode::General } else { request.mode };
            decide(&Request { mode, ..request })
        })
    }),
    ("the owner of the resource is always the one of its ARN", |world| {
        of_request(world, |request, decide| decide(&Request { owner: None, ..request }))
    }),
    ("one request in a thousand is allowed", |world| {
        of_request(world, |request, decide| {
            let decision = decide(&request);
            let bytes = request.action.bytes().chain(request.resource.bytes());
            let allowed = bytes.fold(7_u32, |sum, byte| sum * 31 % 65_521 + u32::from(byte)).is_multiple_of(1000);
            if allowed { Decision { outcome: Outcome::Allow, ..decision } } else { decision }
        })
    }),
    ("the statement after the one that decides is named", |world| {
        of_request(world, |request, decide| {
            let mut decision = decide(&request);
            if let Some(statement) = &mut decision.determining {
                statement.index += 1;
            }
            decision
        })
    }),
];

/// The first thing that an evaluator is found out by.
fn found_out(evaluator: Evaluator) -> Option<Mismatch> {
    let mut tally = Tally::default();
    let mut found = (0..2000).filter_map(|seed| compare(seed, 60, evaluator, &mut tally));
    found.next().map(|mismatch| *mismatch)
}

#[test]
fn every_planted_fault_is_noticed() {
    for (fault, evaluator) in FAULTS {
        assert!(found_out(*evaluator).is_some(), "not noticed: {fault}");
    }
}

#[test]
fn what_is_found_is_made_small() {
    let (_, overlooks_denies) = FAULTS.first().unwrap();
    let shown = shown(&minimised(found_out(*overlooks_denies).unwrap(), *overlooks_denies));
    assert_eq!(shown.matches("\"Effect\"").count(), 1, "{shown}");
    assert!(shown.contains("\"Deny\"") && shown.contains("ExplicitDeny"), "{shown}");
}
