//! `appsecret_proof`: shows that the sender of a token also knows its app's secret ([Login Security], read 2026-11-23).
//!
//! [Login Security]: https://developers.facebook.com/docs/facebook-login/security

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use ports::Clock;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// An app's secret, and the time that proofs are made with. Neither it nor a proof is ever printed.
#[derive(Clone)]
pub struct AppSecret {
    secret: SecretString,
    clock: Arc<dyn Clock>,
}

/// A proof; Meta takes it for five minutes from its time.
#[derive(Clone, PartialEq, Eq)]
pub struct Proof {
    /// HMAC-SHA256 in hex digits: `appsecret_proof`.
    pub digits: String,
    /// Unix time in seconds: `appsecret_time`.
    pub time_s: i64,
}

impl AppSecret {
    /// A secret as the app's dashboard shows it.
    #[must_use]
    pub const fn new(secret: SecretString, clock: Arc<dyn Clock>) -> Self {
        Self { secret, clock }
    }

    /// The proof for a token now: the current form, whose message is the token, a bar, and the time.
    #[must_use]
    pub fn proof(&self, token: &SecretString) -> Proof {
        let time_s = self.clock.now().seconds().0;
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.expose_secret().as_bytes())
            .expect("HMAC takes keys of any length");
        mac.update(token.expose_secret().as_bytes());
        mac.update(format!("|{time_s}").as_bytes());
        Proof { digits: hex::encode(mac.finalize().into_bytes()), time_s }
    }
}

impl fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppSecret(..)")
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proof(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use async_trait::async_trait;
    use domain::UnixMillis;

    use super::*;

    #[derive(Debug)]
    struct Still;

    #[async_trait]
    impl Clock for Still {
        fn now(&self) -> UnixMillis {
            UnixMillis(1_700_000_000_999)
        }
        async fn sleep(&self, _: Duration) {}
    }

    #[test]
    fn a_proof_is_what_openssl_says() {
        // printf 'EAABtoken|1700000000' | openssl dgst -sha256 -hmac 'app-secret'
        let secret = AppSecret::new(SecretString::from("app-secret"), Arc::new(Still));
        let proof = secret.proof(&SecretString::from("EAABtoken"));
        assert_eq!(proof.time_s, 1_700_000_000);
        assert_eq!(proof.digits, "3e17b34f900e878a8b1d97b198c6a7d06982e05c066618f143f9060e0c3810f8");
        assert_eq!(format!("{secret:?} {proof:?}"), "AppSecret(..) Proof(..)");
    }
}
