//! How often a principal may call.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use super::PrincipalPattern;
use crate::json::{SourceText, Span};
use crate::policy::Pattern;

/// A limit on the calls of every principal that a pattern matches, each by itself: a bucket that holds `burst` calls and
/// is filled at `rate`.
#[derive(Debug, Clone)]
pub struct RateLimit {
    /// Whose calls; the sessions of a role count together.
    pub principal: PrincipalPattern,
    /// RAM actions of the calls that count.
    pub action: Pattern,
    /// How fast calls come back.
    pub rate: Rate,
    /// How many calls may come at once.
    pub burst: NonZeroU32,
    /// Where it stands.
    pub place: (SourceText, Span),
}

impl RateLimit {
    /// Whether it says the same as another, wherever both stand.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        let Self { principal, action, rate, burst, place: _ } = self;
        (principal, action, rate, burst) == (&other.principal, &other.action, &other.rate, &other.burst)
    }
}

/// What it limits to, and where it stands.
impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (source, span) = &self.place;
        let Self { principal, action, rate, burst, .. } = self;
        write!(
            f,
            "{rate} with bursts of {burst} of `{}` by `{principal}`, at {}:{}",
            action.as_str(),
            source.name(),
            source.position(span.start)
        )
    }
}

/// A number of calls in a second, a minute or an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    count: NonZeroU32,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Second,
    Minute,
    Hour,
}

impl Unit {
    const ALL: [Self; 3] = [Self::Second, Self::Minute, Self::Hour];

    fn name(self) -> &'static str {
        match self {
            Self::Second => "s",
            Self::Minute => "min",
            Self::Hour => "h",
        }
    }

    fn duration(self) -> Duration {
        Duration::from_secs(match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3600,
        })
    }
}

impl Rate {
    /// The most calls that a rate or a burst may have.
    pub const MAX_CALLS: u32 = 1_000_000;

    /// Reads `10/s`, `100/min` or `1000/h`; `None` for anything else, and for none or more than
    /// [`MAX_CALLS`](Self::MAX_CALLS).
    ///
    /// ```
    /// use std::time::Duration;
    /// use ramgate::identity::Rate;
    ///
    /// assert_eq!(Rate::parse("120/min").map(Rate::interval), Some(Duration::from_millis(500)));
    /// assert_eq!(Rate::parse("0/s"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (count, unit) = text.split_once('/')?;
        let unit = Unit::ALL.into_iter().find(|known| known.name() == unit)?;
        let digits = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
        let count = count.parse().ok().filter(|count: &NonZeroU32| digits && count.get() <= Self::MAX_CALLS)?;
        Some(Self { count, unit })
    }

    /// The calls that it allows in its second, minute or hour.
    #[must_use]
    pub fn count(self) -> NonZeroU32 {
        self.count
    }

    /// How long one call takes to come back; never zero.
    #[must_use]
    pub fn interval(self) -> Duration {
        self.unit.duration() / self.count.get()
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.count, self.unit.name())
    }
}
