//! Where the servers are that production adapters are tested against.

use std::path::{Path, PathBuf};

/// The address of a test server: `AWS`, `CLICKHOUSE`, `MONGODB` or `POSTGRES`. A real server is used where the environment names one in
/// `EFFLUX_TEST_<NAME>_URL`, else the one that `make services-up` has started.
///
/// # Panics
/// If it does not run: a suite whose server is not there has not passed.
#[must_use]
pub fn url(name: &str) -> String {
    let variable = format!("EFFLUX_TEST_{name}_URL");
    variable_of_process(&variable).or_else(|| started(&variable)).unwrap_or_else(|| {
        panic!("no test server for {name}: start them with `make services-up`, or give a real one's address in {variable}")
    })
}

/// Whether the address is that of a real server, given by the environment: not every emulator is up to every size.
#[must_use]
pub fn is_given(name: &str) -> bool {
    variable_of_process(&format!("EFFLUX_TEST_{name}_URL")).is_some()
}

#[expect(clippy::disallowed_methods, reason = "tests have no settings; nothing of this crate ships")]
fn variable_of_process(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// What the file of started servers says.
fn started(variable: &str) -> Option<String> {
    let text = std::fs::read_to_string(env_file()?).ok()?;
    value(&text, variable).map(str::to_owned)
}

/// Beside what cargo has built: this very test is in the same folder, wherever that is.
fn env_file() -> Option<PathBuf> {
    let test = std::env::current_exe().ok()?;
    test.ancestors().map(|folder: &Path| folder.join("test-services/env")).find(|file| file.is_file())
}

fn value<'a>(text: &'a str, variable: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(variable)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_name_counts() {
        let text = "EFFLUX_TEST_AWS_URL=http://127.0.0.1:1\nEFFLUX_TEST_MONGODB_URL=mongodb://h/?a=b\n";
        assert_eq!(value(text, "EFFLUX_TEST_MONGODB_URL"), Some("mongodb://h/?a=b"));
        assert_eq!(value(text, "EFFLUX_TEST_MONGODB"), None);
    }

    #[test]
    #[should_panic(expected = "make services-up")]
    fn a_server_that_is_not_there_is_not_skipped() {
        drop(url("NO_SUCH_BACKEND"));
    }
}
