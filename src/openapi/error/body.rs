//! The body of a refusal, in the two formats that SDKs read (spec openapi-wire 4.2).

use serde::Serialize;

use crate::openapi::{Format, percent};

/// A refusal as the OpenAPI words it.
///
/// ```
/// use ramgate::openapi::{ErrorBody, Format};
///
/// let body = ErrorBody {
///     code: "Forbidden.RAM".to_owned(),
///     message: "User not authorized to operate on the specified resource.".to_owned(),
///     request_id: "8A2C6F40-7E0B-4B1C-9F0E-0D6B1F3C2A11".to_owned(),
///     host_id: "polardb.aliyuncs.com".to_owned(),
///     product: "polardb".to_owned(),
///     access_denied_detail: None,
/// };
/// assert_eq!(body.render(Format::Json).content_type, "application/json;charset=utf-8");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorBody {
    /// The error code. SDKs tell a refusal by it, so it is never left out.
    pub code: String,
    /// What is wrong, for people.
    pub message: String,
    /// Id of the request: a UUID in upper case.
    pub request_id: String,
    /// The host that was called.
    pub host_id: String,
    /// Code of the product that was called, `polardb`; part of the link in `Recommend`.
    pub product: String,
    /// Why a policy refused; only with a refusal by policy.
    pub access_denied_detail: Option<AccessDeniedDetail>,
}

/// Why a policy refused a call, as much of it as the API tells (spec openapi-wire 4.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AccessDeniedDetail {
    /// The RAM action, `polardb:CloseDBClusterMigration`.
    pub auth_action: String,
    /// A user's id, `role:session` or `provider/name`.
    pub auth_principal_display_name: String,
    /// Id of the account that the principal belongs to.
    pub auth_principal_owner_id: String,
    /// `SubUser`, `AssumedRoleUser`, `Federated`.
    pub auth_principal_type: String,
    /// `ImplicitDeny` or `ExplicitDeny`.
    pub no_permission_type: String,
    /// The kind of policy that decided, `AccountLevelIdentityBasedPolicy`.
    pub policy_type: String,
}

/// A body and the content type that goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedBody {
    /// Value of the `Content-Type` header; the SDKs compare it as a whole.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Json<'a> {
    request_id: &'a str,
    host_id: &'a str,
    code: &'a str,
    message: &'a str,
    recommend: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_denied_detail: Option<&'a AccessDeniedDetail>,
}

impl ErrorBody {
    /// The link that people are sent to.
    #[must_use]
    pub fn recommend(&self) -> String {
        format!(
            "https://api.aliyun.com/troubleshoot?q={}&product={}&requestId={}",
            percent::encode(&self.code),
            percent::encode(&self.product),
            percent::encode(&self.request_id)
        )
    }

    /// The body in `format`; the XML form has no place for the access-denied detail.
    #[must_use]
    pub fn render(&self, format: Format) -> RenderedBody {
        let recommend = self.recommend();
        match format {
            Format::Json => {
                let json = Json {
                    request_id: &self.request_id,
                    host_id: &self.host_id,
                    code: &self.code,
                    message: &self.message,
                    recommend: &recommend,
                    access_denied_detail: self.access_denied_detail.as_ref(),
                };
                // Strings and structs of strings always serialise; were it otherwise, a code must still stand there.
                let body = serde_json::to_string(&json)
                    .unwrap_or_else(|_| "{\"Code\":\"InternalError\",\"Message\":\"InternalError\"}".to_owned());
                RenderedBody { content_type: "application/json;charset=utf-8", body }
            }
            Format::Xml => {
                let mut body = String::from("<?xml version='1.0' encoding='UTF-8'?><Error>");
                for (name, text) in [
                    ("RequestId", self.request_id.as_str()),
                    ("HostId", &self.host_id),
                    ("Code", &self.code),
                    ("Message", &self.message),
                    ("Recommend", &recommend),
                ] {
                    body.push_str(&format!("<{name}>{}</{name}>", xml_text(text)));
                }
                body.push_str("</Error>");
                RenderedBody { content_type: "text/xml;charset=utf-8", body }
            }
        }
    }
}

/// `text` as XML character data; what XML 1.0 cannot carry at all becomes U+FFFD.
fn xml_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\r' => escaped.push_str("&#13;"),
            '\t' | '\n' => escaped.push(character),
            _ if character < ' ' || matches!(character, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            _ => escaped.push(character),
        }
    }
    escaped
}
