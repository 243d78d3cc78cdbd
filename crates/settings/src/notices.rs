//! Where the operator is notified.

use secrecy::SecretString;
use strum::{EnumString, VariantNames};
use url::Url;

use crate::address::web_page;
use crate::setting::{F, R, section};

section! {
    /// How the operator is notified of changes.
    pub struct NoticeSettings in "Notices";
    /// Webhook that is notified of changes: pixels, platforms, backends, files, dead letters, money that expires; its path and query stay secret.
    url: Option<SecretString> = "NOTIFY_URL", "", F | R, secret_page();
    /// What the webhook takes: json, or slack for an incoming webhook of Slack.
    format: NoticeFormat = "NOTIFY_FORMAT", "json", F | R, word();
    /// Secret that signs each notice (HMAC-SHA256), so that the webhook can verify who sent it.
    secret: Option<SecretString> = "NOTIFY_SECRET", "", F | R, graphic_secret();
    /// Address of the console that notices link to.
    console: Option<Url> = "CONSOLE_URL", "", F | R, optional(web_page);
}

/// What the webhook takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case", ascii_case_insensitive)]
pub enum NoticeFormat {
    /// All fields of a notice.
    #[default]
    Json,
    /// One text.
    Slack,
}
