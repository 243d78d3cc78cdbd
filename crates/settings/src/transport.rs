//! In AWS, tokens and people's data cross no network in plain text, unless the operator says so.

use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// Whether plain text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    /// Whatever the addresses say.
    Any,
    /// TLS, with certificates that are checked.
    Encrypted,
}

/// What must change about an address; `None` when it is encrypted, and when it is no address at all.
pub(crate) fn advice(value: &str) -> Option<&'static str> {
    let lower = value.trim().to_ascii_lowercase();
    match lower.split_once(':').map(|(scheme, _)| scheme) {
        Some("mongodb") if !mongodb_is_encrypted(&lower, false) => Some("it needs tls=true"),
        Some("mongodb+srv") if !mongodb_is_encrypted(&lower, true) => Some("it must not switch TLS off"),
        Some("mongodb" | "mongodb+srv") if !mongodb_is_verified(&lower) => {
            Some("certificates must be checked")
        }
        Some("postgres" | "postgresql") if sslmodes(&lower).any(|mode| !is_strict(mode)) => {
            Some("sslmode must be require, verify-ca or verify-full")
        }
        _ if lower.contains("host=") && sslmodes(&lower).any(|mode| !is_strict(mode)) => {
            Some("sslmode must be require, verify-ca or verify-full")
        }
        _ if Url::parse(&lower).is_ok_and(|url| url.scheme() == "http") => {
            Some("it must begin with https://")
        }
        _ => None,
    }
}

/// The pairs after the question mark.
fn pairs(address: &str) -> impl Iterator<Item = (&str, &str)> {
    let query = address.split_once('?').map_or("", |(_, query)| query);
    query.split('&').filter_map(|pair| pair.split_once('='))
}

fn mongodb_is_encrypted(uri: &str, by_default: bool) -> bool {
    let mut said =
        pairs(uri).filter(|(name, _)| matches!(*name, "tls" | "ssl")).map(|(_, value)| value).peekable();
    if said.peek().is_none() { by_default } else { said.all(|value| value == "true") }
}

fn mongodb_is_verified(uri: &str) -> bool {
    const SWITCHES: [&str; 3] = ["tlsinsecure", "tlsallowinvalidcertificates", "tlsallowinvalidhostnames"];
    !pairs(uri).any(|(name, value)| SWITCHES.contains(&name) && value != "false")
}

/// Each `sslmode`, in an address and in libpq's `name=value` form.
fn sslmodes(address: &str) -> impl Iterator<Item = &str> {
    let parts = address.split(['?', '&', ' ', '\t', '\n']);
    parts.filter_map(|part| part.strip_prefix("sslmode=")).map(|mode| mode.trim_matches('\''))
}

fn is_strict(mode: &str) -> bool {
    matches!(mode, "require" | "verify-ca" | "verify-full")
}

/// The address with TLS required, when it does not say: the driver alone would do without TLS if the server, or a machine in between,
/// says that there is none.
pub(crate) fn with_tls(address: &SecretString) -> SecretString {
    let address = address.expose_secret();
    if sslmodes(address).next().is_some() {
        return address.into();
    }
    let joint = match (address.contains("://"), address.contains('?')) {
        (false, _) => ' ',
        (true, false) => '?',
        (true, true) => '&',
    };
    format!("{address}{joint}sslmode=require").into()
}

#[cfg(test)]
mod tests;
