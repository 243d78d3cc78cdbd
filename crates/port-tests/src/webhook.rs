//! A receiver of notices, over real HTTP.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request that it got.
#[derive(Debug, Clone)]
pub struct Received {
    /// The first line and the headers.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Received {
    /// The body as JSON.
    ///
    /// # Panics
    /// If it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.into_iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Verifies the signature as the documentation says.
    #[must_use]
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let (Some(timestamp), Some(signature)) =
            (self.header("efflux-timestamp"), self.header("efflux-signature"))
        else {
            return false;
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(timestamp.as_bytes());
        mac.update(b".");
        mac.update(self.body.as_bytes());
        let digits = signature.strip_prefix("v1=").and_then(|digits| hex::decode(digits).ok());
        digits.is_some_and(|digits| mac.verify_slice(&digits).is_ok())
    }
}

/// Takes requests, and answers each with the next status of a script, then with 200.
#[derive(Debug, Clone)]
pub struct WebhookReceiver {
    address: String,
    received: Arc<Mutex<Vec<Received>>>,
    statuses: Arc<Mutex<VecDeque<u16>>>,
}

impl WebhookReceiver {
    /// Starts one on a free port; it lives as long as the runtime. A status of 0 means no answer at all.
    ///
    /// # Panics
    /// If there is no port.
    pub async fn start(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            address: listener.local_addr().unwrap().to_string(),
            received: Arc::default(),
            statuses: Arc::new(Mutex::new(statuses.iter().copied().collect())),
        };
        let serving = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        receiver
    }

    /// Its address, with a path and a query as secrets.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/services/secret-of-the-path?key=secret-of-the-query", self.address)
    }

    /// What it got so far.
    ///
    /// # Panics
    /// If a task of it panicked.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// Waits until it got so many.
    ///
    /// # Panics
    /// If they do not come.
    pub async fn wait_for(&self, number: usize) -> Vec<Received> {
        for _ in 0..2_000 {
            let received = self.received();
            if received.len() >= number {
                return received;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{number} requests are expected, there are {:?}", self.received());
    }

    async fn serve(self, mut stream: TcpStream) {
        let mut buffer = Vec::new();
        while let Some(received) = read(&mut stream, &mut buffer).await {
            let status = self.statuses.lock().unwrap().pop_front().unwrap_or(200);
            self.received.lock().unwrap().push(received);
            let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: 2\r\n\r\nok");
            if status == 0 || stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

/// The next request of a connection.
async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Received> {
    loop {
        if let Some(end) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
            let mut request = Received { head, body: String::new() };
            let length: usize = request.header("content-length")?.parse().ok()?;
            if buffer.len() >= end + 4 + length {
                request.body = String::from_utf8_lossy(&buffer[end + 4..end + 4 + length]).into_owned();
                buffer.drain(..end + 4 + length);
                return Some(request);
            }
        }
        let mut chunk = [0; 4_096];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => buffer.extend_from_slice(&chunk[..read]),
        }
    }
}
