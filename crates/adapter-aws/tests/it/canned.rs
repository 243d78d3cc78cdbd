//! A server that gives answers that the emulator never gives, in order, and keeps what it was asked.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Ends with the test.
pub(crate) struct Canned {
    pub(crate) url: String,
    bodies: Arc<Mutex<Vec<String>>>,
}

impl Canned {
    /// Serves these statuses and bodies, one per request.
    pub(crate) async fn answers<'a>(answers: impl IntoIterator<Item = (u16, &'a str)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("a bound port"));
        let answers: Vec<_> = answers.into_iter().map(|(status, body)| (status, body.to_owned())).collect();
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&bodies);
        tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                let body = hear(&mut stream).await;
                heard.lock().expect("no test panics while it looks").push(body);
                say(&mut stream, &answer).await;
            }
        });
        Self { url, bodies }
    }

    /// The bodies of the requests so far.
    pub(crate) fn bodies(&self) -> Vec<String> {
        self.bodies.lock().expect("the server does not panic").clone()
    }
}

async fn hear(stream: &mut TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line).await.expect("a line") > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).await.expect("the whole body");
    String::from_utf8(body).expect("JSON is UTF-8")
}

async fn say(stream: &mut TcpStream, (status, body): &(u16, String)) {
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.expect("the client listens");
}
