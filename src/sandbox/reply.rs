//! Successes as clients read them: JSON, or XML where that is asked for (spec openapi-wire 4.2).

use serde_json::{Map, Value, json};

use crate::openapi::{Format, RenderedBody};

/// The body of a success: the operation's members and `RequestId`, and no `Code`, which some clients take for a failure.
pub(super) fn success(
    format: Format,
    operation: &str,
    mut members: Map<String, Value>,
    request_id: &str,
) -> RenderedBody {
    members.insert("RequestId".to_owned(), json!(request_id));
    match format {
        Format::Json => {
            RenderedBody { content_type: "application/json;charset=utf-8", body: Value::Object(members).to_string() }
        }
        Format::Xml => {
            let mut body = "<?xml version='1.0' encoding='UTF-8'?>".to_owned();
            write_element(&mut body, &format!("{operation}Response"), &Value::Object(members));
            RenderedBody { content_type: "text/xml;charset=utf-8", body }
        }
    }
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

    use super::{Format, success};

    fn members(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn a_success_carries_its_request_id_and_no_code() {
        let body = success(Format::Json, "CloseDBClusterMigration", Map::new(), "ID-1").body;
        assert_eq!(body, r#"{"RequestId":"ID-1"}"#);
    }

    #[test]
    fn xml_has_the_root_that_the_service_names() {
        let listed =
            members(json!({ "Items": { "DBCluster": [{ "DBClusterId": "pc-1" }, { "DBClusterId": "pc-2" }] } }));
        assert_eq!(
            success(Format::Xml, "DescribeDBClusters", listed, "ID-1").body,
            "<?xml version='1.0' encoding='UTF-8'?><DescribeDBClustersResponse><Items><DBCluster><DBClusterId>pc-1\
             </DBClusterId></DBCluster><DBCluster><DBClusterId>pc-2</DBClusterId></DBCluster></Items><RequestId>ID-1\
             </RequestId></DescribeDBClustersResponse>"
        );
    }

    #[test]
    fn text_in_xml_stays_text() {
        let hostile = members(json!({ "DBClusterDescription": "</X>&\"\u{1}\r中" }));
        assert!(
            success(Format::Xml, "A", hostile, "ID-1")
                .body
                .contains("<DBClusterDescription>&lt;/X&gt;&amp;&quot;\u{fffd}&#13;中</DBClusterDescription>")
        );
    }
}
