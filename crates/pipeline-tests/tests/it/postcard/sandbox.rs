//! The platform's sandbox: a server that knows tokens, keeps events by their ids, and fails on demand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use port_tests::destination::Fault;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Long after the client has given up.
const SLOW: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(crate) struct PostOffice {
    port: u16,
    /// Token by pixel.
    tokens: Mutex<BTreeMap<String, String>>,
    events: Mutex<BTreeMap<String, BTreeSet<String>>>,
    fault: Mutex<Option<Fault>>,
}

/// Status and body; `None` ends the connection without an answer.
type Answer = Option<(u16, Value)>;

impl PostOffice {
    /// Listens, until the test ends, for these pixels and their tokens.
    pub(crate) async fn open(pixels: &[(&str, &str)]) -> Arc<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let tokens = pixels.iter().map(|(pixel, token)| ((*pixel).to_owned(), (*token).to_owned())).collect();
        let office = Arc::new(Self {
            port: listener.local_addr().unwrap().port(),
            tokens: Mutex::new(tokens),
            events: Mutex::default(),
            fault: Mutex::default(),
        });
        let serving = Arc::clone(&office);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let office = Arc::clone(&serving);
                tokio::spawn(async move { office.serve(stream).await });
            }
        });
        office
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Lets a fault meet the next request.
    pub(crate) fn arrange(&self, fault: Fault) {
        *self.fault.lock().unwrap() = Some(fault);
    }

    /// From now on this token alone opens the pixel.
    pub(crate) fn set_token(&self, pixel: &str, token: &str) {
        self.tokens.lock().unwrap().insert(pixel.to_owned(), token.to_owned());
    }

    /// The ids of a pixel's events.
    pub(crate) fn has(&self, pixel: &str) -> Vec<String> {
        self.events.lock().unwrap().get(pixel).into_iter().flatten().cloned().collect()
    }

    /// One request of a connection; a client that has gone away is no concern of the sandbox.
    async fn serve(&self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        let Some((pixel, token, body)) = read_request(&mut stream).await else { return };
        let fault = self.fault.lock().unwrap().take();
        let answer = self.answer(&pixel, &token, &body, fault);
        if fault == Some(Fault::SlowAnswer) {
            tokio::time::sleep(SLOW).await;
        }
        let Some((status, answer)) = answer else { return };
        let answer = answer.to_string();
        let length = answer.len();
        let text =
            format!("HTTP/1.1 {status} -\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{answer}");
        drop(stream.write_all(text.as_bytes()).await);
    }

    fn answer(&self, pixel: &str, token: &str, body: &Value, fault: Option<Fault>) -> Answer {
        if self.tokens.lock().unwrap().get(pixel).is_none_or(|known| known != token) {
            return Some((401, json!({})));
        }
        match fault {
            Some(Fault::NamedBadEvent(place)) => return Some((422, json!({ "bad": place }))),
            Some(Fault::UnnamedBadEvent(_)) => return Some((422, json!({}))),
            Some(Fault::RateLimited) => return Some((429, json!({}))),
            Some(Fault::Outage) => return Some((503, json!({}))),
            Some(Fault::OutageOf(seconds)) => return Some((503, json!({ "seconds": seconds }))),
            Some(Fault::AccountRefused) => return Some((402, json!({}))),
            Some(Fault::WrongEndpoint) => return Some((410, json!({}))),
            Some(Fault::UnknownReason) => return Some((418, json!({}))),
            Some(Fault::AnswerLost | Fault::SlowAnswer | Fault::FewerReceived) | None => {}
        }
        let ids: Vec<_> =
            body.as_array().unwrap().iter().map(|e| e["id"].as_str().unwrap().to_owned()).collect();
        let taken = ids.len() - usize::from(fault == Some(Fault::FewerReceived));
        self.events.lock().unwrap().entry(pixel.to_owned()).or_default().extend(ids);
        (fault != Some(Fault::AnswerLost)).then(|| (200, json!({ "taken": taken })))
    }
}

/// Pixel, token and body.
async fn read_request(stream: &mut BufReader<TcpStream>) -> Option<(String, String, Value)> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let pixel = head.first()?.split(' ').nth(1)?.trim_start_matches('/').to_owned();
    let header = |name: &str| {
        head.iter()
            .filter_map(|line| line.split_once(": "))
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|h| h.1)
    };
    let token = header("authorization")?.trim_start_matches("Bearer ").to_owned();
    let mut body = vec![0; header("content-length")?.parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    Some((pixel, token, serde_json::from_slice(&body).ok()?))
}
