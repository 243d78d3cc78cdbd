//! Which of a pixel's credentials were refused, so that not every request tries one that does not work.

use ports::pixels::Credential;
use secrecy::ExposeSecret;

/// A pixel's credentials with those that were refused, until the directory shows others.
#[derive(Debug, Default)]
pub(in crate::report) struct RefusedCredentials {
    known: Vec<Credential>,
    refused: Vec<bool>,
}

impl RefusedCredentials {
    /// What to try, the first choice first: those that were not refused. When all were, all of them again.
    pub(super) fn candidates(&mut self, current: &[Credential]) -> Vec<Credential> {
        if self.differ_from(current) {
            self.known = current.to_vec();
            self.refused = vec![false; current.len()];
        }
        if self.refused.iter().all(|r| *r) {
            self.refused.fill(false);
        }
        self.known
            .iter()
            .zip(&self.refused)
            .filter(|(_, refused)| !**refused)
            .map(|(c, _)| c.clone())
            .collect()
    }

    /// Remembers that a credential was refused.
    pub(in crate::report) fn refuse(&mut self, credential: &Credential) {
        for (known, refused) in self.known.iter().zip(&mut self.refused) {
            *refused |= is_same(known, credential);
        }
    }

    /// Whether the directory shows others than those that are known.
    pub(in crate::report) fn differ_from(&self, current: &[Credential]) -> bool {
        self.known.len() != current.len() || !self.known.iter().zip(current).all(|(a, b)| is_same(a, b))
    }
}

fn is_same(a: &Credential, b: &Credential) -> bool {
    a.token.expose_secret() == b.token.expose_secret()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(token: &str) -> Credential {
        Credential { label: token.to_owned(), token: token.into() }
    }

    #[test]
    fn a_refused_credential_is_skipped_until_all_are_refused_or_the_directory_changes() {
        let labels = |tried: Vec<Credential>| tried.into_iter().map(|c| c.label).collect::<Vec<_>>();
        let two = [credential("a"), credential("b")];
        let mut credentials = RefusedCredentials::default();
        assert_eq!(labels(credentials.candidates(&two)), ["a", "b"]);
        credentials.refuse(&two[0]);
        assert_eq!(labels(credentials.candidates(&two)), ["b"]);
        credentials.refuse(&two[1]);
        assert_eq!(labels(credentials.candidates(&two)), ["a", "b"]);
        credentials.refuse(&two[0]);
        let other = [credential("a"), credential("c")];
        assert!(credentials.differ_from(&other));
        assert_eq!(labels(credentials.candidates(&other)), ["a", "c"]);
        assert_eq!(labels(credentials.candidates(&[])), [""; 0]);
    }
}
