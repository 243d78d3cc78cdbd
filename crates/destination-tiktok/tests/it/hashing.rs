//! Recorded vectors of TikTok and of senders in production.

use destination_tiktok::fields::{customer_key, field, normalise};
use serde::Deserialize;
use user_data::{Hints, Normal};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    field: String,
    input: String,
    value: String,
    sha256: String,
}

#[test]
fn every_vector() {
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("../data/hashing.json")).unwrap();
    assert_eq!(vectors.len(), 12);
    for Vector { field: name, input, value, sha256 } in vectors {
        let kind = field(&name).unwrap();
        // A country in the row changes none of them.
        for country in [None, Some("US"), Some("GB")] {
            let hints = Hints { country, year: None };
            let key = customer_key(kind, &input, hints);
            assert_eq!(
                key.as_ref().map(|key| key.as_str()),
                Ok(sha256.as_str()),
                "{name} {input:?} {country:?}"
            );
            let Normal::Value(text) = normalise(kind, &input, hints) else { panic!("{input}") };
            assert_eq!(text, value);
        }
    }
}
