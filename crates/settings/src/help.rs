//! The table of settings for people.

use std::fmt::Write;

use crate::setting::Service;
use crate::table::table;

/// All settings of a service by group, for `--help`.
#[must_use]
pub fn help_text(service: Service) -> String {
    let mut text = String::from("Settings, all by environment:\n");
    let mut group = "";
    for setting in table().filter(|s| s.used_by(service)) {
        if setting.group != group {
            group = setting.group;
            put(&mut text, format_args!("\n{group}\n"));
        }
        let default = if setting.default.is_empty() {
            String::new()
        } else {
            format!(" [default: {}]", setting.default)
        };
        put(&mut text, format_args!("  {}\n      {}{default}\n", setting.name, setting.help()));
    }
    text.push_str(
        "\nExit codes: 0 done, 1 incomplete, 64 wrong usage or configuration, 66 a file cannot be read,\n",
    );
    text.push_str(
        "69 a backend cannot be reached or a port is taken, 70 a bug, 74 the output cannot be written.\n",
    );
    text
}

/// All settings of all services as a Markdown table, for the README.
#[must_use]
pub fn markdown_table() -> String {
    let mut text = String::from("| Setting | Default | Meaning |\n|---|---|---|\n");
    for setting in table() {
        let default =
            if setting.default.is_empty() { String::new() } else { format!("`{}`", setting.default) };
        put(&mut text, format_args!("| `{}` | {default} | {} |\n", setting.name, setting.help()));
    }
    text
}

fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what).expect("writing to a String never fails");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_shows_what_it_uses() {
        assert!(!help_text(Service::Filter).contains("META_GRAPH_URL"));
        assert!(help_text(Service::Reporter).contains("META_GRAPH_URL"));
        for setting in table() {
            assert!(help_text(Service::Efflux).contains(setting.name));
        }
    }

    #[test]
    fn the_readme_shows_the_table() {
        let readme = include_str!("../../../README.md");
        assert!(readme.contains(&markdown_table()), "README.md needs this table:\n{}", markdown_table());
    }
}
