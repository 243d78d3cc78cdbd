//! Statements are counted on the wire: the size of the directory must not show.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use adapter_postgres::{Postgres, PostgresPixels};
use ports::PixelDirectory;
use ports::pixels::{Credential, Pixel};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::database::fresh_address;

/// Stands in front of a server, without TLS, and counts what it is asked to execute.
async fn counter(server: String) -> (String, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, count) = (listener.local_addr().unwrap().to_string(), Arc::new(AtomicU64::new(0)));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&server).await.unwrap();
            // What is passed on in pieces must not wait for the other side to confirm each.
            client.set_nodelay(true).unwrap();
            server.set_nodelay(true).unwrap();
            tokio::spawn(relay(client, server, Arc::clone(&counted)));
        }
    });
    (address, count)
}

async fn relay(client: TcpStream, server: TcpStream, count: Arc<AtomicU64>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    let mut kind = 0;
    while let Ok(length) = from_client.read_u32().await {
        let mut body = vec![0; length as usize - 4];
        from_client.read_exact(&mut body).await.unwrap();
        // Execute, or a simple query that says something.
        if kind == b'E' || kind == b'Q' && body.len() > 1 {
            count.fetch_add(1, Ordering::SeqCst);
        }
        if kind != 0 {
            to_server.write_all(&[kind]).await.unwrap();
        }
        to_server.write_all(&length.to_be_bytes()).await.unwrap();
        to_server.write_all(&body).await.unwrap();
        // Only the first message of a connection has no kind.
        let Ok(next) = from_client.read_u8().await else { return };
        kind = next;
    }
}

#[tokio::test]
async fn a_snapshot_costs_two_statements_whatever_it_holds() {
    let address = fresh_address().await;
    let (_, rest) = address.split_once('@').unwrap();
    let (server, name) = rest.split_once('/').unwrap();
    let (through, count) = counter(server.to_owned()).await;
    let database =
        Postgres::new(&address.replace(server, &through).replace(name, &format!("{name}?sslmode=disable")))
            .unwrap();
    database.migrate().await.unwrap();
    let pixels = PostgresPixels::new(database);
    let cost = async || {
        let before = count.load(Ordering::SeqCst);
        let size = pixels.snapshot().await.unwrap().len();
        (size, count.load(Ordering::SeqCst) - before)
    };
    assert_eq!(cost().await, (0, 2));
    for i in 0..50 {
        let credential = Credential { label: "main".into(), token: format!("EAA{i}").into() };
        let pixel = Pixel {
            pixel: format!("meta:{i}").parse().unwrap(),
            name: None,
            credentials: vec![credential.clone(), credential],
        };
        pixels.put(&pixel).await.unwrap();
    }
    assert_eq!(cost().await, (50, 2));
}
