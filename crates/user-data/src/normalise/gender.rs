//! Gender: `f` or `m`.

use super::Reason;

/// Reads the letters and the English words.
pub(super) fn gender(input: &str) -> Result<&'static str, Reason> {
    const WORDS: [(&str, &str); 6] =
        [("f", "f"), ("female", "f"), ("woman", "f"), ("m", "m"), ("male", "m"), ("man", "m")];
    let input = input.trim_end_matches('.');
    let found = WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(input));
    found.map(|(_, code)| *code).ok_or(Reason::NotRecognised)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn genders() {
        assert_eq!(gender("F"), Ok("f"));
        assert_eq!(gender("Male"), Ok("m"));
        assert_eq!(gender("x"), Err(Reason::NotRecognised));
        assert_eq!(gender("."), Err(Reason::NotRecognised));
    }
}
