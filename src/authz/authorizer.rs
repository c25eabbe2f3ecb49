//! What applies to whom in a world.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::{
    Applicable, ControlNode, Decision, Exemption, Explanation, GroupPolicies, Mode, Observer, Outcome, PolicyList,
    PolicyType, Request, Ruling, Trace, evaluate,
};
use crate::identity::{Account, Attachment, Attachments, PolicySource, PolicyStore, Principal, Scope, World};
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

type ByName<T> = HashMap<String, T, RandomState>;

/// Every list of policies that is attached somewhere, once: principals with the same policies have one.
#[derive(Debug, Default)]
struct Lists(HashMap<Vec<usize>, PolicyList, RandomState>);

/// What an authorizer is put together by.
struct Building<'w> {
    world: &'w World,
    before: &'w Lists,
    lists: Lists,
    reuse: Reuse,
    /// What applies by lists of attachments, which stay where they are as long as the world does.
    identities: HashMap<Vec<usize>, Arc<Identity>, RandomState>,
}

impl Building<'_> {
    /// The list of these, ready for decisions.
    fn list(&mut self, policies: Vec<Arc<PolicySource>>) -> PolicyList {
        if policies.is_empty() {
            return PolicyList::new();
        }
        // A policy is in one place as long as a list has it, so that a place that is known stands for the same policy.
        let key: Vec<usize> = policies.iter().map(|policy| Arc::as_ptr(policy).addr()).collect();
        if let Some(list) = self.lists.0.get(&key) {
            return list.clone();
        }
        let list = if let Some(list) = self.before.0.get(&key) {
            self.reuse.kept += 1;
            list.clone()
        } else {
            self.reuse.made += 1;
            policies.into_iter().collect()
        };
        list.prepare();
        self.lists.0.insert(key, list.clone());
        list
    }
}

/// Of the lists of policies that are attached somewhere, each with its index, how many were taken over from the authorizer
/// before and how many were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Reuse {
    /// Lists of the same policies as before.
    pub kept: usize,
    /// The others: each names a policy that is not what it was, or is a list that there was not.
    pub made: usize,
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
    identity: Arc<Identity>,
}

#[derive(Debug)]
struct Role {
    identity: Arc<Identity>,
    trust: Option<Arc<PolicySource>>,
    service_linked: bool,
}

#[derive(Debug)]
struct Policies {
    management: bool,
    control: Vec<ControlNode>,
    users: ByName<User>,
    roles: ByName<Role>,
}

/// The kind of policy that is not known, and what to say of it.
pub(super) type Unknown = (PolicyType, &'static str);

/// What takes part in every decision about one principal.
#[derive(Debug, Clone, Copy, Default)]
struct Own<'w> {
    exemption: Option<Exemption>,
    account: &'w PolicyList,
    groups: &'w [GroupPolicies],
    session: Option<&'w Arc<PolicySource>>,
}

/// Decides for the principals of a world. What applies to each was put together when it was made.
#[derive(Debug)]
pub struct Authorizer {
    accounts: ByName<Policies>,
    resource: PolicyList,
    policies: PolicyStore,
    generation: u64,
    lists: Lists,
    reuse: Reuse,
}

impl Authorizer {
    /// Puts together what applies to every principal of `world`.
    ///
    /// What it takes, in time and memory, grows with the statements of each different list of policies that is attached
    /// somewhere, and with the number of principals and of different [`Attachments`]; not with what each principal has.
    ///
    /// # Errors
    /// [`AuthzError`] where the world refers to what it does not hold.
    pub fn new(world: &World) -> Result<Self, AuthzError> {
        Self::build(world, &Lists::default())
    }

    /// As [`new`](Self::new), after `before`: a list of policies that `before` has is taken over with its index, so that only
    /// those are made that name a policy which is another. A policy is the same where both worlds share it: `store::load_after`
    /// gives such worlds, by what policies say and not by how they are called.
    ///
    /// # Errors
    /// [`AuthzError`] where the world refers to what it does not hold.
    pub fn after(world: &World, before: &Self) -> Result<Self, AuthzError> {
        Self::build(world, &before.lists)
    }

    fn build(world: &World, before: &Lists) -> Result<Self, AuthzError> {
        let (lists, reuse, identities) = (Lists::default(), Reuse::default(), HashMap::default());
        let mut building = Building { world, before, lists, reuse, identities };
        let mut accounts = ByName::default();
        for (id, account) in &world.accounts {
            accounts.insert(id.clone(), Policies::new(&mut building, id, account)?);
        }
        let names = world.resource_policies.iter();
        let resource = names.map(|name| find(world, PolicyKind::Resource, name, || "the world".to_owned()));
        let resource = building.list(resource.collect::<Result<_, _>>()?);
        let Building { lists, reuse, .. } = building;
        Ok(Self { accounts, resource, policies: world.policies.clone(), generation: 0, lists, reuse })
    }

    /// What of it was taken over from the one before.
    #[must_use]
    pub fn reuse(&self) -> Reuse {
        self.reuse
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
    ///
    /// What it takes hardly depends on how many principals, policies and statements there are, but on how many statements
    /// can be about the action and the resource. It allocates nothing.
    #[must_use]
    pub fn decide(&self, request: &Request<'_>) -> Ruling<'_> {
        self.rule(request, &mut ())
    }

    /// Decides `request` and tells how, of every statement that can be about its action and resource. It copies nothing of
    /// the policies: what it takes is what a decision takes and a little for each of these statements.
    #[must_use]
    pub fn explain<'w, 'r>(&'w self, request: &Request<'r>) -> Explanation<'w, 'r> {
        Explanation::of(request, |watching| self.rule(request, watching))
    }

    /// Decides `request` and tells how, of every statement. It looks at each of them.
    #[must_use]
    pub fn trace(&self, request: &Request<'_>) -> (Decision, Trace) {
        let mut trace = Trace::new(request);
        let decision = self.observe(request, &mut trace);
        (decision, trace)
    }

    /// Decides `request` while `observer` watches.
    pub fn observe<'w>(&'w self, request: &Request<'_>, observer: &mut impl Observer<'w>) -> Decision {
        self.rule(request, observer).to_decision()
    }

    /// Decides each of `requests`. What the requests of a principal share is found once where they follow each other.
    #[must_use]
    pub fn decide_batch(&self, requests: &[Request<'_>]) -> Vec<Ruling<'_>> {
        let mut last: Option<(&Principal, Result<Own<'_>, Unknown>)> = None;
        let mut rulings = Vec::with_capacity(requests.len());
        for request in requests {
            let own = match last {
                Some((principal, own)) if principal == request.principal => own,
                _ => self.own(request.principal),
            };
            last = Some((request.principal, own));
            rulings.push(self.rule_for(own, request, &mut ()));
        }
        rulings
    }

    fn rule<'w>(&'w self, request: &Request<'_>, observer: &mut impl Observer<'w>) -> Ruling<'w> {
        self.rule_for(self.own(request.principal), request, observer)
    }

    fn rule_for<'w>(
        &'w self,
        own: Result<Own<'w>, Unknown>,
        request: &Request<'_>,
        observer: &mut impl Observer<'w>,
    ) -> Ruling<'w> {
        let ruling = match self.applicable_with(own, request) {
            Ok(applicable) => evaluate(&applicable, request, observer),
            Err((policy_type, reason)) => {
                observer.rule(reason);
                Ruling::without_statement(Outcome::ImplicitDeny, policy_type)
            }
        };
        Ruling { generation: self.generation, ..ruling }
    }

    /// Everything that takes part in deciding `request`; or, where the world does not hold all of it, what is not known.
    pub(super) fn applicable(&self, request: &Request<'_>) -> Result<Applicable<'_>, Unknown> {
        self.applicable_with(self.own(request.principal), request)
    }

    fn applicable_with<'w>(
        &'w self,
        own: Result<Own<'w>, Unknown>,
        request: &Request<'_>,
    ) -> Result<Applicable<'w>, Unknown> {
        let owner_account = request.owner_account();
        let owner = match owner_account {
            None => None,
            Some(account) => Some(
                self.accounts
                    .get(account)
                    .ok_or((PolicyType::ControlPolicy, "the world does not hold the account that owns the resource"))?,
            ),
        };
        let Own { exemption, account, groups, session } = own?;
        Ok(Applicable {
            control: owner.map_or(&[], |owner| owner.control.as_slice()),
            exemption,
            session,
            account,
            groups,
            resource: &self.resource,
            trust: match request.mode {
                Mode::General => None,
                Mode::AssumeRole | Mode::Sso => {
                    owner_account.zip(owner).and_then(|(account, owner)| owner.trust(account, request.resource))
                }
            },
        })
    }

    /// What a principal has of its own.
    fn own(&self, principal: &Principal) -> Result<Own<'_>, Unknown> {
        let identity_policy = PolicyType::AccountLevelIdentityBasedPolicy;
        let mut found = Own::default();
        let own = match principal {
            Principal::Service { .. } | Principal::Federated { .. } => return Ok(found),
            Principal::Owner { account } | Principal::User { account, .. } | Principal::RoleSession { account, .. } => {
                self.accounts.get(account).ok_or((identity_policy, "the world does not hold the caller's account"))?
            }
        };
        if own.management {
            found.exemption = Some(Exemption::ManagementAccount);
        }
        match principal {
            Principal::User { name, id, .. } => {
                let user = own.users.get(name).filter(|user| user.id == *id);
                let user = user.ok_or((identity_policy, "the world does not hold the user"))?;
                found.account = &user.identity.account;
                found.groups = &user.identity.groups;
            }
            Principal::RoleSession { role, policy, .. } => {
                let role = own.roles.get(role).ok_or((identity_policy, "the world does not hold the role"))?;
                found.account = &role.identity.account;
                found.groups = &role.identity.groups;
                if role.service_linked {
                    found.exemption = Some(Exemption::ServiceLinkedRole);
                }
                if let Some(name) = policy {
                    let session = self.policies.get(PolicyKind::Session, name);
                    let missing = (PolicyType::SessionPolicy, "the world does not hold the policy of the session");
                    found.session = Some(session.ok_or(missing)?);
                }
            }
            Principal::Owner { .. } | Principal::Federated { .. } | Principal::Service { .. } => {}
        }
        Ok(found)
    }

    /// Every policy of the world, by kind and name.
    pub(super) fn policies(&self) -> impl Iterator<Item = &Arc<PolicySource>> {
        self.policies.iter()
    }
}

impl Policies {
    fn new(building: &mut Building<'_>, id: &str, account: &Account) -> Result<Self, AuthzError> {
        let world = building.world;
        let mut users = ByName::default();
        for (name, user) in &account.users {
            let own = format!("acs:ram::{id}:user/{name}");
            let mut attachments = Vec::with_capacity(user.groups.len() + 1);
            for group in &user.groups {
                let missing = || AuthzError::MissingGroup { user: own.clone(), group: group.clone() };
                let of_group = &account.groups.get(group).ok_or_else(missing)?.attachments;
                attachments.push((format!("acs:ram::{id}:group/{group}"), of_group));
            }
            attachments.insert(0, (own, &user.attachments));
            users.insert(name.clone(), User { id: user.id.clone(), identity: building.identity(&attachments)? });
        }
        let mut roles = ByName::default();
        for (name, role) in &account.roles {
            let arn = format!("acs:ram::{id}:role/{name}");
            let identity = building.identity(&[(arn.clone(), &role.attachments)])?;
            let trust = role.trust.as_ref().map(|trust| find(world, PolicyKind::Trust, trust, || arn.clone()));
            roles.insert(
                name.clone(),
                Role { identity, trust: trust.transpose()?, service_linked: role.service_linked },
            );
        }
        let control = account.node.as_deref().map_or(Ok(Vec::new()), |node| control(building, id, node))?;
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

/// What is attached to one user or role.
#[derive(Default)]
struct Attached {
    account: Vec<Arc<PolicySource>>,
    groups: Vec<(String, Vec<Arc<PolicySource>>)>,
}

impl Attached {
    /// Adds what is attached; a policy that a user has by several ways counts once.
    fn attach(&mut self, world: &World, attachments: &[Attachment], by: &str) -> Result<(), AuthzError> {
        for attachment in attachments {
            let policy = find(world, PolicyKind::Identity, &attachment.policy, || by.to_owned())?;
            let list = match &attachment.scope {
                Scope::Account => &mut self.account,
                Scope::ResourceGroup(group) => {
                    let at = self.groups.iter().position(|(known, _)| known == group).unwrap_or_else(|| {
                        self.groups.push((group.clone(), Vec::new()));
                        self.groups.len() - 1
                    });
                    let Some((_, list)) = self.groups.get_mut(at) else { continue };
                    list
                }
            };
            if !list.iter().any(|known| Arc::ptr_eq(known, &policy)) {
                list.push(policy);
            }
        }
        Ok(())
    }
}

impl Building<'_> {
    /// What applies to whom all of `attachments` belong, each with what has it.
    fn identity(&mut self, attachments: &[(String, &Attachments)]) -> Result<Arc<Identity>, AuthzError> {
        let filled = || attachments.iter().filter(|(_, list)| !list.is_empty());
        let key: Vec<usize> = filled().map(|(_, list)| list.as_ptr().addr()).collect();
        if let Some(known) = self.identities.get(&key) {
            return Ok(Arc::clone(known));
        }
        let mut attached = Attached::default();
        for (by, list) in filled() {
            attached.attach(self.world, list, by)?;
        }
        let account = self.list(attached.account);
        let groups = attached.groups.into_iter();
        let groups = groups.map(|(group, policies)| GroupPolicies { group, policies: self.list(policies) }).collect();
        let identity = Arc::new(Identity { account, groups });
        self.identities.insert(key, Arc::clone(&identity));
        Ok(identity)
    }
}

/// The control policies from `node` up to the root (spec ram-policy-language 7.3).
fn control(building: &mut Building<'_>, account: &str, node: &str) -> Result<Vec<ControlNode>, AuthzError> {
    let world = building.world;
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
        let policies = building.list(policies.collect::<Result<_, _>>()?);
        nodes.push(ControlNode { node: id.clone(), policies });
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
mod tests;
