//! `ramgate explain`: why a request is denied or allowed, and what would have changed that.

mod cloud;
mod compare;

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use serde_json::json;

use self::cloud::Denial;
use self::compare::Comparison;
use super::Exit;
use super::output::{self, Format};
use super::question::{Policies, Question, Refusal, print_decision};
use crate::authz::{Decision, Grants, NearMisses, Outcome, Request, Search, Trace};
use crate::catalog::Requirement;

const EXAMPLES: &str = r#"Examples:
  A denied call, as a principal of a world:
    ramgate explain --world examples/demo --principal operator \
        --operation polardb:2017-08-01:CloseDBClusterMigration DBClusterId=pc-2zedemo00000003

  An allowed action, by policy files:
    ramgate explain --policy policies/migration-operator.json --complete \
        --action polardb:CloseDBClusterMigration --context acs:SecureTransport=true \
        --resource acs:polardb:cn-hangzhou:1234567890123456:dbcluster/pc-bp1orders00000001

  What the cloud answered: an error body with AccessDeniedDetail, or what ram:DecodeDiagnosticMessage says of it:
    echo '{"Code": "Forbidden.RAM", "AccessDeniedDetail": {"AuthAction": "polardb:DeleteDBCluster",
      "AuthPrincipalType": "SubUser", "AuthPrincipalDisplayName": "2000000000000001",
      "AuthPrincipalOwnerId": "1234567890123456", "NoPermissionType": "ImplicitDeny",
      "PolicyType": "AccountLevelIdentityBasedPolicy"}}' |
        ramgate explain --world examples/demo --error - \
        --resource acs:polardb:cn-hangzhou:1234567890123456:dbcluster/pc-bp1demo00000001"#;

/// Say why a request is denied or allowed, and which smallest changes would have allowed it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Explain {
    #[command(flatten)]
    question: Question,
    /// What the cloud refused: a file with the JSON body of the error, or with the decoded diagnostic message, or - for
    /// standard input. Who asked for what is in it; --resource where it names none, --context what else the call carried.
    #[arg(
        long,
        value_name = "FILE",
        requires = "world",
        conflicts_with_all = ["principal", "user_id", "action", "operation", "parameters", "region"]
    )]
    error: Option<PathBuf>,
    /// How to print it.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// One request, explained.
#[derive(Serialize)]
struct Explained {
    action: String,
    resource: String,
    /// Of a check of a call: whether the cloud is believed not to ask it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stricter_than_cloud: bool,
    decision: Decision,
    unknown_keys: Vec<String>,
    trace: Trace,
    /// What would have allowed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    near_misses: Option<NearMisses>,
    /// What allows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    grants: Option<Grants>,
}

impl Explain {
    pub(super) fn run(self) -> Exit {
        let explained = match &self.error {
            Some(path) => self.error(path),
            None => self.question(),
        };
        explained.unwrap_or_else(|refusal| refusal.told(self.format))
    }

    fn question(&self) -> Result<Exit, Refusal> {
        let policies = self.question.by.read()?;
        let mut explained = Vec::new();
        let put = self.question.put(&policies, |check, request| {
            let requirement = check.map_or(Requirement::Allowed, |check| check.requirement);
            let mut one = explain(&policies, request, requirement);
            one.stricter_than_cloud = check.is_some_and(|check| check.stricter_than_cloud);
            let decision = one.decision.clone();
            explained.push(one);
            decision
        })?;
        self.tell(put.is_allowed(), &explained, None);
        Ok(exit(put.is_allowed()))
    }

    /// Explains what the cloud refused by the policies that are here.
    fn error(&self, path: &Path) -> Result<Exit, Refusal> {
        let unread = |error: std::io::Error| Refusal::Usage(format!("`{}` cannot be read: {error}", path.display()));
        let text = if path.as_os_str() == "-" {
            let mut text = String::new();
            std::io::stdin().lock().read_to_string(&mut text).map_err(unread)?;
            text
        } else {
            std::fs::read_to_string(path).map_err(unread)?
        };
        let denial = Denial::read(&text)?;
        let policies = self.question.by.read()?;
        let Some(world) = policies.world() else {
            return Err("what the cloud refused is held against a world: give --world".to_owned().into());
        };
        let asked = denial.asked(world, &self.question)?;
        let explained = explain(&policies, &asked.request(), Requirement::Allowed);
        let comparison = Comparison::new(&denial, &asked, world, &explained.decision, &explained.unknown_keys);
        let allowed = explained.decision.outcome == Outcome::Allow;
        self.tell(allowed, &[explained], Some(&comparison));
        Ok(exit(allowed))
    }

    fn tell(&self, allowed: bool, explained: &[Explained], comparison: Option<&Comparison>) {
        match self.format {
            Format::Json => output::print(json!({ "allowed": allowed, "requests": explained, "cloud": comparison })),
            Format::Text => {
                if let Some(comparison) = comparison {
                    output::print(comparison);
                }
                for (number, one) in explained.iter().enumerate() {
                    if number > 0 {
                        output::print("");
                    }
                    one.print();
                }
            }
        }
    }
}

fn exit(allowed: bool) -> Exit {
    if allowed { Exit::Success } else { Exit::Finding }
}

fn explain(policies: &Policies, request: &Request<'_>, requirement: Requirement) -> Explained {
    let (decision, trace) = policies.trace(request);
    let allowed = decision.outcome == Outcome::Allow;
    let search = Search { requirement, ..Search::default() };
    Explained {
        action: request.action.to_owned(),
        resource: request.resource.to_owned(),
        stricter_than_cloud: false,
        unknown_keys: trace.unknown_keys().into_iter().map(str::to_owned).collect(),
        near_misses: (!allowed).then(|| policies.near_misses(request, search)),
        grants: allowed.then(|| policies.grants(request)),
        decision,
        trace,
    }
}

impl Explained {
    fn print(&self) {
        let stricter = if self.stricter_than_cloud { " (stricter than the cloud)" } else { "" };
        output::print(format_args!("{} on {}{stricter}", self.action, self.resource));
        print_decision(&self.decision, &self.trace, "  ");
        output::print(format_args!("  by generation {} of the policies\n", self.decision.generation));
        output::print(format_args!("How it came about:\n{}", self.trace.to_string().trim_end()));
        match (&self.near_misses, &self.grants) {
            (Some(misses), _) if misses.found.is_empty() && !misses.cut => {
                output::print(
                    "\nNo small change of the request or of the policies was found that would have allowed it.",
                );
            }
            (Some(misses), _) => {
                let text = misses.to_string();
                let tried = "\nWhat would have allowed it; each was tried, the smallest change first:";
                output::print(format_args!("{tried}\n{}", text.trim_end()));
            }
            (None, Some(grants)) if !grants.grants.is_empty() => {
                output::print(format_args!("\nWhat allows it:\n{}", grants.to_string().trim_end()));
            }
            _ => {}
        }
    }
}
