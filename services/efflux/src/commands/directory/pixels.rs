//! `efflux pixels`.

use std::fs;
use std::io::{IsTerminal, Read, stdin};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use domain::{Money, PixelCode, PixelRef, Platform};
use ports::pixels::{Credential, Pixel};
use ports::{LedgerAdmin, PixelDirectory};
use runtime::{ExitStatus, NoInput, WrongUsage};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::change::Changes;
use crate::context::{Context, Run};
use crate::out;
use crate::sheet::{Cell, Format, Sheet, print_json};
use crate::tables::money;

#[derive(Debug, Subcommand)]
pub(crate) enum Pixels {
    /// Print all; of tokens, their labels and how they end
    List {
        #[command(flatten)]
        format: Format,
    },
    /// Add a pixel, or change what is given of one that is there
    Add(Add),
    /// Remove a pixel; asks first while conversions wait for it
    Remove(Remove),
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// The platform's pixel code
    code: String,
    /// Platform: meta or tiktok; `facebook` means meta
    #[arg(long, visible_alias = "platform", default_value = "facebook")]
    source: String,
    /// A note for the operator
    #[arg(long)]
    name: Option<String>,
    /// Replace the pixel's tokens by those in this file, one per line, in the order to try them; `-` is standard input
    #[arg(long)]
    tokens: Option<PathBuf>,
    /// Take a code that the platform does not give
    #[arg(long)]
    force: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// The platform's pixel code
    code: String,
    /// Platform: meta or tiktok; `facebook` means meta
    #[arg(long, visible_alias = "platform", default_value = "facebook")]
    source: String,
    /// Continue without asking, and without looking whether conversions wait
    #[arg(long)]
    yes: bool,
    /// Print JSON; while conversions wait for the pixel, give --yes too
    #[arg(long)]
    json: bool,
}

backends::port_set! {
    /// To list and add pixels.
    pub(crate) struct PixelSet { pixels: PixelDirectory }
}

backends::port_set! {
    /// To see what waits for a pixel before it is removed.
    pub(crate) struct PixelsInUse { pixels: PixelDirectory, ledger: LedgerAdmin }
}

impl Run for Pixels {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        match self {
            Self::List { format } => {
                let parts = context.reading().open::<PixelSet>().await?;
                let all = parts.ports.pixels.snapshot().await?;
                sheet(&all).print(format, "No pixel was added yet: see `efflux pixels add --help`.")?;
                Ok(ExitStatus::Done)
            }
            Self::Add(args) => {
                let pixel = pixel_named(&args.source, &args.code, args.force)?;
                let tokens = args.tokens.as_deref().map(read_tokens).transpose()?;
                let parts = context.open::<PixelSet>().await?;
                add(&*parts.ports.pixels, pixel, args.name, tokens, args.json).await
            }
            Self::Remove(args) => {
                let pixel = pixel_named(&args.source, &args.code, true)?;
                if args.yes {
                    let parts = context.open::<PixelSet>().await?;
                    return remove(&*parts.ports.pixels, &pixel, args.json).await;
                }
                let parts = context.open::<PixelsInUse>().await?;
                let (ledger, currency) = (&*parts.ports.ledger, &parts.settings.reporting.currency);
                let waits = what_waits(ledger, &pixel, currency, context.clock.now()).await?;
                if let Some(waits) = waits
                    && !agreed(&pixel, &waits, args.json)?
                {
                    out("Nothing was changed.\n");
                    return Ok(ExitStatus::Incomplete);
                }
                remove(&*parts.ports.pixels, &pixel, args.json).await
            }
        }
    }
}

async fn add(
    directory: &dyn PixelDirectory,
    pixel: PixelRef,
    name: Option<String>,
    tokens: Option<Vec<Credential>>,
    json: bool,
) -> anyhow::Result<ExitStatus> {
    let known = directory.snapshot().await?.into_iter().find(|known| known.pixel == pixel);
    let before = known.as_ref().map(object);
    let mut changes = Changes::of(pixel.to_string(), known.is_none());
    let mut changed = known.unwrap_or(Pixel { pixel, name: None, credentials: Vec::new() });
    let name = name.map(|name| (!name.is_empty()).then_some(name));
    changes.set("name", &mut changed.name, name, |name| name.as_deref().unwrap_or("none").to_owned());
    let mut shown = shown_tokens(&changed.credentials);
    changes.set("tokens", &mut shown, tokens.as_deref().map(shown_tokens), Clone::clone);
    if let Some(tokens) = tokens {
        changed.credentials = tokens;
    }
    directory.put(&changed).await?;
    if json {
        print_json(&changes.json(before.as_ref(), &object(&changed)))?;
        return Ok(ExitStatus::Done);
    }
    out(&format!("{}\n", changes.line()));
    if changed.credentials.is_empty() {
        out("It has no token: its conversions wait until it has one.\n");
    }
    Ok(ExitStatus::Done)
}

async fn remove(directory: &dyn PixelDirectory, pixel: &PixelRef, json: bool) -> anyhow::Result<ExitStatus> {
    if !directory.remove(pixel).await? {
        bail!("unknown pixel {pixel}; see `efflux pixels list`");
    }
    if json {
        print_json(&json!({"removed": pixel.to_string()}))?;
    } else {
        out(&format!("{pixel} removed\n"));
    }
    Ok(ExitStatus::Done)
}

/// What waits for the pixel, in words; `None` when nothing does.
async fn what_waits(
    ledger: &dyn LedgerAdmin,
    pixel: &PixelRef,
    currency: &str,
    now: domain::UnixMillis,
) -> anyhow::Result<Option<String>> {
    let waiting: Vec<_> =
        ledger.waiting(now).await?.into_iter().filter(|group| group.pixel == *pixel).collect();
    let conversions: u64 = waiting.iter().map(|group| group.conversions).sum();
    if conversions == 0 {
        return Ok(None);
    }
    let unreported: Money = waiting.iter().map(|group| group.unreported).sum();
    Ok(Some(format!(
        "{conversions} conversions wait for {pixel}, unreported revenue {}. Without the pixel they wait until their deadline and expire.",
        money(unreported, currency)
    )))
}

/// Whether the operator agrees that the pixel goes all the same.
fn agreed(pixel: &PixelRef, waits: &str, json: bool) -> anyhow::Result<bool> {
    if json {
        bail!("{waits} With --json nothing is asked: give --yes to remove the pixel all the same");
    }
    out(&format!("{waits}\n"));
    if !stdin().is_terminal() {
        bail!("there is no terminal to ask: give --yes to remove the pixel all the same");
    }
    out(&format!("Remove {pixel}? [y/N] "));
    let mut answer = String::new();
    stdin().read_line(&mut answer).context("cannot read the answer")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn sheet(all: &[Pixel]) -> Sheet<4> {
    let mut sheet = Sheet::new(["platform", "pixel", "name", "tokens"]);
    all.iter().for_each(|pixel| sheet.add(row(pixel)));
    sheet
}

fn row(Pixel { pixel, name, credentials }: &Pixel) -> [Cell; 4] {
    [
        Cell::text(pixel.platform.as_str()),
        Cell::text(pixel.code.as_str()),
        Cell::or_nothing(name.as_deref(), Cell::text),
        Cell::text(shown_tokens(credentials)),
    ]
}

/// As `list --json` shows it.
fn object(pixel: &Pixel) -> Value {
    sheet(&[]).object(&row(pixel))
}

/// Labels, and the last four characters of tokens that are long enough to keep the rest a secret.
fn shown_tokens(credentials: &[Credential]) -> String {
    let all: Vec<_> = credentials.iter().map(Credential::shown).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

/// Platforms that pixels can be added for.
const PLATFORMS: [&str; 2] = ["meta", "tiktok"];

fn pixel_named(source: &str, code: &str, force: bool) -> anyhow::Result<PixelRef> {
    let platform = Platform::from_feed(Some(source))
        .filter(|platform| PLATFORMS.contains(&platform.as_str()))
        .ok_or_else(|| {
            WrongUsage::new(format!("unknown platform `{source}`: write {}", PLATFORMS.join(" or ")))
        })?;
    let is_number = (4..=20).contains(&code.len()) && code.bytes().all(|digit| digit.is_ascii_digit());
    if platform.as_str() == "meta" && !is_number && !force {
        let text = format!(
            "`{code}` is no code of Meta, which are numbers of 4 to 20 digits; --force takes it all the same"
        );
        return Err(WrongUsage::new(text).into());
    }
    let is_capitals = code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if platform.as_str() == "tiktok" && !is_capitals && !force {
        let text = format!(
            "`{code}` is not a code of TikTok, which are capitals and digits; --force takes it all the same"
        );
        return Err(WrongUsage::new(text).into());
    }
    let code = PixelCode::new(code).map_err(|error| WrongUsage::new(format!("`{code}`: {error}")))?;
    Ok(PixelRef::new(platform, code))
}

/// Tokens are never arguments of the command line, where every user of the machine could read them.
fn read_tokens(path: &Path) -> anyhow::Result<Vec<Credential>> {
    let text = if path.as_os_str() == "-" {
        let mut text = String::new();
        stdin().read_to_string(&mut text).context("cannot read tokens from standard input")?;
        text
    } else {
        fs::read_to_string(path).map_err(|error| NoInput::new(&path.display(), &error))?
    };
    credentials(&text).map_err(anyhow::Error::from)
}

fn credentials(text: &str) -> Result<Vec<Credential>, WrongUsage> {
    let tokens: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if tokens.is_empty() {
        return Err(WrongUsage::new("there is no token in the file: write one per line"));
    }
    let mut all: Vec<Credential> = Vec::new();
    for (number, token) in (1..).zip(tokens) {
        // The token itself is not shown: it may be right but for the quotes around it.
        if !token.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b',')) {
            return Err(WrongUsage::new(format!(
                "token {number} holds a blank, a quote, a comma or a character that no token has: write one per line, as the platform shows it"
            )));
        }
        if all.iter().any(|known| known.token.expose_secret() == token) {
            return Err(WrongUsage::new(format!("token {number} is in the file twice")));
        }
        all.push(Credential { label: format!("token-{number}"), token: SecretString::from(token) });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_checked_when_they_are_entered() {
        let good = credentials("EAAB1\n\n  EAAB2|x-_.  \n").unwrap();
        assert_eq!(good.iter().map(|token| token.label.as_str()).collect::<Vec<_>>(), ["token-1", "token-2"]);
        for (text, because) in [
            ("", "no token"),
            ("\n \n", "no token"),
            ("EAAB1\n\"EAAB2\"", "token 2 holds"),
            ("EAAB1 EAAB2", "token 1 holds"),
            ("EAAB\u{200b}1", "token 1 holds"),
            ("EAAB1\nEAAB1", "twice"),
        ] {
            let error = credentials(text).unwrap_err().to_string();
            assert!(error.contains(because) && !error.contains("EAAB"), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_code_is_checked_when_it_is_entered() {
        assert_eq!(
            pixel_named("facebook", "111000000000002", false).unwrap().to_string(),
            "meta:111000000000002"
        );
        assert_eq!(pixel_named("tiktok", "C4A1B2", false).unwrap().to_string(), "tiktok:C4A1B2");
        for (source, code, force) in [
            ("facebook", "11100000000000A", false),
            ("facebook", "224", false),
            ("tiktok", "c4a1b2", false),
            ("tiktok", "C4-A1", false),
            ("facebook", "", true),
            ("x", "1234", true),
        ] {
            let error = pixel_named(source, code, force).unwrap_err();
            assert!(error.is::<WrongUsage>(), "{source} {code}: {error}");
        }
        pixel_named("facebook", "224", true).unwrap();
    }

    #[test]
    fn only_the_end_of_a_long_token_is_shown() {
        let token =
            |token: &str| Credential { label: "token-1".to_owned(), token: SecretString::from(token) };
        assert_eq!(shown_tokens(&[token("EAAB0123456789012345wxyz")]), "token-1 (…wxyz)");
        assert_eq!(shown_tokens(&[token("short")]), "token-1");
        assert_eq!(shown_tokens(&[]), "none");
    }
}
