//! Which token opens which pixel.

use std::collections::{HashMap, HashSet};

/// How a token stands with a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may send.
    Opens,
    /// There is none, or it is empty.
    Missing,
    /// It was good once.
    Retired,
    /// It is good and lacks a permission.
    Powerless,
    /// It opens another pixel.
    Elsewhere,
    /// It never opened anything.
    Unknown,
}

/// The tokens of every pixel, and those that were taken away.
#[derive(Default)]
pub struct Tokens {
    pixels: HashMap<String, HashSet<String>>,
    retired: HashSet<String>,
    /// Good tokens that may not send to these pixels.
    powerless: HashSet<(String, String)>,
    any_pixel: bool,
}

impl Tokens {
    /// The tokens of these pixels.
    #[must_use]
    pub fn new(pixels: Vec<(String, Vec<String>)>, any_pixel: bool) -> Self {
        let mut tokens = Self { any_pixel, ..Self::default() };
        for (pixel, list) in pixels {
            tokens.set(pixel, list);
        }
        tokens
    }

    /// Replaces the tokens of `pixel`. A token that was valid and now opens nothing counts as expired.
    pub fn set(&mut self, pixel: String, list: Vec<String>) {
        let before = self.pixels.insert(pixel, list.into_iter().collect());
        self.retired.extend(before.into_iter().flatten());
        let Self { pixels, retired, .. } = self;
        retired.retain(|token| !pixels.values().any(|tokens| tokens.contains(token)));
    }

    /// Lets these tokens be good, and refuses them at `pixel` for want of a permission.
    pub fn set_powerless(&mut self, pixel: &str, list: Vec<String>) {
        self.powerless.retain(|(of, _)| of != pixel);
        self.powerless.extend(list.into_iter().map(|token| (pixel.to_owned(), token)));
    }

    /// Takes a token away from every pixel; it counts as expired from then on.
    pub fn revoke(&mut self, token: &str) {
        self.pixels.values_mut().for_each(|tokens| {
            tokens.remove(token);
        });
        self.retired.insert(token.to_owned());
    }

    /// Whether `token` may send to `pixel`.
    #[must_use]
    pub fn judge(&self, pixel: &str, token: Option<&str>) -> Standing {
        let Some(token) = token.filter(|token| !token.is_empty()) else { return Standing::Missing };
        if self.retired.contains(token) {
            return Standing::Retired;
        }
        if self.powerless.contains(&(pixel.to_owned(), token.to_owned())) {
            return Standing::Powerless;
        }
        let tokens = self.pixels.get(pixel);
        if tokens.is_none() && self.any_pixel || tokens.is_some_and(|tokens| tokens.contains(token)) {
            return Standing::Opens;
        }
        if self.pixels.values().any(|tokens| tokens.contains(token)) {
            return Standing::Elsewhere;
        }
        Standing::Unknown
    }

    /// Whether the pixel has tokens of its own.
    #[must_use]
    pub fn knows(&self, pixel: &str) -> bool {
        self.pixels.contains_key(pixel)
    }
}

impl std::fmt::Debug for Tokens {
    /// Leaves the tokens out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("pixels", &self.pixels.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_wrong_foreign_and_retired_tokens_apart() {
        let pixels = vec![("1".into(), vec!["a".into(), "b".into()]), ("2".into(), vec!["c".into()])];
        let mut tokens = Tokens::new(pixels, false);
        for (pixel, token, expected) in [
            ("1", Some("a"), Standing::Opens),
            ("1", Some("c"), Standing::Elsewhere),
            ("9", Some("c"), Standing::Elsewhere),
            ("1", Some("x"), Standing::Unknown),
            ("1", Some(""), Standing::Missing),
            ("1", None, Standing::Missing),
        ] {
            assert_eq!(tokens.judge(pixel, token), expected, "{pixel} {token:?}");
        }
        tokens.set("1".into(), vec!["b".into()]);
        assert_eq!(tokens.judge("1", Some("a")), Standing::Retired);
        tokens.set_powerless("2", vec!["c".into()]);
        assert_eq!(tokens.judge("2", Some("c")), Standing::Powerless);
        assert!(tokens.knows("1") && !tokens.knows("9"));
        assert_eq!(Tokens::new(Vec::new(), true).judge("9", Some("x")), Standing::Opens);
    }
}
