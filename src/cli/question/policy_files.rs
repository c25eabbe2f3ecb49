//! Policies given as files, without a world.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::authz::PolicySet;
use crate::identity::{FULL_ALIYUN_ACCESS, Scope};
use crate::json::SourceText;
use crate::policy::{Dialect, InvalidPolicy};
use crate::report::{Finding, Severity};
use crate::store;

/// Where policies stand in a resource directory that is one node.
const NODE: &str = "member";

/// Policy files: everything that applies to whoever asks.
#[derive(Debug, Args)]
pub(super) struct PolicyFiles {
    /// Identity policies of the caller, for the whole account unless --scope says otherwise.
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    policy: Vec<PathBuf>,
    /// The resource group that every --policy is attached for; it then counts for resources of this group only.
    #[arg(long, value_name = "ID", requires = "policy", value_parser = resource_group, help_heading = HEADING)]
    scope: Option<String>,
    /// The policy that was given when the role was assumed; it narrows what --policy allows.
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    session_policy: Option<PathBuf>,
    /// Control policies of the account that owns the resource, all of one directory node;
    /// FullAliyunAccess is the one that is built in.
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    control_policy: Vec<PathBuf>,
    /// The trust policy of the role that is to be assumed by sts:AssumeRole.
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    trust_policy: Option<PathBuf>,
    /// Bucket policies; RAM asks them for OSS only.
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    resource_policy: Vec<PathBuf>,
}

const HEADING: &str = "Policy files";

impl PolicyFiles {
    /// Whether a session policy is given, so that whoever asks is a session of a role.
    pub(super) fn narrow_a_session(&self) -> bool {
        self.session_policy.is_some()
    }

    /// Whether a bucket policy is given, which names users by their ids.
    pub(super) fn list_principals(&self) -> bool {
        !self.resource_policy.is_empty()
    }

    /// Whether a policy is given that says whom it is about.
    pub(super) fn need_a_principal(&self) -> bool {
        self.trust_policy.is_some() || self.list_principals()
    }

    /// Reads the files.
    ///
    /// # Errors
    /// Every mistake of every file.
    pub(super) fn read(&self, dialect: Dialect) -> Result<PolicySet, Vec<Finding>> {
        let scope = || self.scope.clone().map_or(Scope::Account, Scope::ResourceGroup);
        let mut policies = PolicySet::new(dialect);
        let mut findings = Vec::new();
        let mut add = |path: &PathBuf, add: &mut dyn FnMut(&str, &SourceText) -> Result<(), InvalidPolicy>| {
            let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            match read(path) {
                Ok(source) => {
                    if let Err(invalid) = add(&name, &source) {
                        findings.extend(Finding::of_policy(&invalid));
                    }
                }
                Err(unread) => findings.push(unread),
            }
        };
        for path in &self.policy {
            add(path, &mut |name, source| policies.add_identity(name, source, scope()));
        }
        if let Some(path) = &self.session_policy {
            add(path, &mut |name, source| policies.set_session(name, source));
        }
        for path in &self.control_policy {
            add(path, &mut |name, source| policies.add_control(name, source, NODE));
        }
        if let Some(path) = &self.trust_policy {
            add(path, &mut |name, source| policies.set_trust(name, source));
        }
        for path in &self.resource_policy {
            add(path, &mut |name, source| policies.add_resource(name, source));
        }
        if findings.is_empty() { Ok(policies) } else { Err(findings) }
    }
}

fn resource_group(text: &str) -> Result<String, String> {
    if text.starts_with("rg-") { Ok(text.to_owned()) } else { Err("a resource group begins with `rg-`".to_owned()) }
}

fn read(path: &Path) -> Result<SourceText, Finding> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(SourceText::new(path.display().to_string(), text)),
        Err(_) if path.as_os_str() == FULL_ALIYUN_ACCESS => Ok(store::full_aliyun_access()),
        Err(error) => Err(Finding {
            severity: Severity::Error,
            code: "unreadable".to_owned(),
            message: format!("`{}` cannot be read: {error}", path.display()),
            help: None,
            place: None,
        }),
    }
}
