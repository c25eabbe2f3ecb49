//! `Principal` (spec ram-policy-language 1.1, 1.4, 8).

use super::super::principal::{ListedPrincipal, RamPrincipal};
use super::super::{Arn, Code, PolicyKind, PrincipalClause, Written};
use super::{Members, Reader, opening, same_value};
use crate::json::{Kind, Member, Value};

const KINDS: [&str; 3] = ["RAM", "Service", "Federated"];

impl Reader<'_> {
    /// The principal clause; the inner `None` is a document that rightly has none.
    pub(super) fn principal(&mut self, statement: &Value, members: &Members<'_>) -> Option<Option<PrincipalClause>> {
        if let Some(member) = members.get("NotPrincipal") {
            let message = "`NotPrincipal` is not part of RAM's policy language";
            let help = "name the principals that are meant under `Principal`";
            self.refuse(Code::UnsupportedElement, member.name_span, message, help);
            return None;
        }
        let member = members.get("Principal");
        match self.kind {
            PolicyKind::Identity | PolicyKind::Control | PolicyKind::Session => match member {
                None => Some(None),
                Some(member) => {
                    let message =
                        format!("{} has no `Principal`: it is about whom it is attached to", self.kind.with_article());
                    self.refuse(Code::PrincipalNotAllowed, member.name_span, message, "take it away");
                    None
                }
            },
            PolicyKind::Trust | PolicyKind::Resource => {
                let Some(member) = member else {
                    let help = match self.kind {
                        PolicyKind::Trust => "add \"Principal\": {\"RAM\": [ … ]}, or `Service` or `Federated`",
                        _ => "add \"Principal\": [ … ] with ids, or [\"*\"]",
                    };
                    self.refuse(Code::MissingPrincipal, opening(statement), "the statement has no `Principal`", help);
                    return None;
                };
                let clause = match self.kind {
                    PolicyKind::Trust => self.trust_principal(member),
                    _ => self.listed_principals(member),
                };
                clause.map(Some)
            }
        }
    }

    fn trust_principal(&mut self, member: &Member) -> Option<PrincipalClause> {
        let Kind::Object(kinds) = &member.value.kind else {
            let message =
                format!("the `Principal` of a trust policy is an object, and here is {}", member.value.kind_name());
            let help = "write it as in {\"RAM\": [\"acs:ram::1234567890123456:root\"]}";
            self.refuse(Code::PrincipalForm, member.value.span, message, help);
            return None;
        };
        if kinds.is_empty() {
            let help = "name someone under `RAM`, `Service` or `Federated`";
            self.refuse(Code::EmptyList, member.value.span, "`Principal` is empty", help);
            return None;
        }
        let mut sound = true;
        let mut lists: [Option<(&Member, Vec<Written>)>; 3] = [None, None, None];
        for entry in kinds {
            // These names, and no others, are matched without case (spec ram-policy-language 1.3).
            let slot = KINDS.iter().position(|kind| kind.eq_ignore_ascii_case(&entry.name));
            let Some((kind, slot)) = slot.and_then(|at| KINDS.get(at).zip(lists.get_mut(at))) else {
                let message = format!("there is no kind of principal `{}`", entry.name);
                self.refuse(
                    Code::PrincipalKind,
                    entry.name_span,
                    message,
                    "the kinds are `RAM`, `Service` and `Federated`",
                );
                sound = false;
                continue;
            };
            if let Some((first, _)) = slot {
                if self.dialect.equal_repeats && same_value(&first.value, &entry.value) {
                    continue;
                }
                let message = format!("`{kind}` stands twice in `Principal`");
                self.refuse(Code::RepeatedMember, entry.name_span, message, "put all of them into one list");
                sound = false;
                continue;
            }
            let (texts, all) = self.strings(&entry.value, &format!("`{kind}`"), true);
            *slot = Some((entry, texts));
            sound &= all;
        }
        let [ram, service, federated] = lists.map(|list| list.map_or_else(Vec::new, |(_, texts)| texts));
        let mut principals = Vec::with_capacity(ram.len());
        for written in &ram {
            match RamPrincipal::parse(&written.text) {
                Some(principal) => principals.push(principal),
                None => {
                    let message = format!("`{}` names no RAM principal", written.text);
                    let help = "write `acs:ram::ACCOUNT:root`, `acs:ram::ACCOUNT:user/NAME` or \
                                `acs:ram::ACCOUNT:role/NAME`, without wildcards";
                    self.refuse(Code::PrincipalForm, written.span, message, help);
                    sound = false;
                }
            }
        }
        for (written, form, help) in service
            .iter()
            .map(|written| (written, is_service(&written.text), "write it as in \"ecs.aliyuncs.com\""))
            .chain(federated.iter().map(|written| {
                let help = "write the provider's ARN, as in \"acs:ram::1234567890123456:oidc-provider/NAME\"";
                (written, is_provider(&written.text), help)
            }))
        {
            if !form {
                self.refuse(Code::PrincipalForm, written.span, format!("`{}` names no principal", written.text), help);
                sound = false;
            }
        }
        sound.then_some(PrincipalClause::Trust { ram: principals, service, federated })
    }

    fn listed_principals(&mut self, member: &Member) -> Option<PrincipalClause> {
        if !matches!(member.value.kind, Kind::Array(_)) {
            let message =
                format!("the `Principal` of a bucket policy is a list, and here is {}", member.value.kind_name());
            let help = "write a list of user or account ids, or [\"*\"]; the object form belongs to trust policies";
            self.refuse(Code::PrincipalForm, member.value.span, message, help);
            return None;
        }
        // An empty list is everybody for OSS (help page Authorization syntax and elements, 2026), so that no dialect
        // reads it as nobody.
        let (texts, mut sound) = self.strings(&member.value, "`Principal`", false);
        let mut listed = Vec::with_capacity(texts.len());
        for written in &texts {
            match ListedPrincipal::parse(&written.text) {
                Some(principal) => listed.push(principal),
                None => {
                    let message = format!("`{}` names nobody in a bucket policy", written.text);
                    let help = "write a user or account id, `*`, or `arn:sts::ACCOUNT:assumed-role/ROLE/*`";
                    self.refuse(Code::PrincipalForm, written.span, message, help);
                    sound = false;
                }
            }
        }
        sound.then_some(PrincipalClause::List(listed))
    }
}

/// `ecs.aliyuncs.com`, with sub-labels, or of another account: `1234567890123456@odps.aliyuncs.com`.
fn is_service(text: &str) -> bool {
    let host = text.split_once('@').map_or(text, |(account, host)| {
        if !account.is_empty() && account.bytes().all(|byte| byte.is_ascii_digit()) { host } else { "" }
    });
    let labels = host.strip_suffix(".aliyuncs.com").unwrap_or_default();
    !labels.is_empty()
        && labels.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        })
}

fn is_provider(text: &str) -> bool {
    Arn::of_identity(text).is_some_and(|(_, relative)| {
        let name = relative.strip_prefix("saml-provider/").or_else(|| relative.strip_prefix("oidc-provider/"));
        name.is_some_and(|name| !name.is_empty() && !name.contains(['*', '?', '/']))
    })
}
