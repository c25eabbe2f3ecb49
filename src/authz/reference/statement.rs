//! Statements and whom they are about (1.1, 2, 3, 7.1, 8).

use super::condition::{self, Truth};
use super::glob;
use crate::authz::Request;
use crate::identity::Principal;
use crate::policy::{Effect, ListedPrincipal, Pattern, PrincipalClause, RamPrincipal, Statement};

/// 7.1: a statement matches when action, resource, condition and, if there is one, principal all match.
pub(super) fn matches(statement: &Statement, request: &Request<'_>) -> bool {
    action(statement, request) && resource(statement, request) && principal(statement, request) && {
        // 4.2 no. 2 and 3: keys and operators are joined by AND.
        statement.condition().iter().all(|test| match condition::test(test, request.context) {
            Truth::Met => true,
            Truth::Unmet => false,
            // G2: it leaves an Allow unmet and a Deny met, positive or negated alike.
            Truth::Unreadable => statement.effect() == Effect::Deny,
        })
    }
}

/// 1.1: `Action` covers what it names, `NotAction` all the rest.
fn action(statement: &Statement, request: &Request<'_>) -> bool {
    let named = statement.action().patterns().any(|(pattern, _)| covers(pattern, request.action));
    named != statement.action().is_negated()
}

/// 1.1: a trust policy has no `Resource`: it is about the role it stands at.
fn resource(statement: &Statement, request: &Request<'_>) -> bool {
    let Some(clause) = statement.resource() else { return true };
    let named = clause.patterns().any(|(pattern, _)| covers(pattern, request.resource));
    named != clause.is_negated()
}

fn covers(pattern: &Pattern, text: &str) -> bool {
    glob::matches(pattern.as_str(), text, pattern.case())
}

fn principal(statement: &Statement, request: &Request<'_>) -> bool {
    let conditional = !statement.condition().is_empty();
    match statement.principal() {
        None => true,
        Some(PrincipalClause::Trust { ram, service, federated }) => match request.principal {
            Principal::Service { name } => service.iter().any(|named| *named.text == **name),
            Principal::Federated { provider } => federated.iter().any(|named| *named.text == **provider),
            caller => ram.iter().any(|named| trusts(named, caller)),
        },
        Some(PrincipalClause::List(listed)) => listed.iter().any(|named| lists(named, request.principal, conditional)),
    }
}

/// 8, 7.4.
fn trusts(named: &RamPrincipal, caller: &Principal) -> bool {
    match named {
        RamPrincipal::Anyone => true,
        // 7.4: `…:root` trusts every user and role of the account.
        RamPrincipal::Account(account) => caller.account() == Some(account),
        RamPrincipal::User { account, name } => match caller {
            Principal::User { account: own, name: called, .. } => **account == **own && **name == **called,
            _ => false,
        },
        RamPrincipal::Role { account, name } => match caller {
            Principal::RoleSession { account: own, role, .. } => **account == **own && **name == **role,
            _ => false,
        },
    }
}

/// 8, 7.6.
fn lists(named: &ListedPrincipal, caller: &Principal, conditional: bool) -> bool {
    match (named, caller) {
        // 7.6: without a condition everyone except the owner, with one everyone.
        (ListedPrincipal::Anyone, Principal::Owner { .. }) => conditional,
        (ListedPrincipal::Anyone, _) => true,
        (ListedPrincipal::Id(named), Principal::User { id, .. }) => **named == **id,
        (ListedPrincipal::Id(named), Principal::Owner { account }) => **named == **account,
        (ListedPrincipal::Session(named), Principal::RoleSession { account, role, session, .. }) => {
            covers(named, &format!("arn:sts::{account}:assumed-role/{role}/{session}"))
        }
        _ => false,
    }
}
