//! What goes wrong with pixels and tokens in PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use domain::UnixMillis;
use ports::diagnose::{Check, Diagnose};
use ports::{Clock, Result};

use crate::Postgres;

const OPERATION: &str = "pixels.check";

/// The server's time, whether this connection is encrypted, and whether it leaves this machine.
const ABOUT: &str = "
    SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
        coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false),
        coalesce(inet_client_addr() << '127.0.0.0/8'::inet OR inet_client_addr() = '::1'::inet, true)";

/// Examines the database.
#[derive(Debug)]
pub struct PostgresDiagnosis {
    server: Postgres,
    clock: Arc<dyn Clock>,
}

impl PostgresDiagnosis {
    /// Nothing is asked yet.
    #[must_use]
    pub const fn new(server: Postgres, clock: Arc<dyn Clock>) -> Self {
        Self { server, clock }
    }

    async fn connection(&self) -> Result<[Check; 2]> {
        self.server.check().await?;
        let before = self.clock.now();
        let (theirs, encrypted, is_local): (i64, bool, bool) = self
            .server
            .call(OPERATION, async |client| {
                let row = client.query_one(ABOUT, &[]).await?;
                Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
            })
            .await?;
        let clock = Check::clock("PostgreSQL", UnixMillis(theirs), before, self.clock.now());
        Ok([clock, of_tls(encrypted, is_local)])
    }

    async fn tables(&self) -> Check {
        let name = "pixels: tables";
        match self.server.absent_tables(OPERATION).await {
            Err(error) => Check::failed(name, &error),
            Ok(absent) if absent.is_empty() => Check::ok(name, "all are there"),
            Ok(absent) => Check::finding(
                name,
                format!("missing in {}: {}", self.server.place(), absent.join(", ")),
                "run `efflux migrate`, or check the database in DATABASE_URL",
            ),
        }
    }
}

/// Whether tokens can be read on their way.
fn of_tls(encrypted: bool, is_local: bool) -> Check {
    let saw = match (encrypted, is_local) {
        (true, _) => "the connection is encrypted, and the certificate was checked",
        (false, true) => "not encrypted; the server is on this machine",
        (false, false) => "not encrypted: tokens cross the network in plain text",
    };
    let remedy = "set sslmode=require in DATABASE_URL, and switch TLS on at the server";
    Check::that(encrypted || is_local, "pixels: TLS", saw, remedy)
}

#[async_trait]
impl Diagnose for PostgresDiagnosis {
    async fn findings(&self) -> Vec<Check> {
        match self.connection().await {
            Ok([clock, tls]) => vec![clock, tls, self.tables().await],
            Err(error) => vec![Check::failed("pixels: PostgreSQL", &error)],
        }
    }
}

#[cfg(test)]
mod tests {
    use ports::diagnose::CheckState;

    use super::*;

    #[test]
    fn tokens_in_plain_text_on_the_network_are_a_finding() {
        for (encrypted, is_local, state) in [
            (true, false, CheckState::Ok),
            (true, true, CheckState::Ok),
            (false, true, CheckState::Ok),
            (false, false, CheckState::Finding),
        ] {
            assert_eq!(of_tls(encrypted, is_local).state, state, "{encrypted} {is_local}");
        }
    }
}
