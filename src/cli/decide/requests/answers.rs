//! Answers as lines of JSON.

use std::collections::{BTreeSet, HashMap};
use std::ptr;

use foldhash::fast::RandomState;
use serde::Serialize;

use crate::authz::{CheckDecision, Decision, Observer, Outcome, PolicyType, Request, Ruling, Trace, Verdict};
use crate::cli::question::Policies;
use crate::policy::{ConditionTest, ContextValue, TestOutcome};

/// The answers to some lines.
#[derive(Default)]
pub(super) struct Answers {
    /// A line of JSON each.
    pub(super) text: Vec<u8>,
    /// How many deny.
    pub(super) denied: u64,
    /// Lines that have none, and why.
    pub(super) refused: Vec<(u64, String)>,
}

/// The JSON of decisions: the same statement decides again and again.
pub(super) struct Decisions<'p> {
    policies: &'p Policies,
    known: HashMap<Key, Vec<u8>, RandomState>,
}

/// What a decision is known by: the outcome, the kind of policy, and where the statement is in memory.
type Key = (Outcome, PolicyType, Option<usize>);

/// The first part of an answer about an action.
#[derive(Serialize)]
struct Decided {
    allowed: bool,
    decision: Decision,
}

/// The rest of it.
#[derive(Serialize)]
struct Beside<'p> {
    unknown_keys: BTreeSet<&'p str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Trace>,
}

/// The answer about a call.
#[derive(Serialize)]
struct Called<'p> {
    allowed: bool,
    checks: Vec<CheckDecision>,
    unknown_keys: BTreeSet<&'p str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    traces: Vec<Trace>,
}

#[derive(Serialize)]
struct Refused<'e> {
    error: &'e str,
}

impl Answers {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.denied = 0;
        self.refused.clear();
    }

    pub(super) fn refuse(&mut self, line: u64, error: String) {
        self.line(line, &[&members(&Refused { error: &error })]);
        self.refused.push((line, error));
    }

    /// Writes the answer to a line, which has the members of these objects.
    fn line(&mut self, line: u64, objects: &[&[u8]]) {
        self.text.extend_from_slice(br#"{"line":"#);
        // Into memory, and of values that have a form in JSON: nothing can go wrong.
        let _ = serde_json::to_writer(&mut self.text, &line);
        for members in objects {
            self.text.push(b',');
            self.text.extend_from_slice(members);
        }
        self.text.extend_from_slice(b"}\n");
    }
}

impl<'p> Decisions<'p> {
    pub(super) fn new(policies: &'p Policies) -> Self {
        Self { policies, known: HashMap::default() }
    }

    /// Answers whether an action is allowed.
    pub(super) fn action(&mut self, line: u64, request: &Request<'_>, wants_trace: bool, answers: &mut Answers) {
        // Where all is known no key can turn out to be unknown.
        if request.context.is_known() && !wants_trace {
            let ruling = self.policies.decide(request);
            return self.write(line, &ruling, NOTHING_BESIDE, answers);
        }
        let explanation = self.policies.explain(request);
        let unknown_keys = explanation.unknown_keys();
        if unknown_keys.is_empty() && !wants_trace {
            return self.write(line, &explanation.ruling(), NOTHING_BESIDE, answers);
        }
        let trace = wants_trace.then(|| explanation.to_trace());
        self.write(line, &explanation.ruling(), &members(&Beside { unknown_keys, trace }), answers);
    }

    fn write(&mut self, line: u64, ruling: &Ruling<'p>, beside: &[u8], answers: &mut Answers) {
        let statement = ruling.determining.map(|(_, statement)| ptr::from_ref(statement).addr());
        let allowed = ruling.outcome == Outcome::Allow;
        answers.denied += u64::from(!allowed);
        let decided = self
            .known
            .entry((ruling.outcome, ruling.policy_type, statement))
            .or_insert_with(|| members(&Decided { allowed, decision: ruling.to_decision() }));
        answers.line(line, &[decided, beside]);
    }

    /// Answers whether a call is allowed; `decide` puts its checks to what it is given.
    pub(super) fn call(
        &self,
        line: u64,
        wants_trace: bool,
        answers: &mut Answers,
        decide: impl FnOnce(&mut dyn FnMut(&Request<'_>) -> Decision) -> Verdict,
    ) {
        let mut unknown_keys = BTreeSet::new();
        let mut traces = Vec::new();
        let verdict = decide(&mut |request| {
            if wants_trace {
                let explanation = self.policies.explain(request);
                unknown_keys.append(&mut explanation.unknown_keys());
                traces.push(explanation.to_trace());
                return explanation.decision();
            }
            let mut unknown = UnknownKeys(&mut unknown_keys);
            self.policies.observe(request, &mut unknown)
        });
        let allowed = verdict.is_allowed();
        answers.denied += u64::from(!allowed);
        let called = Called { allowed, checks: verdict.decisions, unknown_keys, traces };
        answers.line(line, &[&members(&called)]);
    }
}

/// What [`Beside`] is where there is no more to say.
const NOTHING_BESIDE: &[u8] = br#""unknown_keys":[]"#;

/// The members of an object, without its braces.
fn members(object: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec(object).unwrap_or_default();
    text.pop();
    text.drain(..text.len().min(1));
    text
}

/// The keys that tests looked at and of which nothing is known, as policies write them.
struct UnknownKeys<'u, 'p>(&'u mut BTreeSet<&'p str>);

impl<'p> Observer<'p> for UnknownKeys<'_, 'p> {
    fn test(&mut self, test: &'p ConditionTest, value: &ContextValue, _outcome: TestOutcome) {
        if *value == ContextValue::Unknown {
            self.0.insert(&test.written_key().text);
        }
    }
}
