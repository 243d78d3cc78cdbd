//! Whether the customer's keys are enough for Meta, which otherwise refuses the whole request (100/2804050).

/// Meta's lists of [Customer Information Parameters], read 2026-11-23: an event whose keys are all within one of them is invalid.
///
/// [Customer Information Parameters]: https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/customer-information-parameters
const TOO_LITTLE: [&[&str]; 4] = [
    &["ct", "country", "st", "zp", "ge", "client_user_agent"],
    &["db", "client_user_agent"],
    &["fn", "ge"],
    &["ln", "ge"],
];

/// Watches which keys an event has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sufficiency {
    /// The lists, one bit each, that hold every key seen so far.
    within: u8,
}

impl Sufficiency {
    pub(super) const fn new() -> Self {
        Self { within: (1 << TOO_LITTLE.len()) - 1 }
    }

    pub(super) fn see(&mut self, key: &str) {
        if self.within == 0 {
            return;
        }
        for (bit, list) in TOO_LITTLE.iter().enumerate() {
            if !list.contains(&key) {
                self.within &= !(1 << bit);
            }
        }
    }

    /// Whether some key, or all keys together, go beyond every list. No key at all is too little.
    pub(super) const fn is_enough(self) -> bool {
        self.within == 0
    }
}

/// Whether these keys are enough.
pub(crate) fn is_enough<'k>(keys: impl Iterator<Item = &'k str>) -> bool {
    let mut seen = Sufficiency::new();
    keys.for_each(|key| seen.see(key));
    seen.is_enough()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enough(keys: &[&str]) -> bool {
        is_enough(keys.iter().copied())
    }

    #[test]
    fn subsets_of_one_list_are_too_little() {
        for list in TOO_LITTLE {
            for subset in 0..1_u32 << list.len() {
                let keys: Vec<_> =
                    (0..list.len()).filter(|i| subset >> i & 1 == 1).map(|i| list[i]).collect();
                assert!(!enough(&keys), "{keys:?}");
            }
        }
    }

    #[test]
    fn a_key_outside_or_keys_of_two_lists_are_enough() {
        for key in ["em", "ph", "external_id", "fbc", "fbp", "client_ip_address", "lead_id", "madid"] {
            assert!(enough(&[key]) && enough(&["ct", "client_user_agent", key]), "{key}");
        }
        for keys in [["db", "ct"], ["fn", "ln"], ["fn", "client_user_agent"], ["db", "ge"], ["ln", "zp"]] {
            assert!(enough(&keys), "{keys:?}");
        }
    }
}
