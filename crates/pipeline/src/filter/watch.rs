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
#[derive(Debug)]
pub struct FileWatch {
    hold: bool,
    currency: String,
    earlier: Mutex<BTreeMap<String, VecDeque<Shares>>>,
}

impl FileWatch {
    /// Watches; with `hold`, files that look wrong wait for the operator (`HOLD_SUSPICIOUS_FILES`). Figures are in this currency.
    #[must_use]
    pub fn new(hold: bool, currency: impl Into<String>) -> Self {
        Self { hold, currency: currency.into(), earlier: Mutex::default() }
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
        let suspicions = profile.suspicions(Network::find(network), &self.currency, files.make_contiguous());
        if let Some(shares) = profile.shares() {
            if files.len() >= FILES {
                files.pop_front();
            }
            files.push_back(shares);
        }
        suspicions
    }
}

#[cfg(test)]
mod tests {
    use domain::Row;

    use super::*;

    /// A file of thirty rows, of which so many have a click id.
    fn file(with_click: usize) -> FileProfile {
        let mut profile = FileProfile::default();
        for n in 0..30 {
            let click = if n < with_click { "IwAR1" } else { "{fbclid}" };
            let row = format!(
                r#"{{"session_id":"s","click_timestamp":1,"pixel_id":"1","campaign_id":"7","traffic_source":"x",
                "ts_click_id":"{click}","conversions":1,"revenue":0.5}}"#
            );
            profile.note(&Row::parse(&row), true);
        }
        profile
    }

    /// Whether a file of this network, without a click id, looks wrong.
    fn is_odd(watch: &FileWatch, network: &str) -> bool {
        let suspicions = watch.judge(network, &file(0));
        assert!(suspicions.iter().all(|said| said.contains("click id")), "{suspicions:?}");
        !suspicions.is_empty()
    }

    fn usual(watch: &FileWatch, files: usize) {
        (0..files).for_each(|_| drop(watch.judge("tonic", &file(30))));
    }

    #[test]
    fn a_file_is_compared_with_ten_earlier_ones_of_its_network() {
        let watch = FileWatch::new(false, "USD");
        usual(&watch, 9);
        assert!(!is_odd(&watch, "tonic"), "nine are too few");
        let watch = FileWatch::new(false, "USD");
        usual(&watch, 10);
        assert!(is_odd(&watch, "tonic"));
        assert!(!is_odd(&watch, "sedo"), "another network");
        assert_eq!(watch.judge("tonic", &file(30)), [""; 0]);
    }

    #[test]
    fn what_is_usual_is_that_of_the_last_twenty_files() {
        let watch = FileWatch::new(false, "USD");
        usual(&watch, FILES);
        let odd = (0..FILES).filter(|_| is_odd(&watch, "tonic")).count();
        // Then most of the last twenty are so.
        assert_eq!(odd, 11);
        assert_eq!(watch.earlier.lock().unwrap()["tonic"].len(), FILES);
        assert!(!watch.judge("tonic", &file(30)).is_empty(), "the old kind is odd now");
    }

    #[test]
    fn any_number_of_networks_takes_bounded_memory() {
        let watch = FileWatch::new(false, "USD");
        for network in 0..1_000 {
            watch.judge(&format!("network-{network}"), &file(30));
            assert!(watch.earlier.lock().unwrap().len() <= NETWORKS);
        }
        usual(&watch, 10);
        assert!(is_odd(&watch, "tonic"), "those after them are compared as ever");
    }
}
