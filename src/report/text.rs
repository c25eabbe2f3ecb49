//! Source excerpts with carets.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Colour, Diagnostic, Finding, Severity};
use crate::json::Span;

pub(super) fn render(findings: &[Finding], colour: Colour) -> String {
    join(findings.iter().map(|finding| group(finding, &finding.code, &[])), colour)
}

pub(super) fn render_diagnostics(diagnostics: &[Diagnostic], colour: Colour) -> String {
    let shown: Vec<_> = diagnostics
        .iter()
        .map(|diagnostic| {
            let id = format!("{} {}", diagnostic.finding.code, diagnostic.rule);
            let fix = diagnostic.fix.as_ref().map(|fix| match fix.safe {
                true => format!("`--fix` would {}", fix.title),
                false => format!("`--unsafe-fixes` would {}", fix.title),
            });
            (diagnostic, id, fix)
        })
        .collect();
    let groups = shown.iter().map(|(diagnostic, id, fix)| {
        let group = group(&diagnostic.finding, id, &diagnostic.also);
        match fix {
            Some(fix) => group.element(Level::NOTE.message(fix.as_str())),
            None => group,
        }
    });
    join(groups, colour)
}

fn join<'a>(groups: impl Iterator<Item = Group<'a>>, colour: Colour) -> String {
    let renderer = match colour {
        Colour::On => Renderer::styled(),
        Colour::Off => Renderer::plain(),
    }
    .decor_style(DecorStyle::Ascii);
    groups.map(|group| renderer.render(&[group])).collect::<Vec<_>>().join("\n\n")
}

fn group<'a>(finding: &'a Finding, id: &'a str, also: &'a [(Span, String)]) -> Group<'a> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(finding.message.as_str()).id(id);
    let mut group = Group::with_title(title);
    if let Some((source, span)) = &finding.place {
        let further = also
            .iter()
            .map(|(span, why)| AnnotationKind::Context.span(within(source.text(), *span)).label(why.as_str()));
        group = group.element(
            Snippet::source(source.text())
                .path(source.name())
                .annotation(AnnotationKind::Primary.span(within(source.text(), *span)))
                .annotations(further),
        );
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    group
}

/// The part of a span that is within the text: a span may come from a text that has since been cut.
fn within(text: &str, span: Span) -> std::ops::Range<usize> {
    let end = span.end.min(text.len());
    let start = span.start.min(end);
    floor_boundary(text, start)..floor_boundary(text, end)
}

/// The last scalar boundary at or before `at`.
fn floor_boundary(text: &str, mut at: usize) -> usize {
    while at > 0 && !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::super::{Colour, Finding, Severity, text};
    use crate::json::{SourceText, Span};

    fn finding(source: &SourceText, span: Span) -> Finding {
        Finding {
            severity: Severity::Error,
            code: "effect".into(),
            message: "`Effect` must be `Allow` or `Deny`".into(),
            help: Some("write \"Effect\": \"Allow\"".into()),
            place: Some((source.clone(), span)),
        }
    }

    #[test]
    fn a_finding_shows_its_line_with_carets_and_the_mend() {
        let source = SourceText::new("policies/p.json", "{\n  \"Effect\": \"allow\",\n  \"Action\": \"*\"\n}\n");
        insta::assert_snapshot!(text(&[finding(&source, Span::new(14, 21))], Colour::Off));
    }

    #[test]
    fn a_span_outside_the_text_still_renders() {
        let source = SourceText::new("p.json", "中");
        for span in [Span::new(1, 2), Span::new(5, 90), Span::new(2, 1)] {
            assert!(text(&[finding(&source, span)], Colour::Off).contains("p.json"));
        }
    }
}
