//! HTTP requests to a process or server, written by hand: they share no code with the programs under test.

use std::hash::{BuildHasher, RandomState};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

/// A port that is free now. It lies below those that the system gives to outgoing connections and to listeners that ask for any: a
/// process that starts a moment later must find it free still, while other tests run.
pub(crate) fn free_port() -> u16 {
    let chance = RandomState::new();
    let ports = (0_u32..).map(|attempt| 12_000 + u16::try_from(chance.hash_one(attempt) % 20_000).unwrap());
    let mut free = ports.filter(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok());
    free.next().unwrap()
}

/// Sends a GET request to a process on this machine; see [`exchange`].
pub(crate) fn get(port: u16, path: &str) -> (u16, String) {
    exchange(&format!("127.0.0.1:{port}"), "GET", path, "", "")
}

/// One request and its answer; status 0 when no answer comes.
pub(crate) fn exchange(server: &str, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {server}\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let mut answer = Vec::new();
    let asked = TcpStream::connect(server).and_then(|mut stream| {
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.write_all(request.as_bytes())?;
        stream.read_to_end(&mut answer)
    });
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    match (asked, status) {
        (Ok(_), Some(status)) => (status, answer),
        _ => (0, answer),
    }
}
