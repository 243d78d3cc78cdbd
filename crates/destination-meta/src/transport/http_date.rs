//! Dates in headers, as in `Sun, 06 Nov 1994 08:49:37 GMT`.

use time::PrimitiveDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

const FORMAT: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// Unix time in seconds; `None` for other formats (two more are allowed by HTTP, and written by nobody).
pub(super) fn unix_seconds(text: &str) -> Option<u64> {
    let date = PrimitiveDateTime::parse(text.trim(), FORMAT).ok()?;
    date.assume_utc().unix_timestamp().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(unix_seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        for text in ["", "06 Nov 1994", "Sun, 06 Nov 1894 08:49:37 GMT", "120"] {
            assert_eq!(unix_seconds(text), None, "{text}");
        }
    }
}
