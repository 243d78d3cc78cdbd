//! Looks through the files of the project for what must not be there or is missing.

mod crates;
mod files;
mod lock;
mod text;
mod words;

use anyhow::Result;

pub(crate) use files::Files;

use crate::finding::Finding;

/// Everything that is wrong with the files, in order of file and line.
pub(crate) fn check(files: &Files) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for path in &files.paths {
        // A file that is not text has no lines to look at.
        let Some(text) = files.text(path)? else { continue };
        findings.extend(text::check(path, &text));
        findings.extend(words::check(path, &text));
        findings.extend(lock::check(path, &text));
        findings.extend(crates::check(path, &text, |other| files.paths.contains(other)));
    }
    findings.sort();
    Ok(findings)
}
