//! What a webhook is sent.

use bytes::Bytes;
use domain::UnixMillis;
use ports::notice::Notice;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

/// The most characters of a text that others decide.
const LONGEST: usize = 600;

/// What the webhook takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// All fields of a notice.
    Json,
    /// One text, for an incoming webhook of Slack.
    Slack,
}

/// What stands in each notice beside what has changed.
#[derive(Debug, Clone)]
pub(crate) struct About {
    pub(crate) format: Format,
    pub(crate) service: &'static str,
    pub(crate) environment: String,
    pub(crate) console: Option<Url>,
}

/// The body of a request.
pub(crate) fn body(about: &About, notice: &Notice, dropped: u64, now: UnixMillis) -> Bytes {
    let value = match about.format {
        Format::Json => fields(about, notice, dropped, now),
        Format::Slack => json!({ "text": slack(about, notice, dropped) }),
    };
    value.to_string().into()
}

fn fields(about: &About, notice: &Notice, dropped: u64, now: UnixMillis) -> Value {
    json!({
        "id": id(notice),
        "at": now.rfc3339(),
        "kind": notice.subject.kind(),
        "name": plain(&notice.subject.name()),
        "state": notice.state.as_str(),
        "was": notice.was.as_str(),
        "since": notice.since.rfc3339(),
        "text": plain(&notice.sentence()),
        "reason": plain(&notice.reason),
        "what_to_do": notice.advice(),
        "service": about.service,
        "environment": about.environment,
        "console": about.console.as_ref().map(Url::as_str),
        "dropped_before": dropped,
    })
}

/// The same for each attempt to send a notice.
fn id(notice: &Notice) -> String {
    let what = format!(
        "{}\n{}\n{}\n{}",
        notice.subject.kind(),
        notice.subject.name(),
        notice.state.as_str(),
        notice.since.0
    );
    hex::encode(&Sha256::digest(what)[..16])
}

fn slack(about: &About, notice: &Notice, dropped: u64) -> String {
    let place = format!("{} ({})", about.service, about.environment);
    let mut lines = vec![format!("*{}*", escaped(&plain(&notice.sentence())))];
    if !notice.reason.is_empty() {
        lines.push(escaped(&plain(&notice.reason)));
    }
    lines.extend(notice.advice().map(escaped));
    if dropped > 0 {
        lines.push(format!("{dropped} notices before this one were dropped: there were too many at once"));
    }
    lines.push(escaped(&place));
    lines.extend(about.console.as_ref().map(|console| format!("<{console}|console>")));
    lines.join("\n")
}

/// Without what would steer a terminal, turn the direction of writing, or fill a screen.
fn plain(text: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut plain: String =
        text.chars().take(LONGEST).map(|c| if steers(c) { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(LONGEST).is_some() {
        plain.push('…');
    }
    plain
}

/// For Slack, where three characters begin links, mentions and entities, and others begin styles.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    // A zero-width space behind a star or the like: it styles nothing any more. Commands stay readable and can be copied.
    text.replace('*', "*\u{200b}").replace('~', "~\u{200b}")
}

#[cfg(test)]
mod tests {
    use ports::notice::{State, Subject};

    use super::*;

    fn about(format: Format) -> About {
        About {
            format,
            service: "filter-svc",
            environment: "production".to_owned(),
            console: Some("https://console.example.com/efflux".parse().unwrap()),
        }
    }

    fn notice(name: &str, reason: &str) -> Notice {
        Notice {
            subject: Subject::File(name.to_owned()),
            was: State::Well,
            state: State::Held,
            reason: reason.to_owned(),
            since: UnixMillis(1_763_800_000_000),
        }
    }

    #[test]
    fn json_has_every_field() {
        let body = body(&about(Format::Json), &notice("b/k", "odd"), 3, UnixMillis(1_763_800_001_000));
        let value: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(value["kind"], "file");
        assert_eq!((&value["state"], &value["was"]), (&json!("held"), &json!("well")));
        assert_eq!(value["text"], "file b/k: the file looks wrong as a whole and waits for you");
        assert_eq!(value["console"], "https://console.example.com/efflux");
        assert_eq!((&value["dropped_before"], value["id"].as_str().unwrap().len()), (&json!(3), 32));
        assert!(value["what_to_do"].as_str().unwrap().contains("efflux held"));
    }

    #[test]
    fn slack_is_neither_steered_nor_made_to_call_people() {
        let hostile = notice("b/<!channel>\u{1b}[2J", "*x* <https://evil.example|click> & \u{202e}");
        let body = body(&about(Format::Slack), &hostile, 0, UnixMillis(0));
        let text = serde_json::from_slice::<Value>(&body).unwrap()["text"].as_str().unwrap().to_owned();
        assert!(text.contains("&lt;!channel&gt;\u{fffd}[2J") && text.contains("&lt;https://evil"), "{text}");
        assert_eq!(text.matches('<').count(), 1, "the link to the console: {text}");
        assert!(!text.contains('\u{202e}'));
    }

    #[test]
    fn texts_are_cut() {
        assert_eq!(plain(&"é".repeat(1_000)).chars().count(), LONGEST + 1);
    }
}
