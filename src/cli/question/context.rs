//! What is known of the call, as flags say it.

use clap::Args;

use crate::authz::GivenKeys;
use crate::policy::Context;

const HEADING: &str = "Condition keys";

/// What the flags say of condition keys; one that none of them names is unknown.
#[derive(Debug, Args)]
pub(in crate::cli) struct ContextArguments {
    /// A condition key and its value; several values of one key may be given. A key that is not given is unknown:
    /// an Allow that tests it does not apply, a Deny does.
    #[arg(long, value_name = "KEY=VALUE", help_heading = HEADING)]
    context: Vec<String>,
    /// A condition key that the call is known not to carry; one that ends in / stands for all that begin so.
    #[arg(long, value_name = "KEY", help_heading = HEADING)]
    absent: Vec<String>,
    /// Take every key that is not given for absent, as if all that the call carries were given.
    #[arg(long, help_heading = HEADING)]
    complete: bool,
    /// A condition key that is unknown in spite of --complete; one that ends in / stands for all that begin so.
    #[arg(long, value_name = "KEY", requires = "complete", help_heading = HEADING)]
    unknown: Vec<String>,
}

impl ContextArguments {
    /// The context. None of the keys in `follow` may be given, since what stands beside each says what it is; one
    /// that ends in `*` stands for all that begin so.
    ///
    /// # Errors
    /// What is wrong with the flags.
    pub(in crate::cli) fn read(&self, follow: &[(&str, &str)]) -> Result<Context, String> {
        let value = |pair: &String| match pair.split_once('=') {
            Some((key, value)) if !key.is_empty() && !key.ends_with('/') => {
                Ok((key.to_owned(), vec![value.to_owned()]))
            }
            _ => Err(format!("`{pair}` is no condition key with its value: write KEY=VALUE")),
        };
        let given = GivenKeys {
            values: self.context.iter().map(value).collect::<Result<_, _>>()?,
            absent: self.absent.clone(),
            unknown: self.unknown.clone(),
            complete: self.complete,
        };
        given.context(follow).map_err(|error| error.to_string())
    }
}
