//! The way to a server: where it is, who we are there, and how long anything may take.

use std::fmt;
use std::time::Duration;

use clickhouse::Client;
use clickhouse::sql::Identifier;
use percent_encoding::percent_decode_str;
use ports::{Error, ErrorKind, Result};
use url::Url;

use crate::error::translate;

/// Longest time for a statement that reads or changes little.
pub(crate) const STATEMENT_TIME: Duration = Duration::from_secs(30);

/// Longest time for the question whether the server is there; a process must say within 15 s that it cannot start.
const CHECK_TIME: Duration = Duration::from_secs(10);

/// The database that is used when the address names none; every server has it.
const DEFAULT_DATABASE: &str = "default";

/// A ClickHouse server and a database on it. Cheap to clone; connections are made when they are needed.
#[derive(Clone)]
pub struct ClickHouse {
    client: Client,
    database: String,
    place: String,
}

impl ClickHouse {
    /// Reads an address such as `https://user:password@host:8443/database`. The legacy system's `?database=`, `?user=` and
    /// `?password=` are read too; further pairs are ClickHouse's settings, sent with each statement.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) when it is not such an address. Never shows what was given: it may hold a password.
    pub fn new(address: &str) -> Result<Self> {
        let wrong = |why: &str| {
            let detail = format!(
                "CLICKHOUSE_URL {why}; an address such as http://user:password@host:8123/database is needed"
            );
            Error::new(ErrorKind::Invalid, "analytics.open").detail(detail)
        };
        let url = Url::parse(address).map_err(|e| wrong("is not an address").source(e))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("does not begin with http:// or https://: the HTTP interface is used"));
        }
        let host = url.host_str().ok_or_else(|| wrong("names no host"))?;
        let port = url.port_or_known_default().unwrap_or_default();
        let server = format!("{host}:{port}");
        let mut client = Client::default().with_url(format!("{}://{server}", url.scheme()));
        let mut database = decoded(url.path().trim_matches('/'));
        let (mut user, mut password) = (decoded(url.username()), decoded(url.password().unwrap_or_default()));
        for (name, value) in url.query_pairs() {
            match &*name {
                "database" => database = value.into_owned(),
                "user" => user = value.into_owned(),
                "password" => password = value.into_owned(),
                _ => client = client.with_setting(name, value),
            }
        }
        if !user.is_empty() {
            client = client.with_user(user);
        }
        if !password.is_empty() {
            client = client.with_password(password);
        }
        if database.is_empty() {
            DEFAULT_DATABASE.clone_into(&mut database);
        }
        let place = format!("{server}/{database}");
        Ok(Self { client: client.with_database(&database), database, place })
    }

    /// Host, port and database: all of the address that may be shown.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Whether the server is there, takes our password and has the database.
    ///
    /// # Errors
    /// What is wrong, and what to do.
    pub async fn check(&self) -> Result<()> {
        let select = self.client.query("SELECT 1").fetch_one::<u8>();
        self.within("analytics.check", CHECK_TIME, select).await.map(drop)
    }

    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// Makes the database if there is none.
    pub(crate) async fn make_database(&self, operation: &'static str) -> Result<()> {
        // A statement that names an absent database is refused, so this one is made elsewhere.
        let client = self.client.clone().with_database("system");
        let there = client
            .query("SELECT count() FROM system.databases WHERE name = ?")
            .bind(&self.database)
            .fetch_one::<u64>();
        if self.within(operation, STATEMENT_TIME, there).await? > 0 {
            return Ok(());
        }
        let create =
            client.query("CREATE DATABASE IF NOT EXISTS ?").bind(Identifier(&self.database)).execute();
        self.within(operation, STATEMENT_TIME, create).await
    }

    /// Waits for a statement, but not forever, and puts its failure into the ports' words.
    pub(crate) async fn within<T>(
        &self,
        operation: &'static str,
        limit: Duration,
        statement: impl Future<Output = clickhouse::error::Result<T>>,
    ) -> Result<T> {
        match tokio::time::timeout(limit, statement).await {
            Ok(done) => done.map_err(|e| translate(operation, &self.place, e)),
            Err(_) => {
                let detail = format!("ClickHouse at {}: no answer in {} s", self.place, limit.as_secs());
                Err(Error::new(ErrorKind::Timeout, operation).detail(detail))
            }
        }
    }
}

impl fmt::Debug for ClickHouse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClickHouse({})", self.place)
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart_and_its_password_never_shown() {
        for address in [
            "http://me:s%40cret@db.example:8124/reports",
            "http://db.example:8124?user=me&password=s%40cret&database=reports",
        ] {
            let server = ClickHouse::new(address).unwrap();
            assert_eq!((server.place(), server.database()), ("db.example:8124/reports", "reports"));
            assert!(!format!("{server:?}").contains("cret"));
        }
        assert_eq!(ClickHouse::new("http://db").unwrap().place(), "db:80/default");
        assert_eq!(ClickHouse::new("https://db/").unwrap().place(), "db:443/default");
    }

    #[test]
    fn a_wrong_address_is_refused_without_being_shown() {
        for address in ["me:secret@db:9000", "clickhouse://me:secret@db:9000", "http://me:secret@", ""] {
            let error = ClickHouse::new(address).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
            assert!(error.to_string().contains("CLICKHOUSE_URL"), "{error}");
        }
    }
}
