//! The parameters of a call, whatever wire they came over.

use std::collections::BTreeMap;

/// Flattened business parameters of one call: `DBClusterId`, `Tag.1.Key`.
///
/// Names are unique without regard to ASCII case (spec gate-rules G6), values are decoded text.
/// They come out in byte order of their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters {
    values: BTreeMap<String, String>,
    /// Lower-cased name to the name as written.
    names: BTreeMap<String, String>,
}

/// A parameter stands twice in a call, in the same letters or differing only in their case.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("parameter `{second}` repeats `{first}`: a parameter may be given only once, and its name in one letter case")]
pub struct DuplicateParameter {
    /// The name that came first.
    pub first: String,
    /// The name that repeats it.
    pub second: String,
}

impl Parameters {
    /// No parameters yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter.
    ///
    /// # Errors
    /// [`DuplicateParameter`] where the name is already there, in whatever letter case.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<String>) -> Result<(), DuplicateParameter> {
        let name = name.into();
        let folded = name.to_ascii_lowercase();
        if let Some(first) = self.names.get(&folded) {
            return Err(DuplicateParameter { first: first.clone(), second: name });
        }
        self.names.insert(folded, name.clone());
        self.values.insert(name, value.into());
        Ok(())
    }

    /// The value of `name`, exactly as spelt.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Name and value of every parameter, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}
