//! Tables that an earlier version wrote; see the workspace's folder `fixtures`.

use adapter_postgres::{Postgres, PostgresPixels};
use port_tests::golden::{self, Kind};
use ports::PixelDirectory;

use crate::database::{connect, fresh_address};

#[tokio::test]
async fn pixels_keep_their_tokens() {
    let address = fresh_address().await;
    connect(&address).await.batch_execute(&golden::text(Kind::Production(1), "postgres.sql")).await.unwrap();
    let database = Postgres::new(&address).unwrap();
    for _ in 0..2 {
        database.migrate().await.unwrap();
        database.check_tables().await.unwrap();
        let pixels = PostgresPixels::new(database.clone()).snapshot().await.unwrap();
        assert_eq!(golden::pixels(&pixels), golden::PIXELS);
    }
}
