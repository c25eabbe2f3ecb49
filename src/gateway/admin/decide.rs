//! What would be decided: a question to the snapshot in force, answered by the evaluator that decides calls.

use std::borrow::Cow;

use serde::Serialize;

use crate::authz::{
    Asked, CheckDecision, Decision, InvalidQuestion, Mode, Outcome, Question, Request, Trace, decide_each, group_value,
    stated_group,
};
use crate::catalog::{ApiCall, Checks, Parameters, ResolutionError};
use crate::gateway::Snapshot;
use crate::gateway::lookup::Found;
use crate::identity::{Principal, UnknownPrincipal};

/// A question that has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unanswerable {
    /// It does not say what is asked.
    #[error(transparent)]
    Question(#[from] InvalidQuestion),
    /// Part of it cannot be read.
    #[error("{0}")]
    Form(String),
    /// The world has no such principal.
    #[error(transparent)]
    Principal(#[from] UnknownPrincipal),
    /// The catalogue and the inventory do not tell what the call acts on: the gate would refuse it.
    #[error(transparent)]
    Resolution(#[from] ResolutionError),
}

/// What is decided.
#[derive(Serialize)]
pub(super) struct Answer {
    allowed: bool,
    /// The snapshot that was asked.
    generation: u64,
    principal: String,
    /// Of a call: every check.
    #[serde(skip_serializing_if = "Option::is_none")]
    checks: Option<Vec<CheckDecision>>,
    /// Of a call: whether it counts as a write.
    #[serde(skip_serializing_if = "Option::is_none")]
    write: Option<bool>,
    /// Of an action on a resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<Decision>,
    /// Keys that statements looked at and of which nothing is known.
    unknown_keys: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    traces: Vec<Trace>,
}

/// Asks `snapshot`.
pub(super) async fn ask(question: &Question<'_>, snapshot: &Snapshot) -> Result<Answer, Unanswerable> {
    let name = question.principal().ok_or_else(|| Unanswerable::Form("say who asks by `principal`".to_owned()))?;
    let principal = snapshot.world.principal(name)?;
    let asking = Asking { question, principal: &principal, snapshot };
    match question.asked()? {
        Asked::Call { operation, parameters } => asking.by_call(operation, parameters).await,
        Asked::Action { action, resource, resource_group } => asking.by_action(action, resource, resource_group),
    }
}

/// A question, by whom, of which snapshot.
struct Asking<'a> {
    question: &'a Question<'a>,
    principal: &'a Principal,
    snapshot: &'a Snapshot,
}

impl Asking<'_> {
    async fn by_call(
        &self,
        operation: &str,
        parameters: &[(Cow<'_, str>, Cow<'_, str>)],
    ) -> Result<Answer, Unanswerable> {
        let Self { question, principal, snapshot } = self;
        let context = question.context(&[
            ("acs:PrincipalARN", "`principal`"),
            ("acs:RequestTag/*", "`parameters`"),
            ("acs:ResourceGroupId", "the world's inventory"),
            ("acs:ResourceTag/*", "the world's inventory"),
        ])?;
        let checks = self.checks(operation, parameters).await?;
        let mut traces = Vec::with_capacity(checks.checks.len());
        let verdict = decide_each(principal, &checks, &context, |_, request| {
            let explanation = snapshot.authorizer.explain(request);
            traces.push(explanation.to_trace());
            explanation.decision()
        });
        Ok(Answer {
            allowed: verdict.is_allowed(),
            checks: Some(verdict.decisions),
            write: Some(checks.write),
            ..self.answer(traces)
        })
    }

    /// What the policies are asked about the call.
    async fn checks(&self, operation: &str, given: &[(Cow<'_, str>, Cow<'_, str>)]) -> Result<Checks, Unanswerable> {
        let Self { principal, snapshot, .. } = self;
        let parts: Vec<&str> = operation.split(':').collect();
        let [product, version, operation] = parts[..] else {
            let form = format!("`{operation}` is no operation: write \"PRODUCT:VERSION:OPERATION\"");
            return Err(Unanswerable::Form(form));
        };
        let account =
            principal.account().ok_or_else(|| Unanswerable::Form(format!("`{principal}` belongs to no account")))?;
        let mut parameters = Parameters::new();
        for (name, value) in given {
            parameters.insert(name, value).map_err(|error| Unanswerable::Form(error.to_string()))?;
        }
        let plan = snapshot.catalog.plan(&ApiCall {
            product,
            version,
            operation,
            parameters: &parameters,
            account,
            account_alias: snapshot.alias(account),
            single_region: snapshot.upstream(account, version).and_then(|upstream| upstream.region()),
        })?;
        // Looking up is for calls: their connections to upstreams are not this listener's.
        let found = match &snapshot.lookups {
            Some(lookups) => lookups.remembered(&plan.lacking(&snapshot.facts), account, version).await,
            None => Found::default(),
        };
        Ok(plan.complete(&found.beside(&snapshot.facts))?)
    }

    fn by_action(&self, action: &str, resource: &str, resource_group: Option<&str>) -> Result<Answer, Unanswerable> {
        let Self { question, principal, snapshot } = self;
        let mut context =
            question.context(&[("acs:PrincipalARN", "`principal`"), ("acs:ResourceGroupId", "`resource_group`")])?;
        let resource_group = stated_group(resource_group);
        context.set_value("acs:ResourceGroupId", group_value(&resource_group));
        context.set("acs:PrincipalARN", principal.arn());
        let explanation = snapshot.authorizer.explain(&Request {
            principal,
            action,
            resource,
            owner: None,
            resource_group: &resource_group,
            context: &context,
            mode: Mode::of_action(action),
        });
        Ok(Answer {
            allowed: explanation.ruling().outcome == Outcome::Allow,
            decision: Some(explanation.decision()),
            ..self.answer(vec![explanation.to_trace()])
        })
    }

    fn answer(&self, traces: Vec<Trace>) -> Answer {
        let unknown: std::collections::BTreeSet<_> = traces.iter().flat_map(Trace::unknown_keys).collect();
        Answer {
            allowed: false,
            generation: self.snapshot.generation,
            principal: self.principal.to_string(),
            checks: None,
            write: None,
            decision: None,
            unknown_keys: unknown.into_iter().map(|key| key.to_string()).collect(),
            traces: if self.question.wants_trace() { traces } else { Vec::new() },
        }
    }
}
