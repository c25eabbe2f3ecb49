//! What would be decided: a question to the snapshot in force, answered by the evaluator that decides calls.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::authz::{CheckDecision, Decision, GivenKeys, InvalidGivenKeys, Mode, Outcome, Request, Trace, group_value};
use crate::catalog::{ApiCall, Checks, Known, Parameters, ResolutionError};
use crate::gateway::Snapshot;
use crate::gateway::lookup::Found;
use crate::identity::{Principal, UnknownPrincipal};

/// May somebody make a call, or do something with a resource?
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    principal: String,
    operation: Option<String>,
    #[serde(default)]
    parameters: Pairs<String>,
    action: Option<String>,
    resource: Option<String>,
    resource_group: Option<String>,
    #[serde(default)]
    context: Pairs<Given>,
    #[serde(default)]
    complete: bool,
    #[serde(default)]
    trace: bool,
}

/// What is said of a condition key: its value, its values, or `null` for one that the call does not carry.
#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    One(String),
    Several(Vec<String>),
    Absent(()),
}

/// The members of a JSON object, repeated ones among them.
struct Pairs<T>(Vec<(String, T)>);

impl<T> Default for Pairs<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Pairs<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<T>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Members(PhantomData))
    }
}

/// A question that has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unanswerable {
    /// It does not say what is asked.
    #[error("{0}")]
    Form(String),
    /// The world has no such principal.
    #[error(transparent)]
    Principal(#[from] UnknownPrincipal),
    /// The context contradicts itself or what else is said.
    #[error(transparent)]
    Context(#[from] InvalidGivenKeys),
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

impl Question {
    /// Asks `snapshot`.
    pub(super) async fn ask(&self, snapshot: &Snapshot) -> Result<Answer, Unanswerable> {
        let principal = snapshot.world.principal(&self.principal)?;
        match (&self.operation, &self.action, &self.resource) {
            (Some(operation), None, None) if self.resource_group.is_none() => {
                self.by_call(operation, &principal, snapshot).await
            }
            (None, Some(action), Some(resource)) if self.parameters.0.is_empty() => {
                self.by_action(action, resource, &principal, snapshot)
            }
            _ => {
                let form = "ask either for an `operation` with its `parameters`, or for an `action` on a `resource`, \
                            which may have a `resource_group`";
                Err(Unanswerable::Form(form.to_owned()))
            }
        }
    }

    async fn by_call(
        &self,
        operation: &str,
        principal: &Principal,
        snapshot: &Snapshot,
    ) -> Result<Answer, Unanswerable> {
        let context = self.keys()?.context(&[
            ("acs:PrincipalARN", "`principal`"),
            ("acs:RequestTag/*", "`parameters`"),
            ("acs:ResourceGroupId", "the world's inventory"),
            ("acs:ResourceTag/*", "the world's inventory"),
        ])?;
        let checks = self.checks(operation, principal, snapshot).await?;
        let (verdict, traces) = snapshot.authorizer.explain_checks(principal, &checks, &context);
        Ok(Answer {
            allowed: verdict.is_allowed(),
            checks: Some(verdict.decisions),
            write: Some(checks.write),
            ..self.answer(principal, snapshot, traces)
        })
    }

    /// What the policies are asked about the call.
    async fn checks(
        &self,
        operation: &str,
        principal: &Principal,
        snapshot: &Snapshot,
    ) -> Result<Checks, Unanswerable> {
        let parts: Vec<&str> = operation.split(':').collect();
        let [product, version, operation] = parts[..] else {
            let form = format!("`{operation}` is no operation: write \"PRODUCT:VERSION:OPERATION\"");
            return Err(Unanswerable::Form(form));
        };
        let account =
            principal.account().ok_or_else(|| Unanswerable::Form(format!("`{principal}` belongs to no account")))?;
        let mut parameters = Parameters::new();
        for (name, value) in &self.parameters.0 {
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

    fn by_action(
        &self,
        action: &str,
        resource: &str,
        principal: &Principal,
        snapshot: &Snapshot,
    ) -> Result<Answer, Unanswerable> {
        let mut context = self
            .keys()?
            .context(&[("acs:PrincipalARN", "`principal`"), ("acs:ResourceGroupId", "`resource_group`")])?;
        let resource_group = match self.resource_group.as_deref() {
            None => Known::Unknown,
            Some("") => Known::Known(None),
            Some(group) => Known::Known(Some(group.to_owned())),
        };
        context.set_value("acs:ResourceGroupId", group_value(&resource_group));
        context.set("acs:PrincipalARN", principal.arn());
        let (decision, trace) = snapshot.authorizer.explain(&Request {
            principal,
            action,
            resource,
            owner: None,
            resource_group: &resource_group,
            context: &context,
            mode: Mode::of_action(action),
        });
        Ok(Answer {
            allowed: decision.outcome == Outcome::Allow,
            decision: Some(decision),
            ..self.answer(principal, snapshot, vec![trace])
        })
    }

    fn answer(&self, principal: &Principal, snapshot: &Snapshot, traces: Vec<Trace>) -> Answer {
        let unknown: std::collections::BTreeSet<_> = traces.iter().flat_map(Trace::unknown_keys).collect();
        Answer {
            allowed: false,
            generation: snapshot.generation,
            principal: principal.to_string(),
            checks: None,
            write: None,
            decision: None,
            unknown_keys: unknown.into_iter().map(|key| key.to_string()).collect(),
            traces: if self.trace { traces } else { Vec::new() },
        }
    }

    fn keys(&self) -> Result<GivenKeys, Unanswerable> {
        let mut keys = GivenKeys { complete: self.complete, ..GivenKeys::default() };
        for (key, given) in &self.context.0 {
            if key.is_empty() || (key.ends_with('/') && !matches!(given, Given::Absent(()))) {
                return Err(Unanswerable::Form(format!("`{key}` is no condition key that can have a value")));
            }
            match given {
                Given::One(value) => keys.values.push((key.clone(), vec![value.clone()])),
                Given::Several(values) => keys.values.push((key.clone(), values.clone())),
                Given::Absent(()) => keys.absent.push(key.clone()),
            }
        }
        Ok(keys)
    }
}
