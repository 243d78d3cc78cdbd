//! What the driver and the server say, in the words of the ports: the one place where it is translated.

use mongodb::error::{ErrorKind as Said, WriteFailure};
use ports::{Error, ErrorKind, Retry};

/// The longest piece of a message that is kept.
const MESSAGE_CHARS: usize = 300;

/// The cause, in its own words. The driver's error itself may hold whole documents, and with them what is about people.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Cause(String);

/// What a server's error code means: what kind of failure, whether what was asked may have been done, and what to do.
struct Meaning {
    codes: &'static [i32],
    kind: ErrorKind,
    unknown: bool,
    advice: &'static str,
}

const MEANINGS: &[Meaning] = &[
    Meaning {
        codes: &[18, 8000],
        kind: ErrorKind::Denied,
        unknown: false,
        advice: "MongoDB does not accept user and password: check MONGODB_URI and its authSource",
    },
    Meaning {
        codes: &[13, 31],
        kind: ErrorKind::Denied,
        unknown: false,
        advice: "the user of MONGODB_URI may not do this: it needs readWrite on the database",
    },
    // Elections and shutdowns: what was under way may have been done.
    Meaning {
        codes: &[91, 189, 11_600, 11_602, 9_001, 89],
        kind: ErrorKind::Unavailable,
        unknown: true,
        advice: "MongoDB is changing its primary or shutting down",
    },
    // Refused before anything was done.
    Meaning {
        codes: &[10_107, 13_435, 13_436, 133, 6, 7],
        kind: ErrorKind::Unavailable,
        unknown: false,
        advice: "no server of MongoDB can be written to at the moment",
    },
    Meaning {
        codes: &[50, 202, 262],
        kind: ErrorKind::Timeout,
        unknown: true,
        advice: "MongoDB ran out of time",
    },
    Meaning {
        codes: &[64, 75],
        kind: ErrorKind::Timeout,
        unknown: true,
        advice: "written, but not by a majority of the servers in time",
    },
    Meaning {
        codes: &[79, 100],
        kind: ErrorKind::Unavailable,
        unknown: true,
        advice: "not enough servers of MongoDB are up for a majority",
    },
    Meaning {
        codes: &[24, 112, 462, 16_500],
        kind: ErrorKind::Throttled,
        unknown: false,
        advice: "MongoDB has too much to do",
    },
    Meaning {
        codes: &[26],
        kind: ErrorKind::Missing,
        unknown: false,
        advice: "the ledger's collection does not exist: run `efflux migrate`",
    },
    Meaning {
        codes: &[67, 68, 85, 86],
        kind: ErrorKind::Invalid,
        unknown: false,
        advice: "an index of the same name or fields exists with other options: drop it, then run `efflux migrate`",
    },
    Meaning {
        codes: &[10_334, 17_280, 17_419, 17_420],
        kind: ErrorKind::TooLarge,
        unknown: false,
        advice: "a document is over MongoDB's limit of 16 MB",
    },
    // Another attempt would be refused likewise: the statement itself is wrong.
    Meaning {
        codes: &[2, 9, 14, 40, 52, 54, 56, 57, 59, 66],
        kind: ErrorKind::Invalid,
        unknown: false,
        advice: "MongoDB does not understand the statement: this version of the server may not be supported",
    },
    Meaning {
        codes: &[14_031, 12_501],
        kind: ErrorKind::Full,
        unknown: false,
        advice: "MongoDB has no room on its disk",
    },
];

/// The driver's error as the ports' own.
pub(crate) fn translate(operation: &'static str, error: &mongodb::error::Error) -> Error {
    let new = |kind, advice: &str| {
        Error::new(kind, operation).detail(advice).source(Cause(shortened(&error.kind.to_string())))
    };
    match &*error.kind {
        Said::Authentication { .. } => new(ErrorKind::Denied, MEANINGS[0].advice),
        Said::ServerSelection { message, .. }
            if message.contains("Authentication") || message.contains("SCRAM") =>
        {
            new(ErrorKind::Denied, MEANINGS[0].advice)
        }
        Said::ServerSelection { message, .. } => new(ErrorKind::Unavailable, &no_server(message)),
        Said::DnsResolve { .. } => new(
            ErrorKind::Unavailable,
            "the name in MONGODB_URI is not known: check the host and the network",
        ),
        // The connection broke while something was under way on it.
        Said::Io(_) => {
            new(ErrorKind::Unavailable, "the connection to MongoDB broke").retry_with(Retry::Unknown)
        }
        Said::ConnectionPoolCleared { .. } => {
            new(ErrorKind::Unavailable, "MongoDB is not reachable at the moment")
        }
        // What the operator can correct is no fault of a row.
        Said::InvalidTlsConfig { .. } => {
            new(ErrorKind::Invalid, "the TLS options of MONGODB_URI cannot be used")
                .retry_with(Retry::After(None))
        }
        // The driver quotes what it does not take: a part of the address, which may be a part of the password.
        Said::InvalidArgument { .. } => Error::new(ErrorKind::Invalid, operation).detail(
            "MongoDB's driver does not take this: check MONGODB_URI; the characters / ? # @ : of user and password must be percent-encoded",
        ),
        Said::IncompatibleServer { .. } | Said::SessionsNotSupported => {
            new(ErrorKind::Invalid, "this server's version is not supported").retry_with(Retry::After(None))
        }
        Said::Command(said) => refused(operation, said.code, &said.code_name, &said.message),
        Said::Write(WriteFailure::WriteError(said)) => refused_write(operation, said.code, &said.message),
        Said::Write(WriteFailure::WriteConcernError(said)) => {
            refused(operation, said.code, &said.code_name, &said.message)
        }
        Said::InsertMany(said) => match &said.write_concern_error {
            Some(said) => refused(operation, said.code, &said.code_name, &said.message),
            None => match said.write_errors.iter().flatten().next() {
                Some(first) => refused_write(operation, first.code, &first.message),
                None => new(ErrorKind::Unavailable, "MongoDB refused documents").retry_with(Retry::Unknown),
            },
        },
        Said::BsonDeserialization(_) | Said::Bson(_) | Said::InvalidResponse { .. } => {
            // Its cause would show what was in the answer.
            Error::new(ErrorKind::Corrupt, operation).detail("MongoDB's answer cannot be read")
        }
        _ => new(ErrorKind::Unavailable, "MongoDB's driver failed").retry_with(Retry::Unknown),
    }
}

/// A write that the server refused, by code and message.
pub(crate) fn refused_write(operation: &'static str, code: i32, message: &str) -> Error {
    refused(operation, code, "", message)
}

fn refused(operation: &'static str, code: i32, name: &str, message: &str) -> Error {
    let cause = Cause(shortened(&format!("error {code} {name}: {message}")));
    let Some(meaning) = MEANINGS.iter().find(|meaning| meaning.codes.contains(&code)) else {
        // Servers have hundreds of codes and get new ones. What is not known to be permanent may pass.
        return Error::new(ErrorKind::Unavailable, operation)
            .detail(format!("MongoDB refused it with error {code} {name}"))
            .source(cause)
            .retry_with(Retry::Unknown);
    };
    let error = Error::new(meaning.kind, operation).detail(meaning.advice).source(cause);
    if meaning.unknown { error.retry_with(Retry::Unknown) } else { error }
}

/// Why no server was found, in one line.
fn no_server(message: &str) -> String {
    let why = if message.contains("Connection refused") {
        "nothing listens there"
    } else if message.contains("failed to lookup") || message.contains("Name or service not known") {
        "the host's name is not known"
    } else if message.contains("certificate") || message.contains("TLS") || message.contains("tls") {
        "TLS failed: check the certificate, and tls and tlsCAFile in MONGODB_URI"
    } else {
        "it does not answer"
    };
    format!("MongoDB cannot be reached, {why}: check MONGODB_URI and that the server is up")
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MESSAGE_CHARS) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use super::*;

    fn said(kind: Said) -> Error {
        translate("ledger.test", &mongodb::error::Error::from(kind))
    }

    #[test]
    fn server_codes_have_a_kind_and_say_whether_it_may_have_been_done() {
        let table = [
            (18, ErrorKind::Denied, Retry::After(None)),
            (13, ErrorKind::Denied, Retry::After(None)),
            (10_107, ErrorKind::Unavailable, Retry::After(None)),
            (189, ErrorKind::Unavailable, Retry::Unknown),
            (11_600, ErrorKind::Unavailable, Retry::Unknown),
            (50, ErrorKind::Timeout, Retry::Unknown),
            (262, ErrorKind::Timeout, Retry::Unknown),
            (64, ErrorKind::Timeout, Retry::Unknown),
            (100, ErrorKind::Unavailable, Retry::Unknown),
            (112, ErrorKind::Throttled, Retry::After(None)),
            (26, ErrorKind::Missing, Retry::After(None)),
            (86, ErrorKind::Invalid, Retry::Never),
            (10_334, ErrorKind::TooLarge, Retry::Never),
            (14_031, ErrorKind::Full, Retry::After(None)),
            (9, ErrorKind::Invalid, Retry::Never),
            // Interrupted, a lost cursor, a read concern after an election, a race of two upserts.
            (11_601, ErrorKind::Unavailable, Retry::Unknown),
            (43, ErrorKind::Unavailable, Retry::Unknown),
            (134, ErrorKind::Unavailable, Retry::Unknown),
            (11_000, ErrorKind::Unavailable, Retry::Unknown),
        ];
        for (code, kind, retry) in table {
            let error = refused_write("ledger.test", code, "words");
            assert_eq!((error.kind(), error.retry()), (kind, retry), "{code}");
        }
    }

    /// A message whose row meets a permanent error becomes a dead letter. Only what is known to be permanent may do that.
    #[test]
    fn no_unknown_code_is_permanent() {
        let known: Vec<i32> = MEANINGS.iter().flat_map(|meaning| meaning.codes).copied().collect();
        for code in (-1_000..60_000).chain([i32::MIN, i32::MAX]).filter(|code| !known.contains(code)) {
            let error = refused_write("ledger.test", code, "words");
            assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Unknown), "{code}");
        }
    }

    #[test]
    fn no_code_means_two_things() {
        let mut codes: Vec<_> = MEANINGS.iter().flat_map(|meaning| meaning.codes).collect();
        let all = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all);
    }

    #[test]
    fn a_broken_connection_leaves_it_open_what_was_done() {
        let broken = said(Said::Io(Arc::new(io::ErrorKind::ConnectionReset.into())));
        assert_eq!((broken.kind(), broken.retry()), (ErrorKind::Unavailable, Retry::Unknown));
    }

    #[test]
    fn long_messages_are_cut() {
        let error = refused_write("ledger.test", 9, &"é".repeat(5_000));
        assert!(format!("{error:?}").len() < 2_000);
    }
}
