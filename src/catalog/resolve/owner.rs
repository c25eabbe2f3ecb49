//! Parameters that say for which account a call acts (spec gate-rules G1).

use super::Value;
use crate::catalog::{ApiCall, ResolutionError, Role};

/// Refuses a call that names another account than the caller's, or brings a token of its own.
pub(super) fn check(values: &[Value], call: &ApiCall<'_>) -> Result<(), ResolutionError> {
    // Empty ones count: what the service makes of `OwnerId=` is not known.
    let given = |name: &str| call.parameters.get(name).is_some();
    if given("OwnerId") && given("OwnerAccount") {
        return Err(ResolutionError::BothOwners);
    }
    for value in values {
        let own = match value.role {
            Role::OwnerId => value.text == call.account,
            Role::OwnerAccount => call.account_alias.is_some_and(|alias| !alias.is_empty() && value.text == alias),
            Role::SecurityToken => {
                return Err(ResolutionError::InvalidParameter {
                    parameter: value.written.clone(),
                    problem:
                        "a session token belongs to the signature and is not passed on as a parameter: leave it out"
                            .to_owned(),
                });
            }
            _ => continue,
        };
        if !own {
            return Err(ResolutionError::ForeignOwner {
                code: format!("Invalid{}", value.parameter),
                parameter: value.written.clone(),
            });
        }
    }
    Ok(())
}
