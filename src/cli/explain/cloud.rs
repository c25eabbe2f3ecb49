//! What the cloud says of a call that it refused (spec ram-policy-language 7.8): the detail in the body of the error, or
//! the diagnostic message that RAM decodes.

use serde::Deserialize;
use serde_json::Value;

use super::super::question::Question;
use crate::authz::{Mode, Outcome, PolicyType, Request, group_value, stated_group};
use crate::catalog::Known;
use crate::identity::{Principal, World};
use crate::policy::{Arn, Context, ContextValue};

/// A refusal as the cloud tells it.
#[derive(Debug)]
pub(super) struct Denial {
    pub(super) detail: Detail,
    /// Whether it is the diagnostic message, which holds conditions and resource.
    pub(super) decoded: bool,
}

/// The fields of both forms. ROA products begin them with a small letter.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Detail {
    #[serde(alias = "authAction")]
    pub(super) auth_action: Option<String>,
    #[serde(alias = "authResource")]
    pub(super) auth_resource: Option<String>,
    #[serde(alias = "authPrincipalType")]
    auth_principal_type: Option<String>,
    #[serde(alias = "authPrincipalDisplayName")]
    auth_principal_display_name: Option<String>,
    #[serde(alias = "authPrincipalOwnerId")]
    auth_principal_owner_id: Option<String>,
    #[serde(alias = "authPrincipal")]
    auth_principal: Option<Box<Detail>>,
    #[serde(alias = "noPermissionType")]
    no_permission_type: Option<Outcome>,
    #[serde(alias = "explicitDeny")]
    explicit_deny: Option<bool>,
    #[serde(alias = "policyType", alias = "NoPermissionPolicyType", alias = "noPermissionPolicyType")]
    pub(super) policy_type: Option<PolicyType>,
    #[serde(alias = "encodedDiagnosticMessage")]
    pub(super) encoded_diagnostic_message: Option<String>,
    #[serde(alias = "authConditions")]
    auth_conditions: Vec<Condition>,
    #[serde(alias = "matchedPolicies")]
    pub(super) matched_policies: Vec<MatchedPolicy>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Condition {
    #[serde(alias = "conditionKey")]
    condition_key: String,
    #[serde(alias = "conditionValues")]
    condition_values: Vec<String>,
}

/// A policy that decided in the cloud.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct MatchedPolicy {
    #[serde(alias = "policyIdentifier")]
    pub(super) policy_identifier: String,
    #[serde(alias = "policyType")]
    pub(super) policy_type: Option<String>,
    #[serde(alias = "policyVersion")]
    pub(super) policy_version: Option<String>,
}

/// The request that was refused, as far as it is known here.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) principal: Principal,
    action: String,
    pub(super) resource: String,
    group: Known<Option<String>>,
    context: Context,
    /// Whether the session is on file, if it is one.
    pub(super) session_on_file: Option<bool>,
}

impl Asked {
    pub(super) fn request(&self) -> Request<'_> {
        Request {
            principal: &self.principal,
            action: &self.action,
            resource: &self.resource,
            owner: None,
            resource_group: &self.group,
            context: &self.context,
            mode: match self.principal {
                Principal::Federated { .. } => Mode::Sso,
                _ => Mode::of_action(&self.action),
            },
        }
    }
}

/// What of `value` holds the detail, and whether it is the decoded message: the value itself or a member of it, which
/// may be JSON in a string.
fn detail(value: &Value) -> Option<(Value, bool)> {
    let object = value.as_object()?;
    for (name, decoded) in [
        ("DecodedDiagnosticMessage", true),
        ("decodedDiagnosticMessage", true),
        ("AccessDeniedDetail", false),
        ("accessDeniedDetail", false),
    ] {
        match object.get(name) {
            Some(Value::String(text)) => return Some((serde_json::from_str(text).ok()?, decoded)),
            Some(value @ Value::Object(_)) => return Some((value.clone(), decoded)),
            _ => {}
        }
    }
    let decoded = object.contains_key("NoPermissionPolicyType") || object.contains_key("AuthPrincipal");
    let own = object.contains_key("AuthAction") || object.contains_key("authAction");
    own.then(|| (value.clone(), decoded))
}

impl Denial {
    /// Reads one of the forms.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| format!("the error is no JSON: {error}"))?;
        let (value, decoded) = detail(&value).ok_or(
            "the error has no `AccessDeniedDetail`: give the whole body that the API answered, or what \
             `ram:DecodeDiagnosticMessage` answers for its `EncodedDiagnosticMessage`",
        )?;
        let detail = serde_json::from_value(value).map_err(|error| format!("the detail cannot be read: {error}"))?;
        Ok(Self { detail, decoded })
    }

    /// What the cloud decided.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        let explicit = self.detail.explicit_deny.map(|explicit| match explicit {
            true => Outcome::ExplicitDeny,
            false => Outcome::ImplicitDeny,
        });
        self.detail.no_permission_type.or(explicit)
    }

    /// The request that was refused, with what `world` and the flags add to it.
    pub(super) fn asked(&self, world: &World, flags: &Question) -> Result<Asked, String> {
        let detail = &self.detail;
        let action = detail.auth_action.clone().ok_or("the error does not say by `AuthAction` what was asked for")?;
        let (principal, session_on_file) = self.principal(world)?;
        let resource = match (&detail.auth_resource, &flags.resource) {
            (Some(resource), None) => resource.clone(),
            (None, Some(resource)) => resource.clone(),
            (Some(_), Some(_)) => return Err("the error says which resource: leave --resource out".to_owned()),
            (None, None) => {
                return Err(
                    "the error does not say which resource: give it with --resource, or the decoded diagnostic \
                            message"
                        .to_owned(),
                );
            }
        };
        let known = Arn::parse(&resource).and_then(|arn| {
            let (kind, id) = arn.relative.split_once('/')?;
            world.inventory.get(arn.service, kind, id)
        });
        let told: Vec<_> =
            detail.auth_conditions.iter().map(|told| (&told.condition_key, &told.condition_values)).collect();
        let follow: Vec<(&str, &str)> = told.iter().map(|(key, _)| (key.as_str(), "the error")).collect();
        let follow = [follow, vec![("acs:PrincipalARN", "the error")]].concat();
        let mut context = flags.context.read(&follow)?;
        let group = |key: &str| Context::normalize(key) == "acs:resourcegroupid";
        let group = match (flags.resource_group(), told.iter().find(|(key, _)| group(key)), known) {
            (Some(said), _, _) => stated_group(Some(said)),
            (None, Some((_, values)), _) => Known::Known(values.first().cloned()),
            (None, None, Some(known)) => known.resource_group.clone(),
            (None, None, None) => Known::Unknown,
        };
        context.set_value("acs:ResourceGroupId", group_value(&group));
        if let Some(Known::Known(tags)) = known.map(|known| &known.tags) {
            for (key, value) in tags {
                context.set(&format!("acs:ResourceTag/{key}"), value.clone());
            }
        }
        for (key, values) in told {
            context.set_value(key, ContextValue::Present(values.clone()));
        }
        context.set("acs:PrincipalARN", principal.arn());
        Ok(Asked { principal, action, resource, group, context, session_on_file })
    }

    /// Who was refused, and of a session whether it is on file.
    fn principal(&self, world: &World) -> Result<(Principal, Option<bool>), String> {
        let detail = self.detail.auth_principal.as_deref().unwrap_or(&self.detail);
        let missing = |field: &str| format!("the error does not say by `{field}` who asked");
        let kind = detail.auth_principal_type.as_deref().ok_or_else(|| missing("AuthPrincipalType"))?;
        let account = detail.auth_principal_owner_id.clone().ok_or_else(|| missing("AuthPrincipalOwnerId"))?;
        if kind == "RootUser" {
            return Ok((Principal::Owner { account }, None));
        }
        let shown = detail.auth_principal_display_name.as_deref().ok_or_else(|| missing("AuthPrincipalDisplayName"))?;
        if kind == "Federated" {
            return Ok((Principal::Federated { provider: format!("acs:ram::{account}:{shown}") }, None));
        }
        let own = world.accounts.get(&account).ok_or_else(|| {
            format!("the world does not hold the account `{account}`, whose `{shown}` was refused: add it, or give another world")
        })?;
        match (kind, shown.split_once(':')) {
            ("SubUser", _) => {
                let user = own.users.iter().find(|(name, user)| user.id == shown || name.as_str() == shown);
                let (name, user) = user.ok_or_else(|| {
                    format!("the world holds no user of account {account} with the id `{shown}`: add the user, or mend its id")
                })?;
                Ok((Principal::User { account, name: name.clone(), id: user.id.clone() }, None))
            }
            ("AssumedRoleUser", Some((role, session))) => {
                if !own.roles.contains_key(role) {
                    return Err(format!("the world holds no role `{role}` of account {account}: add it"));
                }
                let on_file = own.sessions.iter().find(|known| known.role == role && known.name == session);
                let policy = on_file.and_then(|known| known.policy.clone());
                let (role, session) = (role.to_owned(), session.to_owned());
                Ok((Principal::RoleSession { account, role, session, policy }, Some(on_file.is_some())))
            }
            _ => Err(format!("`{shown}`, a principal of the kind `{kind}`, is none that is known here")),
        }
    }
}
