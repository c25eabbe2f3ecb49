//! Policies by themselves, without a world.

use std::sync::Arc;

use super::{
    Applicable, ControlNode, Decision, Exemption, Explanation, GroupPolicies, Observer, PolicyList, Request, Ruling,
    Trace, evaluate,
};
use crate::identity::{PolicySource, Scope};
use crate::json::SourceText;
use crate::policy::{Dialect, Document, InvalidPolicy, PolicyKind};

/// Everything that applies to one principal, put together by hand: for policy files without a world.
///
/// ```
/// use ramgate::authz::{Mode, Outcome, PolicySet, Request};
/// use ramgate::catalog::Known;
/// use ramgate::identity::{Principal, Scope};
/// use ramgate::json::SourceText;
/// use ramgate::policy::{Context, Dialect};
///
/// let source = SourceText::new("close.json", r#"{"Version": "1", "Statement": [
///   {"Effect": "Allow", "Action": "polardb:Close*", "Resource": "acs:polardb:*:*:dbcluster/pc-1"}
/// ]}"#);
/// let mut policies = PolicySet::new(Dialect::strict());
/// policies.add_identity("close", &source, Scope::Account)?;
///
/// let principal = Principal::User { account: "1234567890123456".into(), name: "alice".into(), id: "2".into() };
/// let decision = policies.decide(&Request {
///     principal: &principal,
///     action: "polardb:CloseDBClusterMigration",
///     resource: "acs:polardb:cn-hangzhou:1234567890123456:dbcluster/pc-1",
///     owner: None,
///     resource_group: &Known::Unknown,
///     context: &Context::new(),
///     mode: Mode::General,
/// });
/// assert_eq!(decision.outcome, Outcome::Allow);
/// # Ok::<(), ramgate::policy::InvalidPolicy>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct PolicySet {
    dialect: Dialect,
    control: Vec<ControlNode>,
    exemption: Option<Exemption>,
    session: Option<Arc<PolicySource>>,
    account: PolicyList,
    groups: Vec<GroupPolicies>,
    resource: PolicyList,
    trust: Option<Arc<PolicySource>>,
}

/// Each `add_…` reads `source` as the kind of policy that its place takes.
///
/// # Errors
/// [`InvalidPolicy`] with every mistake of the document, which is then not added.
impl PolicySet {
    /// No policy at all: everything is denied, implicitly. Documents will be read in `dialect`.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        Self { dialect, ..Self::default() }
    }

    /// Attaches an identity policy.
    #[allow(clippy::missing_errors_doc, reason = "said of all of them above")]
    pub fn add_identity(&mut self, name: &str, source: &SourceText, scope: Scope) -> Result<(), InvalidPolicy> {
        let policy = self.read(name, source, PolicyKind::Identity)?;
        match scope {
            Scope::Account => self.account.push(policy),
            Scope::ResourceGroup(group) => GroupPolicies::add(&mut self.groups, group, policy),
        }
        Ok(())
    }

    /// Attaches a control policy to `node`. Nodes stand in the order they are first named: the member, its folder,
    /// and so on, the root last.
    #[allow(clippy::missing_errors_doc, reason = "said of all of them above")]
    pub fn add_control(&mut self, name: &str, source: &SourceText, node: &str) -> Result<(), InvalidPolicy> {
        let policy = self.read(name, source, PolicyKind::Control)?;
        match self.control.iter_mut().find(|known| known.node == node) {
            Some(known) => known.policies.push(policy),
            None => {
                let mut policies = PolicyList::new();
                policies.push(policy);
                self.control.push(ControlNode { node: node.to_owned(), policies });
            }
        }
        Ok(())
    }

    /// Sets the policy that was given when the role was assumed.
    #[allow(clippy::missing_errors_doc, reason = "said of all of them above")]
    pub fn set_session(&mut self, name: &str, source: &SourceText) -> Result<(), InvalidPolicy> {
        self.session = Some(self.read(name, source, PolicyKind::Session)?);
        Ok(())
    }

    /// Adds a bucket policy.
    #[allow(clippy::missing_errors_doc, reason = "said of all of them above")]
    pub fn add_resource(&mut self, name: &str, source: &SourceText) -> Result<(), InvalidPolicy> {
        let policy = self.read(name, source, PolicyKind::Resource)?;
        self.resource.push(policy);
        Ok(())
    }

    /// Sets the trust policy of the role that is to be assumed.
    #[allow(clippy::missing_errors_doc, reason = "said of all of them above")]
    pub fn set_trust(&mut self, name: &str, source: &SourceText) -> Result<(), InvalidPolicy> {
        self.trust = Some(self.read(name, source, PolicyKind::Trust)?);
        Ok(())
    }

    /// Says why control policies do not bind the principal.
    pub fn exempt(&mut self, exemption: Exemption) {
        self.exemption = Some(exemption);
    }

    /// The policies as the evaluator takes them.
    #[must_use]
    pub fn applicable(&self) -> Applicable<'_> {
        Applicable {
            control: &self.control,
            exemption: self.exemption,
            session: self.session.as_ref(),
            account: &self.account,
            groups: &self.groups,
            resource: &self.resource,
            trust: self.trust.as_ref(),
        }
    }

    /// Decides `request`.
    #[must_use]
    pub fn decide(&self, request: &Request<'_>) -> Ruling<'_> {
        evaluate(&self.applicable(), request, &mut ())
    }

    /// As [`Authorizer::explain`](super::Authorizer::explain), by the policies of this set.
    #[must_use]
    pub fn explain<'p, 'r>(&'p self, request: &Request<'r>) -> Explanation<'p, 'r> {
        Explanation::of(request, |watching| evaluate(&self.applicable(), request, watching))
    }

    /// Decides `request` and tells how, of every statement. It looks at each of them.
    #[must_use]
    pub fn trace(&self, request: &Request<'_>) -> (Decision, Trace) {
        let mut trace = Trace::new(request);
        let decision = self.observe(request, &mut trace);
        (decision, trace)
    }

    /// Decides `request` while `observer` watches.
    pub fn observe<'p>(&'p self, request: &Request<'_>, observer: &mut impl Observer<'p>) -> Decision {
        evaluate(&self.applicable(), request, observer).to_decision()
    }

    fn read(&self, name: &str, source: &SourceText, kind: PolicyKind) -> Result<Arc<PolicySource>, InvalidPolicy> {
        let document = Document::parse(source, kind, &self.dialect)?;
        Ok(Arc::new(PolicySource { name: name.to_owned(), document: Arc::new(document) }))
    }
}
