//! `ramgate decide`: the evaluator on the command line.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::Exit;
use super::output::{self, Format};
use crate::authz::{Authorizer, Decision, Mode, Outcome, PolicySet, Request, Trace, Verdict};
use crate::catalog::{ApiCall, Catalog, Checks, Known, Parameters};
use crate::identity::{Principal, Scope, World};
use crate::json::SourceText;
use crate::policy::{Context, ContextValue, Dialect};
use crate::report::Finding;
use crate::store;

const EXAMPLES: &str = "\
Examples:
  ramgate decide --world examples/demo --principal operator \\
      --operation polardb:2017-08-01:CloseDBClusterMigration DBClusterId=pc-bp1demo00000001
  ramgate decide --policy close.json --action polardb:CloseDBClusterMigration \\
      --resource acs:polardb:cn-hangzhou:1234567890123456:dbcluster/pc-1 --explain";

/// Ask the evaluator: is this call, or this action on this resource, allowed?
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Decide {
    /// Identity policy files; the caller is somebody they are attached to.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["world", "operation"])]
    policy: Vec<PathBuf>,
    /// The directory of a world.
    #[arg(long, value_name = "DIR", requires = "principal", required_unless_present = "policy")]
    world: Option<PathBuf>,
    /// Who asks, as in `alice`, `role/ops/ci-42`, or a whole ARN.
    #[arg(long, value_name = "NAME", requires = "world")]
    principal: Option<String>,
    /// The action, as in polardb:CloseDBClusterMigration.
    #[arg(long, requires = "resource", required_unless_present = "operation")]
    action: Option<String>,
    /// The resource: an ARN, or *.
    #[arg(long, requires = "action")]
    resource: Option<String>,
    /// The resource group of the resource; without it the group is unknown.
    #[arg(long, value_name = "ID", requires = "resource")]
    resource_group: Option<String>,
    /// A whole call, resolved by the catalogue: PRODUCT:VERSION:OPERATION.
    #[arg(long, conflicts_with_all = ["action", "policy"])]
    operation: Option<String>,
    /// Parameters of the call.
    #[arg(value_name = "Name=value", requires = "operation")]
    parameters: Vec<String>,
    /// A condition key and its value; several values of one key may be given.
    #[arg(long, value_name = "KEY=VALUE")]
    context: Vec<String>,
    /// A condition key that is not known; one that ends in / stands for all that begin so.
    #[arg(long, value_name = "KEY")]
    unknown: Vec<String>,
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

impl Decide {
    pub(super) fn run(self) -> Exit {
        let dialect = if self.lenient { Dialect::lenient() } else { Dialect::strict() };
        let context = match self.context() {
            Ok(context) => context,
            Err(message) => return usage(message),
        };
        let Some(directory) = &self.world else { return self.by_policies(&context, dialect) };
        let world = match store::load(directory, &dialect) {
            Ok(world) => world,
            Err(errors) => {
                output::findings(&Finding::of_world(&errors), self.format);
                return Exit::Usage;
            }
        };
        let principal = match world.principal(self.principal.as_deref().unwrap_or_default()) {
            Ok(principal) => principal,
            Err(error) => return usage(error.to_string()),
        };
        let authorizer = match Authorizer::new(&world) {
            Ok(authorizer) => authorizer,
            Err(error) => return usage(error.to_string()),
        };
        match &self.operation {
            Some(operation) => self.by_call(operation, &world, &authorizer, &principal, &context),
            None => self.by_action(&principal, &context, |request| authorizer.explain(request)),
        }
    }

    fn by_policies(&self, context: &Context, dialect: Dialect) -> Exit {
        let mut policies = PolicySet::new(dialect);
        for path in &self.policy {
            let source = match read(path) {
                Ok(source) => source,
                Err(message) => return usage(message),
            };
            let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            if let Err(invalid) = policies.add_identity(&name, &source, Scope::Account) {
                output::findings(&Finding::of_policy(&invalid), self.format);
                return Exit::Usage;
            }
        }
        let account = self.resource.as_deref().and_then(|resource| resource.split(':').nth(3)).unwrap_or_default();
        let name = "somebody".to_owned();
        let principal = Principal::User { account: account.to_owned(), name, id: "0".to_owned() };
        self.by_action(&principal, context, |request| policies.explain(request))
    }

    fn by_action(
        &self,
        principal: &Principal,
        context: &Context,
        explain: impl FnOnce(&Request<'_>) -> (Decision, Trace),
    ) -> Exit {
        let action = self.action.as_deref().unwrap_or_default();
        let resource_group = match &self.resource_group {
            Some(group) => Known::Known(Some(group.clone())),
            None => Known::Unknown,
        };
        let mut context = context.clone();
        context.set("acs:PrincipalARN", principal.arn());
        let (decision, trace) = explain(&Request {
            principal,
            action,
            resource: self.resource.as_deref().unwrap_or_default(),
            owner: None,
            resource_group: &resource_group,
            context: &context,
            mode: Mode::of_action(action),
        });
        match self.format {
            Format::Text => {
                output::print(summary(&decision));
                if self.explain {
                    output::print(format_args!("\n{trace}"));
                }
            }
            Format::Json => {
                let trace = self.explain.then_some(trace);
                output::print(
                    json!({ "allowed": decision.outcome == Outcome::Allow, "decision": decision, "trace": trace }),
                );
            }
        }
        exit(decision.outcome == Outcome::Allow)
    }

    fn by_call(
        &self,
        operation: &str,
        world: &World,
        authorizer: &Authorizer,
        principal: &Principal,
        context: &Context,
    ) -> Exit {
        let checks = match self.checks(operation, world, principal) {
            Ok(checks) => checks,
            Err(message) => return usage(message),
        };
        let (verdict, traces) = if self.explain {
            authorizer.explain_checks(principal, &checks, context)
        } else {
            (authorizer.decide_checks(principal, &checks, context), Vec::new())
        };
        match self.format {
            Format::Text => print_verdict(&verdict, &traces),
            Format::Json => {
                let traces = self.explain.then_some(traces);
                output::print(
                    json!({ "allowed": verdict.is_allowed(), "checks": verdict.decisions, "traces": traces }),
                );
            }
        }
        exit(verdict.is_allowed())
    }

    /// What RAM is asked about the call, with the inventory's facts.
    fn checks(&self, operation: &str, world: &World, principal: &Principal) -> Result<Checks, String> {
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
        let catalog = Catalog::embedded();
        let call = ApiCall {
            product,
            version,
            operation,
            parameters: &parameters,
            account,
            account_alias: world.accounts.get(account).and_then(|account| account.alias.as_deref()),
            single_region: None,
        };
        let plan = catalog.plan(&call).map_err(|error| error.to_string())?;
        plan.complete(&world.inventory.facts()).map_err(|error| error.to_string())
    }

    fn context(&self) -> Result<Context, String> {
        let mut context = Context::new();
        let mut values: Vec<(String, Vec<String>)> = Vec::new();
        for pair in &self.context {
            let (key, value) =
                pair.split_once('=').ok_or_else(|| format!("`{pair}` is no condition key: write KEY=VALUE"))?;
            match values.iter_mut().find(|(known, _)| known == key) {
                Some((_, known)) => known.push(value.to_owned()),
                None => values.push((key.to_owned(), vec![value.to_owned()])),
            }
        }
        for (key, values) in values {
            context.set_value(&key, ContextValue::Present(values));
        }
        for key in &self.unknown {
            if key.ends_with('/') {
                context.set_unknown_prefix(key);
            } else {
                context.set_value(key, ContextValue::Unknown);
            }
        }
        Ok(context)
    }
}

fn print_verdict(verdict: &Verdict, traces: &[Trace]) {
    for check in &verdict.decisions {
        let stricter = if check.stricter_than_cloud { " (stricter than the cloud)" } else { "" };
        output::print(format_args!("{} on {}{stricter}", check.action, check.resource));
        output::print(format_args!("  {}", summary(&check.decision)));
    }
    for trace in traces {
        output::print(format_args!("\n{trace}"));
    }
}

fn summary(decision: &Decision) -> String {
    match &decision.determining {
        Some(statement) => format!("{} by {}: {statement}", decision.outcome, decision.policy_type),
        None => format!("{} by {}", decision.outcome, decision.policy_type),
    }
}

fn exit(allowed: bool) -> Exit {
    if allowed { Exit::Success } else { Exit::Finding }
}

fn usage(message: String) -> Exit {
    output::complain(message);
    Exit::Usage
}

fn read(path: &Path) -> Result<SourceText, String> {
    std::fs::read_to_string(path)
        .map(|text| SourceText::new(path.display().to_string(), text))
        .map_err(|error| format!("`{}` cannot be read: {error}", path.display()))
}
