//! Which token opens which pixel.

use std::collections::{HashMap, HashSet};

use crate::refusal::Refusal;

/// The tokens of every pixel, and those that were taken away.
#[derive(Default)]
pub(crate) struct Tokens {
    pixels: HashMap<String, HashSet<String>>,
    retired: HashSet<String>,
    /// Good tokens that may not send to these pixels.
    powerless: HashSet<(String, String)>,
    any_pixel: bool,
}

impl Tokens {
    pub(crate) fn new(pixels: Vec<(String, Vec<String>)>, any_pixel: bool) -> Self {
        let mut tokens = Self { any_pixel, ..Self::default() };
        for (pixel, list) in pixels {
            tokens.set(pixel, list);
        }
        tokens
    }

    /// Replaces the tokens of `pixel`. A token that was valid and now opens nothing counts as expired.
    pub(crate) fn set(&mut self, pixel: String, list: Vec<String>) {
        let before = self.pixels.insert(pixel, list.into_iter().collect());
        self.retired.extend(before.into_iter().flatten());
        let Self { pixels, retired, .. } = self;
        retired.retain(|token| !pixels.values().any(|tokens| tokens.contains(token)));
    }

    /// Lets these tokens be good, and refuses them at `pixel` for want of a permission.
    pub(crate) fn set_powerless(&mut self, pixel: &str, list: Vec<String>) {
        self.powerless.retain(|(of, _)| of != pixel);
        self.powerless.extend(list.into_iter().map(|token| (pixel.to_owned(), token)));
    }

    /// Takes a token away from every pixel; it counts as expired from then on.
    pub(crate) fn revoke(&mut self, token: &str) {
        self.pixels.values_mut().for_each(|tokens| {
            tokens.remove(token);
        });
        self.retired.insert(token.to_owned());
    }

    /// Whether `token` may send to `pixel`.
    pub(crate) fn judge(&self, pixel: &str, token: Option<&str>) -> Result<(), Refusal> {
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Err(Refusal::plain(400, 2500, "An access token is required to request this resource."));
        };
        if self.retired.contains(token) {
            return Err(expired());
        }
        if self.powerless.contains(&(pixel.to_owned(), token.to_owned())) {
            let message = "(#200) Requires ads_management permission to manage the object";
            return Err(Refusal::plain(403, 200, message));
        }
        let tokens = self.pixels.get(pixel);
        if tokens.is_some_and(|tokens| tokens.contains(token)) {
            return Ok(());
        }
        if tokens.is_none() && !is_id(pixel) {
            let message = format!("(#803) Some of the aliases you requested do not exist: {pixel}");
            return Err(Refusal::plain(404, 803, message));
        }
        if tokens.is_none() && self.any_pixel {
            return Ok(());
        }
        if self.pixels.values().any(|tokens| tokens.contains(token)) {
            return Err(unsupported(pixel));
        }
        Err(Refusal::plain(401, 190, "Invalid OAuth access token - Cannot parse access token"))
    }
}

/// The token was good once.
pub(crate) fn expired() -> Refusal {
    let message = "Error validating access token: Session has expired.";
    Refusal::plain(401, 190, message).with_subcode(463)
}

/// The object is not there, the token may not see it, or it cannot do this: Meta does not say which.
pub(crate) fn unsupported(pixel: &str) -> Refusal {
    let message = format!(
        "Unsupported post request. Object with ID '{pixel}' does not exist, cannot be loaded due to missing \
         permissions, or does not support this operation."
    );
    Refusal::plain(400, 100, message).with_subcode(33)
}

fn is_id(pixel: &str) -> bool {
    !pixel.is_empty() && pixel.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(result: &Result<(), Refusal>) -> String {
        result.as_ref().map_or_else(Refusal::label, |()| "ok".into())
    }

    #[test]
    fn tells_wrong_foreign_and_expired_tokens_apart() {
        let pixels = vec![("1".into(), vec!["a".into(), "b".into()]), ("2".into(), vec!["c".into()])];
        let mut tokens = Tokens::new(pixels, false);
        for (pixel, token, expected) in [
            ("1", Some("a"), "ok"),
            ("1", Some("b"), "ok"),
            ("1", Some("c"), "100/33"),
            ("9", Some("c"), "100/33"),
            ("1", Some("x"), "190"),
            ("1", Some(""), "2500"),
            ("1", None, "2500"),
            ("shop", Some("a"), "803"),
        ] {
            assert_eq!(code(&tokens.judge(pixel, token)), expected, "{pixel} {token:?}");
        }
        tokens.set("1".into(), vec!["b".into()]);
        assert_eq!(code(&tokens.judge("1", Some("a"))), "190/463");
        tokens.set("1".into(), vec!["a".into()]);
        assert_eq!(code(&tokens.judge("1", Some("a"))), "ok");
        assert_eq!(code(&tokens.judge("1", Some("b"))), "190/463");
    }

    #[test]
    fn tokens_can_be_without_power_and_can_be_taken_away() {
        let mut tokens =
            Tokens::new(vec![("1".into(), vec!["a".into()]), ("2".into(), vec!["a".into()])], false);
        tokens.set_powerless("1", vec!["a".into()]);
        assert_eq!(code(&tokens.judge("1", Some("a"))), "200");
        assert_eq!(code(&tokens.judge("2", Some("a"))), "ok");
        tokens.set_powerless("1", vec![]);
        tokens.revoke("a");
        assert_eq!(code(&tokens.judge("2", Some("a"))), "190/463");
        tokens.set("2".into(), vec!["a".into()]);
        assert_eq!(code(&tokens.judge("2", Some("a"))), "ok");
    }

    #[test]
    fn any_pixel_takes_any_token_unless_the_pixel_is_known() {
        let tokens = Tokens::new(vec![("1".into(), vec!["a".into()])], true);
        assert_eq!(code(&tokens.judge("7", Some("x"))), "ok");
        assert_eq!(code(&tokens.judge("7", None)), "2500");
        assert_eq!(code(&tokens.judge("1", Some("x"))), "190");
    }
}
