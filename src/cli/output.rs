//! What commands print, and where.

use std::fmt::Display;
use std::io::{IsTerminal, Write, stderr, stdout};

use clap::ValueEnum;

use crate::report::{self, Colour, Finding};

/// How a command prints its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Prints a line of a result. A reader that has gone away (`| head`) is no error.
pub(super) fn print(line: impl Display) {
    let _ = writeln!(stdout().lock(), "{line}");
}

/// Prints a message about the command itself.
pub(super) fn complain(message: impl Display) {
    let _ = writeln!(stderr().lock(), "ramgate: {message}");
}

/// Prints a line that goes with the result and is no part of it, on standard error.
pub(super) fn remark(line: impl Display) {
    let _ = writeln!(stderr().lock(), "{line}");
}

/// Prints findings: as text on standard error, as JSON on standard output.
pub(super) fn findings(findings: &[Finding], format: Format) {
    match format {
        Format::Text => {
            let colour = if stderr().is_terminal() { Colour::On } else { Colour::Off };
            let _ = writeln!(stderr().lock(), "{}", report::text(findings, colour));
        }
        Format::Json => print(report::json(findings)),
    }
}

/// `text` in one line, without characters that would steer a terminal.
pub(super) fn visible(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut line, letter| {
        if letter.is_control() {
            line.extend(letter.escape_default());
        } else {
            line.push(letter);
        }
        line
    })
}
