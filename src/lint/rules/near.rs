//! Which known word was probably meant.

/// The word that is nearest to `written`, letter case and blanks aside; `None` where none is near.
pub(super) fn nearest<'w>(written: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let written = written.trim().to_lowercase();
    // One slip in a short word, two in a longer one.
    let most = (written.chars().count() / 4).clamp(1, 2);
    let distance = |word: &str| strsim::damerau_levenshtein(&written, &word.to_lowercase());
    let near = words.into_iter().map(|word| (distance(word), word)).filter(|(distance, _)| *distance <= most);
    near.min().map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_word_is_near_by_its_slips() {
        let words = ["Resource", "NotResource", "Condition", "ecs", "ess"];
        for (written, near) in [
            ("Resources", Some("Resource")),
            ("conditoin", Some("Condition")),
            ("ecx", Some("ecs")),
            ("ec", Some("ecs")),
            ("Comment", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, words), near, "{written}");
        }
    }
}
