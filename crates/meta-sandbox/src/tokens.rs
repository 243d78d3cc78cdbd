//! How a token that does not open a pixel is refused.

use sandbox_kit::{Standing, Tokens};

use crate::refusal::Refusal;

/// Whether `token` may send to `pixel`.
pub(crate) fn judge(tokens: &Tokens, pixel: &str, token: Option<&str>) -> Result<(), Refusal> {
    match tokens.judge(pixel, token) {
        Standing::Missing => {
            Err(Refusal::plain(400, 2500, "An access token is required to request this resource."))
        }
        Standing::Retired => Err(expired()),
        Standing::Powerless => {
            let message = "(#200) Requires ads_management permission to manage the object";
            Err(Refusal::plain(403, 200, message))
        }
        _ if !tokens.knows(pixel) && !is_id(pixel) => {
            let message = format!("(#803) Some of the aliases you requested do not exist: {pixel}");
            Err(Refusal::plain(404, 803, message))
        }
        Standing::Opens => Ok(()),
        Standing::Elsewhere => Err(unsupported(pixel)),
        Standing::Unknown => {
            Err(Refusal::plain(401, 190, "Invalid OAuth access token - Cannot parse access token"))
        }
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
            assert_eq!(code(&judge(&tokens, pixel, token)), expected, "{pixel} {token:?}");
        }
        tokens.set("1".into(), vec!["b".into()]);
        assert_eq!(code(&judge(&tokens, "1", Some("a"))), "190/463");
        tokens.set("1".into(), vec!["a".into()]);
        assert_eq!(code(&judge(&tokens, "1", Some("a"))), "ok");
        assert_eq!(code(&judge(&tokens, "1", Some("b"))), "190/463");
    }

    #[test]
    fn tokens_can_be_without_power_and_can_be_taken_away() {
        let mut tokens =
            Tokens::new(vec![("1".into(), vec!["a".into()]), ("2".into(), vec!["a".into()])], false);
        tokens.set_powerless("1", vec!["a".into()]);
        assert_eq!(code(&judge(&tokens, "1", Some("a"))), "200");
        assert_eq!(code(&judge(&tokens, "2", Some("a"))), "ok");
        tokens.set_powerless("1", vec![]);
        tokens.revoke("a");
        assert_eq!(code(&judge(&tokens, "2", Some("a"))), "190/463");
        tokens.set("2".into(), vec!["a".into()]);
        assert_eq!(code(&judge(&tokens, "2", Some("a"))), "ok");
    }

    #[test]
    fn any_pixel_takes_any_token_unless_the_pixel_is_known() {
        let tokens = Tokens::new(vec![("1".into(), vec!["a".into()])], true);
        assert_eq!(code(&judge(&tokens, "7", Some("x"))), "ok");
        assert_eq!(code(&judge(&tokens, "7", None)), "2500");
        assert_eq!(code(&judge(&tokens, "1", Some("x"))), "190");
    }
}
