//! Recorded vectors: `agreed` ones are owed to Meta's SDK, `documentation` ones to Meta's page, `choice` ones to the
//! README.

use destination_meta::fields;
use serde::Deserialize;
use user_data::{Hints, Normal, customer_key, normalise};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    field: String,
    input: String,
    country: Option<String>,
    value: Option<String>,
    sha256: Option<String>,
    omitted: Option<String>,
    #[serde(rename = "why")]
    _why: Option<String>,
}

#[test]
fn every_vector() {
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("../data/normalise.json")).unwrap();
    assert!(vectors.len() > 90);
    for Vector { field, input, country, value, sha256, omitted, _why } in vectors {
        let hints = Hints { country: country.as_deref(), year: Some(2026) };
        let kind = fields::field(&field).unwrap();
        let key = customer_key(kind, &input, hints);
        let key = key.as_ref().map(|key| key.as_str()).map_err(|reason| reason.as_str());
        match (value, sha256, omitted) {
            (Some(value), Some(sha256), None) => {
                assert_eq!(key, Ok(sha256.as_str()), "{field} {input:?}");
                let Normal::Value(text) = normalise(kind, &input, hints) else { panic!("{input}") };
                assert_eq!(text, value);
            }
            (None, None, Some(reason)) => assert_eq!(key, Err(reason.as_str()), "{field} {input:?}"),
            _ => panic!("a vector has a value and its hash, or a reason: {field} {input:?}"),
        }
    }
}
