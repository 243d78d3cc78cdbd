//! Requests to the Graph API: where they go, and how they carry the token.

use bytes::Bytes;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use outbound_http::{Client, ClientConfig, ClientSetupError, Failure, Reply, RequestError, secret_header};
use secrecy::SecretString;

/// The way to the Graph API. Cloning is cheap and shares the connections.
#[derive(Debug, Clone)]
pub struct Transport(Client);

impl Transport {
    /// Makes a transport. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// When the address cannot be used, or TLS cannot be set up for an `https` address.
    pub fn new(config: ClientConfig) -> Result<Self, ClientSetupError> {
        Client::new(config).map(Self)
    }

    /// Posts a JSON body to `<base>/<version>/<pixel>/events`, with the token in the `Authorization` header. Never tries
    /// twice once the body has left.
    ///
    /// # Errors
    ///
    /// [`RequestError`] when no complete answer came; any answer, of whatever status, is a [`Reply`].
    pub async fn post_events(
        &self,
        version: &str,
        pixel: &str,
        token: &SecretString,
        body: Bytes,
    ) -> Result<Reply, RequestError> {
        let bearer = secret_header("Bearer ", token).ok_or(RequestError::not_sent(Failure::Token))?;
        let headers = HeaderMap::from_iter([(AUTHORIZATION, bearer)]);
        self.0.post_json(&[version, pixel, "events"], headers, body).await
    }
}

impl Transport {
    /// Asks for nothing, without a token: the answer has the date.
    ///
    /// # Errors
    ///
    /// [`RequestError`] when no complete answer came.
    pub async fn get_nothing(&self, version: &str) -> Result<Reply, RequestError> {
        self.0.get(&[version]).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn slips_in_settings_are_not_sent() {
        let transport = Transport::new(ClientConfig::new("http://127.0.0.1:9".parse().unwrap())).unwrap();
        for (pixel, token, failure) in [
            ("1/2", "EAAB", Failure::Address),
            ("", "EAAB", Failure::Address),
            ("1", "", Failure::Token),
            ("1", "a b", Failure::Token),
        ] {
            let sent = transport.post_events("v25.0", pixel, &token.into(), Bytes::new()).await;
            let error = sent.unwrap_err();
            assert_eq!((error.failure(), error.can_have_arrived()), (failure, false));
        }
    }
}
