//! Watching the evaluator.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Outcome, PolicyType};
use crate::identity::PolicySource;
use crate::policy::{ConditionTest, ContextValue, Statement, TestOutcome};

/// How a statement met a request: it applies, or this element of it did not match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum StatementResult {
    /// Every element matched.
    Applies,
    /// `Action` or `NotAction` did not.
    OtherAction,
    /// `Resource` did not.
    OtherResource,
    /// `Principal` did not.
    OtherPrincipal,
    /// The condition was not met, or could not be told to be met and the statement is an Allow.
    ConditionUnmet,
}

/// Is told what the evaluator does, in its order. The default does nothing and costs nothing.
///
/// What it is told of policies lives as long as they do (`'p`), so that it can keep references instead of copies.
pub trait Observer<'p> {
    /// Whether it wants to be told of every statement. Otherwise those whose action or resource cannot match may be left out.
    const EVERY_STATEMENT: bool = false;
    /// Whether it does not listen. Then what no longer can change the decision is left out too, and told of in no order.
    const IDLE: bool = false;

    /// A kind of policy is looked at; `level` says at which node or group, where there are several.
    fn stage(&mut self, _policy_type: PolicyType, _level: Option<&'p str>) {}
    /// A condition test was made.
    fn test(&mut self, _test: &'p ConditionTest, _value: &ContextValue, _outcome: TestOutcome) {}
    /// A statement was looked at; its tests came before.
    fn statement(&mut self, _policy: &'p PolicySource, _statement: &'p Statement, _result: StatementResult) {}
    /// So many statements of the stage were left out: their action or resource cannot match.
    fn ruled_out(&mut self, _count: usize) {}
    /// What the stage came to.
    fn staged(&mut self, _outcome: Outcome) {}
    /// Something other than a statement decided.
    fn rule(&mut self, _text: &'static str) {}
}

/// Watches nothing.
impl Observer<'_> for () {
    const IDLE: bool = true;
}

/// Collects the condition keys that a decision looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConsultedKeys(pub BTreeSet<String>);

impl Observer<'_> for ConsultedKeys {
    fn test(&mut self, test: &ConditionTest, _value: &ContextValue, _outcome: TestOutcome) {
        if !self.0.contains(test.key()) {
            self.0.insert(test.key().to_owned());
        }
    }
}

/// Two observers at once.
impl<'p, A: Observer<'p>, B: Observer<'p>> Observer<'p> for (A, B) {
    const EVERY_STATEMENT: bool = A::EVERY_STATEMENT || B::EVERY_STATEMENT;
    const IDLE: bool = A::IDLE && B::IDLE;

    fn stage(&mut self, policy_type: PolicyType, level: Option<&'p str>) {
        self.0.stage(policy_type, level);
        self.1.stage(policy_type, level);
    }

    fn test(&mut self, test: &'p ConditionTest, value: &ContextValue, outcome: TestOutcome) {
        self.0.test(test, value, outcome);
        self.1.test(test, value, outcome);
    }

    fn statement(&mut self, policy: &'p PolicySource, statement: &'p Statement, result: StatementResult) {
        self.0.statement(policy, statement, result);
        self.1.statement(policy, statement, result);
    }

    fn ruled_out(&mut self, count: usize) {
        self.0.ruled_out(count);
        self.1.ruled_out(count);
    }

    fn staged(&mut self, outcome: Outcome) {
        self.0.staged(outcome);
        self.1.staged(outcome);
    }

    fn rule(&mut self, text: &'static str) {
        self.0.rule(text);
        self.1.rule(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authz::{Mode, PolicySet, Request};
    use crate::catalog::Known;
    use crate::identity::{Principal, Scope};
    use crate::json::SourceText;
    use crate::policy::{Context, Dialect};

    /// Everything that it is told, in its order.
    #[derive(Debug, Default, PartialEq, Eq)]
    struct Told<const EVERY: bool>(Vec<String>);

    impl<const EVERY: bool> Observer<'_> for Told<EVERY> {
        const EVERY_STATEMENT: bool = EVERY;

        fn stage(&mut self, policy_type: PolicyType, level: Option<&str>) {
            self.0.push(format!("stage {policy_type} {level:?}"));
        }
        fn test(&mut self, test: &ConditionTest, _value: &ContextValue, outcome: TestOutcome) {
            self.0.push(format!("test {} {outcome:?}", test.key()));
        }
        fn statement(&mut self, policy: &PolicySource, statement: &Statement, result: StatementResult) {
            self.0.push(format!("statement {} {} {result:?}", policy.name, statement.index()));
        }
        fn ruled_out(&mut self, count: usize) {
            self.0.push(format!("ruled out {count}"));
        }
        fn staged(&mut self, outcome: Outcome) {
            self.0.push(format!("staged {outcome}"));
        }
        fn rule(&mut self, text: &'static str) {
            self.0.push(format!("rule {text}"));
        }
    }

    fn watched<'p>(policies: &'p PolicySet, action: &str, observer: &mut impl Observer<'p>) {
        let principal = Principal::User { account: "1234567890123456".into(), name: "alice".into(), id: "2".into() };
        let mut context = Context::new();
        context.set("acs:MFAPresent", "false");
        context.set("acs:SourceIp", "192.0.2.1");
        let (resource, resource_group, mode) = ("*", &Known::Unknown, Mode::General);
        let request =
            Request { principal: &principal, action, resource, owner: None, resource_group, context: &context, mode };
        policies.observe(&request, observer);
    }

    #[test]
    fn two_who_watch_are_told_what_each_would_be_told_alone() {
        let text = r#"{"Version": "1", "Statement": [
            {"Effect": "Allow", "Action": "ecs:*", "Resource": "*"},
            {"Effect": "Allow", "Action": "polardb:*", "Resource": "*",
             "Condition": {"Bool": {"acs:MFAPresent": "false"}, "IpAddress": {"acs:SourceIp": "192.0.2.0/24"}}},
            {"Effect": "Deny", "Action": "polardb:*", "Resource": "*", "Condition": {"Bool": {"acs:MFAPresent": "true"}}}]}"#;
        let mut policies = PolicySet::new(Dialect::strict());
        policies.add_identity("own", &SourceText::new("own.json", text), Scope::Account).unwrap();
        for (action, keys) in [
            ("polardb:CloseX", ["acs:mfapresent", "acs:sourceip"].as_slice()),
            ("ecs:StopX", &[]),
            ("sts:GetCallerIdentity", &[]),
        ] {
            let (mut few, mut every) = (Told::<false>::default(), Told::<true>::default());
            watched(&policies, action, &mut few);
            watched(&policies, action, &mut every);
            assert_ne!((few.0.len(), every.0.len()), (0, 0));

            let mut both = (Told::<false>::default(), (ConsultedKeys::default(), Told::<false>::default()));
            watched(&policies, action, &mut both);
            assert_eq!((&both.0, &both.1.1), (&few, &few));
            assert_eq!(both.1.0.0.iter().map(String::as_str).collect::<Vec<_>>(), keys, "{action}");

            // Where one wants to be told of every statement, the other is too.
            let mut both = (Told::<false>::default(), Told::<true>::default());
            watched(&policies, action, &mut both);
            assert_eq!((&both.0.0, &both.1), (&every.0, &every));

            // Who does not listen takes nothing from who does.
            let mut both = ((), Told::<false>::default());
            watched(&policies, action, &mut both);
            assert_eq!(both.1, few);
        }
    }
}
