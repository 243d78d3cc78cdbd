//! Crawlers: programs that visit pages. Nobody is behind their clicks.
//!
//! The words are those by which such programs name themselves, taken from [crawler-user-agents] (read 2026-11-29) and Meta's and Google's
//! own lists. Only what no browser has is among them: a conversion of a person that is taken for a crawler's is lost. So there is no guess
//! by a missing engine or a strange form, as libraries make it, and `bot` counts only as the end of a name (`Googlebot/2.1`), not of
//! `Cubot`, a maker of telephones. Browsers inside apps (`[FBAN/FBIOS...]`) are not crawlers.
//!
//! [crawler-user-agents]: https://github.com/monperrus/crawler-user-agents

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// What counts wherever it stands.
const ANYWHERE: [&str; 53] = [
    "+http",
    "crawler",
    "crawling",
    "spider",
    "slurp",
    "scrapy",
    "scraper",
    // Meta
    "facebookexternalhit",
    "facebookcatalog",
    "facebookplatform/",
    "meta-externalagent",
    "meta-externalfetcher",
    "meta-webindexer",
    "cortex/1.0",
    // Google, Microsoft, Yandex
    "mediapartners-google",
    "google-inspectiontool",
    "googleother",
    "apis-google",
    "google-extended",
    "feedfetcher-google",
    "google-read-aloud",
    "google web preview",
    "google-site-verification",
    "google favicon",
    "chrome-lighthouse",
    "bingpreview",
    "yandex.com/bots",
    // Previews of links
    "skypeuripreview",
    "embedly",
    "quora link preview",
    "vkshare",
    "flipboardproxy",
    "mastodon/",
    "iframely",
    // Watchers and testers
    "headlesschrome",
    "phantomjs",
    "pingdom",
    "gtmetrix",
    "statuscake",
    "site24x7",
    "newrelicpinger",
    "ptst/",
    "ahrefs",
    "semrush",
    "screaming frog",
    "ia_archiver",
    "archive.org_",
    // Libraries
    "python-requests",
    "python-urllib",
    "go-http-client",
    "apache-httpclient",
    "libwww-perl",
    "node-fetch",
];

/// What counts at the beginning: libraries and tools that name nothing else.
const AT_THE_BEGINNING: [&str; 10] = [
    "curl/",
    "wget/",
    "java/",
    "ruby",
    "axios/",
    "aiohttp",
    "httpx/",
    "postmanruntime/",
    "whatsapp/",
    "python/",
];

static WORDS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(ANYWHERE.iter().chain(&["bot"]))
        .expect("a few short words make a small automaton")
});

/// Whether a user agent is that of a program that visits pages by itself.
///
/// ```
/// use user_data::normalise::is_crawler;
///
/// assert!(is_crawler("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"));
/// assert!(!is_crawler("Mozilla/5.0 (Linux; Android 13; CUBOT P80) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36"));
/// ```
#[must_use]
pub fn is_crawler(agent: &str) -> bool {
    let begins = |word: &&str| agent.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    AT_THE_BEGINNING.iter().any(begins)
        || WORDS.find_overlapping_iter(agent).any(|found| {
            found.pattern().as_usize() < ANYWHERE.len() || is_name_of_bot(agent, found.start(), found.end())
        })
}

/// `bot` at the end of a name.
fn is_name_of_bot(agent: &str, start: usize, end: usize) -> bool {
    let bytes = agent.as_bytes();
    let goes_on = bytes.get(end).is_some_and(u8::is_ascii_alphabetic);
    let is_cubot = agent[..start].to_ascii_lowercase().ends_with("cu");
    !goes_on && !is_cubot
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs() {
        for agent in [
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)",
            "Googlebot/2.1",
            "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) AppleWebKit/537.36 Chrome/W.X.Y.Z Mobile Safari/537.36 (compatible; Googlebot/2.1; x)",
            "AdsBot-Google (+http://www.google.com/adsbot.html)",
            "Mediapartners-Google",
            "Mozilla/5.0 (compatible; bingbot/2.0)",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.0.0 Safari/537.36",
            "Mozilla/5.0 (compatible; Yahoo! Slurp)",
            "LinkedInBot/1.0",
            "TelegramBot (like TwitterBot)",
            "WhatsApp/2.23.20.0",
            "curl/8.0",
            "python-requests/2.31",
            "Mozilla/5.0 (compatible; AhrefsBot/7.0)",
            "Baiduspider/2.0",
            "AnyBot",
        ] {
            assert!(is_crawler(agent), "{agent}");
        }
    }

    #[test]
    fn browsers() {
        for agent in [
            "",
            "Mozilla/5.0",
            "UA",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 \
             [FBAN/FBIOS;FBAV/440.0.0.0;FBBV/1;FBDV/iPhone14,5;FBMD/iPhone;FBSN/iOS;FBSV/17.0;FBSS/3;FBID/phone;FBLC/en_US;FBOP/5]",
            "Mozilla/5.0 (Linux; Android 13; SM-A536B; wv) AppleWebKit/537.36 Version/4.0 Chrome/120.0 Mobile Safari/537.36 \
             [FB_IAB/FB4A;FBAV/443.0.0.0;]",
            "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36 Instagram 300.0.0.0 Android",
            "Mozilla/5.0 (Linux; Android 11; CUBOT_NOTE_20) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 11; Robottech X1) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15",
            "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0",
            "Dalvik/2.1.0 (Linux; U; Android 12; Pixel 6)",
            "Opera/9.80 (Android; Opera Mini/36.2/119.132; U; id) Presto/2.12.423 Version/12.16",
        ] {
            assert!(!is_crawler(agent), "{agent}");
        }
    }
}
