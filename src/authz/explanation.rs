//! How a decision came about, by reference to what decided it.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use super::{Decision, Observer, Outcome, PolicyType, Request, Ruling, StatementResult, Trace};
use crate::identity::PolicySource;
use crate::policy::{ConditionTest, ContextValue, Statement, TestOutcome};

/// A decision and how it came about: what the evaluator looked at, in its order, by reference to the policies and to the request.
///
/// Statements whose action or resource cannot match are counted and not looked at, as for a plain decision. Nothing of a policy is
/// copied before somebody wants to read it: [`to_trace`](Self::to_trace) and [`Display`](fmt::Display) name elements, operators,
/// keys, values and places.
///
/// ```
/// use ramgate::authz::{Mode, Outcome, PolicySet, Request, StatementResult};
/// use ramgate::catalog::Known;
/// use ramgate::identity::{Principal, Scope};
/// use ramgate::json::SourceText;
/// use ramgate::policy::{Context, Dialect};
///
/// let source = SourceText::new("own.json", r#"{"Version": "1", "Statement": [
///   {"Effect": "Allow", "Action": "ecs:StopInstance", "Resource": "*"},
///   {"Effect": "Allow", "Action": "polardb:Close*", "Resource": "*", "Condition": {"Bool": {"acs:MFAPresent": "true"}}}
/// ]}"#);
/// let mut policies = PolicySet::new(Dialect::strict());
/// policies.add_identity("own", &source, Scope::Account)?;
///
/// let alice = Principal::User { account: "1234567890123456".into(), name: "alice".into(), id: "2".into() };
/// let context = Context::new();
/// let explanation = policies.explain(&Request {
///     principal: &alice,
///     action: "polardb:CloseDBClusterMigration",
///     resource: "acs:polardb:cn-hangzhou:1234567890123456:dbcluster/pc-1",
///     owner: None,
///     resource_group: &Known::Unknown,
///     context: &context,
///     mode: Mode::General,
/// });
/// assert_eq!(explanation.ruling().outcome, Outcome::ImplicitDeny);
/// let stage = explanation.stages().next().expect("identity policies were asked");
/// assert_eq!(stage.ruled_out, 1);
/// let considered: Vec<_> = stage.statements().map(|(_, statement, result)| (statement.index(), result)).collect();
/// assert_eq!(considered, [(1, StatementResult::ConditionUnmet)]);
/// assert!(explanation.to_string().contains("Bool acs:MFAPresent true: the request has no such key (not met), at own.json:3:"));
/// # Ok::<(), ramgate::policy::InvalidPolicy>(())
/// ```
#[derive(Debug, Clone)]
pub struct Explanation<'p, 'r> {
    request: Request<'r>,
    ruling: Ruling<'p>,
    record: Record<'p>,
}

/// What the evaluator told, in its order.
#[derive(Debug, Clone, Default)]
pub(super) struct Record<'p> {
    stages: Vec<Stage<'p>>,
    statements: Vec<Considered<'p>>,
    tests: Vec<(&'p ConditionTest, TestOutcome)>,
}

#[derive(Debug, Clone)]
struct Stage<'p> {
    /// `None` of a rule.
    policy_type: Option<PolicyType>,
    level: Option<&'p str>,
    outcome: Option<Outcome>,
    rule: Option<&'static str>,
    ruled_out: usize,
    statements: Range<usize>,
}

#[derive(Debug, Clone)]
struct Considered<'p> {
    policy: &'p PolicySource,
    statement: &'p Statement,
    result: StatementResult,
    tests: Range<usize>,
}

/// The policies of one kind at one level, or a rule that is no policy's.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ExplainedStage<'e, 'p> {
    /// The kind; a rule has none.
    pub policy_type: Option<PolicyType>,
    /// The directory node or the resource group.
    pub level: Option<&'p str>,
    /// What it came to.
    pub outcome: Option<Outcome>,
    /// What was decided by something other than a statement.
    pub rule: Option<&'static str>,
    /// How many of its statements were not looked at, since their action or resource cannot match.
    pub ruled_out: usize,
    statements: &'e [Considered<'p>],
}

impl<'p> ExplainedStage<'_, 'p> {
    /// Every statement that was looked at, the policy it is of, and what it came to.
    pub fn statements(&self) -> impl Iterator<Item = (&'p PolicySource, &'p Statement, StatementResult)> {
        self.statements.iter().map(|considered| (considered.policy, considered.statement, considered.result))
    }
}

impl<'p, 'r> Explanation<'p, 'r> {
    /// Of `request`, while `decide` decides it.
    pub(super) fn of(request: &Request<'r>, decide: impl FnOnce(&mut Record<'p>) -> Ruling<'p>) -> Self {
        let mut record = Record::default();
        let ruling = decide(&mut record);
        Self { request: *request, ruling, record }
    }

    /// What was decided.
    #[must_use]
    pub fn ruling(&self) -> Ruling<'p> {
        self.ruling
    }

    /// The same, to be kept and shown.
    #[must_use]
    pub fn decision(&self) -> Decision {
        self.ruling.to_decision()
    }

    /// The kinds of policy that were looked at, and rules that decided.
    pub fn stages(&self) -> impl Iterator<Item = ExplainedStage<'_, 'p>> {
        self.record.stages.iter().map(|stage| ExplainedStage {
            policy_type: stage.policy_type,
            level: stage.level,
            outcome: stage.outcome,
            rule: stage.rule,
            ruled_out: stage.ruled_out,
            statements: self.record.statements.get(stage.statements.clone()).unwrap_or_default(),
        })
    }

    /// Every condition test that was made, what the request has for it, and what it came to.
    pub fn tests(&self) -> impl Iterator<Item = (&'p ConditionTest, &'r ContextValue, TestOutcome)> {
        self.record.tests.iter().map(|(test, outcome)| (*test, self.request.context.value_for(test), *outcome))
    }

    /// What decided besides statements, in words.
    pub fn rules(&self) -> impl Iterator<Item = &'static str> {
        self.record.stages.iter().filter_map(|stage| stage.rule)
    }

    /// As [`Trace::unknown_keys`].
    #[must_use]
    pub fn unknown_keys(&self) -> BTreeSet<&'p str> {
        let unknown = self.tests().filter(|(_, value, _)| **value == ContextValue::Unknown);
        unknown.map(|(test, ..)| &*test.written_key().text).collect()
    }

    /// The same in words and numbers of its own, to be kept and shown. It tells of the statements that were looked at, and how
    /// many were not.
    #[must_use]
    pub fn to_trace(&self) -> Trace {
        let mut trace = Trace::new(&self.request);
        for stage in &self.record.stages {
            if let Some(rule) = stage.rule {
                trace.rule(rule);
                continue;
            }
            let Some(policy_type) = stage.policy_type else { continue };
            trace.stage(policy_type, stage.level);
            for considered in self.record.statements.get(stage.statements.clone()).unwrap_or_default() {
                for (test, outcome) in self.record.tests.get(considered.tests.clone()).unwrap_or_default() {
                    trace.test(test, self.request.context.value_for(test), *outcome);
                }
                trace.statement(considered.policy, considered.statement, considered.result);
            }
            trace.ruled_out(stage.ruled_out);
            if let Some(outcome) = stage.outcome {
                trace.staged(outcome);
            }
        }
        trace
    }
}

/// As its trace.
impl fmt::Display for Explanation<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_trace().fmt(f)
    }
}

impl<'p> Observer<'p> for Record<'p> {
    fn stage(&mut self, policy_type: PolicyType, level: Option<&'p str>) {
        let at = self.statements.len();
        self.stages.push(Stage {
            policy_type: Some(policy_type),
            level,
            outcome: None,
            rule: None,
            ruled_out: 0,
            statements: at..at,
        });
    }

    fn test(&mut self, test: &'p ConditionTest, _value: &ContextValue, outcome: TestOutcome) {
        self.tests.push((test, outcome));
    }

    fn statement(&mut self, policy: &'p PolicySource, statement: &'p Statement, result: StatementResult) {
        let first = self.statements.last().map_or(0, |last| last.tests.end);
        self.statements.push(Considered { policy, statement, result, tests: first..self.tests.len() });
        if let Some(stage) = self.stages.last_mut() {
            stage.statements.end = self.statements.len();
        }
    }

    fn ruled_out(&mut self, count: usize) {
        if let Some(stage) = self.stages.last_mut() {
            stage.ruled_out = count;
        }
    }

    fn staged(&mut self, outcome: Outcome) {
        if let Some(stage) = self.stages.last_mut() {
            stage.outcome = Some(outcome);
        }
    }

    fn rule(&mut self, text: &'static str) {
        let at = self.statements.len();
        self.stages.push(Stage {
            policy_type: None,
            level: None,
            outcome: None,
            rule: Some(text),
            ruled_out: 0,
            statements: at..at,
        });
    }
}
