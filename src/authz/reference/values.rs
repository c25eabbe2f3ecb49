//! Numbers, points in time and addresses (4.3, 11); `None` is what cannot be read as one.

use std::cmp::Ordering;

/// How two decimal numbers stand to each other.
pub(super) fn compare_numbers(a: &str, b: &str) -> Option<Ordering> {
    let ((a_negative, a_whole, a_fraction), (b_negative, b_whole, b_fraction)) = (number(a)?, number(b)?);
    // Digits of the same count before the point and after it compare as text does.
    let (whole, fraction) = (a_whole.len().max(b_whole.len()), a_fraction.len().max(b_fraction.len()));
    let (a, b) =
        (format!("{a_whole:0>whole$}{a_fraction:0<fraction$}"), format!("{b_whole:0>whole$}{b_fraction:0<fraction$}"));
    let zero = |digits: &str| digits.chars().all(|digit| digit == '0');
    Some(match (a_negative && !zero(&a), b_negative && !zero(&b)) {
        (false, false) => a.cmp(&b),
        (true, true) => b.cmp(&a),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    })
}

/// Whether it is negative, and the digits before and after the point.
pub(super) fn number(text: &str) -> Option<(bool, &str, &str)> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => (true, unsigned),
        None => (false, text),
    };
    let (whole, fraction) = match unsigned.split_once('.') {
        // A point has digits on both sides.
        Some((_, "")) => return None,
        Some((whole, fraction)) => (whole, fraction),
        None => (unsigned, ""),
    };
    let digits = |text: &str| text.chars().all(|letter| letter.is_ascii_digit());
    (!whole.is_empty() && digits(whole) && digits(fraction)).then_some((negative, whole, fraction))
}

/// Nanoseconds since the beginning of the year 0 in UTC, of `2012-11-11T23:59:59Z` or with an offset as in
/// `2019-08-12T17:00:00+08:00`, and with a fraction of up to nine digits.
pub(super) fn instant(text: &str) -> Option<i128> {
    let mut reading = Reading(text);
    let year = reading.digits(4)?;
    reading.letter('-')?;
    let month = reading.digits(2)?;
    reading.letter('-')?;
    let day = reading.digits(2)?;
    reading.letter('T')?;
    let hour = reading.digits(2)?;
    reading.letter(':')?;
    let minute = reading.digits(2)?;
    reading.letter(':')?;
    let second = reading.digits(2)?;
    let mut nanoseconds = 0;
    if reading.letter('.').is_some() {
        let mut unit = 100_000_000;
        nanoseconds += reading.digits(1)? * unit;
        while let Some(digit) = reading.digits(1) {
            unit /= 10;
            if unit == 0 {
                return None;
            }
            nanoseconds += digit * unit;
        }
    }
    let east = if reading.letter('Z').is_some() {
        0
    } else {
        let sign = if reading.letter('+').is_some() { 1 } else { -1 };
        if sign < 0 {
            reading.letter('-')?;
        }
        let hours = reading.digits(2)?;
        reading.letter(':')?;
        let minutes = reading.digits(2)?;
        if hours > 23 || minutes > 59 {
            return None;
        }
        sign * (hours * 60 + minutes)
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let months = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let month_at = usize::try_from(month.checked_sub(1)?).ok()?;
    let in_month = day >= 1 && day <= *months.get(month_at)?;
    if !in_month || hour > 23 || minute > 59 || second > 59 || !reading.0.is_empty() {
        return None;
    }
    let leap_years_before = (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;
    let days = year * 365 + leap_years_before + months.iter().take(month_at).sum::<i128>() + day - 1;
    Some((((days * 24 + hour) * 60 + minute - east) * 60 + second) * 1_000_000_000 + nanoseconds)
}

/// What is left of a text that is read from its beginning.
struct Reading<'t>(&'t str);

impl Reading<'_> {
    /// Exactly so many digits.
    fn digits(&mut self, count: usize) -> Option<i128> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        if !digits.chars().all(|letter| letter.is_ascii_digit()) {
            return None;
        }
        self.0 = rest;
        digits.parse().ok()
    }

    fn letter(&mut self, letter: char) -> Option<()> {
        self.0 = self.0.strip_prefix(letter)?;
        Some(())
    }
}

/// An address by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Address {
    V4(u32),
    V6(u128),
}

/// Reads an address. An IPv4 address that is written as IPv6 is that IPv4 address.
pub(super) fn address(text: &str) -> Option<Address> {
    match v4(text) {
        Some(number) => Some(Address::V4(number)),
        None => match v6(text)? {
            mapped if mapped >> 32 == 0xffff => u32::try_from(mapped & 0xffff_ffff).ok().map(Address::V4),
            number => Some(Address::V6(number)),
        },
    }
}

/// Whether `address` is in a block, which is an address or `ADDRESS/LENGTH`. Host bits of the block may be set, and
/// `/32` is an ordinary block.
pub(super) fn in_block(block: &str, asked: Address) -> Option<bool> {
    let (written, length) = match block.split_once('/') {
        Some((written, length)) => (written, Some(length)),
        None => (block, None),
    };
    let base = address(written)?;
    let width = if let Address::V4(_) = base { 32 } else { 128 };
    let length = match length {
        None => width,
        Some(length) => {
            let plain = length == "0" || !length.starts_with('0');
            let length: u32 = Some(length).filter(|length| plain && decimal_digits(length))?.parse().ok()?;
            // The length counts the bits of what was written.
            if v4(written).is_none() && width == 32 { length.checked_sub(96)? } else { length }
        }
    };
    if length > width {
        return None;
    }
    let same = |a: u128, b: u128| (a ^ b).checked_shr(width - length).unwrap_or(0) == 0;
    Some(match (base, asked) {
        (Address::V4(base), Address::V4(asked)) => same(base.into(), asked.into()),
        (Address::V6(base), Address::V6(asked)) => same(base, asked),
        _ => false,
    })
}

fn decimal_digits(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|letter| letter.is_ascii_digit())
}

/// Four numbers up to 255 with points between them, none with a zero before it.
fn v4(text: &str) -> Option<u32> {
    let parts: Vec<&str> = text.split('.').collect();
    let mut number = 0;
    for part in &parts {
        let plain = decimal_digits(part) && part.len() <= 3 && (*part == "0" || !part.starts_with('0'));
        let octet: u8 = Some(part).filter(|_| plain)?.parse().ok()?;
        number = number << 8 | u32::from(octet);
    }
    (parts.len() == 4).then_some(number)
}

/// Eight groups of up to four hexadecimal digits with colons between them, where `::` stands once for one or more groups
/// of zero, and the last two groups may be written as IPv4.
fn v6(text: &str) -> Option<u128> {
    let groups = match text.split_once("::") {
        None => groups(text, true)?,
        Some((before, after)) => {
            let (mut before, after) = (groups(before, false)?, groups(after, true)?);
            let zeros = 8_usize.checked_sub(before.len() + after.len()).filter(|zeros| *zeros > 0)?;
            before.extend(std::iter::repeat_n(0, zeros));
            before.extend(after);
            before
        }
    };
    (groups.len() == 8).then(|| groups.iter().fold(0, |number, group| number << 16 | u128::from(*group)))
}

fn groups(text: &str, to_the_end: bool) -> Option<Vec<u32>> {
    let mut groups = Vec::new();
    if text.is_empty() {
        return Some(groups);
    }
    let parts: Vec<&str> = text.split(':').collect();
    for (index, part) in parts.iter().enumerate() {
        let last = to_the_end && index + 1 == parts.len();
        match v4(part).filter(|_| last) {
            Some(number) => groups.extend([number >> 16, number & 0xffff]),
            None => {
                let hexadecimal = part.chars().all(|letter| letter.is_ascii_hexdigit()) && part.len() <= 4;
                groups.push(u32::from_str_radix(Some(part).filter(|_| hexadecimal)?, 16).ok()?);
            }
        }
    }
    Some(groups)
}
