//! What applies to whom in a world.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    Applicable, ControlNode, Decision, Exemption, GroupPolicies, Mode, Observer, Outcome, PolicyList, PolicyType,
    Request, Trace, evaluate,
};
use crate::identity::{Account, Attachment, PolicySource, PolicyStore, Principal, Scope, World};
use crate::policy::{Arn, PolicyKind};

/// A world that refers to something it does not hold. `store` finds all of these with their places; a world that
/// was put together by hand meets them here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthzError {
    /// A policy is attached and missing (spec gate-rules G17).
    #[error("`{by}` has the {kind} policy `{policy}`, which is missing: add the document or detach it")]
    MissingPolicy {
        /// The policy's name.
        policy: String,
        /// As what it is attached.
        kind: PolicyKind,
        /// What it is attached to.
        by: String,
    },
    /// A user is in a group that its account has not.
    #[error("the user `{user}` is in the group `{group}`, which is missing: add the group or take the user out of it")]
    MissingGroup {
        /// The user's ARN.
        user: String,
        /// The group's name.
        group: String,
    },
    /// An account or a node stands below a node that there is not.
    #[error("`{below}` stands below the directory node `{node}`, which is missing: add it")]
    MissingNode {
        /// The node's id.
        node: String,
        /// The account or node that names it.
        below: String,
    },
    /// A directory node is above itself.
    #[error("the directory node `{node}` is above itself: give one of the nodes between another parent")]
    DirectoryCircle {
        /// The node's id.
        node: String,
    },
}

/// Identity policies, as they apply to one user or role.
#[derive(Debug, Default)]
struct Identity {
    account: PolicyList,
    groups: Vec<GroupPolicies>,
}

#[derive(Debug)]
struct User {
    id: String,
    identity: Identity,
}

#[derive(Debug)]
struct Role {
    identity: Identity,
    trust: Option<Arc<PolicySource>>,
    service_linked: bool,
}

#[derive(Debug)]
struct Policies {
    management: bool,
    control: Vec<ControlNode>,
    users: BTreeMap<String, User>,
    roles: BTreeMap<String, Role>,
}

/// Decides for the principals of a world. What applies to each was put together when it was made.
#[derive(Debug)]
pub struct Authorizer {
    accounts: BTreeMap<String, Policies>,
    resource: PolicyList,
    policies: PolicyStore,
    generation: u64,
}

impl Authorizer {
    /// Puts together what applies to every principal of `world`.
    ///
    /// # Errors
    /// [`AuthzError`] where the world refers to what it does not hold.
    pub fn new(world: &World) -> Result<Self, AuthzError> {
        let mut accounts = BTreeMap::new();
        for (id, account) in &world.accounts {
            accounts.insert(id.clone(), Policies::new(world, id, account)?);
        }
        let mut resource = PolicyList::new();
        for name in &world.resource_policies {
            resource.push(find(world, PolicyKind::Resource, name, || "the world".to_owned())?);
        }
        Ok(Self { accounts, resource, policies: world.policies.clone(), generation: 0 })
    }

    /// Gives its decisions from now on this [generation](Decision::generation), by which it is known what made them.
    pub fn set_generation(&mut self, generation: u64) {
        self.generation = generation;
    }

    /// The number that its decisions carry.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Decides `request`. A principal or an owner of the resource that the world does not hold is denied.
    #[must_use]
    pub fn decide(&self, request: &Request<'_>) -> Decision {
        self.observe(request, &mut ())
    }

    /// Decides `request` and tells how.
    #[must_use]
    pub fn explain(&self, request: &Request<'_>) -> (Decision, Trace) {
        let mut trace = Trace::new(request);
        let decision = self.observe(request, &mut trace);
        (decision, trace)
    }

    /// Decides `request` while `observer` watches.
    pub fn observe(&self, request: &Request<'_>, observer: &mut impl Observer) -> Decision {
        match self.applicable(request) {
            Ok(applicable) => Decision { generation: self.generation, ..evaluate(&applicable, request, observer) },
            Err((policy_type, reason)) => {
                observer.rule(reason);
                Decision { outcome: Outcome::ImplicitDeny, policy_type, determining: None, generation: self.generation }
            }
        }
    }

    /// Everything that takes part in deciding `request`; or, where the world does not hold all of it, the kind of
    /// policy that is not known and what to say of it.
    pub(super) fn applicable<'w>(
        &'w self,
        request: &Request<'_>,
    ) -> Result<Applicable<'w>, (PolicyType, &'static str)> {
        let identity_policy = PolicyType::AccountLevelIdentityBasedPolicy;
        let owner = match request.owner_account() {
            None => None,
            Some(account) => Some(
                self.accounts
                    .get(account)
                    .ok_or((PolicyType::ControlPolicy, "the world does not hold the account that owns the resource"))?,
            ),
        };
        let mut applicable = Applicable {
            control: owner.map_or(&[], |owner| owner.control.as_slice()),
            resource: &self.resource,
            trust: match request.mode {
                Mode::General => None,
                Mode::AssumeRole | Mode::Sso => request
                    .owner_account()
                    .and_then(|account| owner.and_then(|owner| owner.trust(account, request.resource))),
            },
            ..Applicable::default()
        };
        let own = match request.principal {
            Principal::Service { .. } | Principal::Federated { .. } => return Ok(applicable),
            Principal::Owner { account } | Principal::User { account, .. } | Principal::RoleSession { account, .. } => {
                self.accounts.get(account).ok_or((identity_policy, "the world does not hold the caller's account"))?
            }
        };
        if own.management {
            applicable.exemption = Some(Exemption::ManagementAccount);
        }
        match request.principal {
            Principal::User { name, id, .. } => {
                let user = own.users.get(name).filter(|user| user.id == *id);
                let user = user.ok_or((identity_policy, "the world does not hold the user"))?;
                applicable.account = &user.identity.account;
                applicable.groups = &user.identity.groups;
            }
            Principal::RoleSession { role, policy, .. } => {
                let role = own.roles.get(role).ok_or((identity_policy, "the world does not hold the role"))?;
                applicable.account = &role.identity.account;
                applicable.groups = &role.identity.groups;
                if role.service_linked {
                    applicable.exemption = Some(Exemption::ServiceLinkedRole);
                }
                if let Some(name) = policy {
                    let session = self.policies.get(PolicyKind::Session, name);
                    let missing = (PolicyType::SessionPolicy, "the world does not hold the policy of the session");
                    applicable.session = Some(session.ok_or(missing)?);
                }
            }
            Principal::Owner { .. } | Principal::Federated { .. } | Principal::Service { .. } => {}
        }
        Ok(applicable)
    }

    /// Every policy of the world, by kind and name.
    pub(super) fn policies(&self) -> impl Iterator<Item = &Arc<PolicySource>> {
        self.policies.iter()
    }
}

impl Policies {
    fn new(world: &World, id: &str, account: &Account) -> Result<Self, AuthzError> {
        let mut users = BTreeMap::new();
        for (name, user) in &account.users {
            let arn = format!("acs:ram::{id}:user/{name}");
            let mut identity = Identity::default();
            identity.attach(world, &user.attachments, &arn)?;
            for group in &user.groups {
                let missing = || AuthzError::MissingGroup { user: arn.clone(), group: group.clone() };
                let attachments = &account.groups.get(group).ok_or_else(missing)?.attachments;
                identity.attach(world, attachments, &format!("acs:ram::{id}:group/{group}"))?;
            }
            identity.prepare();
            users.insert(name.clone(), User { id: user.id.clone(), identity });
        }
        let mut roles = BTreeMap::new();
        for (name, role) in &account.roles {
            let arn = format!("acs:ram::{id}:role/{name}");
            let mut identity = Identity::default();
            identity.attach(world, &role.attachments, &arn)?;
            identity.prepare();
            let trust = role.trust.as_ref().map(|trust| find(world, PolicyKind::Trust, trust, || arn.clone()));
            roles.insert(
                name.clone(),
                Role { identity, trust: trust.transpose()?, service_linked: role.service_linked },
            );
        }
        let control = account.node.as_deref().map_or(Ok(Vec::new()), |node| control(world, id, node))?;
        Ok(Self { management: account.management, control, users, roles })
    }

    /// The trust policy of the role with this ARN, which is in this account. What is no role's ARN, or of another
    /// account, has none (spec ram-policy-language 7.4, 8).
    fn trust(&self, account: &str, arn: &str) -> Option<&Arc<PolicySource>> {
        let Arn { service: "ram", region: "", account: named, relative } = Arn::parse(arn)? else { return None };
        let name = relative.strip_prefix("role/").filter(|_| named == account)?;
        self.roles.get(name)?.trust.as_ref()
    }
}

impl Identity {
    fn prepare(&self) {
        self.account.prepare();
        self.groups.iter().for_each(|scope| scope.policies.prepare());
    }

    /// Adds what is attached; a policy that a user has by several ways counts once.
    fn attach(&mut self, world: &World, attachments: &[Attachment], by: &str) -> Result<(), AuthzError> {
        for attachment in attachments {
            let policy = find(world, PolicyKind::Identity, &attachment.policy, || by.to_owned())?;
            match &attachment.scope {
                Scope::Account if self.account.iter().any(|known| known.name == policy.name) => {}
                Scope::Account => self.account.push(policy),
                Scope::ResourceGroup(group) => {
                    let known = self.groups.iter().find(|known| known.group == *group);
                    if !known.is_some_and(|known| known.policies.iter().any(|known| known.name == policy.name)) {
                        GroupPolicies::add(&mut self.groups, group.clone(), policy);
                    }
                }
            }
        }
        Ok(())
    }
}

/// The control policies from `node` up to the root (spec ram-policy-language 7.3).
fn control(world: &World, account: &str, node: &str) -> Result<Vec<ControlNode>, AuthzError> {
    let mut nodes: Vec<ControlNode> = Vec::new();
    let mut below = account;
    let mut at = Some(node);
    while let Some(id) = at {
        if nodes.iter().any(|known| known.node == id) {
            return Err(AuthzError::DirectoryCircle { node: id.to_owned() });
        }
        let missing = || AuthzError::MissingNode { node: id.to_owned(), below: below.to_owned() };
        let (id, node) = world.directory.get_key_value(id).ok_or_else(missing)?;
        let policies = node.attachments.iter().map(|name| find(world, PolicyKind::Control, name, || id.clone()));
        let mut list = PolicyList::new();
        for policy in policies {
            list.push(policy?);
        }
        list.prepare();
        nodes.push(ControlNode { node: id.clone(), policies: list });
        below = id;
        at = node.parent.as_deref();
    }
    Ok(nodes)
}

fn find(
    world: &World,
    kind: PolicyKind,
    name: &str,
    by: impl FnOnce() -> String,
) -> Result<Arc<PolicySource>, AuthzError> {
    let policy = world.policies.get(kind, name).map(Arc::clone);
    policy.ok_or_else(|| AuthzError::MissingPolicy { policy: name.to_owned(), kind, by: by() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Known;
    use crate::identity::Role;
    use crate::json::SourceText;
    use crate::policy::{Context, Dialect, Document};

    #[test]
    fn a_role_is_assumed_by_its_own_arn_alone() {
        let text = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"Service": "ecs.aliyuncs.com"}}]}"#;
        let document = Document::parse(&SourceText::new("trust", text), PolicyKind::Trust, &Dialect::strict()).unwrap();
        let mut world = World::default();
        world.policies.insert("trust", document);
        let trust = Some("trust".to_owned());
        let role = Role { trust, attachments: Vec::new(), service_linked: false, max_session_duration: 3600 };
        for account in ["1", "2"] {
            world.accounts.insert(account.to_owned(), Account::default());
        }
        world.accounts.get_mut("1").unwrap().roles.insert("ops".to_owned(), role);
        let authorizer = Authorizer::new(&world).unwrap();
        let principal = Principal::Service { name: "ecs.aliyuncs.com".to_owned() };
        for (resource, owner, expected) in [
            ("acs:ram::1:role/ops", None, Outcome::Allow),
            ("acs:ram::1:role/ops", Some("1"), Outcome::Allow),
            ("acs:ram::1:role/ops", Some("2"), Outcome::ImplicitDeny),
            ("acs:ram::2:role/ops", Some("1"), Outcome::ImplicitDeny),
            ("acs:ecs::1:role/ops", None, Outcome::ImplicitDeny),
            ("acs:ram:cn-hangzhou:1:role/ops", None, Outcome::ImplicitDeny),
            ("x:y:z:1:role/ops", None, Outcome::ImplicitDeny),
        ] {
            let decision = authorizer.decide(&Request {
                principal: &principal,
                action: "sts:AssumeRole",
                resource,
                owner,
                resource_group: &Known::Unknown,
                context: &Context::new(),
                mode: Mode::AssumeRole,
            });
            assert_eq!(decision.outcome, expected, "{resource} {owner:?}");
        }
    }
}
