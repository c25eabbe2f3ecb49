//! The access key of whoever runs a command, from the environment variables that the Alibaba Cloud SDKs read.

use secrecy::SecretString;

use crate::openapi::sign::Credential;

const ID: &str = "ALIBABA_CLOUD_ACCESS_KEY_ID";
const SECRET: &str = "ALIBABA_CLOUD_ACCESS_KEY_SECRET";
const TOKEN: &str = "ALIBABA_CLOUD_SECURITY_TOKEN";

/// Why the environment gives no key.
#[derive(Debug, thiserror::Error)]
pub(super) enum CredentialError {
    /// A variable that a call needs.
    #[error("the environment variable `{0}` is not set: set it as for the Alibaba Cloud SDKs")]
    Missing(&'static str),
    /// A value that no request could carry. It is not shown: it may be a secret in the wrong variable.
    #[error("the environment variable `{name}` is not made of {letters}: copy it anew")]
    Unusable { name: &'static str, letters: &'static str },
}

/// The key in the environment. An empty variable counts as one that is not set.
pub(super) fn from_environment() -> Result<Credential, CredentialError> {
    let access_key_id = value(ID)?.ok_or(CredentialError::Missing(ID))?;
    let secret = value(SECRET)?.ok_or(CredentialError::Missing(SECRET))?;
    let token = value(TOKEN)?;
    let of_key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if !(1..=128).contains(&access_key_id.len()) || !access_key_id.bytes().all(of_key) {
        return Err(CredentialError::Unusable { name: ID, letters: "1 to 128 of `A-Z a-z 0-9 . _ -`" });
    }
    // A header takes no others, and one that trims blanks would carry a token other than the one that was signed.
    if token.as_ref().is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
        return Err(CredentialError::Unusable { name: TOKEN, letters: "visible ASCII characters without blanks" });
    }
    Ok(Credential { access_key_id, secret: SecretString::from(secret), security_token: token.map(SecretString::from) })
}

fn value(name: &'static str) -> Result<Option<String>, CredentialError> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(CredentialError::Unusable { name, letters: "UTF-8 text" }),
    }
}
