//! What a person or a program is shown of an answer.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use crate::cli::exchange::Answer;
use crate::cli::output::{self, Format, visible};

/// Prints the answer: a result on standard output, a refusal in words on standard error. JSON is always a result.
///
/// An API may repeat in its refusal what it was sent, the security token of the call included, so `token` is hidden.
pub(super) fn print(answer: &Answer, format: Format, token: Option<&SecretString>) {
    let show = |text: String| match token {
        Some(token) => text.replace(token.expose_secret(), "***"),
        None => text,
    };
    let body = serde_json::from_slice::<Value>(&answer.body).ok();
    let members = body.as_ref().and_then(Value::as_object);
    let text = |name: &str| members.and_then(|members| members.get(name)?.as_str());
    let request_id = text("RequestId").or(answer.request_id.as_deref());
    let raw = || String::from_utf8_lossy(&answer.body).into_owned();
    if format == Format::Json {
        let body = body.clone().unwrap_or_else(|| Value::String(raw()));
        let whole = json!({ "status": answer.status, "request_id": request_id, "body": body });
        return output::print(show(whole.to_string()));
    }
    if let (false, Some(code)) = (succeeded(answer), text("Code")) {
        let message = text("Message").unwrap_or("no message").trim_end_matches('.');
        let status = answer.status;
        let id = request_id.map(|id| format!("; RequestId {id}")).unwrap_or_default();
        output::remark(visible(&show(format!("{code} ({status}): {message}{id}"))));
        let details = members.and_then(|members| members.get("AccessDeniedDetail")?.as_object());
        for (name, value) in details.into_iter().flat_map(Map::iter) {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            output::remark(visible(&show(format!("  {name}: {value}"))));
        }
        return;
    }
    if !succeeded(answer) {
        output::remark(format_args!("status {} without an error code: this is no answer of the API", answer.status));
    }
    if answer.body.is_empty() {
        return;
    }
    // Pretty-printing a value of strings, numbers and lists of them cannot fail.
    let pretty = body.and_then(|body| serde_json::to_string_pretty(&body).ok());
    output::print(show(pretty.unwrap_or_else(raw)));
}

/// Whether the call was carried out.
pub(super) fn succeeded(answer: &Answer) -> bool {
    (200..300).contains(&answer.status)
}
