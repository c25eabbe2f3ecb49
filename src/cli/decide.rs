//! `ramgate decide`: the evaluator on the command line.

mod context;
mod policy_files;

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use self::context::ContextArguments;
use self::policy_files::PolicyFiles;
use super::Exit;
use super::output::{self, Format};
use crate::authz::{Authorizer, Decision, Mode, Outcome, PolicySet, Request, Trace, Verdict, group_value};
use crate::catalog::{ApiCall, Catalog, Checks, Facts, Known, Parameters};
use crate::identity::{Principal, World};
use crate::policy::{Arn, Context, Dialect};
use crate::report::Finding;
use crate::store;

const EXAMPLES: &str = "\
Examples:
  A call, as a principal of a world:
    ramgate decide --world examples/demo --principal operator \\
        --operation polardb:2017-08-01:CloseDBClusterMigration DBClusterId=pc-bp1demo00000001

  An action on a resource, by policy files, from the office:
    ramgate decide --policy policies/office-network-guard.json \\
        --policy policies/migration-operator.json --action polardb:CloseDBClusterMigration \\
        --resource acs:polardb:cn-hangzhou:1234567890123456:dbcluster/pc-bp1orders00000001 \\
        --context acs:SourceIp=203.0.113.7 --context acs:SecureTransport=true --explain

  A policy that is attached for one resource group, below a control policy:
    ramgate decide --policy policies/migration-operator.json --scope rg-a --resource-group rg-a \\
        --control-policy FullAliyunAccess --control-policy policies/control/keep-clusters.json \\
        --action polardb:CloseDBClusterMigration \\
        --resource acs:polardb:cn-hangzhou:1234567890123456:dbcluster/pc-bp1orders00000001

  A call by a session of a role, which a session policy narrows; no world knows its cluster:
    ramgate decide --policy policies/migration-operator.json \\
        --session-policy policies/session/one-migration.json \\
        --principal acs:ram::1234567890123456:role/ops/ci-42 --region cn-hangzhou \\
        --operation polardb:2017-08-01:CloseDBClusterMigration DBClusterId=pc-bp1orders00000001

  Taking a role:
    ramgate decide --policy policies/assume-migration-ops.json \\
        --trust-policy policies/trust/migration-ops-trust.json \\
        --principal acs:ram::1234567890123456:user/operator \\
        --action sts:AssumeRole --resource acs:ram::1234567890123456:role/migration-ops \\
        --context acs:SourceIp=203.0.113.7 --context acs:SecureTransport=true

  A bucket policy, which names users by their ids:
    ramgate decide --resource-policy bucket.json --user-id 2234567890123456 \\
        --principal acs:ram::1234567890123456:user/alice \\
        --action oss:GetObject --resource acs:oss:*:1234567890123456:bucket/key";

/// Ask the evaluator: is this call, or this action on this resource, allowed?
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Decide {
    /// The directory of a world, which says what applies to the principal.
    #[arg(
        long,
        value_name = "DIR",
        requires = "principal",
        required_unless_present = "PolicyFiles",
        conflicts_with = "PolicyFiles"
    )]
    world: Option<PathBuf>,
    #[command(flatten)]
    files: PolicyFiles,
    /// Who asks: with a world as in `alice` or `role/ops/ci-42`, without one a whole ARN or a service.
    #[arg(long, value_name = "NAME")]
    principal: Option<String>,
    /// The id of the user that --principal names, by which bucket policies know it.
    #[arg(long, value_name = "DIGITS", requires = "principal", conflicts_with = "world", value_parser = digits)]
    user_id: Option<String>,
    /// The action, as in polardb:CloseDBClusterMigration.
    #[arg(long, requires = "resource", required_unless_present = "operation")]
    action: Option<String>,
    /// The resource: an ARN, or *.
    #[arg(long, requires = "action")]
    resource: Option<String>,
    /// The resource group of the resource; an empty one says that it is in none. Without it the group is unknown.
    #[arg(long, value_name = "ID", requires = "resource")]
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
    context: ContextArguments,
    /// Show what every statement came to, and why.
    #[arg(long)]
    explain: bool,
    /// Read policies leniently.
    #[arg(long)]
    lenient: bool,
    /// How to print the decision.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Where the policies come from.
enum Policies {
    World { world: Box<World>, authorizer: Authorizer },
    Files(PolicySet),
}

/// Why there is no decision.
enum Refusal {
    Usage(String),
    Mistakes(Vec<Finding>),
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self::Usage(message)
    }
}

impl Decide {
    pub(super) fn run(self) -> Exit {
        match self.decide() {
            Ok(true) => Exit::Success,
            Ok(false) => Exit::Finding,
            Err(Refusal::Usage(message)) => {
                output::complain(message);
                Exit::Usage
            }
            Err(Refusal::Mistakes(findings)) => {
                output::findings(&findings, self.format);
                Exit::Usage
            }
        }
    }

    /// Prints the decision, and says whether it is an Allow.
    fn decide(&self) -> Result<bool, Refusal> {
        let dialect = Dialect::of(self.lenient);
        let (policies, principal) = match &self.world {
            Some(directory) => {
                let world =
                    store::load(directory, &dialect).map_err(|errors| Refusal::Mistakes(Finding::of_world(&errors)))?;
                let name = self.principal.as_deref().unwrap_or_default();
                let principal = world.principal(name).map_err(|error| error.to_string())?;
                let authorizer = Authorizer::new(&world).map_err(|error| error.to_string())?;
                (Policies::World { world: Box::new(world), authorizer }, Some(principal))
            }
            None => {
                let principal = self.named_principal()?;
                let policies = self.files.read(dialect).map_err(Refusal::Mistakes)?;
                (Policies::Files(policies), principal)
            }
        };
        match (&self.operation, principal) {
            (Some(operation), Some(principal)) => self.by_call(operation, &policies, &principal),
            (Some(_), None) => Err("a call is somebody's: give --principal".to_owned().into()),
            (None, principal) => self.by_action(&policies, principal),
        }
    }

    /// Whom `--principal` names by itself.
    fn named_principal(&self) -> Result<Option<Principal>, String> {
        let Some(name) = &self.principal else { return Ok(None) };
        let mut principal: Principal = name.parse().map_err(|error| format!("{error}"))?;
        match (&mut principal, &self.user_id) {
            (Principal::User { id, .. }, Some(given)) => id.clone_from(given),
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
        Ok(Some(principal))
    }

    /// Somebody in the account of the resource, of whom nothing more is known.
    fn somebody(&self) -> Principal {
        let arn = self.resource.as_deref().and_then(Arn::parse);
        let account = arn.map(|arn| arn.account).unwrap_or_default().to_owned();
        let name = "somebody".to_owned();
        if self.files.narrow_a_session() {
            Principal::RoleSession { account, role: name.clone(), session: name, policy: None }
        } else {
            Principal::User { account, name, id: String::new() }
        }
    }

    fn by_action(&self, policies: &Policies, principal: Option<Principal>) -> Result<bool, Refusal> {
        let resource_group = match self.resource_group.as_deref() {
            Some("") => Known::Known(None),
            Some(group) => Known::Known(Some(group.to_owned())),
            None => Known::Unknown,
        };
        let mut follow = vec![("acs:ResourceGroupId", "--resource-group")];
        if principal.is_some() {
            follow.push(("acs:PrincipalARN", "--principal"));
        }
        let mut context = self.context.read(&follow)?;
        context.set_value("acs:ResourceGroupId", group_value(&resource_group));
        if let Some(principal) = &principal {
            context.set("acs:PrincipalARN", principal.arn());
        }
        let action = self.action.as_deref().unwrap_or_default();
        let (decision, trace) = policies.explain(&Request {
            principal: &principal.unwrap_or_else(|| self.somebody()),
            action,
            resource: self.resource.as_deref().unwrap_or_default(),
            owner: None,
            resource_group: &resource_group,
            context: &context,
            mode: Mode::of_action(action),
        });
        let allowed = decision.outcome == Outcome::Allow;
        match self.format {
            Format::Text => {
                print_decision(&decision, &trace, "");
                if self.explain {
                    output::print(format_args!("\n{trace}"));
                }
            }
            Format::Json => {
                let unknown = trace.unknown_keys();
                let trace = self.explain.then_some(&trace);
                output::print(
                    json!({ "allowed": allowed, "decision": decision, "unknown_keys": unknown, "trace": trace }),
                );
            }
        }
        Ok(allowed)
    }

    fn by_call(&self, operation: &str, policies: &Policies, principal: &Principal) -> Result<bool, Refusal> {
        let inventory = policies.world().map(|world| &world.inventory);
        let facts = inventory.map(|inventory| inventory.facts()).unwrap_or_default();
        let checks = self.checks(operation, policies.world(), &facts, principal)?;
        let mut follow = vec![
            ("acs:PrincipalARN", "--principal"),
            ("acs:RequestTag/*", "the parameters"),
            ("acs:ResourceGroupId", "what is known of the resource"),
            ("acs:ResourceTag/", "what is known of the resource"),
        ];
        if inventory.is_some() {
            follow.push(("acs:ResourceTag/*", "the world's inventory"));
        }
        let context = self.context.read(&follow)?;
        let (verdict, traces) = policies.explain_checks(principal, &checks, &context);
        match self.format {
            Format::Text => {
                for (check, trace) in verdict.decisions.iter().zip(&traces) {
                    let stricter = if check.stricter_than_cloud { " (stricter than the cloud)" } else { "" };
                    output::print(format_args!("{} on {}{stricter}", check.action, check.resource));
                    print_decision(&check.decision, trace, "  ");
                }
                for trace in traces.iter().filter(|_| self.explain) {
                    output::print(format_args!("\n{trace}"));
                }
            }
            Format::Json => {
                let unknown: std::collections::BTreeSet<_> = traces.iter().flat_map(Trace::unknown_keys).collect();
                let traces = self.explain.then_some(&traces);
                output::print(json!({
                    "allowed": verdict.is_allowed(),
                    "checks": verdict.decisions,
                    "unknown_keys": unknown,
                    "traces": traces,
                }));
            }
        }
        Ok(verdict.is_allowed())
    }

    /// What RAM is asked about the call.
    fn checks(
        &self,
        operation: &str,
        world: Option<&World>,
        facts: &Facts,
        principal: &Principal,
    ) -> Result<Checks, String> {
        let parts: Vec<&str> = operation.split(':').collect();
        let [product, version, operation] = parts.as_slice() else {
            return Err(format!("`{operation}` is no operation: write PRODUCT:VERSION:OPERATION"));
        };
        let mut parameters = Parameters::new();
        for parameter in &self.parameters {
            let (name, value) =
                parameter.split_once('=').ok_or_else(|| format!("`{parameter}` is no parameter: write Name=value"))?;
            parameters.insert(name, value).map_err(|error| error.to_string())?;
        }
        let account = principal.account().ok_or_else(|| format!("`{principal}` belongs to no account"))?;
        let own = world.and_then(|world| world.accounts.get(account));
        let call = ApiCall {
            product,
            version,
            operation,
            parameters: &parameters,
            account,
            account_alias: own.and_then(|account| account.alias.as_deref()),
            single_region: self.region.as_deref(),
        };
        let plan = Catalog::embedded().plan(&call).map_err(|error| error.to_string())?;
        plan.complete(facts).map_err(|error| error.to_string())
    }
}

impl Policies {
    fn world(&self) -> Option<&World> {
        match self {
            Self::World { world, .. } => Some(world),
            Self::Files(_) => None,
        }
    }

    fn explain(&self, request: &Request<'_>) -> (Decision, Trace) {
        match self {
            Self::World { authorizer, .. } => authorizer.explain(request),
            Self::Files(policies) => policies.explain(request),
        }
    }

    fn explain_checks(&self, principal: &Principal, checks: &Checks, context: &Context) -> (Verdict, Vec<Trace>) {
        match self {
            Self::World { authorizer, .. } => authorizer.explain_checks(principal, checks, context),
            Self::Files(policies) => policies.explain_checks(principal, checks, context),
        }
    }
}

/// Prints a decision, and below it what else there is to say of it.
fn print_decision(decision: &Decision, trace: &Trace, indent: &str) {
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
