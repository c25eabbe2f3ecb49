//! What a world must hold to, and how mistakes are told.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::identity::{FULL_ALIYUN_ACCESS, KeyStatus, PolicySource, Principal, Scope};
use crate::policy::PolicyKind;

const ALLOW: &str = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;
const TRUST: &str = r#"{"Version": "1", "Statement": [
  {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": ["acs:ram::1234567890123456:root"]}}
]}"#;

const WORLD: &str = r#"
[accounts.1234567890123456]
alias = "acme"
node = "fd-prod"
[accounts.1234567890123456.users.alice]
id = "2234567890123456"
groups = ["dba"]
attachments = [{ policy = "allow", scope = "rg-a" }]
keys = [{ id = "LTAI1", secret = "file:alice", status = "Inactive", not_after = "2027-01-01T00:00:00Z" }]
[accounts.1234567890123456.groups.dba]
attachments = [{ policy = "allow", type = "System" }]
[accounts.1234567890123456.roles.ops]
trust = "trust-ops"
max_session_duration = 7200
[[accounts.1234567890123456.sessions]]
role = "ops"
name = "ci-42"
policy = "allow"
key = "STS.1"
secret = "env:A"
token = "env:B"
expires = "2027-01-01T00:00:00Z"
[directory.r-root]
[directory.fd-prod]
parent = "r-root"
attachments = ["allow"]
[[resources]]
service = "polardb"
type = "dbcluster"
id = "pc-1"
account = "1234567890123456"
region = "cn-hangzhou"
resource_group = ""
tags = { team = "dba" }
"#;

fn sources(world: &str, policies: &[(&str, &str)]) -> WorldSources {
    WorldSources {
        world: SourceText::new("world.toml", world),
        policies: policies
            .iter()
            .map(|(path, text)| ((*path).to_owned(), SourceText::new(format!("policies/{path}"), *text)))
            .collect(),
        limits: None,
        base: "/etc/ramgate".into(),
    }
}

fn load_text(world: &str) -> Result<World, LoadErrors> {
    load_sources(&sources(world, &[("allow.json", ALLOW), ("trust-ops.json", TRUST)]), &Dialect::strict())
}

fn report(errors: &LoadErrors) -> String {
    errors.mistakes.iter().map(|mistake| format!("{mistake}\n")).collect()
}

#[test]
fn a_world_is_read_whole() {
    let world = load_text(WORLD).unwrap();
    let account = &world.accounts["1234567890123456"];
    assert_eq!(account.alias.as_deref(), Some("acme"));
    let alice = &account.users["alice"];
    assert_eq!(alice.attachments[0].scope, Scope::ResourceGroup("rg-a".into()));
    assert_eq!(alice.keys[0].status, KeyStatus::Inactive);
    assert_eq!(format!("{:?}", alice.keys[0].secret), "file:/etc/ramgate/alice");
    assert_eq!(account.roles["ops"].max_session_duration, 7200);
    assert_eq!(world.directory["r-root"].attachments, [FULL_ALIYUN_ACCESS]);
    assert!(world.policies.get(PolicyKind::Control, FULL_ALIYUN_ACCESS).is_some());
    let cluster = world.inventory.get("polardb", "dbcluster", "pc-1").unwrap();
    assert_eq!(cluster.resource_group, crate::catalog::Known::Known(None));
    assert_eq!(cluster.tags, crate::catalog::Known::Known(vec![("team".into(), "dba".into())]));
    let keys: Vec<(&str, bool)> = world.keys().map(|key| (key.key_id, key.token.is_some())).collect();
    assert_eq!(keys, [("LTAI1", false), ("STS.1", true)]);
}

#[test]
fn a_document_is_read_as_every_kind_it_is_attached_as() {
    let world = load_text(WORLD).unwrap();
    for kind in [PolicyKind::Identity, PolicyKind::Control, PolicyKind::Session] {
        assert!(world.policies.get(kind, "allow").is_some(), "{kind}");
    }
    assert!(world.policies.get(PolicyKind::Identity, "trust-ops").is_none());
    let errors = load_text(&WORLD.replace("trust = \"trust-ops\"", "trust = \"allow\"")).unwrap_err();
    assert!(report(&errors).contains("read as a trust policy"), "{}", report(&errors));
}

#[test]
fn principals_are_found_by_name_and_arn() {
    let world = load_text(&format!("{WORLD}\n[accounts.6543210987654321.users.alice]\nid = \"9\"\n")).unwrap();
    let name = |name: &str| world.principal(name).map(|principal| principal.to_string());
    let arn = "acs:ram::6543210987654321:user/alice";
    assert_eq!(name(arn).as_deref(), Ok(arn));
    assert_eq!(name("role/ops/ci-42").as_deref(), Ok("acs:ram::1234567890123456:assumed-role/ops/ci-42"));
    assert_eq!(
        world.principal("acs:ram::1234567890123456:root"),
        Ok(Principal::Owner { account: "1234567890123456".into() })
    );
    assert!(name("alice").unwrap_err().to_string().contains("more than one account"));
    assert!(name("role/ops/other").unwrap_err().to_string().contains("no identity is called `role/ops/other`"));
}

#[test]
fn a_world_in_json_reads_the_same() {
    let toml: toml::Value = toml::from_str(WORLD).unwrap();
    let json = serde_json::to_string(&toml).unwrap();
    let mut sources = sources("", &[("allow.json", ALLOW), ("trust-ops.json", TRUST)]);
    sources.world = SourceText::new("world.json", json);
    let world = load_sources(&sources, &Dialect::strict()).unwrap();
    let other = load_text(WORLD).unwrap();
    assert_eq!(world.inventory, other.inventory);
    assert_eq!(world.directory, other.directory);
    assert_eq!(format!("{:?}", world.accounts), format!("{:?}", other.accounts));
}

#[test]
fn every_mistake_is_told_with_its_place_and_mend() {
    let world = r#"allow_inline_secret = true
[accounts.12345]
[accounts.1234567890123456]
management = "yes"
node = "fd-none"
[accounts.1234567890123456.users."al ice"]
id = "x1"
groups = ["none"]
attachments = [{ policy = "Allow" }, { policy = "allow", scope = "here" }, { policy = "allow", type = "Mine" }]
keys = [{ id = "LTAI1", secret = "hunter2" }, { id = "LTAI1", secret = "env:A", not_after = "tomorrow" }, { id = "STS.9", secret = "env:A" }]
[accounts.1234567890123456.users.bob]
[accounts.1234567890123456.roles.Ops]
trust = "missing"
max_session_duration = 60
[[accounts.1234567890123456.sessions]]
role = "none"
name = "x"
key = "LTAI2"
secret = "env:A"
token = "env:"
expires = 2027-01-01T00:00:00Z
[directory.a]
parent = "b"
[directory.b]
parent = "a"
attachments = []
[directory.c]
parent = "none"
[[resources]]
service = "polardb"
type = "dbcluster"
id = "pc/1"
account = "6543210987654321"
region = "cn-hangzhou"
"#;
    let invalid = r#"{"Version": "1", "Statement": [{"Effect": "allow", "Action": "*", "Resource": "*"}]}"#;
    let sources = sources(
        world,
        &[("allow.json", ALLOW), ("folder/allow.json", ALLOW), ("control/invalid.json", invalid), ("b_d.json", ALLOW)],
    );
    let errors = load_sources(&sources, &Dialect::strict()).unwrap_err();
    let report = report(&errors);
    assert!(!report.contains("hunter2"), "a secret is in a report");
    insta::assert_snapshot!("mistakes", report);
}

#[test]
fn a_text_that_is_no_toml_says_where() {
    let errors = load_text("[accounts\nx = ").unwrap_err();
    insta::assert_snapshot!("not_toml", report(&errors));
}

#[test]
fn an_empty_set_of_policies_is_an_error() {
    let errors = load_sources(&sources("[accounts.1234567890123456]\n", &[]), &Dialect::strict()).unwrap_err();
    assert_eq!(errors.mistakes.iter().map(|mistake| mistake.code.as_str()).collect::<Vec<_>>(), ["no-policies"]);
}

#[test]
fn a_reference_that_cannot_be_read_is_never_taken_for_the_secret() {
    let user = |secret: &str| {
        format!(
            "allow_inline_secrets = true\n[accounts.1234567890123456.users.alice]\nid = \"1\"\n\
             keys = [{{ id = \"LTAI1\", secret = \"{secret}\" }}]\n"
        )
    };
    let load = |secret| load_sources(&sources(&user(secret), &[("allow.json", ALLOW)]), &Dialect::strict());
    assert!(load("plain").is_ok());
    for secret in ["env:", "file:", ""] {
        assert!(load(secret).is_err(), "`{secret}`");
    }
}

fn directory(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    directory
}

const SMALL: &[u8] = b"[accounts.1234567890123456]\n";

fn codes(path: &Path) -> Vec<String> {
    match load(path, &Dialect::strict()) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.mistakes.into_iter().map(|mistake| mistake.code).collect(),
    }
}

#[test]
fn a_directory_is_read_with_the_folders_below_policies() {
    let allow = ALLOW.as_bytes();
    let world = directory(&[
        ("world.toml", SMALL),
        ("policies/a.json", allow),
        ("policies/control/b.json", allow),
        ("policies/team/c.json", allow),
        ("policies/.hidden/d.json", b"not read"),
        ("policies/notes.txt", b"not read"),
    ]);
    let loaded = load(world.path(), &Dialect::strict()).unwrap();
    assert!(loaded.policies.get(PolicyKind::Identity, "a").is_some());
    assert!(loaded.policies.get(PolicyKind::Control, "b").is_some());
    assert!(loaded.policies.get(PolicyKind::Identity, "c").is_some());
    assert!(loaded.policies.get(PolicyKind::Identity, "d").is_none());
}

#[test]
fn files_that_cannot_be_the_worlds_are_refused() {
    let allow = ALLOW.as_bytes();
    assert_eq!(codes(Path::new("/nonexistent/ramgate")), ["no-world"]);
    assert_eq!(codes(directory(&[("world.toml", SMALL)]).path()), ["no-policies"]);
    let both = directory(&[("world.toml", SMALL), ("world.json", b"{}"), ("policies/a.json", allow)]);
    assert_eq!(codes(both.path()), ["two-worlds"]);
    let latin = directory(&[("world.toml", SMALL), ("policies/a.json", b"\xe9")]);
    assert_eq!(codes(latin.path()), ["not-utf-8"]);
    let several =
        directory(&[("world.toml", b"[accounts.1]\n"), ("policies/a.json", b"\xe9"), ("policies/b.json", b"{")]);
    assert_eq!(codes(several.path()), ["account-id", "not-json", "not-utf-8"]);
    let huge = directory(&[("world.toml", SMALL), ("policies/a.json", &vec![b' '; 9 << 20])]);
    assert_eq!(codes(huge.path()), ["file-too-large"]);
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_circles_refused() {
    use std::os::unix::fs::symlink;

    let world = directory(&[("world.toml", SMALL), ("elsewhere/a.json", ALLOW.as_bytes())]);
    symlink(world.path().join("elsewhere"), world.path().join("policies")).unwrap();
    assert_eq!(codes(world.path()), Vec::<String>::new());
    symlink(world.path().join("elsewhere"), world.path().join("elsewhere/again")).unwrap();
    assert!(codes(world.path()).contains(&"policies-depth".to_owned()));
}

#[test]
fn loading_twice_gives_the_same_report() {
    let bad = WORLD.replace("groups = [\"dba\"]", "groups = [\"x\"]").replace("\"allow\"", "\"nowhere\"");
    assert_eq!(load_text(&bad).unwrap_err(), load_text(&bad).unwrap_err());
}

#[test]
fn rate_limits_are_read_with_every_mistake_at_its_place() {
    let with = |limits: &str| {
        let mut sources = sources(WORLD, &[("allow.json", ALLOW), ("trust-ops.json", TRUST)]);
        sources.limits = Some(SourceText::new("limits.toml", limits));
        load_sources(&sources, &Dialect::strict())
    };
    let world = with(
        "[[rate_limits]]\nprincipal = \"user/ci*\"\nrate = \"10/s\"\nburst = 20\n[[rate_limits]]\nrate = \"1/h\"\n",
    );
    let shown: Vec<String> = world.unwrap().rate_limits.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "10/s with bursts of 20 of `*` by `user/ci*`, at limits.toml:1:1",
            "1/h with bursts of 1 of `*` by `*`, at limits.toml:5:1"
        ]
    );
    let errors = with(
        "[[rate_limits]]\nprincipal = \"alice\"\naction = \"Describe\"\nrate = \"10/d\"\nburst = 0\nper = 1\n\
         [[rate_limits]]\nburst = 1\n[limits]\n",
    );
    insta::assert_snapshot!(report(&errors.unwrap_err()));
}

#[test]
fn a_policy_is_taken_over_where_it_says_what_it_said_and_never_by_its_name() {
    const OTHER: &str = r#"{"Version": "1", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}"#;
    let group = "[accounts.1234567890123456.groups.dba]\nattachments = [{ policy = \"allow\", type = \"System\" }]\n";
    let world = WORLD.replace(group, &format!("{group}{}", group.replace("dba", "web")));
    let load = |policies: &[(&str, &str)], dialect: Dialect, before: &PolicyStore| {
        load_sources_after(&sources(&world, policies), &dialect, before).unwrap()
    };
    let files = [("allow.json", ALLOW), ("trust-ops.json", TRUST)];
    let first = load(&files, Dialect::strict(), &PolicyStore::default());
    // The policies of the second that are those of the first, by kind and name.
    let taken_over = |second: &World| -> Vec<String> {
        let same = |policy: &&Arc<PolicySource>| {
            let known = first.policies.get(policy.document.kind(), &policy.name);
            known.is_some_and(|known| Arc::ptr_eq(known, policy))
        };
        let shown = |policy: &Arc<PolicySource>| format!("{} {}", policy.document.kind(), policy.name);
        second.policies.iter().filter(same).map(shown).collect()
    };
    let all = ["identity allow", "control FullAliyunAccess", "control allow", "session allow", "trust trust-ops"];
    let again = load(&files, Dialect::strict(), &first.policies);
    assert_eq!(taken_over(&again), all);
    // The same name, and another text.
    let changed = load(&[("allow.json", OTHER), files[1]], Dialect::strict(), &first.policies);
    assert_eq!(taken_over(&changed), ["control FullAliyunAccess", "trust trust-ops"]);
    let identity = changed.policies.get(PolicyKind::Identity, "allow").unwrap();
    assert_eq!(identity.document.statements()[0].effect(), crate::policy::Effect::Deny);
    // The same text, which messages would find elsewhere, or which is read in another way.
    let moved = load(&[("new/allow.json", ALLOW), files[1]], Dialect::strict(), &first.policies);
    assert_eq!(taken_over(&moved), ["control FullAliyunAccess", "trust trust-ops"]);
    assert_eq!(taken_over(&load(&files, Dialect::lenient(), &first.policies)), Vec::<String>::new());

    // What is attached alike is one list.
    let groups = &first.accounts["1234567890123456"].groups;
    assert!(groups["dba"].attachments.is_same(&groups["web"].attachments));
}
