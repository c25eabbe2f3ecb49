//! Which policies take part (7.2 to 7.4).

use crate::authz::{Applicable, Mode, PolicyType, Request};
use crate::identity::{Account, Attachment, PolicySource, Principal, Scope, World};
use crate::policy::PolicyKind;

/// Every policy that takes part in one decision, as plain lists.
#[derive(Debug, Clone, Default)]
pub struct Policies<'p> {
    /// Control policies, a list for each node from the member that owns the resource up to the root.
    pub control: Vec<Vec<&'p PolicySource>>,
    /// Whether they do not bind the caller. That the member's own root is exempt needs no saying.
    pub exempt: bool,
    /// The session policy, where the session was given one.
    pub session: Option<&'p PolicySource>,
    /// Identity policies of account scope.
    pub account: Vec<&'p PolicySource>,
    /// Identity policies of the scope of a resource group, with its id.
    pub groups: Vec<(&'p str, Vec<&'p PolicySource>)>,
    /// Bucket policies.
    pub resource: Vec<&'p PolicySource>,
    /// The trust policy of the role that is to be assumed.
    pub trust: Option<&'p PolicySource>,
}

impl<'p> Policies<'p> {
    /// Those that another evaluator was given.
    #[must_use]
    pub fn of(applicable: &Applicable<'p>) -> Self {
        let list = |policies: &'p crate::authz::PolicyList| policies.iter().map(|policy| &**policy).collect();
        Self {
            control: applicable.control.iter().map(|node| list(&node.policies)).collect(),
            exempt: applicable.exemption.is_some(),
            session: applicable.session.map(|policy| &**policy),
            account: list(applicable.account),
            groups: applicable.groups.iter().map(|scope| (scope.group.as_str(), list(&scope.policies))).collect(),
            resource: list(applicable.resource),
            trust: applicable.trust.map(|policy| &**policy),
        }
    }

    /// Those of a world.
    ///
    /// # Errors
    /// The kind of policy that cannot be known, because the world does not hold the owner of the resource, the caller,
    /// or a policy that is attached.
    pub fn in_world(world: &'p World, request: &Request<'_>) -> Result<Self, PolicyType> {
        let mut policies = Self::default();
        for name in &world.resource_policies {
            policies.resource.push(policy(world, PolicyKind::Resource, name).ok_or(PolicyType::ResourcePolicy)?);
        }
        if let Some(id) = owner_of_the_resource(request) {
            let owner = world.accounts.get(id).ok_or(PolicyType::ControlPolicy)?;
            policies.control = control(world, owner)?;
            if request.mode != Mode::General {
                policies.trust = trust(world, id, owner, request.resource)?;
            }
        }
        let (Principal::Owner { account: id }
        | Principal::User { account: id, .. }
        | Principal::RoleSession { account: id, .. }) = request.principal
        else {
            return Ok(policies);
        };
        let identity = PolicyType::AccountLevelIdentityBasedPolicy;
        let account = world.accounts.get(id).ok_or(identity)?;
        // 7.3: every identity of the management account is exempt.
        policies.exempt = account.management;
        match request.principal {
            Principal::User { name, id, .. } => {
                let user = account.users.get(name).filter(|user| user.id == *id).ok_or(identity)?;
                policies.attach(world, &user.attachments)?;
                // 7.2: policies inherited from groups count as the user's own.
                for group in &user.groups {
                    policies.attach(world, &account.groups.get(group).ok_or(identity)?.attachments)?;
                }
            }
            Principal::RoleSession { role, policy: session, .. } => {
                let role = account.roles.get(role).ok_or(identity)?;
                policies.attach(world, &role.attachments)?;
                // 7.3: service-linked roles are exempt.
                policies.exempt |= role.service_linked;
                if let Some(name) = session {
                    let session = policy(world, PolicyKind::Session, name);
                    policies.session = Some(session.ok_or(PolicyType::SessionPolicy)?);
                }
            }
            Principal::Owner { .. } | Principal::Federated { .. } | Principal::Service { .. } => {}
        }
        Ok(policies)
    }

    fn attach(&mut self, world: &'p World, attachments: &'p [Attachment]) -> Result<(), PolicyType> {
        for attachment in attachments {
            let policy = policy(world, PolicyKind::Identity, &attachment.policy);
            let policy = policy.ok_or(PolicyType::AccountLevelIdentityBasedPolicy)?;
            match &attachment.scope {
                Scope::Account => self.account.push(policy),
                Scope::ResourceGroup(group) => self.groups.push((group.as_str(), vec![policy])),
            }
        }
        Ok(())
    }
}

/// The account whose resource it is: as the request says; else the account of the ARN; else the caller's.
pub(super) fn owner_of_the_resource<'a>(request: &Request<'a>) -> Option<&'a str> {
    if request.owner.is_some() {
        return request.owner;
    }
    let segments: Vec<&str> = request.resource.splitn(5, ':').collect();
    match segments.get(3) {
        Some(account) if !account.is_empty() && account.chars().all(|letter| letter.is_ascii_digit()) => Some(account),
        _ => request.principal.account(),
    }
}

fn policy<'p>(world: &'p World, kind: PolicyKind, name: &str) -> Option<&'p PolicySource> {
    world.policies.get(kind, name).map(|policy| &**policy)
}

/// 7.3: what is attached to the member, to its folder, and so on up to the root.
fn control<'p>(world: &'p World, owner: &'p Account) -> Result<Vec<Vec<&'p PolicySource>>, PolicyType> {
    let mut nodes = Vec::new();
    let mut next = owner.node.as_deref();
    while let Some(id) = next {
        let node = world.directory.get(id).ok_or(PolicyType::ControlPolicy)?;
        let attached = node.attachments.iter().map(|name| policy(world, PolicyKind::Control, name));
        nodes.push(attached.collect::<Option<Vec<_>>>().ok_or(PolicyType::ControlPolicy)?);
        next = node.parent.as_deref();
        // A node above itself: no root is ever reached, so nothing passes.
        if nodes.len() > world.directory.len() {
            return Err(PolicyType::ControlPolicy);
        }
    }
    Ok(nodes)
}

/// 7.4, 8: the trust policy of the role `acs:ram::ACCOUNT:role/NAME`.
fn trust<'p>(
    world: &'p World,
    id: &str,
    owner: &'p Account,
    resource: &str,
) -> Result<Option<&'p PolicySource>, PolicyType> {
    let role = owner.roles.iter().find(|(name, _)| resource == format!("acs:ram::{id}:role/{name}"));
    match role.and_then(|(_, role)| role.trust.as_ref()) {
        None => Ok(None),
        Some(name) => Ok(Some(policy(world, PolicyKind::Trust, name).ok_or(PolicyType::AssumeRolePolicy)?)),
    }
}
