//! What PostgreSQL's errors mean.

use std::time::Duration;

use deadpool_postgres::PoolError;
use ports::{Error, ErrorKind, Retry};

/// What can go wrong with a call.
#[derive(Debug)]
pub(crate) enum Failure {
    Driver(tokio_postgres::Error),
    Pool(PoolError),
    TooSlow(Duration),
}

const PASSWORD: &str = "check user and password in DATABASE_URL";
const MIGRATE: &str = "run `efflux migrate`";
const READ_ONLY: &str = "give the primary's address in DATABASE_URL, not a standby's";
const AGAIN: &str = "it is tried again";

/// Kinds and advice by SQLSTATE, or by its class of two signs; the first that fits counts. Any other is
/// [`Invalid`](ErrorKind::Invalid), and tried again like all others: pixels and tokens are read, and no message is at fault when
/// they cannot be.
const TABLE: &[(&str, ErrorKind, &str)] = &[
    ("08", ErrorKind::Unavailable, AGAIN),
    ("25006", ErrorKind::Full, READ_ONLY),
    ("28", ErrorKind::Denied, PASSWORD),
    ("3D000", ErrorKind::Missing, "make the database, or check its name in DATABASE_URL"),
    ("40", ErrorKind::Unavailable, AGAIN),
    ("42501", ErrorKind::Denied, "grant the user of DATABASE_URL what it needs"),
    ("42703", ErrorKind::Missing, "the tables are not those that Efflux knows"),
    ("42P01", ErrorKind::Missing, MIGRATE),
    ("53100", ErrorKind::Full, "free some space on the server's disk"),
    ("53300", ErrorKind::Throttled, "all of the server's connections are in use"),
    ("53", ErrorKind::Throttled, "the server is short of something"),
    ("55P03", ErrorKind::Throttled, AGAIN),
    ("57014", ErrorKind::Timeout, "the server stopped the statement"),
    ("57P", ErrorKind::Unavailable, "it is starting or stopping; it is tried again"),
    ("58", ErrorKind::Unavailable, "look at the server's log"),
    ("XX", ErrorKind::Corrupt, "look at the server's log"),
];

/// An error in the ports' words; `place` is where it happened.
pub(crate) fn translate(operation: &'static str, place: &str, failure: Failure) -> Error {
    let say = |kind, what: &str| Error::new(kind, operation).detail(format!("PostgreSQL at {place}: {what}"));
    let error = match failure {
        Failure::TooSlow(limit) => {
            return say(ErrorKind::Timeout, &format!("no answer in {} s", limit.as_secs()));
        }
        Failure::Pool(error) => return say(ErrorKind::Unavailable, "no connection to be had").source(error),
        Failure::Driver(error) => error,
    };
    if let Some(code) = error.code() {
        return refused(operation, place, code.code());
    }
    let text = chain(&error);
    if text.contains("TLS") {
        return say(ErrorKind::Unavailable, "TLS failed; the server may not offer it (sslmode in DATABASE_URL), or its certificate is not trusted (sslrootcert)").source(error);
    }
    if text.contains("password missing") || text.contains("authentication") {
        return say(ErrorKind::Denied, PASSWORD).source(error);
    }
    if text.contains("serializ") || text.contains("column") || text.contains("parameters") {
        return say(ErrorKind::Corrupt, "a table holds what cannot be read").source(error);
    }
    say(ErrorKind::Unavailable, "cannot be reached; check host and port in DATABASE_URL").source(error)
}

/// What the server refused with an SQLSTATE.
fn refused(operation: &'static str, place: &str, code: &str) -> Error {
    let (kind, advice) = meaning(code);
    let dash = if advice.is_empty() { "" } else { "; " };
    let error = Error::new(kind, operation)
        .detail(format!("PostgreSQL at {place}: error {code}{dash}{advice}"))
        .source(Refusal(code.to_owned()));
    if kind == ErrorKind::Invalid { error.retry_with(Retry::After(None)) } else { error }
}

/// What the driver says, causes included: they distinguish its kinds of errors.
fn chain(error: &tokio_postgres::Error) -> String {
    let (mut text, mut cause) = (error.to_string(), std::error::Error::source(error));
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn meaning(code: &str) -> (ErrorKind, &'static str) {
    let known = TABLE.iter().find(|(start, ..)| code.starts_with(start));
    known.map_or((ErrorKind::Invalid, ""), |(_, kind, advice)| (*kind, *advice))
}

/// The server's refusal without its text: that may quote a token.
#[derive(Debug, thiserror::Error)]
#[error("PostgreSQL's SQLSTATE {0}")]
struct Refusal(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sqlstate_has_its_kind() {
        for (code, kind, advice) in [
            ("28P01", ErrorKind::Denied, "password"),
            ("28000", ErrorKind::Denied, "password"),
            ("3D000", ErrorKind::Missing, "database"),
            ("42P01", ErrorKind::Missing, "efflux migrate"),
            ("42501", ErrorKind::Denied, "grant"),
            ("53300", ErrorKind::Throttled, "connections"),
            ("53100", ErrorKind::Full, "disk"),
            ("53200", ErrorKind::Throttled, "short"),
            ("57P03", ErrorKind::Unavailable, "starting"),
            ("57P01", ErrorKind::Unavailable, "stopping"),
            ("57014", ErrorKind::Timeout, "stopped"),
            ("25006", ErrorKind::Full, "primary"),
            ("40P01", ErrorKind::Unavailable, "again"),
            ("08006", ErrorKind::Unavailable, "again"),
            ("XX001", ErrorKind::Corrupt, "log"),
            ("23505", ErrorKind::Invalid, ""),
        ] {
            let (found, text) = meaning(code);
            assert_eq!(found, kind, "{code}");
            assert!(text.contains(advice), "{code}: {text}");
        }
    }

    /// No message is at fault for what a read of pixels meets. Damage is not final either: the pipeline waits for its repair.
    #[test]
    fn no_sqlstate_is_permanent() {
        let signs: Vec<char> = ('0'..='9').chain('A'..='Z').collect();
        for class in signs.iter().flat_map(|a| signs.iter().map(move |b| format!("{a}{b}"))) {
            for rest in signs.iter().flat_map(|a| [format!("{a}00"), format!("00{a}"), format!("P0{a}")]) {
                let error = refused("pixels.snapshot", "h:5432/d", &format!("{class}{rest}"));
                let is_damage = error.kind() == ErrorKind::Corrupt;
                assert!(
                    error.retry() != Retry::Never || is_damage && class == "XX",
                    "{class}{rest}: {error:?}"
                );
            }
        }
    }

    #[test]
    fn slowness_is_a_time_out() {
        let error = translate("pixels.snapshot", "h:5432/d", Failure::TooSlow(Duration::from_secs(8)));
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(error.to_string().contains("h:5432/d: no answer in 8 s"), "{error}");
    }
}
