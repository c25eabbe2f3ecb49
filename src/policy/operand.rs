//! Operands of conditions, and values of requests read the same way: exact decimals, instants, addresses.

use std::cmp::Ordering;
use std::net::IpAddr;

use ipnet::IpNet;
use jiff::SignedDuration;
use jiff::civil::DateTime;

use super::{Case, Pattern};

/// A decimal number of any length, compared exactly (spec ram-policy-language 4.3).
///
/// ```
/// use ramgate::policy::Decimal;
///
/// let parse = |text| Decimal::parse(text);
/// assert!(parse("9") < parse("10"));
/// assert_eq!(parse("1.20"), parse("01.2"));
/// assert!(parse("1e3").is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    /// Digits before the point, without leading zeros.
    whole: Box<str>,
    /// Digits after the point, without trailing zeros.
    fraction: Box<str>,
}

/// The same by reference to its digits, so that a value is compared without a copy of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digits<'t> {
    negative: bool,
    whole: &'t str,
    fraction: &'t str,
}

impl Decimal {
    /// Reads digits with an optional sign `-` and an optional fraction; no exponent, no blanks.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let Digits { negative, whole, fraction } = Digits::parse(text)?;
        Some(Self { negative, whole: whole.into(), fraction: fraction.into() })
    }

    pub(super) fn digits(&self) -> Digits<'_> {
        Digits { negative: self.negative, whole: &self.whole, fraction: &self.fraction }
    }
}

impl<'t> Digits<'t> {
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
        let (whole, fraction) = match digits.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return None,
            None => (digits, ""),
        };
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        let zero = whole.is_empty() && fraction.is_empty();
        Some(Self { negative: negative && !zero, whole, fraction })
    }
}

impl Ord for Digits<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        // Without leading zeros the longer number is the larger; fractions compare as text does.
        let magnitude = self
            .whole
            .len()
            .cmp(&other.whole.len())
            .then_with(|| self.whole.cmp(other.whole))
            .then_with(|| self.fraction.cmp(other.fraction));
        match (self.negative, other.negative) {
            (false, false) => magnitude,
            (true, true) => magnitude.reverse(),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Digits<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.digits().cmp(&other.digits())
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A point in time, compared exactly whatever offset it was written with.
///
/// It is no `jiff::Timestamp`, since that ends a day before the year 9999 does, and `9999-12-31T23:59:59Z` is how
/// policies write that something never ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Instant {
    since_1970: SignedDuration,
}

/// Reads an ISO 8601 date and time with `Z` or an offset: `2026-08-12T17:00:00+08:00`. A fraction of a second is
/// read too. A date alone, a time without zone and epoch seconds are no instants (spec ram-policy-language 4.3
/// leaves them open, and section 11 has what cannot be read refused).
#[must_use]
pub fn parse_instant(text: &str) -> Option<Instant> {
    // jiff reads more than this form (blanks for the `T`, other separators, zone names), so the form comes first.
    let (date_time, zone) = text.split_at_checked(19)?;
    let form = |part: &str, form: &str| {
        part.len() == form.len()
            && part.bytes().zip(form.bytes()).all(|(byte, wanted)| match wanted {
                b'0' => byte.is_ascii_digit(),
                b'+' => byte == b'+' || byte == b'-',
                wanted => byte == wanted,
            })
    };
    let fraction = zone.strip_prefix('.').map_or(0, |rest| 1 + rest.bytes().take_while(u8::is_ascii_digit).count());
    let (local, zone) = text.split_at_checked(date_time.len() + fraction)?;
    let whole = form(date_time, "0000-00-00T00:00:00") && fraction != 1 && fraction <= 10;
    // jiff takes a sixtieth second, which is no time of day.
    if !whole || date_time.ends_with(":60") {
        return None;
    }
    let offset = if zone == "Z" {
        0
    } else {
        if !form(zone, "+00:00") {
            return None;
        }
        let (hours, minutes) = zone.get(1..)?.split_once(':')?;
        let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
        if hours > 23 || minutes > 59 {
            return None;
        }
        let seconds = hours * 3600 + minutes * 60;
        if zone.starts_with('-') { -seconds } else { seconds }
    };
    let local = civil(local)?;
    let since_1970 = local.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0));
    since_1970.checked_sub(SignedDuration::from_secs(offset)).map(|since_1970| Instant { since_1970 })
}

/// A date and time of which it is known where digits stand.
fn civil(text: &str) -> Option<DateTime> {
    let number = |from: usize, to: usize| {
        let digits = text.as_bytes().get(from..to)?;
        Some(digits.iter().fold(0_i32, |number, digit| number * 10 + i32::from(digit - b'0')))
    };
    let small = |from: usize| i8::try_from(number(from, from + 2)?).ok();
    let fraction = text.len().saturating_sub(20);
    let nanoseconds = (fraction..9).fold(number(20, text.len()).unwrap_or(0), |number, _| number * 10);
    let year = i16::try_from(number(0, 4)?).ok()?;
    DateTime::new(year, small(5)?, small(8)?, small(11)?, small(14)?, small(17)?, nanoseconds).ok()
}

/// Reads an address; an IPv4 address written as IPv6 (`::ffff:192.0.2.1`) is that IPv4 address.
#[must_use]
pub fn parse_address(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// A CIDR block or a single address, IPv4 or IPv6.
///
/// Host bits may be set (`10.101.169.111/24`), `/32` is an ordinary block, a bare address is one address, and an
/// IPv4-mapped IPv6 block from `/96` on is the IPv4 block (spec ram-policy-language 4.3, 11).
///
/// ```
/// use ramgate::policy::{IpBlock, parse_address};
///
/// let block = IpBlock::parse("10.101.169.111/24").ok_or("a block")?;
/// assert!(parse_address("::ffff:10.101.169.1").is_some_and(|address| block.contains(address)));
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IpBlock(IpNet);

impl IpBlock {
    /// Reads an address or `ADDRESS/LENGTH`; both in the plain form only. A zero before an octet or a length is
    /// refused, since some readers take it for octal. So is an IPv4-mapped block shorter than `/96`: it would
    /// cover IPv4 addresses and others at once.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // ipnet's own reader takes `010.0.0.0/08`, so it is given the parts, read by the standard library.
        let Some((address, length)) = text.split_once('/') else {
            return parse_address(text).map(|address| Self(IpNet::from(address)));
        };
        if !length.bytes().all(|byte| byte.is_ascii_digit()) || (length.len() > 1 && length.starts_with('0')) {
            return None;
        }
        let (address, length): (IpAddr, u8) = (address.parse().ok()?, length.parse().ok()?);
        let canonical = address.to_canonical();
        let length = if canonical == address { length } else { length.checked_sub(96)? };
        IpNet::new(canonical, length).ok().map(|net| Self(net.trunc()))
    }

    /// Whether `address` is in the block.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    /// The block, host bits cleared.
    #[must_use]
    pub fn net(&self) -> IpNet {
        self.0
    }
}

/// An operand, read once when the policy is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// For `StringEquals` and its negation.
    Text(Box<str>),
    /// For `StringEqualsIgnoreCase` and its negation.
    Folded(Box<str>),
    /// For `StringLike` and its negation.
    Like(Pattern),
    /// For the numeric operators.
    Number(Decimal),
    /// For the date operators.
    Instant(Instant),
    /// For `Bool`.
    Bool(bool),
    /// For `IpAddress` and its negation.
    Ip(IpBlock),
}

impl Operand {
    pub(super) fn like(text: &str) -> Self {
        Self::Like(Pattern::new(text, Case::Exact))
    }
}

/// `true` or `false`, in these letters.
pub(super) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_compare_by_value_and_not_as_text() {
        let ordered = ["-10.5", "-10.25", "-2", "-0.5", "0", "0.05", "0.5", "1.1", "1.2", "1.10000001e", "9", "10"];
        let numbers: Vec<_> = ordered.iter().filter_map(|text| Decimal::parse(text)).collect();
        assert_eq!(numbers.len(), ordered.len() - 1);
        assert!(numbers.is_sorted());
        assert_eq!(Decimal::parse("-0.0"), Decimal::parse("000"));
        let long = format!("{}1", "9".repeat(200));
        assert!(Decimal::parse(&long) > Decimal::parse("9e9").or(Decimal::parse("99999999999999999999999999999999")));
    }

    #[test]
    fn what_is_no_decimal_is_not_read() {
        for text in ["", "-", ".", "1.", ".5", "+1", " 1", "1 ", "1e3", "0x1", "1,5", "１", "--1", "NaN"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_instant_needs_its_zone() {
        let utc = parse_instant("2026-08-12T09:00:00Z").unwrap();
        assert_eq!(parse_instant("2026-08-12T17:00:00+08:00"), Some(utc));
        assert_eq!(parse_instant("2026-08-12T09:00:00.000Z"), Some(utc));
        assert!(parse_instant("2026-08-12T09:00:00.000000001Z") > Some(utc));
        assert!(parse_instant("9999-12-31T23:59:59Z") > parse_instant("9999-12-31T23:59:58Z"));
        assert!(parse_instant("9999-12-31T23:59:59-23:59").is_some());
        assert!(parse_instant("0000-01-01T00:00:00+23:59").is_some());
        for text in [
            "2026-08-12",
            "2026-08-12T09:00:00",
            "2026-08-12 09:00:00Z",
            "2026-08-12T09:00Z",
            "1786525200",
            "2026-8-12T09:00:00Z",
            "2026-08-12T09:00:00z",
            "2026-08-12T09:00:00+0800",
            "2026-08-12T09:00:00+08",
            "2026-13-12T09:00:00Z",
            "2026-02-30T09:00:00Z",
            "2026-08-12T24:00:00Z",
            "2026-08-12T09:00:60Z",
            "2026-08-12T09:00:00.Z",
            "2026-08-12T09:00:00Z[UTC]",
            "2026-08-12T09:00:00+25:00",
            "2026-08-12T09:00:00+08:60",
            "2026-08-12T09:00:00.1234567890Z",
            "20260812T090000Z",
            "",
            "２０26-08-12T09:00:00Z",
        ] {
            assert_eq!(parse_instant(text), None, "{text}");
        }
    }

    #[test]
    fn address_blocks_hold_what_they_say() {
        for (block, address, inside) in [
            ("192.0.2.0/24", "192.0.2.9", true),
            ("192.0.2.0/24", "192.0.3.9", false),
            ("10.101.169.111/24", "10.101.169.1", true),
            ("203.0.113.2/32", "203.0.113.2", true),
            ("203.0.113.2", "203.0.113.2", true),
            ("203.0.113.2", "203.0.113.3", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "8.8.8.8", false),
            ("2001:db8::1", "2001:0db8:0:0:0:0:0:1", true),
            ("2001:db8::1", "2001:db8::2", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("::ffff:192.0.2.0/120", "192.0.2.77", true),
            ("192.0.2.0/24", "::ffff:192.0.2.77", true),
            ("::ffff:192.0.2.1", "192.0.2.1", true),
            ("::ffff:0:0/96", "8.8.8.8", true),
            ("::ffff:0:0/96", "2001:db8::1", false),
            ("::192.0.2.1", "192.0.2.1", false),
        ] {
            let block_read = IpBlock::parse(block).unwrap();
            assert_eq!(block_read.contains(parse_address(address).unwrap()), inside, "{address} in {block}");
            assert_eq!(block_read.contains(address.parse().unwrap()), inside, "{address} as it stands in {block}");
        }
        for text in [
            "",
            "192.0.2",
            "192.0.2.0/33",
            "2001:db8::/129",
            "192.0.2.256",
            "010.0.0.1",
            "010.0.0.1/8",
            "10.0.0.0/08",
            "10.0.0.0/+8",
            "10.0.0.0/8/8",
            "10.0.0.0/255.0.0.0",
            "::1%eth0",
            "192.0.2.0/",
            "1.2.3.4/-1",
            "/8",
            " 1.2.3.4",
            "1.2.3.4 ",
            "::ffff:192.0.2.0/95",
            "::ffff:192.0.2.0/24",
        ] {
            assert_eq!(IpBlock::parse(text), None, "{text}");
        }
    }

    proptest! {
        /// jiff reads the same instant, wherever it reads one.
        #[test]
        fn instants_are_those_of_jiff(
            seconds in -62_000_000_000_i64..253_000_000_000,
            nanoseconds in 0..1_000_000_000_i32,
            offset in -1439_i32..=1439,
        ) {
            let timestamp = jiff::Timestamp::new(seconds, nanoseconds).unwrap();
            let zone = jiff::tz::Offset::from_seconds(offset * 60).unwrap();
            let sign = if offset < 0 { '-' } else { '+' };
            let (hours, minutes) = (offset.abs() / 60, offset.abs() % 60);
            let text = format!("{}{sign}{hours:02}:{minutes:02}", zone.to_datetime(timestamp));
            let instant = parse_instant(&text).unwrap();
            prop_assert_eq!(instant.since_1970, timestamp.as_duration(), "{}", text);
        }

        #[test]
        fn decimals_order_as_integers_do(a in any::<i64>(), b in any::<i64>()) {
            let (x, y) = (Decimal::parse(&a.to_string()), Decimal::parse(&b.to_string()));
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
        }

        #[test]
        fn fractions_order_as_scaled_integers_do(a in -99_999i32..99_999, b in -99_999i32..99_999) {
            let text = |n: i32| format!("{}{}.{:03}", if n < 0 { "-" } else { "" }, n.abs() / 1000, n.abs() % 1000);
            let (x, y) = (Decimal::parse(&text(a)), Decimal::parse(&text(b)));
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
        }
    }
}
