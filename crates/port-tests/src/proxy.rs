//! A TCP proxy that breaks what goes through it, so that a backend can be dead for a while and come back with all that it knew.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What happens to connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Forwards,
    Refuses,
    /// Connections are accepted and nothing moves on them.
    Pauses,
    /// Requests arrive, and the connection ends in place of the answer.
    LosesAnswers,
    /// In requests, the first text becomes the second.
    Replaces(&'static str, &'static str),
}

/// Stands between a client and a server. Ends with its last connection when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    mode: watch::Sender<Mode>,
    /// Raised to end all connections of before.
    cuts: watch::Sender<u64>,
    listening: watch::Receiver<bool>,
    connections: Arc<AtomicU64>,
}

impl Proxy {
    /// Forwards to a server, `host:port`, from a free port of this machine.
    ///
    /// # Panics
    /// If no port can be bound.
    pub async fn to(server: impl Into<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let (mode, cuts) = (watch::Sender::new(Mode::Forwards), watch::Sender::new(0));
        let (up, listening) = watch::channel(true);
        let connections = Arc::new(AtomicU64::new(0));
        let line = Line { server: server.into().into(), mode: mode.subscribe(), cuts: cuts.subscribe() };
        tokio::spawn(serve(listener, address, line, up, Arc::clone(&connections)));
        Self { address, mode, cuts, listening, connections }
    }

    /// Forwards to the server that a URL names, and gives the URL that leads through the proxy.
    ///
    /// # Panics
    /// If the URL names no host with a port.
    pub async fn to_url(url: &str) -> (Self, String) {
        let (scheme, rest) = url.split_once("://").expect("a URL has a scheme");
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let start = rest[..end].rfind('@').map_or(0, |at| at + 1);
        let server = &rest[start..end];
        assert!(server.contains(':'), "{server} names no port");
        let proxy = Self::to(server).await;
        let through = format!("{scheme}://{}{}{}", &rest[..start], proxy.address, &rest[end..]);
        (proxy, through)
    }

    /// Where clients connect to.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections that were accepted so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::SeqCst)
    }

    /// Ends all connections, whatever is under way on them; new ones are accepted as before.
    pub fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// The server is dead: connections end, and new ones are refused by the system.
    pub async fn refuse(&self) {
        self.set(Mode::Refuses).await;
        self.cut();
    }

    /// The server hangs: connections are accepted, and nothing moves on them until [`restore`](Self::restore).
    pub async fn pause(&self) {
        self.set(Mode::Pauses).await;
    }

    /// The server does what it is asked, and its answer is lost: the connection ends where the answer would come.
    pub async fn lose_answers(&self) {
        self.set(Mode::LosesAnswers).await;
    }

    /// Clients say something else than they mean: a key that has expired, a user that is not known. The texts are of one length.
    /// A text that comes in two pieces goes through.
    ///
    /// # Panics
    /// If the texts are not of one length: a request names its own.
    pub async fn replace(&self, text: &'static str, by: &'static str) {
        assert_eq!(text.len(), by.len());
        self.set(Mode::Replaces(text, by)).await;
    }

    /// The server is back.
    pub async fn restore(&self) {
        self.set(Mode::Forwards).await;
    }

    /// Sets what happens, and returns when it does.
    async fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
        let mut listening = self.listening.clone();
        // The task that reports ends only with this proxy.
        let listens = listening.wait_for(|up| *up == (mode != Mode::Refuses)).await;
        listens.expect("the proxy listens no longer");
    }
}

/// What a connection needs to know.
#[derive(Debug, Clone)]
struct Line {
    server: Arc<str>,
    mode: watch::Receiver<Mode>,
    cuts: watch::Receiver<u64>,
}

async fn serve(
    first: TcpListener,
    address: SocketAddr,
    mut line: Line,
    up: watch::Sender<bool>,
    connections: Arc<AtomicU64>,
) {
    let mut listener = Some(first);
    loop {
        let mode = *line.mode.borrow_and_update();
        if mode == Mode::Refuses {
            listener = None;
        } else if listener.is_none() {
            listener = TcpListener::bind(address).await.ok();
        }
        up.send_replace(listener.is_some());
        let Some(open) = &listener else {
            if mode != Mode::Refuses {
                // Connections of before may hold the port for a moment.
                tokio::task::yield_now().await;
            } else if line.mode.changed().await.is_err() {
                return;
            }
            continue;
        };
        tokio::select! {
            accepted = open.accept() => if let Ok((client, _)) = accepted {
                connections.fetch_add(1, Ordering::SeqCst);
                let mut line = line.clone();
                line.cuts.mark_unchanged();
                tokio::spawn(forward(client, line));
            },
            changed = line.mode.changed() => if changed.is_err() { return },
        }
    }
}

async fn forward(client: TcpStream, mut line: Line) {
    let Ok(server) = TcpStream::connect(&*line.server).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = pump(from_client, to_server, line.mode.clone(), false) => {},
        () = pump(from_server, to_client, line.mode.clone(), true) => {},
        // A cut, or the end of the proxy.
        _ = line.cuts.changed() => {},
    }
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut mode: watch::Receiver<Mode>,
    answers: bool,
) {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let count = match from.read(&mut bytes).await {
            Ok(count) if count > 0 => count,
            _ => return,
        };
        let Ok(now) = mode.wait_for(|mode| *mode != Mode::Pauses).await.map(|mode| *mode) else { return };
        if let (false, Mode::Replaces(text, by)) = (answers, now) {
            replace_all(&mut bytes[..count], text.as_bytes(), by.as_bytes());
        }
        if answers && now == Mode::LosesAnswers || to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

fn replace_all(bytes: &mut [u8], text: &[u8], by: &[u8]) {
    for at in 0..(bytes.len() + 1).saturating_sub(text.len()) {
        let here = &mut bytes[at..at + text.len()];
        if here == text {
            here.copy_from_slice(by);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    /// A server that says back what it hears, and counts it.
    async fn echo() -> (SocketAddr, Arc<AtomicU64>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, heard) = (listener.local_addr().unwrap(), Arc::new(AtomicU64::new(0)));
        let count = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let count = Arc::clone(&count);
                tokio::spawn(async move {
                    let mut byte = [0];
                    while stream.read_exact(&mut byte).await.is_ok() {
                        count.fetch_add(1, Ordering::SeqCst);
                        stream.write_all(&byte).await.unwrap();
                    }
                });
            }
        });
        (address, heard)
    }

    async fn ask(stream: &mut TcpStream) -> std::io::Result<u8> {
        stream.write_all(b"x").await?;
        stream.read_u8().await
    }

    #[tokio::test]
    async fn a_server_dies_and_comes_back_at_the_same_address() {
        let (server, _) = echo().await;
        let proxy = Proxy::to(server.to_string()).await;
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut stream).await.unwrap(), b'x');
        proxy.refuse().await;
        assert!(ask(&mut stream).await.is_err(), "the old connection is gone");
        assert!(TcpStream::connect(proxy.address()).await.is_err(), "no new one is to be had");
        proxy.restore().await;
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut stream).await.unwrap(), b'x');
        proxy.cut();
        assert!(ask(&mut stream).await.is_err());
        assert_eq!(proxy.connections(), 2);
    }

    #[tokio::test]
    async fn a_server_hangs_and_goes_on() {
        let (server, _) = echo().await;
        let proxy = Proxy::to(server.to_string()).await;
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert!(ask(&mut stream).await.is_ok());
        proxy.pause().await;
        let mut hung = Box::pin(ask(&mut stream));
        assert!(timeout(Duration::from_millis(100), &mut hung).await.is_err());
        proxy.restore().await;
        assert_eq!(hung.await.unwrap(), b'x');
    }

    #[tokio::test]
    async fn a_request_arrives_and_its_answer_does_not() {
        let (server, heard) = echo().await;
        let proxy = Proxy::to(server.to_string()).await;
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        proxy.lose_answers().await;
        assert!(ask(&mut stream).await.is_err());
        assert_eq!(heard.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_client_says_what_it_does_not_mean() {
        let (server, _) = echo().await;
        let proxy = Proxy::to(server.to_string()).await;
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        proxy.replace("x", "y").await;
        assert_eq!(ask(&mut stream).await.unwrap(), b'y');
        proxy.restore().await;
        assert_eq!(ask(&mut stream).await.unwrap(), b'x');
        let mut bytes = *b"abab-ab";
        replace_all(&mut bytes, b"ab", b"cd");
        assert_eq!(&bytes, b"cdcd-cd");
    }

    #[tokio::test]
    async fn a_url_leads_through_the_proxy() {
        let (server, _) = echo().await;
        let (proxy, url) = Proxy::to_url(&format!("mongodb://me:secret@{server}/?a=b")).await;
        assert_eq!(url, format!("mongodb://me:secret@{}/?a=b", proxy.address()));
    }
}
