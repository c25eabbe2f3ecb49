//! What applies to whom in a world.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::{
    Applicable, ControlNode, Decision, Exemption, Explanation, GroupPolicies, Mode, Observer, Outcome, PolicyList,
    PolicyType, Request, Ruling, Trace, evaluate,
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

type ByName<T> = HashMap<String, T, RandomState>;

/// Every list of policies that is attached somewhere, once: principals with the same policies have one.
#[derive(Debug, Default)]
struct Lists(HashMap<Vec<usize>, PolicyList, RandomState>);

impl Lists {
    /// The list of these, ready for decisions.
    fn of(&mut self, policies: Vec<Arc<PolicySource>>) -> PolicyList {
        // A policy of a world is in one place as long as the world is there.
        let key = policies.iter().map(|policy| Arc::as_ptr(policy).addr()).collect();
        let list = self.0.entry(key).or_insert_with(|| policies.into_iter().collect());
        list.prepare();
        list.clone()
    }
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
}

impl Authorizer {
    /// Puts together what applies to every principal of `world`.
    ///
    /// What it takes, in time and memory, grows with the statements of each different list of policies that is attached
    /// somewhere, and with the number of principals and attachments; not with the statements of each principal.
    ///
    /// # Errors
    /// [`AuthzError`] where the world refers to what it does not hold.
    pub fn new(world: &World) -> Result<Self, AuthzError> {
        let mut lists = Lists::default();
        let mut accounts = ByName::default();
        for (id, account) in &world.accounts {
            accounts.insert(id.clone(), Policies::new(world, &mut lists, id, account)?);
        }
        let names = world.resource_policies.iter();
        let resource = names.map(|name| find(world, PolicyKind::Resource, name, || "the world".to_owned()));
        let resource = lists.of(resource.collect::<Result<_, _>>()?);
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
    fn new(world: &World, lists: &mut Lists, id: &str, account: &Account) -> Result<Self, AuthzError> {
        let mut users = ByName::default();
        for (name, user) in &account.users {
            let arn = format!("acs:ram::{id}:user/{name}");
            let mut attached = Attached::default();
            attached.attach(world, &user.attachments, &arn)?;
            for group in &user.groups {
                let missing = || AuthzError::MissingGroup { user: arn.clone(), group: group.clone() };
                let attachments = &account.groups.get(group).ok_or_else(missing)?.attachments;
                attached.attach(world, attachments, &format!("acs:ram::{id}:group/{group}"))?;
            }
            users.insert(name.clone(), User { id: user.id.clone(), identity: attached.identity(lists) });
        }
        let mut roles = ByName::default();
        for (name, role) in &account.roles {
            let arn = format!("acs:ram::{id}:role/{name}");
            let mut attached = Attached::default();
            attached.attach(world, &role.attachments, &arn)?;
            let identity = attached.identity(lists);
            let trust = role.trust.as_ref().map(|trust| find(world, PolicyKind::Trust, trust, || arn.clone()));
            roles.insert(
                name.clone(),
                Role { identity, trust: trust.transpose()?, service_linked: role.service_linked },
            );
        }
        let control = account.node.as_deref().map_or(Ok(Vec::new()), |node| control(world, lists, id, node))?;
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

    fn identity(self, lists: &mut Lists) -> Identity {
        let account = lists.of(self.account);
        let groups = self.groups.into_iter();
        let groups = groups.map(|(group, policies)| GroupPolicies { group, policies: lists.of(policies) }).collect();
        Identity { account, groups }
    }
}

/// The control policies from `node` up to the root (spec ram-policy-language 7.3).
fn control(world: &World, lists: &mut Lists, account: &str, node: &str) -> Result<Vec<ControlNode>, AuthzError> {
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
        let policies = lists.of(policies.collect::<Result<_, _>>()?);
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
mod tests {
    use super::*;
    use crate::catalog::Known;
    use crate::identity::{Group, Role, User};
    use crate::json::SourceText;
    use crate::policy::{Context, Dialect, Document};

    /// Two users with one policy by different ways, one with another, and one with none.
    fn world() -> World {
        let mut world = World::default();
        for (name, action) in [("close", "polardb:Close*"), ("stop", "ecs:Stop*")] {
            let text = format!(
                r#"{{"Version": "1", "Statement": [{{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}]}}"#
            );
            let document = Document::parse(&SourceText::new(name, text), PolicyKind::Identity, &Dialect::strict());
            world.policies.insert(name, document.unwrap());
        }
        let attach =
            |policy: &str| vec![Attachment { policy: policy.to_owned(), system: false, scope: Scope::Account }];
        let mut account = Account::default();
        account.groups.insert("dba".to_owned(), Group { attachments: attach("close") });
        for (name, groups, attachments) in [
            ("alice", vec![], attach("close")),
            ("bob", vec!["dba".to_owned()], vec![]),
            ("carol", vec![], attach("stop")),
            ("dave", vec![], vec![]),
        ] {
            let user = User { id: format!("{name}-id"), groups, attachments, keys: Vec::new() };
            account.users.insert(name.to_owned(), user);
        }
        world.accounts.insert("1".to_owned(), account);
        world
    }

    #[test]
    fn principals_with_the_same_policies_have_one_list() {
        let authorizer = Authorizer::new(&world()).unwrap();
        let list = |name: &str| &authorizer.accounts["1"].users[name].identity.account;
        assert!(list("alice").is_same(list("bob")));
        assert!(!list("alice").is_same(list("carol")));
        assert!(list("dave").is_empty());
    }

    #[test]
    fn requests_are_decided_together_as_by_themselves() {
        let authorizer = Authorizer::new(&world()).unwrap();
        let user =
            |name: &str| Principal::User { account: "1".to_owned(), name: name.to_owned(), id: format!("{name}-id") };
        let principals = ["alice", "alice", "carol", "nobody", "bob", "alice", "dave"].map(user);
        let context = Context::new();
        let requests: Vec<Request<'_>> = principals
            .iter()
            .flat_map(|principal| {
                [("polardb:CloseX", None), ("ecs:StopX", None), ("ecs:StopX", Some("2"))].map(|(action, owner)| {
                    Request {
                        principal,
                        action,
                        resource: "*",
                        owner,
                        resource_group: &Known::Unknown,
                        context: &context,
                        mode: Mode::General,
                    }
                })
            })
            .collect();
        let together = authorizer.decide_batch(&requests);
        assert_eq!(together.len(), requests.len());
        for (request, ruling) in requests.iter().zip(together) {
            assert_eq!(ruling.to_decision(), authorizer.decide(request).to_decision(), "{request:?}");
        }
    }

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
