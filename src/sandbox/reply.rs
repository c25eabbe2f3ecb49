//! Answers as clients read them: JSON, or XML where that is asked for (spec openapi-wire 4.2).

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

/// How the caller wants the answer written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// `application/json;charset=utf-8`; the one for callers that do not clearly ask for the other.
    #[default]
    Json,
    /// `text/xml;charset=utf-8`, exactly what the SDKs compare with.
    Xml,
}

impl Format {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json;charset=utf-8",
            Self::Xml => "text/xml;charset=utf-8",
        }
    }

    fn write(self, root: &str, members: Map<String, Value>) -> String {
        match self {
            Self::Json => Value::Object(members).to_string(),
            Self::Xml => {
                let mut text = "<?xml version='1.0' encoding='UTF-8'?>".to_owned();
                write_element(&mut text, root, &Value::Object(members));
                text
            }
        }
    }
}

/// The body of a success: the operation's members and `RequestId`, and no `Code`, which some clients take for a failure.
pub(super) fn success(format: Format, operation: &str, mut members: Map<String, Value>, request_id: &str) -> String {
    members.insert("RequestId".to_owned(), json!(request_id));
    format.write(&format!("{operation}Response"), members)
}

/// The body of a refusal.
pub(super) fn refusal(format: Format, code: &str, message: &str, host: &str, request_id: &str) -> String {
    let asked = utf8_percent_encode(code, NON_ALPHANUMERIC).to_string().replace("%2E", ".");
    let recommend = format!("https://api.aliyun.com/troubleshoot?q={asked}&product=polardb&requestId={request_id}");
    let members = [
        ("RequestId", request_id),
        ("HostId", host),
        ("Code", code),
        ("Message", message),
        ("Recommend", recommend.as_str()),
    ];
    let members = members.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    format.write("Error", members)
}

/// A list is its element repeated, which makes a wrapped list (`Items.DBCluster`) come out as the service nests it.
fn write_element(text: &mut String, name: &str, value: &Value) {
    if let Value::Array(items) = value {
        for item in items {
            write_element(text, name, item);
        }
        return;
    }
    text.push('<');
    text.push_str(name);
    text.push('>');
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| write_element(text, name, value)),
        Value::String(value) => write_text(text, value),
        Value::Null => {}
        other => text.push_str(&other.to_string()),
    }
    text.push_str("</");
    text.push_str(name);
    text.push('>');
}

fn write_text(text: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            // A bare one would be read back as a line feed.
            '\r' => text.push_str("&#13;"),
            '\t' | '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => text.push(character),
            // XML 1.0 has no way to write the others.
            _ => text.push('\u{fffd}'),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::{Format, refusal, success};

    fn members(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn a_success_carries_its_request_id_and_no_code() {
        let body = success(Format::Json, "CloseDBClusterMigration", Map::new(), "ID-1");
        assert_eq!(body, r#"{"RequestId":"ID-1"}"#);
    }

    #[test]
    fn a_refusal_carries_what_the_clients_read() {
        let body: Value =
            serde_json::from_str(&refusal(Format::Json, "InvalidApi.NotFound", "No.", "localhost", "ID-1")).unwrap();
        assert_eq!(
            body,
            json!({
                "RequestId": "ID-1",
                "HostId": "localhost",
                "Code": "InvalidApi.NotFound",
                "Message": "No.",
                "Recommend": "https://api.aliyun.com/troubleshoot?q=InvalidApi.NotFound&product=polardb&requestId=ID-1",
            })
        );
    }

    #[test]
    fn xml_has_the_root_that_the_service_names() {
        let listed =
            members(json!({ "Items": { "DBCluster": [{ "DBClusterId": "pc-1" }, { "DBClusterId": "pc-2" }] } }));
        assert_eq!(
            success(Format::Xml, "DescribeDBClusters", listed, "ID-1"),
            "<?xml version='1.0' encoding='UTF-8'?><DescribeDBClustersResponse><Items><DBCluster><DBClusterId>pc-1\
             </DBClusterId></DBCluster><DBCluster><DBClusterId>pc-2</DBClusterId></DBCluster></Items><RequestId>ID-1\
             </RequestId></DescribeDBClustersResponse>"
        );
        assert!(refusal(Format::Xml, "A", "b", "c", "d").contains("<Error><RequestId>d</RequestId><HostId>c</HostId>"));
    }

    #[test]
    fn text_in_xml_stays_text() {
        let hostile = members(json!({ "DBClusterDescription": "</X>&\"\u{1}\r中" }));
        assert!(
            success(Format::Xml, "A", hostile, "ID-1")
                .contains("<DBClusterDescription>&lt;/X&gt;&amp;&quot;\u{fffd}&#13;中</DBClusterDescription>")
        );
    }
}
