//! Policy documents of a world: each parsed as every kind it is used as.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Mistake;
use crate::identity::{FULL_ALIYUN_ACCESS, PolicySource, PolicyStore, World};
use crate::json::{SourceText, Span};
use crate::policy::{Dialect, Document, InvalidPolicy, PolicyKind};

/// The built-in control policy (spec ram-policy-language 7.3).
const FULL_ALIYUN_ACCESS_DOCUMENT: &str = include_str!("data/FullAliyunAccess.json");

/// A place in the world file that names a policy.
#[derive(Debug)]
pub(super) struct PolicyReference {
    pub(super) kind: PolicyKind,
    pub(super) name: String,
    pub(super) span: Span,
}

/// Folders below `policies/` that give the documents in them a kind.
fn folder_kind(path: &str) -> Option<PolicyKind> {
    match path.split('/').next()? {
        "control" => Some(PolicyKind::Control),
        "trust" => Some(PolicyKind::Trust),
        "session" => Some(PolicyKind::Session),
        "resource" => Some(PolicyKind::Resource),
        _ => None,
    }
}

pub(super) fn read(
    files: &[(String, SourceText)],
    references: &[PolicyReference],
    dialect: &Dialect,
    before: &PolicyStore,
    world: &mut World,
    world_text: &SourceText,
    mistakes: &mut Vec<Mistake>,
) {
    if files.is_empty() {
        let message = "the world has no policies".to_owned();
        let help = "put policy documents into its policies/ folder; an empty set would deny everything by accident";
        mistakes.push(Mistake::nowhere("no-policies", message, help));
    }
    let by_name = names(files, mistakes);
    let mut wanted: BTreeMap<&str, BTreeSet<PolicyKind>> = BTreeMap::new();
    for reference in references {
        wanted.entry(&reference.name).or_default().insert(reference.kind);
        let built_in = reference.kind == PolicyKind::Control && reference.name == FULL_ALIYUN_ACCESS;
        if !by_name.contains_key(reference.name.as_str()) && !built_in {
            mistakes.push(missing(reference, &by_name, world_text));
        }
    }
    for (name, (path, source)) in &by_name {
        let mut kinds = wanted.remove(name).unwrap_or_default();
        match folder_kind(path) {
            Some(kind) => {
                kinds.insert(kind);
            }
            None if kinds.is_empty() => {
                kinds.insert(PolicyKind::Identity);
            }
            None => {}
        }
        for kind in kinds {
            match policy(name, source, kind, dialect, before) {
                Ok(policy) => {
                    if kind == PolicyKind::Resource {
                        world.resource_policies.push((*name).to_owned());
                    }
                    world.policies.insert_shared(policy);
                }
                Err(invalid) => note_invalid(&invalid, kind, mistakes),
            }
        }
    }
    built_in(dialect, before, world, mistakes);
}

/// The policy in `source`: the one of `before` where that was read from the same text in the same way.
fn policy(
    name: &str,
    source: &SourceText,
    kind: PolicyKind,
    dialect: &Dialect,
    before: &PolicyStore,
) -> Result<Arc<PolicySource>, InvalidPolicy> {
    let same = |known: &&Arc<PolicySource>| known.document.source() == source && known.document.dialect() == dialect;
    if let Some(known) = before.get(kind, name).filter(same) {
        return Ok(Arc::clone(known));
    }
    let document = Arc::new(Document::parse(source, kind, dialect)?);
    Ok(Arc::new(PolicySource { name: name.to_owned(), document }))
}

/// The stem of every file, once.
fn names<'f>(
    files: &'f [(String, SourceText)],
    mistakes: &mut Vec<Mistake>,
) -> BTreeMap<&'f str, (&'f str, &'f SourceText)> {
    let mut by_name: BTreeMap<&str, (&str, &SourceText)> = BTreeMap::new();
    for (path, source) in files {
        let file = path.rsplit('/').next().unwrap_or(path);
        let name = file.strip_suffix(".json").unwrap_or(file);
        if !is_policy_name(name) {
            let message = format!("`{name}` is no policy name (`{path}`)");
            let help = "a policy name has 1 to 128 letters, digits and `-`; rename the file";
            mistakes.push(Mistake::nowhere("policy-name", message, help));
            continue;
        }
        if let Some((other, _)) = by_name.get(name) {
            let message = format!("`{other}` and `{path}` are both the policy `{name}`");
            mistakes.push(Mistake::nowhere("policy-repeated", message, "rename one of the files"));
            continue;
        }
        by_name.insert(name, (path, source));
    }
    by_name
}

fn missing(
    reference: &PolicyReference,
    by_name: &BTreeMap<&str, (&str, &SourceText)>,
    world_text: &SourceText,
) -> Mistake {
    let near = by_name.keys().find(|name| name.eq_ignore_ascii_case(&reference.name));
    let help = match near {
        Some(name) => format!("`{name}` is there; policy names compare by letter case"),
        None => format!("put it at policies/{}.json", reference.name),
    };
    Mistake {
        code: "missing-policy".to_owned(),
        message: format!("no file of policies/ is the policy `{}`", reference.name),
        help: Some(help),
        place: Some((world_text.clone(), reference.span)),
    }
}

fn note_invalid(invalid: &InvalidPolicy, kind: PolicyKind, mistakes: &mut Vec<Mistake>) {
    mistakes.extend(invalid.findings.iter().map(|finding| Mistake {
        code: finding.code.to_string(),
        message: match kind {
            PolicyKind::Identity => finding.message.clone(),
            other => format!("{} (read as a {other} policy)", finding.message),
        },
        help: finding.help.clone(),
        place: Some((invalid.document.clone(), finding.span)),
    }));
}

/// The control policy [`FULL_ALIYUN_ACCESS`], which is built in (spec ram-policy-language 7.3).
#[must_use]
pub fn full_aliyun_access() -> SourceText {
    SourceText::new("FullAliyunAccess (built in)", FULL_ALIYUN_ACCESS_DOCUMENT)
}

/// Adds `FullAliyunAccess` unless the world brings its own.
fn built_in(dialect: &Dialect, before: &PolicyStore, world: &mut World, mistakes: &mut Vec<Mistake>) {
    if world.policies.get(PolicyKind::Control, FULL_ALIYUN_ACCESS).is_some() {
        return;
    }
    match policy(FULL_ALIYUN_ACCESS, &full_aliyun_access(), PolicyKind::Control, dialect, before) {
        Ok(policy) => world.policies.insert_shared(policy),
        Err(invalid) => note_invalid(&invalid, PolicyKind::Control, mistakes),
    }
}

/// 1 to 128 letters, digits and `-` (spec ram-policy-language 1.5).
fn is_policy_name(name: &str) -> bool {
    (1..=128).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
