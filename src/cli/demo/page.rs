//! What is printed, for people.

use std::fmt::Write;

use secrecy::ExposeSecret;
use serde_json::Value;

use super::events::Event;
use super::example::{self, Caller};
use super::stand::{NO_MIGRATION, Stand};
use super::trial::{OPERATION, Observed, Trial};
use crate::authz::Outcome;
use crate::cli::output::visible;
use crate::identity::World;
use crate::json::{Excerpt, SourceText, Span};

/// What is running.
pub(super) fn opening(stand: &Stand) -> String {
    let World { policies, inventory, .. } = &stand.world;
    // Without the one that is built in.
    let written = |source: &SourceText| source.name().starts_with(example::DIRECTORY);
    let policies = policies.iter().filter(|policy| written(policy.document.source())).count();
    let clusters = inventory.iter().count();
    format!(
        "\
A gate in front of a sandbox that stands in for PolarDB, both on this machine only.

  gate      http://{gate}: verifies every call, decides it by policy, passes on what is allowed
  sandbox   http://{sandbox}: takes the account's own key, made up just now; the gate has it, no caller does
  world     {directory}: {policies} policies, {clusters} clusters, each in a migration",
        gate = stand.gate(),
        sandbox = stand.sandbox(),
        directory = example::DIRECTORY,
    )
}

/// Scalars of a line, as far as words let it be broken.
const WIDTH: usize = 96;

/// Lines with a label before the first of them.
fn labelled(page: &mut String, label: &str, lines: &[String]) {
    let lines = lines.iter().flat_map(|line| broken(&visible(line)));
    for (index, line) in lines.enumerate() {
        let label = if index == 0 { label } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(page, "  {label:<9} {line}");
    }
}

/// `line` broken between words, where it is too long.
fn broken(line: &str) -> Vec<String> {
    if line.chars().count() <= WIDTH {
        return vec![line.to_owned()];
    }
    let mut lines: Vec<String> = Vec::new();
    for word in line.split_whitespace() {
        match lines.last_mut() {
            Some(last) if last.chars().count() + word.chars().count() < WIDTH => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A call that was shown.
pub(super) fn trial(number: usize, trial: &Trial<'_>, observed: &Observed, stand: &Stand) -> String {
    let Observed { request, event, .. } = observed;
    let mut page = format!("{number}. {}\n\n", trial.title);
    let caller = format!("{}, with access key {}", trial.caller.principal, trial.caller.access_key_id);
    labelled(&mut page, "call", &[format!("{OPERATION} DBClusterId={}", trial.cluster)]);
    labelled(&mut page, "caller", &[caller]);
    labelled(&mut page, "sent", &[format!("{request}, signed with ACS3-HMAC-SHA256")]);
    labelled(&mut page, "decision", &decision(event));
    if let Some((source, span)) = statement(event, &stand.world) {
        page.push_str(&Excerpt::new(&source, span).to_string());
    }
    labelled(&mut page, "answer", &answer(observed));
    labelled(&mut page, "migration", &effect(observed, stand));
    page
}

/// The decision as its event tells it.
fn decision(event: &Event) -> Vec<String> {
    let Some(decision) = event.decision else { return vec!["none: no policy was asked".to_owned()] };
    let by = event.policy_type.map(|kind| format!(" by {kind}")).unwrap_or_default();
    let mut lines = vec![format!("{decision}{by}")];
    match event {
        Event {
            effect: Some(effect), policy_kind: Some(kind), policy: Some(policy), statement: Some(number), ..
        } => {
            let sid = event.sid.as_deref().map(|sid| format!(" ({sid})")).unwrap_or_default();
            lines.push(format!("{effect} of {kind} policy `{policy}`, statement {number}{sid}"));
        }
        _ => lines.push("no statement matches the call".to_owned()),
    }
    if let (Some(file), Some(line), Some(column)) = (&event.file, event.line, event.column) {
        lines.push(format!("{file}:{line}:{column}"));
    }
    lines
}

/// The statement that an event names, by its file and line.
fn statement(event: &Event, world: &World) -> Option<(SourceText, Span)> {
    let (file, line) = (event.file.as_deref()?, event.line?);
    let policy = world.policies.iter().find(|policy| policy.document.source().name() == file)?;
    let source = policy.document.source();
    let spans = policy.document.statements().iter().map(|statement| statement.span());
    spans.into_iter().find(|span| source.position(span.start).line == line).map(|span| (source.clone(), span))
}

/// Status and body of the answer, as much of it as says something.
fn answer(observed: &Observed) -> Vec<String> {
    let by = if observed.event.forwarded == Some(true) {
        "from the sandbox, passed on as it is"
    } else {
        "from the gate itself"
    };
    let text = |name: &str| observed.body.get(name).and_then(Value::as_str);
    let code = text("Code").map(|code| format!(" {code}")).unwrap_or_default();
    let mut lines = vec![format!("{}{code}, {by}", observed.status)];
    lines.extend(text("Message").map(str::to_owned));
    lines.extend(text("RequestId").map(|id| format!("RequestId {id}")));
    let detail = observed.body.get("AccessDeniedDetail").and_then(Value::as_object);
    if let Some(detail) = detail {
        lines.push("AccessDeniedDetail".to_owned());
        let width = detail.keys().map(String::len).max().unwrap_or_default();
        lines.extend(detail.iter().map(|(name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            format!("  {name:<width$}  {value}")
        }));
    }
    lines
}

/// What became of the cluster's migration.
fn effect(observed: &Observed, stand: &Stand) -> Vec<String> {
    let Observed { event, before, after, later, .. } = observed;
    let asked = if event.forwarded == Some(true) { "" } else { ": the sandbox was not asked" };
    if before == after && after == later {
        return vec![format!("{before}, before the call and after it{asked}")];
    }
    let seconds = stand.closing().as_secs();
    let ended = if *later == NO_MIGRATION { "completed" } else { later };
    vec![
        format!("{before}, before the call"),
        format!("{after}, after it; {ended}, once the sandbox's clock has moved on by {seconds} s"),
    ]
}

/// How to make calls of one's own.
pub(super) fn invitation(stand: &Stand, callers: &[Caller], shown: &Caller, cluster: &str, program: &str) -> String {
    let gate = stand.gate();
    let (id, secret) = (&shown.access_key_id, shown.secret.expose_secret());
    let rows = callers.iter().map(|caller| {
        let token = caller.security_token.as_ref();
        let token = token.map(|token| format!(", token {}", token.expose_secret())).unwrap_or_default();
        (caller.name(), caller.access_key_id.as_str(), format!("{}{token}", caller.secret.expose_secret()))
    });
    let rows: Vec<_> = rows.collect();
    let names = rows.iter().map(|(name, _, _)| name.len()).max().unwrap_or_default();
    let ids = rows.iter().map(|(_, id, _)| id.len()).max().unwrap_or_default();
    let keys: String =
        rows.iter().map(|(name, id, secret)| format!("\n  {name:<names$}  {id:<ids$}  {secret}")).collect();
    format!(
        "\
Serving on http://{gate} until Ctrl-C. Now you.

With the Python SDK, after `pip install alibabacloud-polardb20170801`:

    from alibabacloud_polardb20170801 import models
    from alibabacloud_polardb20170801.client import Client
    from alibabacloud_tea_openapi.utils_models import Config

    client = Client(Config(
        access_key_id=\"{id}\",
        access_key_secret=\"{secret}\",
        endpoint=\"{gate}\",
        protocol=\"HTTP\",
    ))
    request = models.DescribeDBClusterMigrationRequest(dbcluster_id=\"{cluster}\")
    print(client.describe_dbcluster_migration(request).body.to_map())

With ramgate, from a shell:

    ALIBABA_CLOUD_ACCESS_KEY_ID={id} \\
    ALIBABA_CLOUD_ACCESS_KEY_SECRET={secret} \\
    ALIBABA_CLOUD_SECURITY_TOKEN= \\
        {program} call polardb {OPERATION} DBClusterId={cluster} \\
        --endpoint http://{gate}

Everybody's key: id, secret, and for a session its token. {directory}/world.toml says who may do what.
{keys}

Each call is told here:
",
        directory = example::DIRECTORY,
    )
}

/// One call in one line, as its event tells it.
pub(super) fn line(event: &Event) -> String {
    let who = event.principal.as_deref().map(|principal| example::name(principal).to_owned());
    let claimed = || event.access_key_id.as_deref().map(|id| format!("somebody with access key {id}"));
    let who = who.or_else(claimed).unwrap_or_else(|| "somebody".to_owned());
    let operation = event.operation.as_deref().unwrap_or("(no operation)");
    let place = match (&event.file, event.line) {
        (Some(file), Some(line)) => format!(" ({file}:{line})"),
        _ => String::new(),
    };
    let outcome = match (event.decision, &event.policy) {
        (Some(decision), Some(policy)) => format!("{decision} by {policy}{place}"),
        // By who asks alone, as for the owner of an account.
        (Some(Outcome::Allow), None) => "Allow".to_owned(),
        (Some(decision), None) => format!("{decision}, no statement matches"),
        (None, _) => "refused before any policy was asked".to_owned(),
    };
    let code = event.code.as_deref().map(|code| format!(" {code}")).unwrap_or_default();
    let status = match event.status {
        Some(status) if event.forwarded == Some(true) => format!("{status} from the sandbox"),
        Some(status) => format!("{status}{code}"),
        None => "no answer".to_owned(),
    };
    let mut line = format!("{who} {operation}{} -> {outcome}; {status}", resources(event));
    // The reason of a denial is in the line already.
    let denied = event.decision.is_some_and(|decision| decision != Outcome::Allow);
    if let (false, Some(reason)) = (denied, event.reason.as_deref()) {
        line.push_str(": ");
        line.push_str(reason);
    }
    visible(&line)
}

/// What was touched, without the account and region that it belongs to.
fn resources(event: &Event) -> String {
    let mut resources: Vec<&str> = Vec::new();
    for check in &event.checks {
        let resource = check.resource.rsplit(':').next().unwrap_or_default();
        if !resource.is_empty() && !resources.contains(&resource) {
            resources.push(resource);
        }
    }
    if resources.is_empty() { String::new() } else { format!(" on {}", resources.join(", ")) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::demo::events::event;

    #[test]
    fn a_line_tells_who_asked_for_what_and_which_statement_decided() {
        let file = "examples/demo/policies/protected-clusters-guard.json";
        let resource = "acs:polardb:cn-beijing:1234567890123456:dbcluster/pc-2";
        let checks = json!([{ "action": "polardb:CloseDBClusterMigration", "resource": resource }]);
        let denied = [
            ("principal", "acs:ram::1234567890123456:user/operator".into()),
            ("access_key_id", "LTAI5tX".into()),
            ("operation", "CloseDBClusterMigration".into()),
            ("checks", checks),
            ("decision", "ExplicitDeny".into()),
            ("policy", "protected-clusters-guard".into()),
            ("file", file.into()),
            ("line", 4.into()),
            ("forwarded", false.into()),
            ("status", 403.into()),
            ("code", "Forbidden.RAM".into()),
            ("reason", "the same at length".into()),
        ];
        let session = ("principal", "acs:ram::1234567890123456:assumed-role/migration-ops/nightly-cutover".into());
        let lines = [
            line(&event(&denied)),
            line(&event(&[
                session,
                denied[2].clone(),
                denied[3].clone(),
                ("decision", "ImplicitDeny".into()),
                denied[9].clone(),
                denied[10].clone(),
            ])),
            line(&event(&[
                denied[0].clone(),
                denied[2].clone(),
                denied[3].clone(),
                ("decision", "Allow".into()),
                ("policy", "p".into()),
                ("file", "p.json".into()),
                ("line", 9.into()),
                ("forwarded", true.into()),
                ("status", 400.into()),
            ])),
            line(&event(&[
                ("access_key_id", "LTAI\u{1b}[2J".into()),
                ("operation", "Drop\nTables".into()),
                ("status", 404.into()),
                ("code", "InvalidAccessKeyId.NotFound".into()),
                ("reason", "no such key".into()),
            ])),
            line(&event(&[("reason", "the caller hung up".into())])),
        ];
        insta::assert_snapshot!(lines.join("\n"));
    }
}
