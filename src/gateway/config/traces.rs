//! `[traces]`: where spans of calls are sent.

use std::net::IpAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::reading::Reading;
use crate::json::Span;

/// Where spans of calls are sent, and of which calls.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Traces {
    /// URL that a collector takes spans at, by OTLP over HTTP.
    pub endpoint: String,
    /// PEM file of further certificate authorities to trust.
    pub ca: Option<PathBuf>,
    /// What part of the calls is traced, from 0 to 1.
    pub sample: f64,
    /// Whether a verified call goes on with the trace that its caller names.
    pub parents: Parents,
    /// Name that the spans have their gate by.
    pub service: String,
    /// Calls whose spans may wait to be sent.
    pub queue: usize,
}

/// Whose traces calls belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Parents {
    /// Every call begins a trace of its own: what callers write is not read.
    #[default]
    Ignored,
    /// A verified call with a `traceparent` is part of that trace, and traced if it says so.
    Callers,
}

impl Traces {
    /// Spans of every call, sent to the collector at `endpoint`.
    #[must_use]
    pub fn to(endpoint: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
            ca: None,
            sample: 1.0,
            parents: Parents::default(),
            service: "ramgate".to_owned(),
            queue: 2048,
        }
    }

    /// Whether spans leave the machine in the clear.
    #[must_use]
    pub fn exposed(&self) -> bool {
        let Ok(uri) = self.endpoint.parse::<http::Uri>() else { return true };
        let host = uri.host().unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        let here = address.map_or(host == "localhost", |address| address.to_canonical().is_loopback());
        uri.scheme_str() != Some("https") && !here
    }
}

/// Where [spans of calls](traces.md) are sent, by OTLP over HTTP: nowhere without the table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TracesFile {
    /// The collector; without a path it is `/v1/traces`.
    ///
    /// - type: URL
    /// - change: restart
    endpoint: Spanned<String>,
    /// Allows an `http://` collector that is not on this machine.
    ///
    /// - change: restart
    #[serde(default)]
    plain: bool,
    /// PEM file of authorities to trust besides the web's.
    ///
    /// - type: path
    /// - change: restart
    ca: Option<String>,
    /// What part of the calls is traced.
    ///
    /// - type: number, 0.0 to 1.0
    /// - default: 1.0
    /// - change: restart
    sample: Option<Spanned<f64>>,
    /// Whether a verified call is part of the trace that its `traceparent` names.
    ///
    /// - type: `"ignored"`, `"callers"`
    /// - default: `"ignored"`
    /// - change: restart
    parents: Option<Spanned<String>>,
    /// `service.name` of the spans.
    ///
    /// - default: `"ramgate"`
    /// - change: restart
    service: Option<Spanned<String>>,
    /// Calls whose spans may wait to be sent; further ones are not traced.
    ///
    /// - type: number, 1 to 1,000,000
    /// - default: 2,048
    /// - change: restart
    queue: Option<Spanned<u64>>,
}

/// The path that collectors take spans at (OTLP 1.9, OTLP/HTTP Request).
const PATH: &str = "/v1/traces";

/// The most calls whose spans may wait: each takes some kilobytes.
const LONGEST_QUEUE: u64 = 1_000_000;

impl Reading<'_> {
    pub(super) fn traces(&mut self, file: TracesFile) -> Option<Traces> {
        let mut traces = Traces::to(self.collector(&file.endpoint)?);
        if traces.exposed() && !file.plain {
            let message = format!("spans would go to `{}` in the clear", traces.endpoint);
            let help = "use https or a collector on this machine, or ask for it with `plain = true`";
            self.refuse(file.endpoint.span().into(), "traces-transport", message, Some(help));
        }
        traces.ca = file.ca.map(|path| self.path(&path));
        if let Some(sample) = file.sample {
            traces.sample = *sample.get_ref();
            if !(0.0..=1.0).contains(&traces.sample) {
                let message = format!("`{}` is no part of the calls", traces.sample);
                let help = "write a number from 0.0 to 1.0: 0.01 traces one call of a hundred";
                self.refuse(sample.span().into(), "traces-sample", message, Some(help));
            }
        }
        if let Some(parents) = file.parents {
            traces.parents = match parents.get_ref().as_str() {
                "ignored" => Parents::Ignored,
                "callers" => Parents::Callers,
                other => {
                    let message = format!("`{other}` does not say whose traces calls belong to");
                    self.refuse(
                        parents.span().into(),
                        "traces-parents",
                        message,
                        Some("write \"ignored\" or \"callers\""),
                    );
                    Parents::Ignored
                }
            };
        }
        if let Some(service) = file.service {
            if service.get_ref().trim().is_empty() {
                let message = "`service` is empty".to_owned();
                self.refuse(service.span().into(), "traces-service", message, Some("leave it out for \"ramgate\""));
            }
            traces.service = service.into_inner();
        }
        if let Some(queue) = file.queue {
            match usize::try_from(*queue.get_ref()) {
                Ok(number) if (1..=LONGEST_QUEUE).contains(queue.get_ref()) => traces.queue = number,
                _ => {
                    let message = format!("`queue` is a number of calls from 1 to {LONGEST_QUEUE}");
                    self.refuse(queue.span().into(), "traces-queue", message, Some("leave it out for 2048"));
                }
            }
        }
        Some(traces)
    }

    /// The whole URL; without a path the one that collectors have.
    fn collector(&mut self, endpoint: &Spanned<String>) -> Option<String> {
        let text = endpoint.get_ref();
        if text.contains('@') {
            // The text is not repeated, and its line not shown: a password may stand in it.
            let message = "the URL of the collector has a name or password in it".to_owned();
            let help = "leave it out; a header with a token is told by `OTEL_EXPORTER_OTLP_HEADERS` in the environment";
            self.refuse(Span::default(), "traces-endpoint", message, Some(help));
            return None;
        }
        let uri = text.parse::<http::Uri>().ok();
        let uri = uri.filter(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && !text.contains('?'));
        let Some(uri) = uri else {
            let message = format!("`{text}` is no collector");
            let help = "write its URL, as in \"http://127.0.0.1:4318\" or \"https://collector.example/v1/traces\"";
            self.refuse(endpoint.span().into(), "traces-endpoint", message, Some(help));
            return None;
        };
        Some(if uri.path() == "/" { format!("{}{PATH}", text.trim_end_matches('/')) } else { text.clone() })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::gateway::config::Config;
    use crate::json::SourceText;
    use crate::report::{Colour, Finding, text};

    fn read(lines: &str) -> Result<Option<Traces>, Vec<Finding>> {
        let toml = format!(
            "[[listeners]]\naddress = \"127.0.0.1:1\"\nplain = true\n[[upstreams]]\nproduct = \"polardb\"\n\
             version = \"2017-08-01\"\naccount = \"1234567890123456\"\nendpoint = \"https://a.example\"\n\
             credential = {{ id = \"LTAI\", secret = \"env:S\" }}\n[gate]\nnonces_in_memory = true\n{lines}"
        );
        Config::parse(&SourceText::new("ramgate.toml", toml), Path::new("/etc/ramgate")).map(|config| config.traces)
    }

    #[test]
    fn nothing_is_traced_unless_a_collector_is_named() {
        assert_eq!(read("").unwrap(), None);
        let traces = read("[traces]\nendpoint = \"http://127.0.0.1:4318\"").unwrap().unwrap();
        assert_eq!(traces, Traces::to("http://127.0.0.1:4318/v1/traces"));
        assert_eq!((traces.parents, traces.sample, traces.queue), (Parents::Ignored, 1.0, 2048));
        let all = "[traces]\nendpoint = \"https://collector.example/otlp\"\nca = \"ca.pem\"\nsample = 0.01\n\
                   parents = \"callers\"\nservice = \"gate-1\"\nqueue = 10";
        let traces = read(all).unwrap().unwrap();
        assert_eq!(traces.endpoint, "https://collector.example/otlp");
        assert_eq!(traces.ca.as_deref(), Some(Path::new("/etc/ramgate/ca.pem")));
        assert_eq!((traces.parents, traces.sample, traces.queue), (Parents::Callers, 0.01, 10));
    }

    #[test]
    fn spans_leave_the_machine_in_the_clear_only_where_that_is_asked_for() {
        for (endpoint, exposed) in [
            ("http://127.0.0.1:4318", false),
            ("http://[::1]:4318", false),
            ("http://localhost:4318", false),
            ("https://collector.example", false),
            ("http://collector.example", true),
            ("http://10.0.0.1:4318", true),
        ] {
            assert_eq!(Traces::to(endpoint).exposed(), exposed, "{endpoint}");
            let table = format!("[traces]\nendpoint = \"{endpoint}\"\n");
            assert_eq!(read(&table).is_err(), exposed, "{endpoint}");
            assert!(read(&format!("{table}plain = true")).is_ok());
        }
    }

    #[test]
    fn what_makes_no_sense_of_traces_is_refused_where_it_stands() {
        let there = "[traces]\nendpoint = \"http://127.0.0.1:4318\"\n";
        let mistakes = [
            "[traces]\nendpoint = \"127.0.0.1:4318\"".to_owned(),
            "[traces]\nendpoint = \"https://user:canary@collector.example\"".to_owned(),
            "[traces]\nendpoint = \"http://collector.example\"".to_owned(),
            format!("{there}sample = 1.5"),
            format!("{there}parents = \"all\""),
            format!("{there}service = \" \""),
            format!("{there}queue = 0"),
        ];
        let findings: Vec<Finding> = mistakes.iter().flat_map(|lines| read(lines).unwrap_err()).collect();
        let told = text(&findings, Colour::Off);
        assert!(!told.contains("canary"), "{told}");
        insta::assert_snapshot!(told);
    }
}
