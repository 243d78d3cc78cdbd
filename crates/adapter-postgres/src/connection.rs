//! The way to a database: connections that are kept, and how long anything may take.

use std::fmt;
use std::time::Duration;

use deadpool_postgres::{Client, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime};
use ports::{Error, ErrorKind, Result};

use crate::address::Address;
use crate::error::{Failure, translate};
use crate::tls;

/// Connections that one process may hold: it asks now and then, and never for much.
const CONNECTIONS: usize = 4;

/// Longest time for getting a connection.
const CONNECTION_TIME: Duration = Duration::from_secs(8);

/// Longest time for asking a connection whether it still lives.
const PROBE_TIME: Duration = Duration::from_secs(3);

/// Longest time for everything about one call; a process must say within 15 s that it cannot start.
const CALL_TIME: Duration = Duration::from_secs(12);

/// A PostgreSQL database. Cheap to clone; connections are made when they are needed.
#[derive(Clone)]
pub struct Postgres {
    pool: Pool,
    place: String,
}

impl Postgres {
    /// Reads an address such as `postgresql://user:password@host:5432/database?sslmode=require`.
    ///
    /// `sslmode` is `disable`, `prefer` (the default) or `require`; with TLS the certificate is always checked, hostname
    /// included, so `verify-ca` and `verify-full` mean the same as `require`. `sslrootcert` names a file of authorities beside the
    /// system's.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) when it is not such an address. Never shows what was given: it may hold a password.
    pub fn new(address: &str) -> Result<Self> {
        let Address { config, root_certificates, place } = Address::read(address)?;
        let tls = tls::connector(root_certificates.as_deref())?;
        // A connection that a restarted server has forgotten must not spoil a call.
        let manager =
            Manager::from_config(config, tls, ManagerConfig { recycling_method: RecyclingMethod::Verified });
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(CONNECTION_TIME))
            .create_timeout(Some(CONNECTION_TIME))
            .recycle_timeout(Some(PROBE_TIME))
            .build()
            .map_err(|e| Error::new(ErrorKind::Invalid, "pixels.open").source(e))?;
        Ok(Self { pool, place })
    }

    /// Host, port and database: all of the address that may be shown.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Whether the server is there, takes our password and has the database.
    ///
    /// # Errors
    /// What is wrong, and what to do.
    pub async fn check(&self) -> Result<()> {
        self.call("pixels.check", async |client| client.simple_query("SELECT 1").await.map(drop)).await
    }

    /// Does something with a connection, but not forever. A transaction that is given up is rolled back.
    pub(crate) async fn call<T>(
        &self,
        operation: &'static str,
        work: impl AsyncFnOnce(&mut Client) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T> {
        let done = tokio::time::timeout(CALL_TIME, async {
            let mut client = self.pool.get().await.map_err(pool_failure)?;
            work(&mut client).await.map_err(Failure::Driver)
        });
        match done.await {
            Ok(done) => done.map_err(|failure| translate(operation, &self.place, failure)),
            Err(_) => Err(translate(operation, &self.place, Failure::TooSlow(CALL_TIME))),
        }
    }
}

fn pool_failure(error: PoolError) -> Failure {
    match error {
        PoolError::Backend(error) => Failure::Driver(error),
        PoolError::Timeout(_) => Failure::TooSlow(CONNECTION_TIME),
        other => Failure::Pool(other),
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Postgres({})", self.place)
    }
}
