//! Calls as they come off a connection.

use bytes::Bytes;
use jiff::Timestamp;
use ramgate::openapi::sign::{Credential, SigningRequest, sign_acs3};
use ramgate::openapi::{Call, Limits, WireRequest};

/// A request as HTTP/1.1 writes it: `METHOD TARGET`, headers as `NAME: VALUE`, an empty line, and the body. What is read as a
/// call and signed anew is read as the same call.
pub fn call(data: &[u8]) {
    let Some(request) = wire(data) else { return };
    let Ok(call) = Call::parse(&request, &Limits::default()) else { return };
    let credential =
        Credential { access_key_id: "LTAI5tUpstream".to_owned(), secret: "secret".into(), security_token: None };
    let signed = sign_acs3(&SigningRequest {
        host: "polardb.aliyuncs.com",
        action: call.action(),
        version: call.version(),
        parameters: call.parameters(),
        credential: &credential,
        date: Timestamp::UNIX_EPOCH,
        nonce: "nonce",
        format: call.format(),
    });
    let sendable = |text: &str| !text.bytes().any(|byte| byte.is_ascii_control());
    assert!(sendable(&signed.target) && !signed.target.contains(' '), "{:?} is no target", signed.target);
    for (name, value) in &signed.headers {
        assert!(sendable(name) && sendable(value), "`{name}: {value}` is no header");
    }
    let again = Call::parse(&WireRequest::from(signed), &Limits::default()).expect("what is sent can be read");
    assert_eq!((again.action(), again.version()), (call.action(), call.version()));
    assert_eq!(again.parameters(), call.parameters());
    assert_eq!(again.format(), call.format());
}

fn wire(data: &[u8]) -> Option<WireRequest> {
    let mut rest = data;
    let mut line = || {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let line = &rest[..end];
        rest = &rest[end + 1..];
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    };
    let (method, target) = std::str::from_utf8(line()?).ok()?.split_once(' ')?;
    let mut headers = Vec::new();
    while let Some(header) = line().filter(|header| !header.is_empty()) {
        let colon = header.iter().position(|byte| *byte == b':')?;
        let name = std::str::from_utf8(&header[..colon]).ok()?;
        headers.push((name.to_owned(), header[colon + 1..].trim_ascii().to_vec()));
    }
    let (method, target) = (method.to_owned(), target.to_owned());
    Some(WireRequest { method, target, headers, body: Bytes::copy_from_slice(rest) })
}
