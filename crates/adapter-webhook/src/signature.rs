//! How a receiver knows who sent a notice.

use domain::UnixSeconds;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

const TIMESTAMP: HeaderName = HeaderName::from_static("efflux-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("efflux-signature");

/// The headers of a request whose body is this, made now.
pub(crate) fn headers(secret: Option<&SecretString>, body: &[u8], now: UnixSeconds) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let timestamp = now.0.to_string();
    if let Some(secret) = secret {
        let signature = format!("v1={}", digits(secret, &timestamp, body));
        headers.extend(HeaderValue::try_from(signature).ok().map(|value| (SIGNATURE, value)));
    }
    headers.extend(HeaderValue::try_from(timestamp).ok().map(|value| (TIMESTAMP, value)));
    headers
}

fn digits(secret: &SecretString, timestamp: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_what_other_programs_compute() {
        // printf '1763800000.{"id":"1"}' | openssl dgst -sha256 -hmac key-of-the-test
        let headers = headers(Some(&"key-of-the-test".into()), br#"{"id":"1"}"#, UnixSeconds(1_763_800_000));
        assert_eq!(headers["efflux-timestamp"], "1763800000");
        assert_eq!(headers["efflux-signature"], EXPECTED);
    }

    #[test]
    fn without_a_secret_there_is_none() {
        let headers = headers(None, b"{}", UnixSeconds(1));
        assert!(!headers.contains_key("efflux-signature"));
    }

    const EXPECTED: &str = "v1=654813d21290e9bd3ac39fd46f690e2fef3d96efee84c8eca1c904c0a1e829f8";
}
