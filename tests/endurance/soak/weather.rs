//! What fails around the gate, and what it explains.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long after its end a fault still explains what calls come to.
const AFTERMATH: Duration = Duration::from_secs(8);

/// Something that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The upstream is gone: its connections break off and new ones are refused.
    Killed,
    /// The upstream reads calls and answers none of them.
    Frozen,
    /// The upstream takes its time.
    Slow,
    /// The upstream resets connections, before it has read a call or after.
    Resetting,
    /// The upstream answers with what is no answer.
    Garbage,
    /// Policies, world and configuration are replaced by what cannot be read.
    BadFiles,
    /// Another good world is put in force, and then the first again.
    OtherWorld,
    /// No file of the gate may grow, neither the audit log nor the journal of nonces.
    DiskFull,
    /// The audit log is on a disk that is full.
    LogFull,
    /// The gate has no file descriptor left for anything new.
    Descriptors,
    /// The clock of the gate jumps.
    Clock,
    /// One SIGHUP after the other.
    Hangups,
    /// Ten times as many callers come at once.
    Crowd,
}

impl Fault {
    pub const ALL: [Self; 13] = [
        Self::Killed,
        Self::Frozen,
        Self::Slow,
        Self::Resetting,
        Self::Garbage,
        Self::BadFiles,
        Self::OtherWorld,
        Self::DiskFull,
        Self::LogFull,
        Self::Descriptors,
        Self::Clock,
        Self::Hangups,
        Self::Crowd,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Killed => "upstream killed",
            Self::Frozen => "upstream frozen",
            Self::Slow => "upstream slow",
            Self::Resetting => "upstream resetting connections",
            Self::Garbage => "upstream answering garbage",
            Self::BadFiles => "policies, world or configuration replaced by garbage",
            Self::OtherWorld => "policies changed, and changed back",
            Self::DiskFull => "no file of the gate may grow (RLIMIT_FSIZE)",
            Self::LogFull => "disk of the audit log full (/dev/full)",
            Self::Descriptors => "file descriptors exhausted (RLIMIT_NOFILE)",
            Self::Clock => "clock jumping (libfaketime)",
            Self::Hangups => "SIGHUP after SIGHUP",
            Self::Crowd => "ten times the callers",
        }
    }
}

/// Which faults there are, and since when there are not.
pub struct Weather {
    began: Instant,
    /// For each fault, up to which millisecond since the beginning it explains something.
    until: [AtomicU64; Fault::ALL.len()],
    /// How often there was each.
    times: [AtomicU64; Fault::ALL.len()],
}

impl Weather {
    pub fn new() -> Self {
        let zeros = || std::array::from_fn(|_| AtomicU64::new(0));
        Self { began: Instant::now(), until: zeros(), times: zeros() }
    }

    pub fn begins(&self, fault: Fault) {
        self.until[fault as usize].store(u64::MAX, Ordering::SeqCst);
        self.times[fault as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub fn ends(&self, fault: Fault) {
        let until = self.milliseconds(Instant::now() + AFTERMATH);
        self.until[fault as usize].store(until, Ordering::SeqCst);
    }

    /// Whether one of `faults` explains something that began at `since` and ends now.
    pub fn explains(&self, faults: &[Fault], since: Instant) -> bool {
        let since = self.milliseconds(since);
        faults.iter().any(|fault| self.until[*fault as usize].load(Ordering::SeqCst) >= since.max(1))
    }

    pub fn times(&self, fault: Fault) -> u64 {
        self.times[fault as usize].load(Ordering::Relaxed)
    }

    fn milliseconds(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.began).as_millis()).unwrap()
    }
}

/// Numbers that a seed determines (SplitMix64).
#[derive(Clone)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64, stream: u64) -> Self {
        Self(seed ^ stream.wrapping_mul(0xA076_1D64_78BD_642F))
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    pub fn between(&mut self, least: Duration, most: Duration) -> Duration {
        let span = u64::try_from((most - least).as_micros()).unwrap();
        least + Duration::from_micros(self.next() % (span + 1))
    }

    /// In another order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
