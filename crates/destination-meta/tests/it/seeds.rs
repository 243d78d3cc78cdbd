//! The seeds of the fuzz targets, among them every input that was a finding once.

use std::fs;
use std::path::Path;

use crate::laws;

fn each(target: &str, law: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut tried = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        law(&fs::read(entry.unwrap().path()).unwrap());
        tried += 1;
    }
    assert!(tried > 2, "{} holds {tried} seeds", folder.display());
}

#[test]
fn rows() {
    each("rows", laws::rows);
}

#[test]
fn notifications() {
    each("notifications", laws::notifications);
}

#[test]
fn answers() {
    each("answers", laws::answers);
}

#[test]
fn values() {
    each("values", laws::values);
}
