//! The parameters of a call, whatever wire they came over.

use std::cmp::Ordering;
use std::sync::Arc;

/// Flattened business parameters of one call: `DBClusterId`, `Tag.1.Key`.
///
/// Names are unique without regard to ASCII case (spec gate-rules G6), values are decoded text.
/// They come out in byte order of their names. Clones share the texts.
#[derive(Debug, Clone, Default)]
pub struct Parameters {
    /// In the order in which they were added.
    pairs: Vec<(Arc<str>, Arc<str>)>,
    /// Places in `pairs`, in byte order of the names.
    by_name: Vec<usize>,
    /// Places in `pairs`, in the order of the names without regard to their case.
    by_folded_name: Vec<usize>,
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
    pub fn insert(&mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Result<(), DuplicateParameter> {
        self.share(&Arc::from(name.as_ref()), &Arc::from(value.as_ref()))
    }

    /// Adds a parameter of others without copying it.
    pub(crate) fn share(&mut self, name: &Arc<str>, value: &Arc<str>) -> Result<(), DuplicateParameter> {
        let folded = match self.by_folded_name.binary_search_by(|place| folded_order(self.name(*place), name)) {
            Ok(at) => {
                let first = self.by_folded_name.get(at).map_or("", |place| self.name(*place));
                return Err(DuplicateParameter { first: first.to_owned(), second: name.to_string() });
            }
            Err(at) => at,
        };
        // It is there in no letter case, so neither in this one.
        let (Ok(exact) | Err(exact)) = self.by_name.binary_search_by(|place| self.name(*place).cmp(name));
        self.by_folded_name.insert(folded, self.pairs.len());
        self.by_name.insert(exact, self.pairs.len());
        self.pairs.push((Arc::clone(name), Arc::clone(value)));
        Ok(())
    }

    /// The value of `name`, exactly as spelt.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let at = self.by_name.binary_search_by(|place| self.name(*place).cmp(name)).ok()?;
        self.pairs.get(*self.by_name.get(at)?).map(|(_, value)| &**value)
    }

    /// Name and value of every parameter, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.shared().map(|(name, value)| (&**name, &**value))
    }

    /// As [`iter`](Self::iter), to [`share`](Self::share) them.
    pub(crate) fn shared(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<str>)> {
        self.by_name.iter().filter_map(|place| self.pairs.get(*place)).map(|(name, value)| (name, value))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    fn name(&self, place: usize) -> &str {
        self.pairs.get(place).map_or("", |(name, _)| name)
    }
}

/// The same parameters, in whatever order they were added.
impl PartialEq for Parameters {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Parameters {}

/// The order of two names without regard to ASCII case.
fn folded_order(one: &str, other: &str) -> Ordering {
    one.bytes().map(|byte| byte.to_ascii_lowercase()).cmp(other.bytes().map(|byte| byte.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(names: &[&str]) -> Parameters {
        let mut parameters = Parameters::new();
        for name in names {
            parameters.insert(name, name.to_lowercase()).unwrap();
        }
        parameters
    }

    #[test]
    fn they_come_out_in_byte_order_however_they_went_in() {
        let (one, other) = (parameters(&["b", "Tag.1.Key", "Ab", "a"]), parameters(&["a", "b", "Ab", "Tag.1.Key"]));
        assert_eq!(one.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["Ab", "Tag.1.Key", "a", "b"]);
        assert_eq!(one, other);
        assert_ne!(one, parameters(&["a", "b", "Ab"]));
        for name in ["b", "Tag.1.Key", "Ab", "a"] {
            assert_eq!(one.get(name), Some(&*name.to_lowercase()));
        }
        assert_eq!((one.get("AB"), one.get("c")), (None, None));
    }

    #[test]
    fn a_name_is_there_once_in_whatever_letter_case() {
        let mut all = parameters(&["DBClusterId", "DBNode.1.Id", "RegionId"]);
        for (name, first) in [("dbclusterid", "DBClusterId"), ("REGIONID", "RegionId"), ("DBNode.1.Id", "DBNode.1.Id")]
        {
            let error = all.insert(name, "x").unwrap_err();
            assert_eq!((&*error.first, &*error.second), (first, name));
        }
        assert_eq!(all.len(), 3);
    }
}
