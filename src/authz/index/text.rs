//! Texts as the index compares them: without ASCII letter case, and by hashes.

use std::hash::{BuildHasher, Hasher};
use std::sync::LazyLock;

use foldhash::fast::RandomState;

/// One for all indexes of the process, and another in each process: whoever writes policies cannot choose texts with
/// equal hashes.
static HASHING: LazyLock<RandomState> = LazyLock::new(RandomState::default);

/// What a request is looked up by, the same for every list of policies.
#[derive(Debug, Clone, Copy)]
pub(in crate::authz) struct Lookup<'r> {
    /// The key of statements about this action alone.
    pub(super) action: u64,
    /// The key of those about actions of its service.
    pub(super) service: Option<u64>,
    /// Hash of the resource.
    pub(super) resource: u64,
    /// The resource.
    pub(super) text: &'r [u8],
}

impl<'r> Lookup<'r> {
    pub(in crate::authz) fn new(action: &str, resource: &'r str) -> Self {
        let hashing = &*HASHING;
        Self {
            action: hash_by(hashing, action.as_bytes()),
            service: service(action).map(|service| hash_by(hashing, service)),
            resource: hash_by(hashing, resource.as_bytes()),
            text: resource.as_bytes(),
        }
    }
}

/// What comes before the actions of a service, with its `:`.
pub(super) fn service(action: &str) -> Option<&[u8]> {
    let end = action.bytes().position(|byte| byte == b':')?;
    action.as_bytes().get(..=end)
}

/// The hash of `text` without letter case.
pub(super) fn hash(text: &[u8]) -> u64 {
    hash_by(&HASHING, text)
}

/// So many letters are hashed at once.
const WIDE: usize = 16;

#[inline]
fn hash_by(hashing: &RandomState, text: &[u8]) -> u64 {
    let mut hasher = hashing.build_hasher();
    let (most, rest) = text.as_chunks::<WIDE>();
    most.iter().for_each(|letters| hasher.write_u128(lower(u128::from_ne_bytes(*letters))));
    if !rest.is_empty() {
        hasher.write_u128(lower(ending(text)));
    }
    hasher.write_usize(text.len());
    hasher.finish()
}

/// The key of what stands under both of two keys.
pub(super) const fn join(action: u64, resource: u64) -> u64 {
    action.rotate_left(23) ^ resource
}

/// The last letters of a text, or all of a shorter one: its beginning and its end, which may have letters in common.
#[inline]
fn ending(text: &[u8]) -> u128 {
    let both = |first: u64, last: u64| u128::from(first) | u128::from(last) << 64;
    if let Some(last) = text.last_chunk() {
        u128::from_ne_bytes(*last)
    } else if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        both(u64::from_ne_bytes(*first), u64::from_ne_bytes(*last))
    } else if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        both(u32::from_ne_bytes(*first).into(), u32::from_ne_bytes(*last).into())
    } else {
        text.iter().fold(0, |letters, letter| letters << 8 | u128::from(*letter))
    }
}

/// Sixteen letters in lower case at once.
const fn lower(letters: u128) -> u128 {
    const ONES: u128 = u128::MAX / 0xff;
    let low = letters & (0x7f * ONES);
    // The high bit of each byte says whether it is beyond `Z`, and whether it is from `A` on.
    let beyond = low + (0x7f - b'Z' as u128) * ONES;
    let from = low + (0x80 - b'A' as u128) * ONES;
    let upper = (from ^ beyond) & !letters & (0x80 * ONES);
    letters | (upper >> 2)
}

/// A text from a place on, or backwards from its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Letters<'t> {
    text: &'t [u8],
    backwards: bool,
}

impl<'t> Letters<'t> {
    pub(super) fn from(text: &'t [u8], at: usize) -> Self {
        Self { text: text.get(at..).unwrap_or_default(), backwards: false }
    }

    pub(super) fn backwards(text: &'t [u8]) -> Self {
        Self { text, backwards: true }
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// The letter at a place, in lower case.
    pub(super) fn at(&self, place: usize) -> Option<u8> {
        let place = if self.backwards { self.text.len().checked_sub(place + 1)? } else { place };
        self.text.get(place).map(u8::to_ascii_lowercase)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_either_case_have_one_hash_and_others_their_own() {
        for code in 0..=0x2ff_u32 {
            let Some(letter) = char::from_u32(code) else { continue };
            for filler in ["", "acs:ecs:", "acs:ecs:cn-hangzhou"] {
                let (text, other) = (format!("{filler}{letter}z"), format!("{filler}{letter}Z"));
                assert_eq!(hash(text.as_bytes()), hash(other.as_bytes()), "{text}");
                let lower = text.to_ascii_lowercase();
                assert_eq!(hash(text.as_bytes()), hash(lower.as_bytes()), "{text}");
                let next = char::from_u32(code + 1).filter(|next| !next.eq_ignore_ascii_case(&letter));
                if let Some(next) = next.filter(|next| !next.eq_ignore_ascii_case(&letter)) {
                    let text = format!("{filler}{next}z");
                    assert_ne!(hash(text.as_bytes()), hash(lower.as_bytes()), "{text}");
                }
            }
        }
        assert_ne!(hash(b""), hash(b"\0"));
        assert_ne!(hash(b"a"), hash(b"a\0"));
    }
}
