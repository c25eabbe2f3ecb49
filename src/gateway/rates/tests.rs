//! Buckets by a clock that stands until it is moved.

use governor::clock::FakeRelativeClock;

use super::*;
use crate::json::SourceText;
use crate::policy::Dialect;
use crate::store::{WorldSources, load_sources};

const WORLD: &str = r#"
[accounts.1234567890123456.users.alice]
id = "2000000000000001"
[accounts.1234567890123456.users.ci-1]
id = "2000000000000002"
[accounts.1234567890123456.users.ci-2]
id = "2000000000000003"
[accounts.1234567890123456.roles.ops]
"#;

const ALLOW: &str = r#"{ "Version": "1", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] }"#;

fn rates(limits: &str, clock: &FakeRelativeClock) -> (Rates<FakeRelativeClock>, Vec<Finding>) {
    let sources = WorldSources {
        world: SourceText::new("world.toml", WORLD),
        policies: vec![("allow.json".to_owned(), SourceText::new("allow.json", ALLOW))],
        limits: Some(SourceText::new("limits.toml", limits)),
        base: ".".into(),
    };
    let world = load_sources(&sources, &Dialect::strict()).unwrap_or_else(|errors| panic!("{:?}", errors.mistakes));
    let mut findings = Vec::new();
    (Rates::new(&world, clock, &mut findings), findings)
}

fn principal(name: &str) -> Principal {
    let principal: Principal = format!("acs:ram::1234567890123456:{name}").parse().unwrap();
    principal
}

/// How many of ten calls there are left.
fn left(rates: &Rates<FakeRelativeClock>, name: &str, action: &str) -> usize {
    (0..10).take_while(|_| rates.take(&principal(name), action).is_ok()).count()
}

#[test]
fn a_bucket_gives_its_burst_and_is_filled_at_its_rate() {
    let clock = FakeRelativeClock::default();
    let (rates, findings) = rates("[[rate_limits]]\nrate = \"2/s\"\nburst = 3\n", &clock);
    assert!(findings.is_empty());
    assert_eq!(left(&rates, "user/alice", "polardb:X"), 3);
    let exhausted = rates.take(&principal("user/alice"), "polardb:X").unwrap_err();
    assert_eq!(exhausted.wait, Duration::from_millis(500));
    clock.advance(Duration::from_millis(499));
    assert_eq!(left(&rates, "user/alice", "polardb:X"), 0);
    clock.advance(Duration::from_millis(1));
    assert_eq!(left(&rates, "user/alice", "polardb:X"), 1);
    clock.advance(Duration::from_secs(3600));
    assert_eq!(left(&rates, "user/alice", "polardb:X"), 3, "no more than a burst is saved up");
}

#[test]
fn without_a_burst_the_calls_of_the_rate_may_come_at_once() {
    let clock = FakeRelativeClock::default();
    let (rates, _) = rates("[[rate_limits]]\nrate = \"5/min\"\n", &clock);
    assert_eq!(left(&rates, "user/alice", "polardb:X"), 5);
    clock.advance(Duration::from_secs(12));
    assert_eq!(left(&rates, "user/alice", "polardb:X"), 1);
}

#[test]
fn everyone_has_a_bucket_and_the_sessions_of_a_role_share_one() {
    let clock = FakeRelativeClock::default();
    let (rates, _) = rates("[[rate_limits]]\nrate = \"4/h\"\n", &clock);
    assert_eq!(left(&rates, "user/ci-1", "polardb:X"), 4);
    assert_eq!(left(&rates, "user/ci-2", "polardb:X"), 4);
    assert!(rates.take(&principal("role/ops/one"), "polardb:X").is_ok());
    assert_eq!(left(&rates, "role/ops/two", "polardb:X"), 3);
}

#[test]
fn a_limit_is_for_whom_and_for_what_its_patterns_match() {
    let clock = FakeRelativeClock::default();
    let limits = "[[rate_limits]]\nprincipal = \"user/ci*\"\naction = \"polardb:describe*\"\nrate = \"1/h\"\n";
    let (rates, _) = rates(limits, &clock);
    assert_eq!(left(&rates, "user/alice", "polardb:DescribeDBClusters"), 10);
    assert_eq!(left(&rates, "user/ci-1", "polardb:CreateDBCluster"), 10);
    assert_eq!(left(&rates, "user/ci-1", "polardb:DescribeDBClusters"), 1);
}

#[test]
fn every_limit_that_matches_counts() {
    let clock = FakeRelativeClock::default();
    let limits = "[[rate_limits]]\nrate = \"3/h\"\n[[rate_limits]]\naction = \"polardb:C*\"\nrate = \"2/h\"\n";
    let (rates, _) = rates(limits, &clock);
    assert_eq!(left(&rates, "user/alice", "polardb:C"), 2);
    // The call that the second one turned away had been counted by the first.
    assert_eq!(left(&rates, "user/alice", "polardb:X"), 0);
}

#[test]
fn a_bucket_stays_as_full_as_it_was_where_its_limit_stays_the_same() {
    let clock = FakeRelativeClock::default();
    let before =
        "[[rate_limits]]\naction = \"a:*\"\nrate = \"4/h\"\n[[rate_limits]]\naction = \"b:*\"\nrate = \"4/h\"\n";
    let after =
        "[[rate_limits]]\naction = \"b:*\"\nrate = \"9/h\"\n\n\n[[rate_limits]]\naction = \"a:*\"\nrate = \"4/h\"\n";
    let (old, _) = rates(before, &clock);
    assert_eq!(left(&old, "user/alice", "a:x"), 4);
    assert_eq!(left(&old, "user/alice", "b:x"), 4);
    let (mut new, _) = rates(after, &clock);
    new.succeed(&old);
    assert_eq!(left(&new, "user/alice", "a:x"), 0);
    assert_eq!(left(&new, "user/alice", "b:x"), 9);
    assert_eq!(left(&new, "user/ci-1", "a:x"), 4);
    // Calls under way that still take by the old ones take from the same bucket.
    assert_eq!(left(&old, "user/ci-1", "a:x"), 0);
}

#[test]
fn a_limit_that_is_for_nobody_is_told() {
    let clock = FakeRelativeClock::default();
    let (_, findings) = rates("[[rate_limits]]\nprincipal = \"user/bob\"\nrate = \"1/s\"\n", &clock);
    let codes: Vec<_> = findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["rate-limit-unused"]);
    assert_eq!(findings[0].position().unwrap().1.to_string(), "1:1");
}
