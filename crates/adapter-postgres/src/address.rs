//! `DATABASE_URL`, taken apart. What it holds is never shown, but for host, port and database.

use std::path::PathBuf;
use std::time::Duration;

use ports::{Error, ErrorKind, Result};
use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// Longest time for a connection to one host.
const CONNECT_TIME: Duration = Duration::from_secs(5);

/// Where a database is, and how to get there.
pub(crate) struct Address {
    pub(crate) config: Config,
    /// Certificates of the authorities that the server's is checked against, beside the system's.
    pub(crate) root_certificates: Option<PathBuf>,
    /// Host, port and database.
    pub(crate) place: String,
}

impl Address {
    /// Reads `postgresql://user:password@host:port/database?sslmode=require`.
    pub(crate) fn read(text: &str) -> Result<Self> {
        let mut root_certificates = None;
        let text = match text.split_once('?') {
            Some((base, pairs)) => {
                let kept: Vec<_> = pairs.split('&').filter_map(|p| ours(p, &mut root_certificates)).collect();
                format!("{base}?{}", kept.join("&"))
            }
            None => text.to_owned(),
        };
        let mut config: Config =
            text.parse().map_err(|e| wrong("cannot be read").source(Clueless::of(&e)))?;
        if config.get_hosts().is_empty() {
            return Err(wrong("names no host"));
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIME);
        }
        if config.get_application_name().is_none() {
            config.application_name("efflux");
        }
        let place = place(&config);
        Ok(Self { config, root_certificates, place })
    }
}

/// Keeps a pair of the query, but for what libpq knows and the driver does not. Certificates are always checked, hostname
/// included, so `verify-ca` and `verify-full` are what `require` is here.
fn ours(pair: &str, root_certificates: &mut Option<PathBuf>) -> Option<String> {
    match pair.split_once('=') {
        Some(("sslmode", "verify-ca" | "verify-full")) => Some("sslmode=require".to_owned()),
        // `allow` prefers no TLS; with certificates checked, `prefer` gives no less.
        Some(("sslmode", "allow")) => Some("sslmode=prefer".to_owned()),
        Some(("sslrootcert", path)) => {
            *root_certificates = Some(PathBuf::from(path.replace("%2F", "/").replace("%2f", "/")));
            None
        }
        _ => Some(pair.to_owned()),
    }
}

fn wrong(why: &str) -> Error {
    let detail = format!(
        "DATABASE_URL {why}; an address such as postgresql://user:password@host:5432/database?sslmode=require is needed"
    );
    Error::new(ErrorKind::Invalid, "pixels.open").detail(detail)
}

/// What was wrong with the address, without the address: the driver's message may quote a part of it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Clueless(&'static str);

impl Clueless {
    fn of(error: &tokio_postgres::Error) -> Self {
        let text = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
        let known = ["unknown option", "invalid value for option", "invalid connection string"];
        Self(known.into_iter().find(|k| text.starts_with(k)).unwrap_or("invalid connection string"))
    }
}

fn place(config: &Config) -> String {
    let hosts = config.get_hosts().iter().enumerate().map(|(i, host)| {
        let port = config.get_ports().get(i).or_else(|| config.get_ports().first()).copied().unwrap_or(5432);
        match host {
            Host::Tcp(name) => format!("{name}:{port}"),
            #[cfg(unix)]
            Host::Unix(path) => format!("{}:{port}", path.display()),
        }
    });
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    format!("{}/{database}", hosts.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use tokio_postgres::config::SslMode;

    use super::*;

    #[test]
    fn the_modes_of_tls_are_understood() {
        for (mode, expected) in [
            ("", SslMode::Prefer),
            ("?sslmode=disable", SslMode::Disable),
            ("?sslmode=allow", SslMode::Prefer),
            ("?sslmode=prefer", SslMode::Prefer),
            ("?sslmode=require", SslMode::Require),
            ("?sslmode=verify-ca", SslMode::Require),
            ("?application_name=x&sslmode=verify-full&sslrootcert=/etc/ca.pem", SslMode::Require),
        ] {
            let address = Address::read(&format!("postgresql://u:p@h/d{mode}")).unwrap();
            assert_eq!(address.config.get_ssl_mode(), expected, "{mode}");
            assert_eq!(address.root_certificates.is_some(), mode.contains("rootcert"));
            assert_eq!(address.place, "h:5432/d");
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_shown() {
        for text in [
            "postgresql://u:secret@h:port/d",
            "mysql://u:secret@h/d",
            "secret",
            "postgresql://u:secret@h/d?sslmode=secret",
            "postgresql:///d?password=secret",
        ] {
            let Err(error) = Address::read(text) else { panic!("{text}") };
            assert_eq!(error.kind(), ErrorKind::Invalid, "{text}");
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("secret") && shown.contains("DATABASE_URL"), "{shown}");
        }
    }
}
