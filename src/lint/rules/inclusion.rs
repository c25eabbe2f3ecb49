//! Whether one statement is about every request that another is about.

use std::collections::BTreeSet;

use crate::json::Span;
use crate::policy::{
    COVERAGE_WORK, ConditionTest, Coverage, Pattern, PrincipalClause, RamPrincipal, Statement, Written,
};

type Test<'s> = (&'s str, &'s str, BTreeSet<&'s str>);

fn operands(test: &ConditionTest) -> BTreeSet<&str> {
    test.written_operands().iter().map(|operand| &*operand.text).collect()
}

/// The tests of a condition, in an order of their own.
pub(super) fn condition(statement: &Statement) -> BTreeSet<Test<'_>> {
    statement.condition().iter().map(|test| (test.operator().name(), test.key(), operands(test))).collect()
}

/// Whether every request that `inner` is about is one that `outer` is about, as far as that is sure.
///
/// Conditions are compared by their tests: those of `outer` are among those of `inner`. Principals have to be the same.
pub(super) fn covers(outer: &Statement, inner: &Statement) -> bool {
    let (wide, narrow) = (condition(outer), condition(inner));
    same_principals(outer, inner)
        && wide.is_subset(&narrow)
        // With a condition, `*` in the list of a bucket policy is the owner too (spec ram-policy-language 7.6).
        && (!matches!(outer.principal(), Some(PrincipalClause::List(_))) || wide.is_empty() == narrow.is_empty())
        && clause_covers(
            (outer.action().is_negated(), &patterns(outer.action().patterns())),
            (inner.action().is_negated(), &patterns(inner.action().patterns())),
        )
        && match (outer.resource(), inner.resource()) {
            (Some(outer), Some(inner)) => clause_covers(
                (outer.is_negated(), &patterns(outer.patterns())),
                (inner.is_negated(), &patterns(inner.patterns())),
            ),
            (None, None) => true,
            _ => false,
        }
}

fn patterns<'p>(written: impl Iterator<Item = (&'p Pattern, Span)>) -> Vec<&'p Pattern> {
    written.map(|(pattern, _)| pattern).collect()
}

/// Whether the texts of one clause, a set of patterns or all but them, are all among those of another.
fn clause_covers((outer_negated, outer): (bool, &[&Pattern]), (inner_negated, inner): (bool, &[&Pattern])) -> bool {
    let among = |some: &[&Pattern], all: &[&Pattern]| {
        some.iter().all(|one| match one.is_wild() {
            true => one.covered_by(all.iter().copied(), COVERAGE_WORK) == Coverage::Covered,
            false => all.iter().any(|pattern| pattern.matches(one.as_str())),
        })
    };
    match (outer_negated, inner_negated) {
        (false, false) => among(inner, outer),
        (true, true) => among(outer, inner),
        (true, false) => inner.iter().all(|one| outer.iter().all(|other| one.meets(other).is_none())),
        (false, true) => outer.first().is_some_and(|first| {
            let whole = Pattern::new("*", first.case());
            let all = outer.iter().chain(inner).copied();
            whole.covered_by(all, COVERAGE_WORK) == Coverage::Covered
        }),
    }
}

/// Whether two statements name the same principals, in whatever order.
pub(super) fn same_principals(a: &Statement, b: &Statement) -> bool {
    let texts =
        |written: &'_ [Written]| -> BTreeSet<String> { written.iter().map(|one| one.text.to_string()).collect() };
    let among = |some: &[RamPrincipal], all: &[RamPrincipal]| some.iter().all(|one| all.contains(one));
    match (a.principal(), b.principal()) {
        (
            Some(PrincipalClause::Trust { ram: ram_a, service: service_a, federated: federated_a }),
            Some(PrincipalClause::Trust { ram: ram_b, service: service_b, federated: federated_b }),
        ) => {
            among(ram_a, ram_b)
                && among(ram_b, ram_a)
                && texts(service_a) == texts(service_b)
                && texts(federated_a) == texts(federated_b)
        }
        (a, b) => a == b,
    }
}

/// Whether somebody may be a principal of both, as far as trust policies tell; others are not compared.
pub(super) fn principals_meet(a: &Statement, b: &Statement) -> bool {
    let (
        Some(PrincipalClause::Trust { ram: ram_a, service: service_a, federated: federated_a }),
        Some(PrincipalClause::Trust { ram: ram_b, service: service_b, federated: federated_b }),
    ) = (a.principal(), b.principal())
    else {
        return true;
    };
    let shared = |a: &[Written], b: &[Written]| {
        a.iter().any(|one| b.iter().any(|other| one.text.eq_ignore_ascii_case(&other.text)))
    };
    shared(service_a, service_b)
        || shared(federated_a, federated_b)
        || ram_a.iter().any(|one| ram_b.iter().any(|other| same_caller(one, other)))
}

fn same_caller(a: &RamPrincipal, b: &RamPrincipal) -> bool {
    use RamPrincipal::{Account, Anyone, Role, User};
    match (a, b) {
        (Anyone, _) | (_, Anyone) => true,
        (Account(one), Account(other) | User { account: other, .. } | Role { account: other, .. })
        | (User { account: other, .. } | Role { account: other, .. }, Account(one)) => one == other,
        (User { .. }, User { .. }) | (Role { .. }, Role { .. }) => a == b,
        (User { .. }, Role { .. }) | (Role { .. }, User { .. }) => false,
    }
}
