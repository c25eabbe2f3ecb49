//! What is known of the call, as flags say it.

use std::collections::BTreeSet;

use clap::Args;

use crate::policy::{Context, ContextValue};

const HEADING: &str = "Condition keys";

/// What the flags say of condition keys; one that none of them names is unknown.
#[derive(Debug, Args)]
pub(super) struct ContextArguments {
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
    pub(super) fn read(&self, follow: &[(&str, &str)]) -> Result<Context, String> {
        let mut values: Vec<(String, Vec<String>)> = Vec::new();
        for pair in &self.context {
            let (key, value) = pair
                .split_once('=')
                .filter(|(key, _)| !key.is_empty() && !key.ends_with('/'))
                .ok_or_else(|| format!("`{pair}` is no condition key with its value: write KEY=VALUE"))?;
            match values.iter_mut().find(|(known, _)| Context::normalize(known) == Context::normalize(key)) {
                Some((_, known)) => known.push(value.to_owned()),
                None => values.push((key.to_owned(), vec![value.to_owned()])),
            }
        }
        let mut said = BTreeSet::new();
        for key in values.iter().map(|(key, _)| key).chain(&self.absent).chain(&self.unknown) {
            let normalized = Context::normalize(key);
            let follows = |pattern: &str| match Context::normalize(pattern).strip_suffix('*') {
                Some(prefix) => normalized.starts_with(prefix),
                None => normalized == Context::normalize(pattern),
            };
            if let Some((_, from)) = follow.iter().find(|(pattern, _)| follows(pattern)) {
                return Err(format!("`{key}` follows from {from}: leave it out"));
            }
            if !said.insert(normalized) {
                return Err(format!("`{key}` is given in two ways: keep one of them"));
            }
        }
        let mut context = if self.complete { Context::new() } else { Context::unknown() };
        for (key, values) in values {
            context.set_value(&key, ContextValue::Present(values));
        }
        for key in &self.absent {
            if key.ends_with('/') {
                context.set_absent_prefix(key);
            } else {
                context.set_value(key, ContextValue::Absent);
            }
        }
        for key in &self.unknown {
            if key.ends_with('/') {
                context.set_unknown_prefix(key);
            } else {
                context.set_value(key, ContextValue::Unknown);
            }
        }
        Ok(context)
    }
}
