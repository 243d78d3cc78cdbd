//! Dates of birth: the date of birth as YYYYMMDD.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::{Hints, Reason, country};

/// Reads year-month-day, day-month-year and the American month-day-year.
///
/// When both of the latter fit, the country decides; without one the date is omitted. A date with dots has the day
/// first, because only such countries write dots. Months may have their English names. Full-width digits are digits.
pub(super) fn date_of_birth<'a>(input: &'a str, hints: Hints<'_>) -> Result<Cow<'a, str>, Reason> {
    let plain = if input.is_ascii() { Cow::Borrowed(input) } else { Cow::Owned(input.nfkc().collect()) };
    let date = match named_month(&plain) {
        Some(date) => date,
        None => numeric(plain.split(['T', ' ']).next().unwrap_or(&plain), hints)?,
    };
    date.check(hints.year)?;
    let text = format!("{:04}{:02}{:02}", date.year, date.month, date.day);
    Ok(if text == input { Cow::Borrowed(input) } else { Cow::Owned(text) })
}

fn numeric(date: &str, hints: Hints<'_>) -> Result<Date, Reason> {
    if date.bytes().all(|byte| byte.is_ascii_digit()) { run_of_digits(date) } else { parted(date, hints) }
}

/// `16 Feb 1997`, `February 16th, 1997`, `16-FEB-1997`: with a name in place of the month's number the order does not matter.
fn named_month(date: &str) -> Option<Date> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let mut parts = date.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let (first, second, year) = (parts.next()?, parts.next()?, parts.next()?);
    let is_name = |part: &str| part.len() >= 3 && part.bytes().all(|b| b.is_ascii_alphabetic());
    let (name, day) = if is_name(first) { (first, second) } else { (second, first) };
    let name = name.to_ascii_lowercase();
    let month = MONTHS.iter().position(|month| is_name(&name) && month.starts_with(name.as_str()))?;
    let day = ["st", "nd", "rd", "th"].iter().find_map(|end| day.strip_suffix(end)).unwrap_or(day);
    let whole = parts.next().is_none() && year.len() == 4 && (1..=2).contains(&day.len());
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    whole.then_some(Date { year: number(year)?, month: u16::try_from(month).ok()? + 1, day: number(day)? })
}

#[derive(Clone, Copy)]
struct Date {
    year: u16,
    month: u16,
    day: u16,
}

impl Date {
    /// From 1900 (Meta's rule) to now.
    fn check(self, latest: Option<u16>) -> Result<(), Reason> {
        let years = 1900..=latest.unwrap_or(2100);
        let possible = years.contains(&self.year) && (1..=self.days_in_month()).contains(&self.day);
        if possible { Ok(()) } else { Err(Reason::Malformed) }
    }

    fn days_in_month(self) -> u16 {
        let leap =
            self.year.is_multiple_of(4) && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        match self.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => 0,
        }
    }
}

fn run_of_digits(date: &str) -> Result<Date, Reason> {
    match (date.len(), date.parse::<u32>()) {
        (8, Ok(number)) => {
            let part = |value: u32| u16::try_from(value).map_err(|_| Reason::Malformed);
            Ok(Date {
                year: part(number / 10_000)?,
                month: part(number / 100 % 100)?,
                day: part(number % 100)?,
            })
        }
        _ => Err(Reason::Malformed),
    }
}

fn parted(date: &str, hints: Hints<'_>) -> Result<Date, Reason> {
    let separator = date.chars().find(|c| !c.is_ascii_digit()).unwrap_or('-');
    if !matches!(separator, '-' | '/' | '.') {
        return Err(Reason::Malformed);
    }
    let mut parts = date.split(separator).map(number);
    let (Some(first), Some(second), Some(third), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Reason::Malformed);
    };
    let (first, second, third) = (first?, second?, third?);
    match (first.digits, third.digits) {
        (4, 1..=2) => Ok(Date { year: first.value, month: second.value, day: third.value }),
        (1..=2, 4) => {
            let month_first = month_first(first.value, second.value, separator, hints)?;
            let (month, day) = if month_first { (first, second) } else { (second, first) };
            Ok(Date { year: third.value, month: month.value, day: day.value })
        }
        _ => Err(Reason::Malformed),
    }
}

#[derive(Clone, Copy)]
struct Number {
    value: u16,
    digits: usize,
}

fn number(text: &str) -> Result<Number, Reason> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(value) if digits && text.len() <= 4 => Ok(Number { value, digits: text.len() }),
        _ => Err(Reason::Malformed),
    }
}

fn month_first(first: u16, second: u16, separator: char, hints: Hints<'_>) -> Result<bool, Reason> {
    if second > 12 || first == second {
        return Ok(true);
    }
    if first > 12 || separator == '.' {
        return Ok(false);
    }
    match hints.country.and_then(country::alpha_2) {
        Some("us" | "pr" | "gu" | "vi" | "as" | "mp" | "ph" | "fm" | "mh" | "pw") => Ok(true),
        // Canada writes both, so it is ambiguous.
        None | Some("ca") => Err(Reason::Ambiguous),
        Some(_) => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &str, country: Option<&str>) -> Result<String, Reason> {
        date_of_birth(input, Hints { country, year: Some(2026) }).map(Cow::into_owned)
    }

    #[test]
    fn dates_that_can_be_read_one_way() {
        for input in
            ["19970216", "2/16/1997", "1997-02-16", "16/02/1997", "1997/2/16", "16.2.1997", "02-16-1997"]
        {
            assert_eq!(read(input, None).as_deref(), Ok("19970216"), "{input}");
        }
        assert_eq!(read("1997-02-16T00:00:00Z", None).as_deref(), Ok("19970216"));
        for input in [
            "16 Feb 1997",
            "February 16th, 1997",
            "16-FEB-1997",
            "feb. 16 1997",
            "１９９７-０２-１６",
            "1997-02-16 00:00",
        ] {
            assert_eq!(read(input, None).as_deref(), Ok("19970216"), "{input}");
        }
        assert_eq!(read("5/5/1984", None).as_deref(), Ok("19840505"));
        assert_eq!(read("29.02.2000", None).as_deref(), Ok("20000229"));
    }

    #[test]
    fn the_country_decides_between_two_ways() {
        assert_eq!(read("5/4/1984", Some("US")).as_deref(), Ok("19840504"));
        assert_eq!(read("5/4/1984", Some("GB")).as_deref(), Ok("19840405"));
        assert_eq!(read("5/4/1984", Some("CA")), Err(Reason::Ambiguous));
        assert_eq!(read("5/4/1984", None), Err(Reason::Ambiguous));
        assert_eq!(read("5.4.1984", None).as_deref(), Ok("19840405"));
    }

    #[test]
    fn no_dates() {
        for input in
            ["18991231", "20270101", "30/02/1997", "2/16/97", "1997-02", "1997-2-3-4", "16021997", "abc"]
        {
            assert_eq!(read(input, None), Err(Reason::Malformed), "{input}");
        }
        for input in ["30 Feb 1997", "16 Foo 1997", "Feb 1997", "16 Feb 97", "ma 3 1997", "16 Feb 1997 noon"]
        {
            assert_eq!(read(input, None), Err(Reason::Malformed), "{input}");
        }
        for input in ["1900-02-29", "1997_02_16", "+997-02-16", "00/00/1997", "é/é/1997", "99999999999"] {
            assert_eq!(read(input, None), Err(Reason::Malformed), "{input}");
        }
    }
}
