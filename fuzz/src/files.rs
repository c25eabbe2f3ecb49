//! What is read from files: worlds, configurations, and policies inside other files.

use std::path::PathBuf;

use ramgate::authz::{Authorizer, Mode, Request, reference};
use ramgate::catalog::Known;
use ramgate::documents::{self, Editing, Format, Options, format_file};
use ramgate::identity::Principal;
use ramgate::json::SourceText;
use ramgate::lint;
use ramgate::policy::{Context, Dialect, Document, PolicyKind};
use ramgate::report::Finding;
use ramgate::store::{self, WorldSources};

use super::{KINDS, decisions, holds, text};

/// Begins a file of a world, followed by its path.
const MARK: &str = "\n=== ";

/// A world: `world.toml`, and after each line `=== PATH` another file: a policy, or `limits.toml`. What can be read decides as
/// the reference does for everybody it names.
pub fn world(data: &[u8]) {
    let text = text(data);
    let mut pieces = text.split(MARK);
    let world = pieces.next().unwrap_or_default();
    let named = |name: &str| SourceText::new(name, world);
    let mut files: Vec<(String, SourceText)> = Vec::new();
    for piece in pieces {
        let (path, text) = piece.split_once('\n').unwrap_or((piece, ""));
        files.push((path.to_owned(), SourceText::new(path, text)));
    }
    let is_limits = |(path, _): &(String, SourceText)| path == "limits.toml";
    let limits = files.iter().find(|file| is_limits(file)).map(|(_, source)| source.clone());
    files.retain(|file| !is_limits(file));
    for name in ["world.toml", "world.json"] {
        let sources =
            WorldSources { world: named(name), policies: files.clone(), limits: limits.clone(), base: PathBuf::new() };
        match store::load_sources(&sources, &Dialect::strict()) {
            Ok(world) => {
                let authorizer = Authorizer::new(&world).expect("a world that was read holds what it refers to");
                for principal in principals(&world) {
                    ask(&world, &authorizer, &principal);
                }
            }
            Err(errors) => {
                assert!(!errors.mistakes.is_empty());
                for mistake in errors.mistakes {
                    assert!(!mistake.to_string().is_empty());
                    if let Some((source, span)) = &mistake.place {
                        holds(source, *span);
                    }
                }
            }
        }
    }
}

fn principals(world: &ramgate::identity::World) -> Vec<Principal> {
    let mut all = Vec::new();
    for (id, account) in &world.accounts {
        let user = |(name, user): (&String, &ramgate::identity::User)| Principal::User {
            account: id.clone(),
            name: name.clone(),
            id: user.id.clone(),
        };
        let session = |role: &String| Principal::RoleSession {
            account: id.clone(),
            role: role.clone(),
            session: "s".to_owned(),
            policy: None,
        };
        all.push(Principal::Owner { account: id.clone() });
        all.extend(account.users.iter().map(user));
        all.extend(account.roles.keys().map(session));
    }
    all
}

fn ask(world: &ramgate::identity::World, authorizer: &Authorizer, principal: &Principal) {
    let account = principal.account().unwrap_or_default();
    let cluster = format!("acs:polardb:cn-hangzhou:{account}:dbcluster/pc-1");
    let role = format!("acs:ram::{account}:role/ops");
    for (action, resource, mode) in [
        ("polardb:CloseDBClusterMigration", &cluster, Mode::General),
        ("oss:GetObject", &cluster, Mode::General),
        ("sts:AssumeRole", &role, Mode::AssumeRole),
    ] {
        let request = Request {
            principal,
            action,
            resource,
            owner: None,
            resource_group: &Known::Known(Some("rg-a".to_owned())),
            context: &Context::unknown(),
            mode,
        };
        let answer = reference::decide_in(world, &request);
        assert_eq!(answer.difference(&authorizer.decide(&request).to_decision()), None, "{request:?}");
    }
}

/// A configuration of the gate.
#[cfg(feature = "serving")]
pub fn configuration(data: &[u8]) {
    let source = SourceText::new("ramgate.toml", text(data));
    match ramgate::gateway::config::Config::parse(&source, std::path::Path::new("/etc/ramgate")) {
        Ok(config) => {
            // As the admin listener shows it.
            serde_json::to_string(&config).expect("a configuration that was read can be shown");
        }
        Err(findings) => all_hold(&findings),
    }
}

fn all_hold(findings: &[Finding]) {
    assert!(!findings.is_empty());
    for (source, span) in findings.iter().filter_map(|finding| finding.place.as_ref()) {
        holds(source, *span);
    }
}

const FORMATS: [(Format, &str); 4] = [
    (Format::Json, "plan.json"),
    (Format::Yaml, "template.yaml"),
    (Format::Terraform, "main.tf"),
    (Format::Markdown, "page.md"),
];

/// A file of every format that may hold policies. What is found has its place in the file, and what is formatted is formatted
/// once and for all.
pub fn document(data: &[u8]) {
    let text = text(data);
    for (format, name) in FORMATS {
        let file = SourceText::new(name, &*text);
        let options = Options { named: true, format: Some(format), ..Options::default() };
        let contents = match documents::read(&file, &options) {
            Ok(contents) => contents,
            Err(findings) => {
                all_hold(&findings);
                continue;
            }
        };
        for document in &contents.documents {
            holds(&file, document.whole());
            assert_eq!(document.file().name(), file.name());
            let own = document.text();
            let kind = document.kind().unwrap_or(PolicyKind::Identity);
            if let Err(invalid) = Document::parse(own, kind, &Dialect::strict()) {
                for finding in document.mistakes(&invalid) {
                    finding.place.iter().for_each(|(source, span)| holds(source, *span));
                }
            }
            // Every place in the policy is one in the file.
            let ends = own.text().char_indices().map(|(at, _)| at).chain([own.text().len()]);
            for at in ends.take(400) {
                let (source, span) = document.place(ramgate::json::Span::new(at, at));
                holds(&source, span);
            }
            let _ = matches!(document.editing(), Editing::No(_));
        }
        for dialect in [Dialect::strict(), Dialect::lenient()] {
            formatted_once(&file, &options, &dialect);
        }
    }
}

fn formatted_once(file: &SourceText, options: &Options, dialect: &Dialect) {
    let formatted = format_file(file, options, dialect);
    faultless(&formatted.findings);
    let Some(text) = formatted.text else { return };
    let again = format_file(&SourceText::new(file.name(), text.as_str()), options, dialect);
    faultless(&again.findings);
    assert_eq!(again.text, None, "formatted once: {text:?}");
}

/// The formatter looks at what it wrote, and says so where that is another policy.
fn faultless(findings: &[Finding]) {
    for finding in findings {
        assert!(!finding.message.contains("fault of the formatter"), "{finding:?}");
        finding.place.iter().for_each(|(source, span)| holds(source, *span));
    }
}

/// How many requests two texts of a policy are held against.
const REQUESTS: usize = decisions::REQUESTS / 40;

/// A policy as every kind in both dialects: formatting it twice is formatting it once, and what it decides stays.
pub fn format(data: &[u8]) {
    let source = SourceText::new("policy.json", text(data));
    for kind in KINDS {
        for dialect in [Dialect::strict(), Dialect::lenient()] {
            let text = match documents::format(&source, kind, &dialect) {
                Ok(text) => text,
                Err(findings) => {
                    faultless(&findings);
                    continue;
                }
            };
            let again = documents::format(&SourceText::new("policy.json", text.as_str()), kind, &dialect);
            assert_eq!(again.as_ref(), Ok(&text));
            decisions::compare(kind, source.text(), &text, REQUESTS)
                .unwrap_or_else(|why| panic!("{why}\n{}\n{text}", source.text()));
        }
    }
}

/// A file of every format under all rules: what is found has its place, no rule fails, and what safe fixes make of a policy
/// decides as it did.
pub fn lint(data: &[u8]) {
    let text = text(data);
    let config = lint::Config::default();
    for (format, name) in FORMATS {
        let source = SourceText::new(name, &*text);
        for most in [None, Some(lint::Applicability::Safe), Some(lint::Applicability::Unsafe)] {
            let options = lint::Options { most, format: Some(format), threads: Some(1) };
            let outcome = lint::run_text(&config, &source, &options);
            assert!(!outcome.failed);
            if most.is_none() {
                for (source, span) in outcome.diagnostics.iter().filter_map(|found| found.finding.place.as_ref()) {
                    holds(source, *span);
                }
            }
        }
    }
    let linter = lint::Linter::new(lint::Settings::new());
    for kind in KINDS {
        let source = SourceText::new("policy.json", &*text);
        if Document::parse(&source, kind, &Dialect::lenient()).is_err() {
            continue;
        }
        let fixed = linter.fix(&source, kind, lint::Applicability::Safe);
        decisions::compare(kind, source.text(), fixed.source.text(), REQUESTS)
            .unwrap_or_else(|why| panic!("{why}\n{}\n{}", source.text(), fixed.source.text()));
    }
}
