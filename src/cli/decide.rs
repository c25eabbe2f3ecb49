//! `ramgate decide`: the evaluator on the command line.

mod requests;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::Exit;
use super::output::{self, Format};
use super::question::{Put, Question, Refusal, print_decision};
use crate::authz::Trace;

const EXAMPLES: &str = r#"Examples:
  A call, as a principal of a world:
    ramgate decide --world examples/demo --principal operator \
        --operation polardb:2017-08-01:CloseDBClusterMigration DBClusterId=pc-bp1demo00000001

  An action on a resource, by policy files, from the office:
    ramgate decide --policy policies/office-network-guard.json \
        --policy policies/migration-operator.json --action polardb:CloseDBClusterMigration \
        --resource acs:polardb:cn-hangzhou:1234567890123456:dbcluster/pc-bp1orders00000001 \
        --context acs:SourceIp=203.0.113.7 --context acs:SecureTransport=true --explain

  A policy that is attached for one resource group, below a control policy:
    ramgate decide --policy policies/migration-operator.json --scope rg-a --resource-group rg-a \
        --control-policy FullAliyunAccess --control-policy policies/control/keep-clusters.json \
        --action polardb:CloseDBClusterMigration \
        --resource acs:polardb:cn-hangzhou:1234567890123456:dbcluster/pc-bp1orders00000001

  A call by a session of a role, which a session policy narrows; no world knows its cluster:
    ramgate decide --policy policies/migration-operator.json \
        --session-policy policies/session/one-migration.json \
        --principal acs:ram::1234567890123456:role/ops/ci-42 --region cn-hangzhou \
        --operation polardb:2017-08-01:CloseDBClusterMigration DBClusterId=pc-bp1orders00000001

  Taking a role:
    ramgate decide --policy policies/assume-migration-ops.json \
        --trust-policy policies/trust/migration-ops-trust.json \
        --principal acs:ram::1234567890123456:user/operator \
        --action sts:AssumeRole --resource acs:ram::1234567890123456:role/migration-ops \
        --context acs:SourceIp=203.0.113.7 --context acs:SecureTransport=true

  A bucket policy, which names users by their ids:
    ramgate decide --resource-policy bucket.json --user-id 2234567890123456 \
        --principal acs:ram::1234567890123456:user/alice \
        --action oss:GetObject --resource acs:oss:*:1234567890123456:bucket/key

  Many requests, a line of JSON each, with a line of JSON for each answer:
    echo '{"principal": "operator", "action": "polardb:DescribeDBClusters", "resource": "*"}' |
        ramgate decide --world examples/demo --requests -"#;

/// Ask the evaluator: is this call, or this action on this resource, allowed?
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Decide {
    #[command(flatten)]
    question: Question,
    /// Show what every statement came to, and why.
    #[arg(long)]
    explain: bool,
    /// A file of requests, one JSON object a line, or - for standard input. Each has `action` and `resource`, or
    /// `operation` and `parameters`, and may have `principal`, `resource_group`, `context`, which has a value, a list or null
    /// (for a key that is not there) for each key, and `complete`, where every other key is not there either.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = [
            "principal", "user_id", "action", "resource", "operation", "parameters", "region", "context", "absent",
            "complete", "unknown", "explain", "format",
        ]
    )]
    requests: Option<PathBuf>,
    /// How to print the decision.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Decide {
    pub(super) fn run(self) -> Exit {
        let done = match &self.requests {
            Some(path) => requests::decide(&self.question.by, path),
            None => self.decide(),
        };
        done.unwrap_or_else(|refusal| refusal.told(self.format))
    }

    fn decide(&self) -> Result<Exit, Refusal> {
        let policies = self.question.by.read()?;
        let mut traces = Vec::new();
        let put = self.question.put(&policies, |_, request| {
            let (decision, trace) = if self.explain {
                policies.trace(request)
            } else {
                let explanation = policies.explain(request);
                (explanation.decision(), explanation.to_trace())
            };
            traces.push(trace);
            decision
        })?;
        match self.format {
            Format::Text => self.print(&put, &traces),
            Format::Json => self.print_json(&put, &traces),
        }
        Ok(if put.is_allowed() { Exit::Success } else { Exit::Finding })
    }

    fn print(&self, put: &Put, traces: &[Trace]) {
        match put {
            Put::Action(decision) => traces.iter().for_each(|trace| print_decision(decision, trace, "")),
            Put::Call(verdict) => {
                for (check, trace) in verdict.decisions.iter().zip(traces) {
                    let stricter = if check.stricter_than_cloud { " (stricter than the cloud)" } else { "" };
                    output::print(format_args!("{} on {}{stricter}", check.action, check.resource));
                    print_decision(&check.decision, trace, "  ");
                }
            }
        }
        for trace in traces.iter().filter(|_| self.explain) {
            output::print(format_args!("\n{trace}"));
        }
    }

    fn print_json(&self, put: &Put, traces: &[Trace]) {
        let unknown: BTreeSet<&str> = traces.iter().flat_map(Trace::unknown_keys).collect();
        let allowed = put.is_allowed();
        let traces = self.explain.then_some(traces);
        output::print(match put {
            Put::Action(decision) => {
                let trace = traces.and_then(<[Trace]>::first);
                json!({ "allowed": allowed, "decision": decision, "unknown_keys": unknown, "trace": trace })
            }
            Put::Call(verdict) => {
                json!({ "allowed": allowed, "checks": verdict.decisions, "unknown_keys": unknown, "traces": traces })
            }
        });
    }
}
