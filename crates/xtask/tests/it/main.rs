//! The checks on this very workspace, so that a plain `cargo test` fails when a dependency points the wrong way; and the test servers.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod services;

use std::path::Path;

use xtask::Finding;

fn listed(findings: &[Finding]) -> String {
    findings.iter().map(|finding| format!("\n{finding}")).collect()
}

#[test]
fn dependencies_point_inward() {
    let findings = xtask::layers(Path::new("."), false).unwrap();
    assert!(findings.is_empty(), "{}", listed(&findings));
}

#[test]
fn the_files_are_tidy() {
    let findings = xtask::tidy(Path::new(".")).unwrap();
    assert!(findings.is_empty(), "{}", listed(&findings));
}

/// Crates in which `attempts` and `settle` of the ledger still share a type. A crate that is untied leaves the list.
const KNOWN_CIRCLES: &[&str] = &["crates/adapter-embedded/", "crates/adapter-mongodb/"];

#[test]
fn modules_do_not_import_each_other_in_circles() {
    let mut findings = xtask::circles(Path::new(".")).unwrap();
    findings.retain(|finding| !KNOWN_CIRCLES.iter().any(|known| finding.file.starts_with(known)));
    assert!(findings.is_empty(), "{}", listed(&findings));
}
