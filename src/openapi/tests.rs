mod laws;
mod traps;

use super::{ErrorBody, Format, error_record, error_records};

#[test]
fn every_error_code_has_a_status_a_message_and_a_source() {
    assert!(error_records().count() >= 25);
    for (code, record) in error_records() {
        assert!((400..=503).contains(&record.status), "{code}");
        assert!(record.message(Some("X")).ends_with('.') && !record.source.is_empty(), "{code}");
        assert!(!record.message(None).contains('{'), "{code}");
    }
    let invalid = error_record("InvalidParameter").expect("in the table");
    assert_eq!(invalid.message(Some("Tag.1.Key")), "Specified parameter Tag.1.Key is not valid.");
    assert_eq!(invalid.message(None), "Specified parameter is not valid.");
}

fn body(message: &str) -> ErrorBody {
    ErrorBody {
        code: "Forbidden.RAM".to_owned(),
        message: message.to_owned(),
        request_id: "8A2C6F40-7E0B-4B1C-9F0E-0D6B1F3C2A11".to_owned(),
        host_id: "polardb.aliyuncs.com".to_owned(),
        product: "polardb".to_owned(),
        access_denied_detail: None,
    }
}

#[test]
fn an_xml_body_escapes_what_a_caller_wrote() {
    let rendered = body("a <b> & \u{1} c").render(Format::Xml);
    assert_eq!(rendered.content_type, "text/xml;charset=utf-8");
    assert!(rendered.body.contains("<Message>a &lt;b&gt; &amp; \u{fffd} c</Message>"), "{}", rendered.body);
}

#[test]
fn a_json_body_always_has_a_code() {
    let rendered = body("no \"way\"").render(Format::Json);
    let read: serde_json::Value = serde_json::from_str(&rendered.body).expect("JSON");
    assert_eq!(read["Code"], "Forbidden.RAM");
    assert_eq!(read["Message"], "no \"way\"");
    assert_eq!(
        read["Recommend"],
        "https://api.aliyun.com/troubleshoot?q=Forbidden.RAM&product=polardb&requestId=8A2C6F40-7E0B-4B1C-9F0E-0D6B1F3C2A11"
    );
    assert!(read.get("AccessDeniedDetail").is_none());
}
