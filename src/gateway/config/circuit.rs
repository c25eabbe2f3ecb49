//! `[circuit]`: when an upstream that fails is left alone.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::reading::Reading;

/// When calls to an endpoint are refused at once because it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Circuit {
    /// After so many failures in a row; `None` is never.
    pub failures: Option<u32>,
    /// For how long, before a call is let through to see how the endpoint is.
    #[serde(serialize_with = "super::seconds")]
    pub open_for: Duration,
}

impl Default for Circuit {
    fn default() -> Self {
        Self { failures: Some(10), open_for: Duration::from_secs(5) }
    }
}

/// When an upstream that fails is [left alone](gate.md#leaving-an-upstream-alone).
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct CircuitFile {
    /// After so many failures in a row; 0 is never.
    ///
    /// - type: number, 0 to 3,600
    /// - default: 10
    failures: Option<Spanned<u64>>,
    /// For how long, before a call is tried.
    ///
    /// - type: seconds, 1 to 3,600
    /// - default: 5
    open_for: Option<Spanned<u64>>,
}

/// The most failures in a row, and the most seconds.
const MOST: u32 = 3600;

impl Reading<'_> {
    pub(super) fn circuit(&mut self, file: &CircuitFile) -> Circuit {
        let mut circuit = Circuit::default();
        let mut number = |value: &Option<Spanned<u64>>, name: &str, least: u32| {
            let value = value.as_ref()?;
            let number = u32::try_from(*value.get_ref()).ok().filter(|number| (least..=MOST).contains(number));
            if number.is_none() {
                let message = format!("`{name}` is a number from {least} to {MOST}");
                self.refuse(value.span().into(), "circuit", message, Some("leave the table out for the defaults"));
            }
            number
        };
        if let Some(failures) = number(&file.failures, "failures", 0) {
            circuit.failures = (failures > 0).then_some(failures);
        }
        if let Some(seconds) = number(&file.open_for, "open_for", 1) {
            circuit.open_for = Duration::from_secs(seconds.into());
        }
        circuit
    }
}
