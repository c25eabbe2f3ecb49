//! Patterns (2, 3, 4.3).

use crate::policy::Case;

/// Whether the whole of `text` matches: `*` is any number of characters, `?` exactly one.
///
/// From left to right through the pattern, `ends` says of each length whether what was seen of the pattern matches so
/// many characters of the text.
pub(super) fn matches(pattern: &str, text: &str, case: Case) -> bool {
    let characters: Vec<char> = text.chars().collect();
    let without_case = characters_without_case(text, case);
    let mut ends = vec![false; characters.len() + 1];
    if let Some(none) = ends.first_mut() {
        *none = true;
    }
    let mut before = Vec::new();
    for symbol in pattern.chars() {
        before.clone_from(&ends);
        let mut so_far = false;
        for (length, end) in ends.iter_mut().enumerate() {
            let last = length.checked_sub(1);
            let matched_without_last = last.and_then(|last| before.get(last)).is_some_and(|matched| *matched);
            let last = last.and_then(|last| Some((last, *characters.get(last)?)));
            *end = match symbol {
                '*' => {
                    so_far |= *end;
                    so_far
                }
                '?' => matched_without_last,
                letter => {
                    matched_without_last
                        && last.is_some_and(|(place, found)| {
                            found == letter || (place < without_case && found.eq_ignore_ascii_case(&letter))
                        })
                }
            };
        }
    }
    ends.last().is_some_and(|matched| *matched)
}

/// Of how many characters of the text, from its beginning, the case of ASCII letters does not count.
fn characters_without_case(text: &str, case: Case) -> usize {
    match case {
        // 4.3: values of conditions are case-sensitive.
        Case::Exact => 0,
        // 2: actions compare without case.
        Case::Ignore => text.chars().count(),
        // 2.1, 11: in an ARN the first two segments, `acs` and the service code.
        Case::Arn => {
            let segments: Vec<&str> = text.splitn(3, ':').collect();
            match segments.as_slice() {
                [acs, service, _] if acs.eq_ignore_ascii_case("acs") => format!("{acs}:{service}").chars().count(),
                _ => 0,
            }
        }
    }
}
