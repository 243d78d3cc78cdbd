//! Keys and event ids, worked out from what is written about them rather than by the code under test.

use sha2::{Digest, Sha256};

/// The key of a session and the keyword it clicked.
pub(crate) fn key(session: &str, keyword: Option<&str>) -> [u8; 32] {
    let mut text = b"efflux:conversion:1\0".to_vec();
    for part in [Some(session), keyword].into_iter().flatten() {
        text.extend((part.len() as u64).to_be_bytes());
        text.extend(part.bytes());
    }
    Sha256::digest(text).into()
}

/// The id of event number `index` of a name.
pub(crate) fn event(key: &[u8; 32], name: &str, index: u32) -> String {
    let text = [&b"e1\0"[..], key, name.as_bytes(), &[0], &index.to_be_bytes()].concat();
    hex::encode(&Sha256::digest(text)[..16])
}
