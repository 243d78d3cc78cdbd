//! What is usual for a network's files, and what becomes of those that look wrong.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use domain::Network;
use domain::file_profile::{FileProfile, Shares};

/// So many files of a network say what is usual.
const FILES: usize = 20;

/// The most networks that are remembered.
const NETWORKS: usize = 256;

/// Watches over the files of a process. What is usual is learned by each process for itself: its first ten files of a network are not compared.
#[derive(Debug, Default)]
pub struct FileWatch {
    hold: bool,
    earlier: Mutex<BTreeMap<String, VecDeque<Shares>>>,
}

impl FileWatch {
    /// Watches; with `hold`, files that look wrong wait for the operator (`HOLD_SUSPICIOUS_FILES`).
    #[must_use]
    pub fn new(hold: bool) -> Self {
        Self { hold, earlier: Mutex::default() }
    }

    pub(super) const fn holds(&self) -> bool {
        self.hold
    }

    /// Why a file looks wrong; nothing if it does not. The next ones are compared with it too.
    pub(super) fn judge(&self, network: &str, profile: &FileProfile) -> Vec<String> {
        // The map is whole after each operation.
        let mut earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        if earlier.len() >= NETWORKS && !earlier.contains_key(network) {
            earlier.clear();
        }
        let files = earlier.entry(network.to_owned()).or_default();
        let suspicions = profile.suspicions(Network::find(network), files.make_contiguous());
        if let Some(shares) = profile.shares() {
            if files.len() >= FILES {
                files.pop_front();
            }
            files.push_back(shares);
        }
        suspicions
    }
}
