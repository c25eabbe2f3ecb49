//! Whether the policies that are here come to what the cloud came to, and what could account for it where they do not.

use std::fmt;

use serde::Serialize;

use super::cloud::{Asked, Denial};
use crate::authz::{Decision, Outcome, PolicyType};
use crate::identity::{Principal, World};
use crate::policy::PolicyKind;

/// The cloud's answer beside the one from here.
#[derive(Debug, Serialize)]
pub(super) struct Comparison {
    /// What the cloud decided.
    outcome: Option<Outcome>,
    /// By which kind of policy.
    policy_type: Option<PolicyType>,
    /// Whether the policies that are here come to the same.
    agrees: bool,
    /// What could account for it that they do not, or that is not known of the call.
    remarks: Vec<String>,
}

impl Comparison {
    pub(super) fn new(denial: &Denial, asked: &Asked, world: &World, here: &Decision, unknown: &[String]) -> Self {
        let (outcome, policy_type) = (denial.outcome(), denial.detail.policy_type);
        let same_type = policy_type.is_none_or(|named| same(named, here.policy_type, here.outcome));
        let agrees = here.outcome != Outcome::Allow && outcome.is_none_or(|there| there == here.outcome) && same_type;
        let mut remarks = Vec::new();
        if !agrees {
            remarks.extend(policy_type.and_then(|named| of_kind(named, asked, world)));
            remarks.extend(missing_policies(denial, world));
            if asked.session_on_file == Some(false) && policy_type != Some(PolicyType::SessionPolicy) {
                remarks.push("the session is not on file here: a policy that narrows it is not known".to_owned());
            }
            if !unknown.is_empty() {
                remarks.push(format!(
                    "the call carried keys that are not known here, and policies test them: {}: give them with --context or \
                     --absent",
                    unknown.join(", ")
                ));
            }
            remarks.push(
                "the policies in the cloud may have other versions than those here, or be attached to others"
                    .to_owned(),
            );
        }
        if !denial.decoded && denial.detail.encoded_diagnostic_message.is_some() {
            remarks.push(
                "what `ram:DecodeDiagnosticMessage` answers for the `EncodedDiagnosticMessage` of the error says more: the \
                 resource, the condition keys and the policies that decided"
                    .to_owned(),
            );
        }
        Self { outcome, policy_type, agrees, remarks }
    }
}

/// Whether both name one kind. Which of the two levels of identity policies an implicit deny is put down to varies (spec
/// ram-policy-language 7.8).
fn same(there: PolicyType, here: PolicyType, outcome: Outcome) -> bool {
    use PolicyType::{AccountLevelIdentityBasedPolicy as Account, ResourceGroupLevelIdentityBasedPolicy as Group};
    there == here || (outcome == Outcome::ImplicitDeny && matches!((there, here), (Account, Group) | (Group, Account)))
}

/// What the world may lack of the kind of policy that decided in the cloud.
fn of_kind(named: PolicyType, asked: &Asked, world: &World) -> Option<String> {
    let owner = asked.request().owner_account().map(str::to_owned).unwrap_or_default();
    Some(match named {
        PolicyType::ControlPolicy => match world.accounts.get(&owner).and_then(|account| account.node.as_ref()) {
            None => format!(
                "a control policy decided in the cloud, and the world says of no directory node that account {owner} stands \
                 at it: its control policies are missing here"
            ),
            Some(node) => {
                format!("a control policy decided in the cloud: compare those at `{node}` and above with the resource directory")
            }
        },
        PolicyType::SessionPolicy => match (&asked.principal, asked.session_on_file) {
            (Principal::RoleSession { policy: Some(policy), .. }, _) => {
                format!("a session policy decided in the cloud: compare `{policy}` with what was given when the role was assumed")
            }
            (_, Some(false)) => "a session policy decided in the cloud, and the session is not on file here: add it with the \
                                 policy that was given when the role was assumed"
                .to_owned(),
            _ => "a session policy decided in the cloud, and the session has none here: add the policy that was given when the \
                  role was assumed"
                .to_owned(),
        },
        PolicyType::AssumeRolePolicy => {
            format!("the trust policy of `{}` decided in the cloud: compare it with the one here", asked.resource)
        }
        PolicyType::ResourceGroupLevelIdentityBasedPolicy => {
            "a policy that is attached for a resource group decided in the cloud: compare what is attached for groups, and in \
             which group the resource is"
                .to_owned()
        }
        PolicyType::AccountLevelIdentityBasedPolicy | PolicyType::ResourcePolicy => return None,
    })
}

/// Policies that decided in the cloud and that the world has not, and the versions of those that it has.
fn missing_policies(denial: &Denial, world: &World) -> Vec<String> {
    let kinds = [PolicyKind::Identity, PolicyKind::Control, PolicyKind::Session, PolicyKind::Trust];
    let remark = |matched: &super::cloud::MatchedPolicy| {
        let name = &matched.policy_identifier;
        let kind = matched.policy_type.as_deref().map(|kind| format!("{kind} ")).unwrap_or_default();
        if kinds.iter().any(|kind| world.policies.get(*kind, name).is_some()) {
            let version = matched.policy_version.as_deref().map(|version| format!(" in its version {version}"));
            let version = version.unwrap_or_default();
            format!("`{name}` decided in the cloud{version}: compare it with the one here, and to whom it is attached")
        } else {
            format!("the {kind}policy `{name}` decided in the cloud, and the world does not hold it: add it")
        }
    };
    denial.detail.matched_policies.iter().map(remark).collect()
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = self.outcome.map_or("a denial".to_owned(), |outcome| outcome.to_string());
        write!(f, "The cloud says: {outcome}")?;
        if let Some(policy_type) = self.policy_type {
            write!(f, " by {policy_type}")?;
        }
        if self.agrees {
            writeln!(f, ". The policies here come to the same, as follows.")?;
        } else {
            writeln!(f, ". The policies here come to something else, as follows. What could account for it:")?;
        }
        self.remarks.iter().try_for_each(|remark| writeln!(f, "  - {remark}"))
    }
}
