//! Requests to TikTok's Business API: where they go, and how they carry the token.

use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use outbound_http::{Client, ClientConfig, ClientSetupError, Failure, Reply, RequestError, secret_header};
use secrecy::SecretString;

/// The address below the base; it ends with a slash.
const TRACK: [&str; 5] = ["open_api", "v1.3", "event", "track", ""];

const ACCESS_TOKEN: HeaderName = HeaderName::from_static("access-token");

/// The way to TikTok. Cloning is cheap and shares the connections.
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

    /// Posts a JSON body to `<base>/open_api/v1.3/event/track/`, with the token in the header `Access-Token`, as it is. Never tries
    /// twice once the body has left.
    ///
    /// # Errors
    ///
    /// [`RequestError`] when no complete answer came; any answer, of whatever status, is a [`Reply`].
    pub async fn post_events(&self, token: &SecretString, body: Bytes) -> Result<Reply, RequestError> {
        let token = secret_header("", token).ok_or(RequestError::not_sent(Failure::Token))?;
        self.0.post_json(&TRACK, HeaderMap::from_iter([(ACCESS_TOKEN, token)]), body).await
    }

    /// Asks for nothing, without a token: the answer has the date.
    ///
    /// # Errors
    ///
    /// [`RequestError`] when no complete answer came.
    pub async fn get_nothing(&self) -> Result<Reply, RequestError> {
        self.0.get(&TRACK[..2]).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn slips_in_settings_are_not_sent() {
        let transport = Transport::new(ClientConfig::new("http://127.0.0.1:9".parse().unwrap())).unwrap();
        for token in ["", "a b", "Bearer abc"] {
            let error = transport.post_events(&token.into(), Bytes::new()).await.unwrap_err();
            assert_eq!((error.failure(), error.can_have_arrived()), (Failure::Token, false));
        }
    }
}
