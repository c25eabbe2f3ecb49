//! Policies that apply together, with changes, decided anew by the one evaluator.

use std::sync::Arc;

use crate::authz::evaluate::{Applicable, ControlNode, GroupPolicies, evaluate};
use crate::authz::{Decision, Observer, Outcome, PolicyList, PolicyType, Request};
use crate::identity::PolicySource;
use crate::policy::PolicyKind;

/// Which of the policies that apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Place {
    /// Those of the node with this number, from the member up.
    Control(usize),
    Session,
    Account,
    /// Those of the group with this number.
    Group(usize),
    Resource,
    Trust,
}

impl Place {
    /// The kind of the policies there.
    pub(in super::super) const fn kind(self) -> PolicyKind {
        match self {
            Self::Control(_) => PolicyKind::Control,
            Self::Session => PolicyKind::Session,
            Self::Account | Self::Group(_) => PolicyKind::Identity,
            Self::Resource => PolicyKind::Resource,
            Self::Trust => PolicyKind::Trust,
        }
    }
}

/// What the evaluator came to in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Stage {
    pub(in super::super) policy_type: PolicyType,
    pub(in super::super) level: Option<String>,
    pub(in super::super) outcome: Outcome,
}

/// A decision, and what it came to in each place.
#[derive(Debug)]
pub(in super::super) struct Replayed {
    pub(in super::super) decision: Decision,
    pub(in super::super) stages: Vec<Stage>,
}

#[derive(Default)]
struct Stages(Vec<Stage>);

impl Observer<'_> for Stages {
    fn stage(&mut self, policy_type: PolicyType, level: Option<&str>) {
        let level = level.map(str::to_owned);
        self.0.push(Stage { policy_type, level, outcome: Outcome::ImplicitDeny });
    }

    fn staged(&mut self, outcome: Outcome) {
        if let Some(stage) = self.0.last_mut() {
            stage.outcome = outcome;
        }
    }
}

/// What applies to a request, some of it perhaps changed.
#[derive(Debug, Clone)]
pub(in super::super) enum Policies<'p> {
    /// As it is.
    Own(Applicable<'p>),
    /// With changes.
    Changed(Arc<Changed>),
}

/// Policies that a replay holds itself.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Changed {
    control: Vec<ControlNode>,
    exemption: Option<crate::authz::Exemption>,
    session: Option<Arc<PolicySource>>,
    account: PolicyList,
    groups: Vec<GroupPolicies>,
    resource: PolicyList,
    trust: Option<Arc<PolicySource>>,
}

impl<'p> Policies<'p> {
    pub(in super::super) fn applicable(&self) -> Applicable<'_> {
        match self {
            Self::Own(applicable) => *applicable,
            Self::Changed(changed) => Applicable {
                control: &changed.control,
                exemption: changed.exemption,
                session: changed.session.as_ref(),
                account: &changed.account,
                groups: &changed.groups,
                resource: &changed.resource,
                trust: changed.trust.as_ref(),
            },
        }
    }

    /// Decides `request` by them.
    pub(in super::super) fn replay(&self, request: &Request<'_>) -> Replayed {
        let mut stages = Stages::default();
        let decision = evaluate(&self.applicable(), request, &mut stages).to_decision();
        Replayed { decision, stages: stages.0 }
    }

    /// The place that `stage` tells of.
    pub(in super::super) fn place(&self, stage: &Stage) -> Option<Place> {
        let applicable = self.applicable();
        let level = stage.level.as_deref();
        Some(match stage.policy_type {
            PolicyType::ControlPolicy => {
                Place::Control(applicable.control.iter().position(|node| Some(node.node.as_str()) == level)?)
            }
            PolicyType::SessionPolicy => Place::Session,
            PolicyType::AssumeRolePolicy => Place::Trust,
            PolicyType::AccountLevelIdentityBasedPolicy => Place::Account,
            PolicyType::ResourceGroupLevelIdentityBasedPolicy => {
                Place::Group(applicable.groups.iter().position(|scope| Some(scope.group.as_str()) == level)?)
            }
            PolicyType::ResourcePolicy => Place::Resource,
        })
    }

    /// The policies in `place`.
    pub(in super::super) fn at(&self, place: Place) -> Vec<Arc<PolicySource>> {
        let applicable = self.applicable();
        match place {
            Place::Control(at) => applicable.control.get(at).map(|node| cloned(&node.policies)).unwrap_or_default(),
            Place::Group(at) => applicable.groups.get(at).map(|scope| cloned(&scope.policies)).unwrap_or_default(),
            Place::Account => cloned(applicable.account),
            Place::Resource => cloned(applicable.resource),
            Place::Session => applicable.session.into_iter().cloned().collect(),
            Place::Trust => applicable.trust.into_iter().cloned().collect(),
        }
    }

    /// The same with `new` for `old` wherever it applies.
    pub(in super::super) fn replaced(&self, old: &PolicySource, new: &Arc<PolicySource>) -> Self {
        self.mapped(|_, policies| {
            for policy in policies.iter_mut().filter(|policy| Arc::ptr_eq(&policy.document, &old.document)) {
                *policy = Arc::clone(new);
            }
        })
    }

    /// The same with one policy more in `place`; where only one can be, it is this one.
    pub(in super::super) fn with(&self, place: Place, policy: &Arc<PolicySource>) -> Self {
        self.mapped(|at, policies| {
            if at == place {
                policies.push(Arc::clone(policy));
            }
        })
    }

    fn mapped(&self, mut change: impl FnMut(Place, &mut Vec<Arc<PolicySource>>)) -> Self {
        let mut at = |place| {
            let mut policies = self.at(place);
            change(place, &mut policies);
            policies
        };
        let list = |policies: Vec<Arc<PolicySource>>| {
            policies.into_iter().fold(PolicyList::new(), |mut list, policy| {
                list.push(policy);
                list
            })
        };
        let applicable = self.applicable();
        let control = applicable.control.iter().enumerate();
        let groups = applicable.groups.iter().enumerate();
        Self::Changed(Arc::new(Changed {
            control: control
                .map(|(number, node)| ControlNode {
                    node: node.node.clone(),
                    policies: list(at(Place::Control(number))),
                })
                .collect(),
            exemption: applicable.exemption,
            session: at(Place::Session).pop(),
            account: list(at(Place::Account)),
            groups: groups
                .map(|(number, scope)| GroupPolicies {
                    group: scope.group.clone(),
                    policies: list(at(Place::Group(number))),
                })
                .collect(),
            resource: list(at(Place::Resource)),
            trust: at(Place::Trust).pop(),
        }))
    }

    /// How many statements there are.
    pub(in super::super) fn size(&self) -> usize {
        let applicable = self.applicable();
        let list = |list: &PolicyList| list.iter().map(|policy| policy.document.statements().len()).sum::<usize>();
        let one = |policy: Option<&Arc<PolicySource>>| policy.map_or(0, |policy| policy.document.statements().len());
        applicable.control.iter().map(|node| list(&node.policies)).sum::<usize>()
            + applicable.groups.iter().map(|scope| list(&scope.policies)).sum::<usize>()
            + list(applicable.account)
            + list(applicable.resource)
            + one(applicable.session)
            + one(applicable.trust)
    }
}

fn cloned(policies: &PolicyList) -> Vec<Arc<PolicySource>> {
    policies.iter().map(Arc::clone).collect()
}
