//! Source excerpts with carets.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Colour, Finding, Severity};

pub(super) fn render(findings: &[Finding], colour: Colour) -> String {
    let renderer = match colour {
        Colour::On => Renderer::styled(),
        Colour::Off => Renderer::plain(),
    }
    .decor_style(DecorStyle::Ascii);
    let mut out = String::new();
    for (index, finding) in findings.iter().enumerate() {
        if index > 0 {
            out.push_str("\n\n");
        }
        out.push_str(&renderer.render(&[group(finding)]));
    }
    out
}

fn group(finding: &Finding) -> Group<'_> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(finding.message.as_str()).id(finding.code.as_str());
    let mut group = Group::with_title(title);
    if let Some((source, span)) = &finding.place {
        // A span may come from a text that has since been cut; the excerpt then shows its end.
        let end = span.end.min(source.text().len());
        let start = span.start.min(end);
        let (start, end) = (floor_boundary(source.text(), start), floor_boundary(source.text(), end));
        group = group.element(
            Snippet::source(source.text()).path(source.name()).annotation(AnnotationKind::Primary.span(start..end)),
        );
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    group
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
