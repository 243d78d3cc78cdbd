//! The event that an error names by a JSON path.

/// The longest field name kept.
const LONGEST_FIELD: usize = 80;

/// What a path points at.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Culprit {
    /// The place in `data`, from 0.
    pub(super) index: usize,
    /// What follows, joined by dots.
    pub(super) field: Option<String>,
}

/// Finds `$['data'][12]['event_time']` in a text of any language; also `$["data"][12]`, `data[12].event_time`, and with
/// quotes written as HTML entities.
pub(super) fn culprit(text: &str) -> Option<Culprit> {
    let text = text.replace("&#039;", "'").replace("&#39;", "'").replace("&quot;", "\"");
    text.match_indices("data").find_map(|(place, word)| {
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        if text[..place].ends_with(is_name) {
            return None;
        }
        after_data(&text[place + word.len()..])
    })
}

fn after_data(rest: &str) -> Option<Culprit> {
    let rest = rest.trim_start_matches(['\'', '"', ']', ' ']).strip_prefix(['[', '.'])?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let index = rest[..end].parse().ok()?;
    Some(Culprit { index, field: field(&rest[end..]) })
}

/// Turns `]['user_data']['em']` into `user_data.em`.
fn field(rest: &str) -> Option<String> {
    let mut field = String::new();
    let mut rest = rest.strip_prefix(']').unwrap_or(rest);
    while let Some(inner) =
        rest.strip_prefix("['").or_else(|| rest.strip_prefix("[\"")).or_else(|| rest.strip_prefix(['[', '.']))
    {
        let end = inner.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(inner.len());
        if end == 0 || field.len() + end >= LONGEST_FIELD {
            break;
        }
        if !field.is_empty() {
            field.push('.');
        }
        field.push_str(&inner[..end]);
        rest = inner[end..].trim_start_matches(['\'', '"', ']']);
    }
    (!field.is_empty()).then_some(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_in_many_forms() {
        for (text, index, name) in [
            ("$['data'][0]['event_time']", 0, Some("event_time")),
            ("Unexpected key at $['data'][12]['user_data']['foo'].", 12, Some("user_data.foo")),
            ("Le paramètre $[\"data\"][7] manque", 7, None),
            ("data[3].event_time", 3, Some("event_time")),
            ("data[3][contents][0][name]", 3, Some("contents.0.name")),
            ("$.data[4].custom_data", 4, Some("custom_data")),
            ("$[&#039;data&#039;][5][&#039;event_id&#039;]", 5, Some("event_id")),
            ("custom_data[9] in data[2]", 2, None),
        ] {
            assert_eq!(culprit(text), Some(Culprit { index, field: name.map(str::to_owned) }), "{text}");
        }
    }

    #[test]
    fn no_path() {
        for text in [
            "",
            "data",
            "data[]",
            "data[x]",
            "user_data[1]",
            "data[-1]",
            "data[99999999999999999999999]",
            "data é",
        ] {
            assert_eq!(culprit(text), None, "{text}");
        }
    }
}
