//! How tables look on a terminal and in a pipe.

use comfy_table::presets::{NOTHING, UTF8_HORIZONTAL_ONLY};
use comfy_table::{ContentArrangement, Table};

/// A table that has lines and fits the window on a terminal, and has neither in a pipe.
pub(crate) fn arranged(is_terminal: bool) -> Table {
    let mut table = Table::new();
    table.load_style(if is_terminal { UTF8_HORIZONTAL_ONLY } else { NOTHING });
    if is_terminal {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table
}

/// The text of such a table.
pub(crate) fn written(table: &Table, is_terminal: bool) -> String {
    let text = table.trim_fmt();
    if is_terminal {
        return text;
    }
    text.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
}
