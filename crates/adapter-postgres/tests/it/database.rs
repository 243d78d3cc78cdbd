//! Databases of their own on the test server.

use std::sync::atomic::{AtomicU32, Ordering};

use adapter_postgres::Postgres;
use tokio_postgres::{Client, NoTls};

/// Connects as a person does.
pub(crate) async fn connect(address: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(address, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The address of a new, empty database.
pub(crate) async fn fresh_address() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let server = port_tests::service::url("POSTGRES");
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let client = connect(&server).await;
    let name: String = client
        .query_one(
            "SELECT 'efflux_test_' || replace(gen_random_uuid()::text, '-', '') || $1",
            &[&number.to_string()],
        )
        .await
        .unwrap()
        .get(0);
    client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    let (base, pairs) =
        server.split_once('?').map_or((&*server, String::new()), |(b, p)| (b, format!("?{p}")));
    let slash = base.rfind('/').unwrap();
    format!("{}/{name}{pairs}", &base[..slash])
}

/// A new installation in a database of its own.
pub(crate) async fn fresh() -> Postgres {
    let database = Postgres::new(&fresh_address().await).unwrap();
    database.migrate().await.unwrap();
    database
}
