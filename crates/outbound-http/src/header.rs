//! Headers that carry secrets.

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

/// A header of `prefix` and a token, such as `Bearer ` and an access token; `None` for a token that is empty or holds
/// characters that no token has.
///
/// The header is marked so that it is neither printed nor kept in HTTP/2's header table.
///
/// ```
/// use outbound_http::secret_header;
///
/// let header = secret_header("Bearer ", &"EAABtoken".into()).expect("it is a token");
/// assert_eq!(header, "Bearer EAABtoken");
/// assert_eq!(format!("{header:?}"), "Sensitive");
/// assert!(secret_header("", &"two words".into()).is_none());
/// ```
#[must_use]
pub fn secret_header(prefix: &str, token: &SecretString) -> Option<HeaderValue> {
    let token = token.expose_secret();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let mut value = HeaderValue::try_from(format!("{prefix}{token}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}
