//! Which of the two formats an answer is wanted in.

use super::{ReadRequest, percent};

/// The format of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// JSON. Every SDK asks for it, and most can read nothing else.
    #[default]
    Json,
    /// XML.
    Xml,
}

impl Format {
    /// The format that a request asks for, readable or not: XML only where it is asked for without doubt, by a
    /// `Format` parameter or, in a call with an `Authorization` header, by its `Accept` header.
    ///
    /// The documented default of V1 is XML; no V1 client can read it (spec openapi-wire 4.2).
    #[must_use]
    pub fn wanted<'a>(request: impl Into<ReadRequest<'a>>) -> Self {
        let request = request.into();
        let header = |wanted: &str| {
            request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| *value)
        };
        if header("authorization").is_some() {
            return header("accept").map(String::from_utf8_lossy).map_or(Self::Json, |accept| Self::of_accept(&accept));
        }
        let query = request.target.split_once('?').map_or("", |(_, query)| query);
        let form = header("content-type")
            .is_some_and(|kind| kind.to_ascii_lowercase().starts_with(b"application/x-www-form-urlencoded"));
        let body: &[u8] = if form { request.body } else { &[] };
        let mut asked = [query.as_bytes(), body]
            .into_iter()
            .flat_map(|pairs| pairs.split(|byte| *byte == b'&'))
            .filter_map(|pair| pair.strip_prefix(b"Format="));
        match (asked.next(), asked.next()) {
            (Some(one), None) => percent::decode(one).map_or(Self::Json, |name| Self::of_parameter(&name)),
            _ => Self::Json,
        }
    }

    /// What a `Format` parameter asks for.
    pub(super) fn of_parameter(value: &str) -> Self {
        if value.eq_ignore_ascii_case("xml") { Self::Xml } else { Self::Json }
    }

    /// What an `Accept` header asks for.
    pub(super) fn of_accept(value: &str) -> Self {
        let kinds = || value.split(',').map(|kind| kind.split(';').next().unwrap_or("").trim());
        let asks =
            |wanted: [&str; 2]| kinds().any(|kind| wanted.iter().any(|wanted| kind.eq_ignore_ascii_case(wanted)));
        let xml = asks(["application/xml", "text/xml"]);
        let json = asks(["application/json", "*/*"]);
        if xml && !json { Self::Xml } else { Self::Json }
    }
}
