//! Checksums of crates, from `Cargo.lock`.

use std::collections::HashMap;

/// SHA-256 of each crate that comes from a registry, by name and version.
#[derive(Debug)]
pub(super) struct Checksums<'l>(HashMap<(&'l str, &'l str), &'l str>);

impl<'l> Checksums<'l> {
    /// Reads the text of a `Cargo.lock`.
    pub(super) fn read(lock: &'l str) -> Self {
        let packages = lock.split("[[package]]").skip(1);
        let entries = packages.filter_map(|package| {
            Some(((value(package, "name")?, value(package, "version")?), value(package, "checksum")?))
        });
        Self(entries.collect())
    }

    pub(super) fn of(&self, name: &str, version: &str) -> Option<&'l str> {
        self.0.get(&(name, version)).copied()
    }
}

/// The text of `name = "text"`.
fn value<'l>(package: &'l str, name: &str) -> Option<&'l str> {
    let said = package.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \""))?;
    said.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_of_a_registry_have_one() {
        let lock = "version = 4\n\n[[package]]\nname = \"ours\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"bytes\"\nversion = \"1.11.0\"\nsource = \"registry\"\nchecksum = \"abc\"\n";
        let checksums = Checksums::read(lock);
        assert_eq!(checksums.of("bytes", "1.11.0"), Some("abc"));
        assert_eq!((checksums.of("bytes", "1.0.0"), checksums.of("ours", "0.1.0")), (None, None));
    }
}
