//! The path of a Graph call: `/{version}/{pixel}/events`.

use crate::refusal::Refusal;

/// The oldest version that still answers, and the newest there is.
const ALIVE: std::ops::RangeInclusive<u32> = 21..=26;

/// The pixel a path names, or why the path leads nowhere.
pub(crate) fn pixel(path: &str) -> Result<&str, Refusal> {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let Some(major) = parts.first().and_then(|version| major(version)) else {
        return Err(unknown(path));
    };
    if major < *ALIVE.start() {
        let message = format!("(#2635) You are calling a deprecated version of the API: v{major}.0.");
        return Err(Refusal::plain(400, 2635, message));
    }
    match parts.as_slice() {
        [_, pixel, "events"] if ALIVE.contains(&major) && !pixel.is_empty() => Ok(pixel),
        _ => Err(unknown(path)),
    }
}

/// The number in `v26.0`; a version's second part is always zero.
fn major(version: &str) -> Option<u32> {
    let number = version.strip_prefix('v')?.strip_suffix(".0")?;
    let plain = !number.starts_with('0') && number.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| number.parse().ok()).flatten()
}

fn unknown(path: &str) -> Refusal {
    Refusal::plain(400, 2500, format!("Unknown path components: {path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_which_versions_live() {
        for (path, expected) in [
            ("/v26.0/12/events", Ok("12")),
            ("/v21.0/12/events", Ok("12")),
            ("/v20.0/12/events", Err(2635)),
            ("/v3.0/12/events", Err(2635)),
            ("/v27.0/12/events", Err(2500)),
            ("/v26.1/12/events", Err(2500)),
            ("/v26/12/events", Err(2500)),
            ("/v026.0/12/events", Err(2500)),
            ("/12/events", Err(2500)),
            ("/v26.0//events", Err(2500)),
            ("/v26.0/12/event", Err(2500)),
            ("/v26.0/12/events/", Err(2500)),
            ("/", Err(2500)),
        ] {
            assert_eq!(pixel(path).map_err(|refusal| refusal.code), expected, "{path}");
        }
    }
}
