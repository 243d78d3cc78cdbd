//! What every crate of ours must have.

use crate::finding::Finding;

/// What is missing from a crate, seen from its manifest. `exists` knows the files of the project.
pub(crate) fn check(path: &str, manifest: &str, exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let Some(folder) = folder_of_crate(path) else { return Vec::new() };
    let finding = |what: &str, why, remedy: String| Finding {
        file: path.to_owned(),
        line: None,
        what: what.to_owned(),
        why,
        remedy,
    };
    let mut findings = Vec::new();
    let readme = format!("{folder}/README.md");
    if !exists(&readme) {
        let why =
            "the first question about a crate is what it is for, and its README is also its documentation";
        findings.push(finding("the crate has no README.md", why, format!("write {readme}")));
    }
    if !inherits_lints(manifest) {
        let why = "the workspace's lints, among them the ban on unsafe code, do not hold for this crate";
        findings.push(finding(
            "the lints of the workspace are not inherited",
            why,
            "add `[lints]` with `workspace = true`".into(),
        ));
    }
    findings
}

/// `crates/x` of `crates/x/Cargo.toml`.
fn folder_of_crate(path: &str) -> Option<&str> {
    let folder = path.strip_suffix("/Cargo.toml")?;
    let name = folder.strip_prefix("crates/").or_else(|| folder.strip_prefix("services/"))?;
    (!name.contains('/')).then_some(folder)
}

fn inherits_lints(manifest: &str) -> bool {
    let mut section = "";
    manifest.lines().map(str::trim).any(|line| {
        if line.starts_with('[') {
            section = line;
        }
        line == "lints.workspace = true" && section.is_empty()
            || section == "[lints]" && line == "workspace = true"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[package]\nname = \"x\"\nversion.workspace = true\n\n[lints]\nworkspace = true\n";

    #[test]
    fn a_crate_needs_readme_and_lints() {
        assert!(check("crates/x/Cargo.toml", GOOD, |path| path == "crates/x/README.md").is_empty());
        let bare = GOOD.replace("[lints]", "[other]");
        let what: Vec<_> =
            check("services/x/Cargo.toml", &bare, |_| false).into_iter().map(|f| f.what).collect();
        assert_eq!(what, ["the crate has no README.md", "the lints of the workspace are not inherited"]);
    }

    #[test]
    fn other_manifests_are_not_crates_of_ours() {
        for path in
            ["Cargo.toml", "crates/x/fuzz/Cargo.toml", "crates/x/Cargo.lock", "elsewhere/x/Cargo.toml"]
        {
            assert!(check(path, "", |_| false).is_empty(), "{path}");
        }
    }
}
