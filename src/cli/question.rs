//! What the evaluator is asked on the command line: by whom, for what, and by which policies.

mod context;
mod policy_files;

use std::path::PathBuf;

use clap::Args;

use self::context::ContextArguments;
use self::policy_files::PolicyFiles;
use super::Exit;
use super::output::{self, Format};
use crate::authz::{
    Authorizer, Decision, Explanation, Grants, Mode, NearMisses, Observer, PolicySet, Request, Ruling, Search, Trace,
    Verdict, decide_each, group_value, stated_group,
};
use crate::catalog::{ApiCall, Catalog, Check, Checks, Facts, Parameters};
use crate::identity::{Principal, World};
use crate::policy::{Arn, Dialect};
use crate::report::Finding;
use crate::store;

/// A question to the evaluator.
#[derive(Debug, Args)]
pub(super) struct Question {
    #[command(flatten)]
    pub(super) by: By,
    /// Who asks: with a world as in `alice` or `role/ops/ci-42`, without one a whole ARN or a service.
    #[arg(long, value_name = "NAME")]
    principal: Option<String>,
    /// The id of the user that --principal names, by which bucket policies know it.
    #[arg(long, value_name = "DIGITS", requires = "principal", conflicts_with = "world", value_parser = digits)]
    user_id: Option<String>,
    /// The action, as in polardb:CloseDBClusterMigration.
    #[arg(long, requires = "resource")]
    action: Option<String>,
    /// The resource: an ARN, or *.
    #[arg(long)]
    pub(super) resource: Option<String>,
    /// The resource group of the resource; an empty one says that it is in none. Without it the group is unknown.
    #[arg(long, value_name = "ID")]
    resource_group: Option<String>,
    /// A whole call, resolved by the catalogue: PRODUCT:VERSION:OPERATION.
    #[arg(long, conflicts_with = "action", requires = "principal")]
    operation: Option<String>,
    /// Parameters of the call.
    #[arg(value_name = "Name=value", requires = "operation")]
    parameters: Vec<String>,
    /// The one region that the API serves: a cluster that no inventory knows is there.
    #[arg(long, value_name = "ID", requires = "operation")]
    region: Option<String>,
    #[command(flatten)]
    pub(super) context: ContextArguments,
}

/// Which policies are asked.
#[derive(Debug, Args)]
pub(super) struct By {
    /// The directory of a world, which says what applies to the principal.
    #[arg(long, value_name = "DIR", required_unless_present = "PolicyFiles", conflicts_with = "PolicyFiles")]
    world: Option<PathBuf>,
    #[command(flatten)]
    files: PolicyFiles,
    /// Read policies leniently.
    #[arg(long)]
    lenient: bool,
}

/// Where the policies come from.
pub(super) enum Policies {
    World { world: Box<World>, authorizer: Authorizer },
    Files(PolicySet),
}

/// Why there is no decision.
pub(super) enum Refusal {
    Usage(String),
    Mistakes(Vec<Finding>),
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self::Usage(message)
    }
}

/// What was decided: of a call, each of its checks.
pub(super) enum Put {
    Action(Decision),
    Call(Verdict),
}

impl Refusal {
    /// Says it, and how the command ends.
    pub(super) fn told(self, format: Format) -> Exit {
        match self {
            Self::Usage(message) => output::complain(message),
            Self::Mistakes(findings) => output::findings(&findings, format),
        }
        Exit::Usage
    }
}

impl Put {
    pub(super) fn is_allowed(&self) -> bool {
        match self {
            Self::Action(decision) => decision.outcome == crate::authz::Outcome::Allow,
            Self::Call(verdict) => verdict.is_allowed(),
        }
    }
}

impl By {
    /// Reads the policies.
    pub(super) fn read(&self) -> Result<Policies, Refusal> {
        let dialect = Dialect::of(self.lenient);
        let Some(directory) = &self.world else {
            return Ok(Policies::Files(self.files.read(dialect).map_err(Refusal::Mistakes)?));
        };
        let world = store::load(directory, &dialect).map_err(|errors| Refusal::Mistakes(Finding::of_world(&errors)))?;
        let authorizer = Authorizer::new(&world).map_err(|error| error.to_string())?;
        Ok(Policies::World { world: Box::new(world), authorizer })
    }

    /// Whether a policy is given that says whom it is about.
    pub(super) fn need_a_principal(&self) -> bool {
        self.files.need_a_principal()
    }

    /// Somebody in the account of the resource, of whom nothing more is known.
    pub(super) fn somebody(&self, resource: &str) -> Principal {
        let account = Arn::parse(resource).map(|arn| arn.account).unwrap_or_default().to_owned();
        let name = "somebody".to_owned();
        if self.files.narrow_a_session() {
            Principal::RoleSession { account, role: name.clone(), session: name, policy: None }
        } else {
            Principal::User { account, name, id: String::new() }
        }
    }

    /// Whom `name` names where there is no world.
    pub(super) fn named(&self, name: &str, user_id: Option<&str>) -> Result<Principal, String> {
        let mut principal: Principal = name.parse().map_err(|error| format!("{error}"))?;
        match (&mut principal, user_id) {
            (Principal::User { id, .. }, Some(given)) => given.clone_into(id),
            (Principal::User { .. }, None) if self.files.list_principals() => {
                return Err(format!("a bucket policy names users by id: say with --user-id which `{name}` has"));
            }
            (_, None) => {}
            (_, Some(_)) => return Err(format!("`{name}` is no user: leave --user-id out")),
        }
        if self.files.narrow_a_session() && !matches!(principal, Principal::RoleSession { .. }) {
            return Err(format!(
                "`{name}` is no session of a role: write `acs:ram::ACCOUNT:role/NAME/SESSION`, or leave \
                 --session-policy out"
            ));
        }
        Ok(principal)
    }
}

impl Question {
    /// The resource group that is said of the resource.
    pub(super) fn resource_group(&self) -> Option<&str> {
        self.resource_group.as_deref()
    }

    /// Puts the question to `policies`: what is decided is what `ask` gives for each request that it comes to. A call
    /// comes to several, one for each of its checks, and then the check is told too.
    pub(super) fn put(
        &self,
        policies: &Policies,
        ask: impl FnMut(Option<&Check>, &Request<'_>) -> Decision,
    ) -> Result<Put, Refusal> {
        let principal = match (&self.principal, policies.world()) {
            (Some(name), Some(world)) => Some(world.principal(name).map_err(|error| error.to_string())?),
            (Some(name), None) => Some(self.by.named(name, self.user_id.as_deref())?),
            (None, Some(_)) => return Err("a world has many who may ask: give --principal".to_owned().into()),
            (None, None) if self.by.need_a_principal() => {
                return Err("trust and bucket policies name who may: give --principal".to_owned().into());
            }
            (None, None) => None,
        };
        if self.resource.is_none() && self.resource_group.is_some() || self.action.is_none() && self.resource.is_some()
        {
            return Err("--resource goes with --action, and --resource-group with --resource".to_owned().into());
        }
        match (&self.operation, &self.action, principal) {
            (Some(operation), _, Some(principal)) => self.by_call(operation, policies, &principal, ask),
            (Some(_), _, None) => Err("a call is somebody's: give --principal".to_owned().into()),
            (None, Some(action), principal) => self.by_action(action, principal, ask),
            (None, None, _) => Err("say what is asked for: --action with --resource, or --operation".to_owned().into()),
        }
    }

    fn by_action(
        &self,
        action: &str,
        principal: Option<Principal>,
        mut ask: impl FnMut(Option<&Check>, &Request<'_>) -> Decision,
    ) -> Result<Put, Refusal> {
        let resource_group = stated_group(self.resource_group.as_deref());
        let mut follow = vec![("acs:ResourceGroupId", "--resource-group")];
        if principal.is_some() {
            follow.push(("acs:PrincipalARN", "--principal"));
        }
        let mut context = self.context.read(&follow)?;
        context.set_value("acs:ResourceGroupId", group_value(&resource_group));
        if let Some(principal) = &principal {
            context.set("acs:PrincipalARN", principal.arn());
        }
        let resource = self.resource.as_deref().unwrap_or_default();
        Ok(Put::Action(ask(
            None,
            &Request {
                principal: &principal.unwrap_or_else(|| self.by.somebody(resource)),
                action,
                resource,
                owner: None,
                resource_group: &resource_group,
                context: &context,
                mode: Mode::of_action(action),
            },
        )))
    }

    fn by_call(
        &self,
        operation: &str,
        policies: &Policies,
        principal: &Principal,
        mut ask: impl FnMut(Option<&Check>, &Request<'_>) -> Decision,
    ) -> Result<Put, Refusal> {
        let mut parameters = Parameters::new();
        for parameter in &self.parameters {
            let (name, value) =
                parameter.split_once('=').ok_or_else(|| format!("`{parameter}` is no parameter: write Name=value"))?;
            parameters.insert(name, value).map_err(|error| error.to_string())?;
        }
        let facts = policies.facts();
        let checks = checks(operation, &parameters, self.region.as_deref(), policies.world(), &facts, principal)?;
        let context = self.context.read(&call_follows("--principal", policies.world().is_some()))?;
        Ok(Put::Call(decide_each(principal, &checks, &context, |check, request| ask(Some(check), request))))
    }
}

/// The keys that follow from the rest of a call, where `principal` says whose it is, in a world or without one.
pub(super) fn call_follows(principal: &'static str, in_world: bool) -> Vec<(&'static str, &'static str)> {
    let mut follow = vec![
        ("acs:PrincipalARN", principal),
        ("acs:RequestTag/*", "the parameters"),
        ("acs:ResourceGroupId", "what is known of the resource"),
        ("acs:ResourceTag/", "what is known of the resource"),
    ];
    if in_world {
        follow.push(("acs:ResourceTag/*", "the world's inventory"));
    }
    follow
}

/// What RAM is asked about a call of `operation`, written as PRODUCT:VERSION:OPERATION.
pub(super) fn checks(
    operation: &str,
    parameters: &Parameters,
    region: Option<&str>,
    world: Option<&World>,
    facts: &Facts,
    principal: &Principal,
) -> Result<Checks, String> {
    let parts: Vec<&str> = operation.split(':').collect();
    let [product, version, operation] = parts.as_slice() else {
        return Err(format!("`{operation}` is no operation: write PRODUCT:VERSION:OPERATION"));
    };
    let account = principal.account().ok_or_else(|| format!("`{principal}` belongs to no account"))?;
    let own = world.and_then(|world| world.accounts.get(account));
    let call = ApiCall {
        product,
        version,
        operation,
        parameters,
        account,
        account_alias: own.and_then(|account| account.alias.as_deref()),
        single_region: region,
    };
    let plan = Catalog::embedded().plan(&call).map_err(|error| error.to_string())?;
    plan.complete(facts).map_err(|error| error.to_string())
}

impl Policies {
    pub(super) fn world(&self) -> Option<&World> {
        match self {
            Self::World { world, .. } => Some(world),
            Self::Files(_) => None,
        }
    }

    /// What the world's inventory knows.
    pub(super) fn facts(&self) -> Facts {
        self.world().map(|world| world.inventory.facts()).unwrap_or_default()
    }

    pub(super) fn decide(&self, request: &Request<'_>) -> Ruling<'_> {
        match self {
            Self::World { authorizer, .. } => authorizer.decide(request),
            Self::Files(policies) => policies.decide(request),
        }
    }

    pub(super) fn explain<'r>(&self, request: &Request<'r>) -> Explanation<'_, 'r> {
        match self {
            Self::World { authorizer, .. } => authorizer.explain(request),
            Self::Files(policies) => policies.explain(request),
        }
    }

    /// Tells of every statement.
    pub(super) fn trace(&self, request: &Request<'_>) -> (Decision, Trace) {
        match self {
            Self::World { authorizer, .. } => authorizer.trace(request),
            Self::Files(policies) => policies.trace(request),
        }
    }

    pub(super) fn observe<'p>(&'p self, request: &Request<'_>, observer: &mut impl Observer<'p>) -> Decision {
        match self {
            Self::World { authorizer, .. } => authorizer.observe(request, observer),
            Self::Files(policies) => policies.observe(request, observer),
        }
    }

    pub(super) fn near_misses(&self, request: &Request<'_>, search: Search) -> NearMisses {
        match self {
            Self::World { authorizer, .. } => authorizer.near_misses(request, search),
            Self::Files(policies) => policies.near_misses(request, search),
        }
    }

    pub(super) fn grants(&self, request: &Request<'_>) -> Grants {
        match self {
            Self::World { authorizer, .. } => authorizer.grants(request),
            Self::Files(policies) => policies.grants(request),
        }
    }
}

/// Prints a decision, and below it what else there is to say of it.
pub(super) fn print_decision(decision: &Decision, trace: &Trace, indent: &str) {
    match &decision.determining {
        Some(statement) => {
            output::print(format_args!("{indent}{} by {}: {statement}", decision.outcome, decision.policy_type));
        }
        None => output::print(format_args!("{indent}{} by {}", decision.outcome, decision.policy_type)),
    }
    for rule in trace.rules() {
        output::print(format_args!("{indent}  {rule}"));
    }
    let unknown: Vec<String> = trace.unknown_keys().into_iter().map(|key| format!("`{key}`")).collect();
    if !unknown.is_empty() {
        output::print(format_args!(
            "{indent}  not known: {}: an Allow that tests it does not apply, and a Deny takes the test for met; say what it \
             is with --context or --absent",
            unknown.join(", ")
        ));
    }
}

fn digits(text: &str) -> Result<String, String> {
    let all_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if all_digits { Ok(text.to_owned()) } else { Err("an id is made of digits".to_owned()) }
}
