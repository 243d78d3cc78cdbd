//! What is wrong is said, in one line with what to do; what comes back is used again.

use std::time::Duration;

use adapter_postgres::{Postgres, PostgresLock, PostgresPixels};
use domain::UnixMillis;
use port_tests::postgres::{Cluster, certificate};
use port_tests::proxy::Proxy;
use ports::{ErrorKind, ExclusiveLock, PixelDirectory};

use crate::database::{connect, fresh, fresh_address};

/// Within the time that a start may take.
async fn refused(address: &str, kind: ErrorKind, advice: &str) {
    let database = Postgres::new(address).unwrap();
    let error = tokio::time::timeout(Duration::from_secs(15), database.check()).await.unwrap().unwrap_err();
    let text = error.to_string();
    assert_eq!(error.kind(), kind, "{error:?}");
    assert!(text.contains(advice) && !text.contains('\n'), "{text}");
    assert!(!format!("{error:?}").contains("secret"), "{error:?}");
}

#[tokio::test]
async fn passwords_count() {
    let cluster = Cluster::start(&[("EFFLUX_POSTGRES_PASSWORD", "right")]).await;
    let with = |user: &str| format!("postgresql://{user}@127.0.0.1:{}/postgres", cluster.port);
    Postgres::new(&with("efflux:right")).unwrap().check().await.unwrap();
    refused(&with("efflux:wrongsecret"), ErrorKind::Denied, "DATABASE_URL").await;
    refused(&with("efflux"), ErrorKind::Denied, "DATABASE_URL").await;
    refused(&with("stranger:secret"), ErrorKind::Denied, "28P01").await;
}

#[tokio::test]
async fn tls_is_used_and_its_certificate_checked() {
    let folder = tempfile::tempdir().unwrap();
    let authority = certificate(folder.path());
    let cluster = Cluster::start(&[("EFFLUX_POSTGRES_TLS", folder.path().to_str().unwrap())]).await;
    let with =
        |host: &str, pairs: &str| format!("postgresql://efflux@{host}:{}/postgres?{pairs}", cluster.port);
    let trusted = format!("sslmode=verify-full&sslrootcert={}", authority.display());
    Postgres::new(&with("localhost", &trusted)).unwrap().check().await.unwrap();
    refused(&with("localhost", "sslmode=require"), ErrorKind::Unavailable, "sslrootcert").await;
    refused(&with("127.0.0.1", &trusted), ErrorKind::Unavailable, "sslrootcert").await;
    Postgres::new(&with("localhost", "sslmode=disable")).unwrap().check().await.unwrap();
}

#[tokio::test]
async fn a_server_without_tls_is_refused_when_tls_is_required() {
    let address = fresh_address().await;
    refused(&format!("{address}?sslmode=require"), ErrorKind::Unavailable, "sslmode").await;
    Postgres::new(&format!("{address}?sslmode=prefer")).unwrap().check().await.unwrap();
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    refused("postgresql://u:secret@127.0.0.1:1/d", ErrorKind::Unavailable, "127.0.0.1:1/d").await;
    let address = fresh_address().await;
    refused(&format!("{address}x"), ErrorKind::Missing, "database").await;
    let empty = Postgres::new(&address).unwrap();
    empty.check().await.unwrap();
    for error in [
        empty.check_tables().await.unwrap_err(),
        PostgresPixels::new(empty.clone()).snapshot().await.unwrap_err(),
        PostgresLock::new(empty).release("t", "o").await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Missing);
        assert!(error.to_string().contains("efflux migrate"), "{error}");
    }
}

#[tokio::test]
async fn a_read_only_server_says_so() {
    let address = fresh_address().await;
    let database = Postgres::new(&address).unwrap();
    database.migrate().await.unwrap();
    let name = address.rsplit_once('/').unwrap().1;
    let client = connect(&address).await;
    client
        .batch_execute(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on"))
        .await
        .unwrap();
    let lock = PostgresLock::new(Postgres::new(&address).unwrap());
    let error = lock.acquire("t", "o", UnixMillis(1), UnixMillis(2)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Full, "{error:?}");
    assert!(error.to_string().contains("primary"), "{error}");
}

#[tokio::test]
async fn a_server_that_was_unavailable_is_used_again() {
    let (proxy, address) = Proxy::to_url(&fresh_address().await).await;
    let database = Postgres::new(&address).unwrap();
    database.migrate().await.unwrap();
    let pixels = PostgresPixels::new(database);
    pixels.snapshot().await.unwrap();
    proxy.refuse().await;
    assert_eq!(pixels.snapshot().await.unwrap_err().kind(), ErrorKind::Unavailable);
    proxy.restore().await;
    pixels.snapshot().await.unwrap();
    // Connections that a restarted server has forgotten are not used.
    proxy.cut();
    pixels.snapshot().await.unwrap();
}

#[tokio::test]
async fn a_server_that_hangs_is_not_waited_for_forever() {
    let (proxy, address) = Proxy::to_url(&fresh_address().await).await;
    let database = Postgres::new(&address).unwrap();
    database.check().await.unwrap();
    proxy.pause().await;
    let error = tokio::time::timeout(Duration::from_secs(15), database.check()).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    proxy.restore().await;
    database.check().await.unwrap();
}

#[tokio::test]
async fn no_token_is_in_an_error() {
    let pixels = PostgresPixels::new(fresh().await);
    let credential =
        ports::pixels::Credential { label: "l".repeat(300), token: "topsecret".to_owned().into() };
    let pixel =
        ports::pixels::Pixel { pixel: "meta:1".parse().unwrap(), name: None, credentials: vec![credential] };
    let error = pixels.put(&pixel).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(!format!("{error} {error:?}").contains("topsecret"), "{error:?}");
    assert!(pixels.snapshot().await.unwrap().is_empty(), "all or nothing");
}
