//! The tables of a new installation.

use ports::{Error, ErrorKind, Result};

use crate::Postgres;

/// Made when absent; an existing table is left as it is.
const TABLES: [&str; 3] = [
    include_str!("migrations/1_pixels.sql"),
    include_str!("migrations/2_turns.sql"),
    include_str!("migrations/3_feeds.sql"),
];

/// One process at a time makes tables or changes pixels. The number is arbitrary, so that no other program takes it by chance.
pub(crate) const LOCK: &str = "SELECT pg_advisory_xact_lock(7308324465)";

impl Postgres {
    /// Makes the tables that are absent. What exists is not altered, so it can be done again, and by several at once.
    ///
    /// # Errors
    /// What is wrong, and what to do.
    pub async fn migrate(&self) -> Result<()> {
        self.call("pixels.migrate", async |client| {
            let transaction = client.transaction().await?;
            transaction.batch_execute(LOCK).await?;
            for tables in TABLES {
                transaction.batch_execute(tables).await?;
            }
            transaction.commit().await
        })
        .await
    }

    /// Whether the server can be used and has all tables.
    ///
    /// # Errors
    /// [`Missing`](ErrorKind::Missing) when one is absent; otherwise what is wrong, and what to do.
    pub async fn check_tables(&self) -> Result<()> {
        const OPERATION: &str = "pixels.check";
        match self.absent_tables(OPERATION).await?.first() {
            None => Ok(()),
            Some(table) => {
                let detail = format!(
                    "PostgreSQL at {}: there is no table {table}; run `efflux migrate`, or check the database in DATABASE_URL",
                    self.place()
                );
                Err(Error::new(ErrorKind::Missing, OPERATION).detail(detail))
            }
        }
    }

    /// The tables that are needed and absent.
    pub(crate) async fn absent_tables(&self, operation: &'static str) -> Result<Vec<String>> {
        const ABSENT: &str = "
            SELECT name FROM unnest(ARRAY['pixels', 'ad_accounts', 'pixels_ad_accounts_relations', 'user_accounts',
                'aa_prioritized_ua_map', 'efflux_turns', 'efflux_feeds']) AS name
            WHERE to_regclass(name) IS NULL";
        self.call(operation, async |client| {
            client.query(ABSENT, &[]).await?.iter().map(|row| row.try_get(0)).collect()
        })
        .await
    }
}
