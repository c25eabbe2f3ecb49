//! Numbers of statements, and tables of them by hashes.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::policy::Effect;

/// Numbers of statements: one, or the place of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run(u32);

/// A statement by its number, with its effect. What denies comes before what allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Numbered {
    allows: bool,
    number: u32,
}

impl Numbered {
    /// `None` for a number that is too large for any list of policies.
    pub(super) fn new(number: usize, effect: Effect) -> Option<Self> {
        let number = u32::try_from(number).ok().filter(|number| *number < MOST)?;
        Some(Self { allows: effect == Effect::Allow, number })
    }

    const fn packed(self) -> u32 {
        self.number << 1 | self.allows as u32
    }
}

/// Several numbers of statements, each run of them after how many they are.
#[derive(Debug, Clone, Default)]
pub(super) struct Runs(Vec<u32>);

const SEVERAL: u32 = 1 << 31;
const MOST: u32 = 1 << 30;

impl Runs {
    /// The run of `numbers`, of which there are some.
    pub(super) fn add(&mut self, numbers: &[Numbered]) -> Run {
        if let [number] = numbers {
            return Run(number.packed());
        }
        let at = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0.push(u32::try_from(numbers.len()).unwrap_or(u32::MAX));
        self.0.extend(numbers.iter().map(|number| number.packed()));
        Run(at | SEVERAL)
    }

    /// Visits the numbers of the statements in `run`, with the effects that they have.
    #[inline]
    pub(super) fn each(&self, Run(run): Run, visit: &mut impl FnMut(u32, Effect)) {
        let mut unpacked = |packed: u32| {
            visit(packed >> 1, if packed & 1 == 0 { Effect::Deny } else { Effect::Allow });
        };
        if run & SEVERAL == 0 {
            return unpacked(run);
        }
        let at = (run & !SEVERAL) as usize;
        if let Some([count, numbers @ ..]) = self.0.get(at..) {
            numbers.iter().take(*count as usize).for_each(|packed| unpacked(*packed));
        }
    }

    pub(super) fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }
}

/// What stands under a hash. Two texts whose hashes begin alike stand together: one finds the other's, too.
pub(super) type Table<T> = HashMap<u32, T, BuildHasherDefault<Spread>>;

/// The part of a hash that tables are by.
#[allow(clippy::cast_possible_truncation, reason = "what is wanted")]
pub(super) const fn short(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// The hash of what is a hash.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u32(u32::from(*byte)));
    }

    fn write_u32(&mut self, number: u32) {
        // The table takes its place from the low bits and a tag from the high ones.
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 ^= self.0 >> 32;
    }
}
