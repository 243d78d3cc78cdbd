//! Where an object's file lies: readable, and never outside the bucket's folder.
//!
//! Each segment of a key becomes one name. Letters, digits and harmless signs stay; the rest is percent-encoded, a leading
//! dot too. An empty segment is `%`. A long segment becomes folders whose names end in `%~`, which no encoding does.

use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// S3's limit of a key in bytes.
pub(super) const MAX_KEY_BYTES: usize = 1024;

/// Bytes of a name that every file system takes.
const NAME_BYTES: usize = 200;

const EMPTY: &str = "%";
const GOES_ON: &str = "%~";

const ENCODED_LONG: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b' ')
    .remove(b'-')
    .remove(b'_')
    .remove(b'@')
    .remove(b'=')
    .remove(b'+')
    .remove(b',')
    .remove(b':')
    .remove(b'(')
    .remove(b')')
    .remove(b'!')
    .remove(b'#');
const ENCODED: &AsciiSet = &ENCODED_LONG.remove(b'.');

/// The folder or file of a bucket's name or of a key, below `base`.
pub(super) fn of_key(base: &Path, key: &str) -> PathBuf {
    key.split('/').fold(base.to_path_buf(), |path, segment| path.join(of_segment(segment)))
}

fn of_segment(segment: &str) -> PathBuf {
    if segment.is_empty() {
        return EMPTY.into();
    }
    let name = utf8_percent_encode(segment, ENCODED).to_string();
    if name.len() <= NAME_BYTES {
        // So `.` and `..` do not exist, nor hidden files.
        return name.strip_prefix('.').map_or_else(|| name.clone(), |rest| format!("%2E{rest}")).into();
    }
    // Without any dot, since a piece may begin anywhere. All of it is ASCII, so it can be cut anywhere.
    let name = utf8_percent_encode(segment, ENCODED_LONG).to_string();
    let (mut path, mut rest) = (PathBuf::new(), name.as_str());
    while rest.len() > NAME_BYTES {
        let (piece, more) = rest.split_at(NAME_BYTES);
        path.push(format!("{piece}{GOES_ON}"));
        rest = more;
    }
    path.join(rest)
}

/// The bucket's folder.
pub(super) fn of_bucket(root: &Path, bucket: &str) -> PathBuf {
    root.join(of_segment(bucket))
}

/// The key of a file below the bucket's folder; `None` for a file that no key leads to.
pub(super) fn key_of(base: &Path, file: &Path) -> Option<String> {
    let mut key = String::new();
    let names = file.strip_prefix(base).ok()?.iter();
    for name in names {
        let name = name.to_str()?;
        match name.strip_suffix(GOES_ON) {
            Some(piece) => key.push_str(piece),
            None if name == EMPTY => key.push('/'),
            None => {
                key.push_str(name);
                key.push('/');
            }
        }
    }
    key.pop();
    let key = percent_decode_str(&key).decode_utf8().ok()?.into_owned();
    (of_key(base, &key) == file).then_some(key)
}

#[cfg(test)]
mod tests {
    use std::path::Component;

    use proptest::prelude::*;

    use super::*;

    fn round_trip(key: &str) {
        let base = Path::new("/b");
        let path = of_key(base, key);
        let below = path.strip_prefix(base).unwrap();
        assert!(below.components().all(|c| matches!(c, Component::Normal(_))), "{path:?}");
        assert!(below.iter().all(|n| (1..=255).contains(&n.len())), "{path:?}");
        assert_eq!(key_of(base, &path).as_deref(), Some(key), "{path:?}");
    }

    #[test]
    fn usual_keys_stay_readable() {
        let key = "networks/tonic/Tonic-Job/a@example.com LLC/2026-11-22/9/2026-11-22T09:00:00.000Z.json";
        assert_eq!(of_key(Path::new("/b"), key), Path::new("/b").join(key));
    }

    #[test]
    fn no_key_leads_outside() {
        for key in
            ["..", ".", "../../x", "/etc/passwd", "a//b/", "", "a\0b", "a\\..\\b", "%2E%2E", "%", "%~", "~"]
        {
            round_trip(key);
        }
        for long in ["x", ".", "%", "漢", "/..", ".%"] {
            for times in [66, 67, 68, 199, 200, 201, 1000] {
                round_trip(&long.repeat(times));
            }
        }
    }

    #[test]
    fn a_file_put_there_by_hand_has_no_key() {
        let base = Path::new("/b");
        for name in ["/b/.hidden", "/b/ä", "/b/%ff", "/b/a%2fb", "/b/%7", "/c/x"] {
            assert_eq!(key_of(base, Path::new(name)), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn every_key_has_a_path_of_its_own(key in r"[./%~a\PC\x00]{0,250}") {
            round_trip(&key);
        }
    }
}
