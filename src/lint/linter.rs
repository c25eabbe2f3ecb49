//! All rules over one policy.

use super::{Applicability, Check, Finding, Findings, Fix, Rule, Settings, Subject, rules};
use crate::json::{SourceText, Span};
use crate::policy::{self, Code, PolicyKind};
use crate::report::Severity;

/// How often fixes are applied and the rules asked again; a fix may bring up another one.
pub(super) const MAX_ROUNDS: usize = 20;

/// The rules, and what they may know.
#[derive(Debug, Clone)]
pub struct Linter {
    settings: Settings,
}

/// A policy after its fixes.
#[derive(Debug, Clone)]
pub struct Fixed {
    /// The text.
    pub source: SourceText,
    /// What was mended: the rule, and how often.
    pub mended: Vec<(&'static Rule, usize)>,
    /// What is left.
    pub findings: Vec<Finding>,
}

impl Linter {
    /// Every rule, with these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// What the rules may know.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Everything that the rules find in a policy of `kind`, in text order.
    #[must_use]
    pub fn check(&self, source: &SourceText, kind: PolicyKind) -> Vec<Finding> {
        self.check_by(&Subject::new(source, kind, &self.settings), |_| true)
    }

    /// Everything that the rules that are wanted find, in text order; nothing at places that cannot be read.
    pub(super) fn check_by(&self, subject: &Subject<'_>, wanted: impl Fn(&'static Rule) -> bool) -> Vec<Finding> {
        let mut all = mistakes(subject);
        all.retain(|finding| wanted(finding.rule));
        let of_bucket = subject.is_of_bucket() == Some(true);
        let applies = |rule: &Rule| rule.kinds.contains(&subject.kind()) && (of_bucket || rule.group() != "oss");
        for rule in rules::all().filter(|rule| applies(rule) && wanted(rule)) {
            let mut findings = Findings::of(rule);
            match rule.check {
                Check::Text(check) => check(subject, &mut findings),
                Check::Tree(check) => {
                    if let Some(tree) = subject.tree() {
                        check(tree, subject, &mut findings);
                    }
                }
                Check::Document(check) => {
                    if let Some(document) = subject.document() {
                        check(document, subject, &mut findings);
                    }
                }
                Check::Statement(check) => {
                    let statements = subject.document().map_or(&[][..], |document| document.statements());
                    statements.iter().for_each(|statement| check(statement, subject, &mut findings));
                }
                Check::Relabel(_) | Check::Mistake(..) | Check::Project(_) | Check::Linter => {}
            }
            all.extend(findings.into_vec());
        }
        all.retain(|finding| !subject.has_unread(finding.span));
        all.sort_by_key(|finding| (finding.span, finding.rule.code));
        all
    }

    /// Applies fixes up to `most`, and those that come up by them, until none is left.
    #[must_use]
    pub fn fix(&self, source: &SourceText, kind: PolicyKind, most: Applicability) -> Fixed {
        self.fix_where(source, kind, most, |_| true)
    }

    /// As [`fix`](Self::fix), by fixes of these rules only.
    #[must_use]
    pub fn fix_by(&self, rules: &[&'static Rule], source: &SourceText, kind: PolicyKind, most: Applicability) -> Fixed {
        self.fix_where(source, kind, most, |rule| rules.iter().any(|wanted| std::ptr::eq(*wanted, rule)))
    }

    fn fix_where(
        &self,
        source: &SourceText,
        kind: PolicyKind,
        most: Applicability,
        wanted: impl Fn(&'static Rule) -> bool,
    ) -> Fixed {
        let check = |source: &SourceText| {
            let subject = Subject::new(source, kind, &self.settings);
            (self.check_by(&subject, &wanted), subject.document().is_some())
        };
        let (findings, mut sound) = check(source);
        let mut fixed = Fixed { source: source.clone(), mended: Vec::new(), findings };
        for _ in 0..MAX_ROUNDS {
            let fixes = fixed.findings.iter().filter_map(|finding| Some((finding.rule, finding.fix.as_ref()?)));
            let fixes: Vec<_> = fixes.filter(|(_, fix)| fix.applicability <= most).collect();
            let Some((text, applied)) = apply(fixed.source.text(), &fixes) else { break };
            let source = SourceText::new(source.name(), text);
            let (findings, sound_after) = check(&source);
            // A fix that breaks the document is a fault of its rule; the text before it is the better one.
            if sound && !sound_after {
                break;
            }
            sound = sound_after;
            for rule in applied {
                match fixed.mended.iter_mut().find(|(mended, _)| std::ptr::eq(*mended, rule)) {
                    Some((_, count)) => *count += 1,
                    None => fixed.mended.push((rule, 1)),
                }
            }
            fixed = Fixed { source, findings, ..fixed };
        }
        fixed
    }
}

/// Applies those of the fixes that do not touch one another; `None` where there is none.
pub(super) fn apply(text: &str, fixes: &[(&'static Rule, &Fix)]) -> Option<(String, Vec<&'static Rule>)> {
    let mut applied: Vec<&'static Rule> = Vec::new();
    let mut edits: Vec<(Span, &str)> = Vec::new();
    for (rule, fix) in fixes {
        let sound = fix.edits.iter().all(|edit| text.get(edit.span.start..edit.span.end).is_some());
        let touches = |edit: &super::Edit| {
            edits.iter().any(|(taken, _)| edit.span.start <= taken.end && taken.start <= edit.span.end)
        };
        if sound && !fix.edits.iter().any(touches) {
            edits.extend(fix.edits.iter().map(|edit| (edit.span, edit.text.as_str())));
            applied.push(rule);
        }
    }
    edits.sort_by_key(|(span, _)| *span);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (span, replacement) in &edits {
        out.push_str(text.get(at..span.start)?);
        out.push_str(replacement);
        at = span.end;
    }
    out.push_str(text.get(at..)?);
    (!applied.is_empty()).then_some((out, applied))
}

/// The mistakes of reading, each under the name of the first rule that takes it.
fn mistakes(subject: &Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for mistake in subject.mistakes() {
        let most = match is_of_buckets_alone(mistake, subject).then(|| subject.is_of_bucket()) {
            None | Some(Some(true)) => Severity::Error,
            Some(None) => Severity::Warning,
            Some(Some(false)) => continue,
        };
        let named = named(mistake, subject).into_iter();
        found.extend(named.map(|finding| Finding { severity: finding.severity.max(most), ..finding }));
    }
    // What a lenient reading lets pass is told as a mistake already, where there are any.
    let warnings = subject.document().filter(|_| subject.mistakes().is_empty()).map_or(&[][..], |d| d.warnings());
    for warning in warnings {
        let named = named(warning, subject).into_iter();
        found.extend(named.map(|finding| Finding { severity: finding.severity.max(Severity::Warning), ..finding }));
    }
    found
}

/// Whether a mistake is one in bucket policies of OSS, and need not be one in other resource policies. Those are read as
/// bucket policies are, since nothing is evaluated by them; their principals are a text, an object or left out
/// (aliyun/terraform-provider-alicloud: website/docs/r/privatelink_vpc_endpoint, kms_key, log_project).
fn is_of_buckets_alone(mistake: &policy::Finding, subject: &Subject<'_>) -> bool {
    let of_buckets = match mistake.code {
        Code::PrincipalForm | Code::MissingPrincipal | Code::ConsecutiveStars | Code::SourceIpWithoutVpc => true,
        Code::UnsupportedElement => subject.source().slice(mistake.span) == "\"NotAction\"",
        _ => false,
    };
    of_buckets && subject.kind() == PolicyKind::Resource
}

fn named(mistake: &policy::Finding, subject: &Subject<'_>) -> Vec<Finding> {
    for rule in rules::all() {
        let mut findings = Findings::of(rule);
        let taken = match rule.check {
            Check::Relabel(codes) if codes.contains(&mistake.code) => {
                relabel(mistake, &mut findings);
                true
            }
            Check::Mistake(codes, take) if codes.contains(&mistake.code) => take(mistake, subject, &mut findings),
            _ => false,
        };
        if taken {
            return findings.into_vec();
        }
    }
    // Whatever has no rule of its own is a mistake all the same.
    let mut findings = Findings::of(&rules::meta::invalid_policy::RULE);
    relabel(mistake, &mut findings);
    findings.into_vec()
}

/// Notes a mistake in its own words.
pub(super) fn relabel<'f>(mistake: &policy::Finding, findings: &'f mut Findings) -> super::Draft<'f> {
    let draft = findings.at(mistake.span, mistake.message.as_str());
    match &mistake.help {
        Some(help) => draft.help(help.as_str()),
        None => draft,
    }
}
