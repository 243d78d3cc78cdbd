//! The tables, in numbered steps. Each step can be done again and by several at once: that changes nothing.

use std::collections::BTreeSet;

use ports::{Error, ErrorKind, Result};

use crate::ClickHouse;
use crate::connection::STATEMENT_TIME;

/// A step. Its statements are separated by semicolons.
struct Migration {
    number: u32,
    name: &'static str,
    statements: &'static str,
}

impl Migration {
    /// The tables and views that it makes.
    fn relations(&self) -> impl Iterator<Item = &'static str> {
        self.statements.split(';').filter_map(relation)
    }

    /// Whether it was done, and what it made is still there.
    fn stands(&self, applied: &BTreeSet<u32>, there: &BTreeSet<String>) -> bool {
        applied.contains(&self.number) && self.relations().all(|relation| there.contains(relation))
    }
}

const fn migration(number: u32, name: &'static str, statements: &'static str) -> Migration {
    Migration { number, name, statements }
}

/// All steps. What was released is never changed: a change is a further step.
const MIGRATIONS: &[Migration] = &[
    migration(1, "conversions", include_str!("migrations/1_conversions.sql")),
    migration(2, "views", include_str!("migrations/2_views.sql")),
    migration(3, "turns", include_str!("migrations/3_turns.sql")),
    migration(4, "platforms", include_str!("migrations/4_platforms.sql")),
    migration(5, "countries", include_str!("migrations/5_countries.sql")),
];

/// Which steps were done.
const APPLIED: &str = "
    CREATE TABLE IF NOT EXISTS efflux_migrations (
        number     UInt32,
        name       String,
        applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
    ) ENGINE = ReplacingMergeTree ORDER BY number";

/// The tables and views that the steps make.
pub(crate) fn relations() -> BTreeSet<&'static str> {
    MIGRATIONS.iter().flat_map(Migration::relations).chain(relation(APPLIED)).collect()
}

/// The tables and views that the database has.
pub(crate) async fn there(server: &ClickHouse, operation: &'static str) -> Result<BTreeSet<String>> {
    let select = server
        .client()
        .query("SELECT name FROM system.tables WHERE database = ?")
        .bind(server.database())
        .fetch_all::<String>();
    Ok(server.within(operation, STATEMENT_TIME, select).await?.into_iter().collect())
}

/// The table or view that a statement makes.
fn relation(statement: &'static str) -> Option<&'static str> {
    const BEGINNINGS: [&str; 2] = ["CREATE TABLE IF NOT EXISTS ", "CREATE OR REPLACE VIEW "];
    let rest = BEGINNINGS.iter().find_map(|beginning| Some(statement.split_once(beginning)?.1))?;
    rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()
}

/// Does what is not done yet.
pub(crate) async fn migrate(server: &ClickHouse) -> Result<()> {
    const OPERATION: &str = "analytics.migrate";
    server.make_database(OPERATION).await?;
    let execute = |statement: &str| {
        let done = server.client().query_raw(statement).execute();
        async move { server.within(OPERATION, STATEMENT_TIME, done).await }
    };
    refuse_another_table(server, OPERATION).await?;
    execute(APPLIED).await?;
    let (applied, there) = (applied(server, OPERATION).await?, there(server, OPERATION).await?);
    for step in MIGRATIONS.iter().filter(|step| !step.stands(&applied, &there)) {
        for statement in step.statements.split(';') {
            execute(statement).await?;
        }
        let note = server
            .client()
            .query("INSERT INTO efflux_migrations (number, name) SELECT ?, ?")
            .bind(step.number)
            .bind(step.name)
            .execute();
        server.within(OPERATION, STATEMENT_TIME, note).await?;
        tracing::info!(number = step.number, name = step.name, place = server.place(), "migrated");
    }
    Ok(())
}

/// Whether every step was done.
pub(crate) async fn check(server: &ClickHouse) -> Result<()> {
    const OPERATION: &str = "analytics.check";
    server.check().await?;
    let applied = applied(server, OPERATION).await?;
    match MIGRATIONS.iter().find(|step| !applied.contains(&step.number)) {
        None => Ok(()),
        Some(step) => {
            let detail = format!(
                "ClickHouse at {}: step {} ({}) was not done; run `efflux migrate`",
                server.place(),
                step.number,
                step.name
            );
            Err(Error::new(ErrorKind::Missing, OPERATION).detail(detail))
        }
    }
}

async fn applied(server: &ClickHouse, operation: &'static str) -> Result<BTreeSet<u32>> {
    let select = server.client().query("SELECT number FROM efflux_migrations").fetch_all::<u32>();
    Ok(server.within(operation, STATEMENT_TIME, select).await?.into_iter().collect())
}

/// A table of that name may have been there before us, with other columns.
async fn refuse_another_table(server: &ClickHouse, operation: &'static str) -> Result<()> {
    let others = server
        .client()
        .query(
            "SELECT count() FROM system.tables WHERE database = ? AND name = 'report_conversions'
                AND NOT (engine LIKE '%ReplacingMergeTree' AND sorting_key = 'key')",
        )
        .bind(server.database())
        .fetch_one::<u64>();
    if server.within(operation, STATEMENT_TIME, others).await? == 0 {
        return Ok(());
    }
    let detail = format!(
        "ClickHouse at {}: there is another table report_conversions; rename it, or name another database in CLICKHOUSE_URL",
        server.place()
    );
    Err(Error::new(ErrorKind::Invalid, operation).detail(detail))
}

#[cfg(test)]
mod tests {
    use domain::Outcome;

    use super::*;

    #[test]
    fn steps_are_numbered_in_order() {
        assert!(MIGRATIONS.iter().map(|step| step.number).eq(1..=5));
    }

    #[test]
    fn the_tables_and_views_are_known() {
        let all = relations();
        for name in [
            "report_conversions",
            "report_conversions_latest",
            "report_conversions_hourly",
            "efflux_migrations",
        ] {
            assert!(all.contains(name), "{all:?}");
        }
        assert!(all.iter().all(|name| !name.is_empty()), "{all:?}");
    }

    #[test]
    fn every_outcome_of_an_entry_is_counted() {
        // A duplicate is a row of a file; no entry ever is one.
        for outcome in Outcome::ALL.into_iter().filter(|o| *o != Outcome::Duplicate) {
            let counted = format!("countIf(outcome = '{outcome}') AS {outcome}");
            assert!(MIGRATIONS[3].statements.contains(&counted), "{counted}");
        }
    }
}
