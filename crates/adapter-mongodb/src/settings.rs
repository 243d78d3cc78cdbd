//! The settings of the ledger.

use secrecy::SecretString;

/// Where the ledger is.
#[derive(Debug, Clone)]
pub struct MongoSettings {
    /// `MONGODB_URI`. May hold a password, so it cannot be printed.
    pub uri: SecretString,
    /// `MONGODB_DATABASE`.
    pub database: String,
    /// `LEDGER_LEGACY`: look for what the legacy system reported before anything is sent.
    pub legacy: bool,
}
