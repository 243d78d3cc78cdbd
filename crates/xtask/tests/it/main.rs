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

#[test]
fn modules_do_not_import_each_other_in_circles() {
    let findings = xtask::circles(Path::new(".")).unwrap();
    assert!(findings.is_empty(), "{}", listed(&findings));
}
