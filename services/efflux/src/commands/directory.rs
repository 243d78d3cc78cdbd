//! `efflux subscriptions` and `efflux pixels`.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use domain::{PixelCode, PixelRef, Platform};
use ports::pixels::{Credential, Pixel};
use ports::subscriptions::Subscription;
use ports::{PixelDirectory, SubscriptionStore};
use runtime::ExitStatus;
use secrecy::SecretString;

use crate::context::{Context, Run};
use crate::out;

#[derive(Debug, Subcommand)]
pub(crate) enum Subscriptions {
    /// Print all, one per line
    List,
    /// Add campaigns
    Add {
        /// Ad platform campaign ids
        #[arg(required = true)]
        ids: Vec<String>,
        /// A note for the operator
        #[arg(long)]
        note: Option<String>,
        /// Only rows of this feed network; may be given more than once
        #[arg(long = "network")]
        networks: Vec<String>,
        /// Only rows of visitors in this country, ISO 3166-1 alpha-2; may be given more than once
        #[arg(long = "country")]
        countries: Vec<String>,
        /// Only rows that earned at least this
        #[arg(long)]
        min_revenue: Option<String>,
        /// Accept no rows for now
        #[arg(long)]
        disabled: bool,
    },
    /// Remove campaigns
    Remove {
        /// Ad platform campaign ids
        #[arg(required = true)]
        ids: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Pixels {
    /// Print all; of tokens, only their labels
    List,
    /// Add a pixel, or replace it with its tokens
    Add {
        /// The platform's pixel code
        code: String,
        /// Platform: meta or tiktok; `facebook` means meta
        #[arg(long, default_value = "facebook")]
        source: String,
        /// A note for the operator
        #[arg(long)]
        name: Option<String>,
        /// Read tokens from this file, one per line, in the order to try them; `-` is standard input
        #[arg(long)]
        tokens: Option<PathBuf>,
    },
    /// Remove a pixel
    Remove {
        /// The platform's pixel code
        code: String,
        /// Platform: meta or tiktok; `facebook` means meta
        #[arg(long, default_value = "facebook")]
        source: String,
    },
}

backends::port_set! {
    /// To list, add and remove subscriptions.
    pub(crate) struct SubscriptionSet { subscriptions: SubscriptionStore }
}

backends::port_set! {
    /// To list, add and remove pixels.
    pub(crate) struct PixelSet { pixels: PixelDirectory }
}

impl Run for Subscriptions {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        let parts = context.open::<SubscriptionSet>().await?;
        subscriptions(&*parts.ports.subscriptions, self).await
    }
}

impl Run for Pixels {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        let parts = context.open::<PixelSet>().await?;
        pixels(&*parts.ports.pixels, self).await
    }
}

async fn subscriptions(store: &dyn SubscriptionStore, action: Subscriptions) -> anyhow::Result<ExitStatus> {
    match action {
        Subscriptions::List => {
            for subscription in store.snapshot().await? {
                out(&format!("{}\n", line(&subscription)));
            }
        }
        Subscriptions::Add { ids, note, networks, countries, min_revenue, disabled } => {
            let min_revenue = min_revenue.as_deref().map(str::parse).transpose().context("--min-revenue")?;
            let all: Vec<_> = ids
                .into_iter()
                .map(|id| Subscription {
                    note: note.clone(),
                    enabled: !disabled,
                    networks: networks.clone(),
                    countries: countries.clone(),
                    min_revenue,
                    ..Subscription::of(id)
                })
                .collect();
            store.put(&all).await?;
        }
        Subscriptions::Remove { ids } => {
            for id in ids {
                if !store.remove(&id).await? {
                    bail!("campaign {id} is not subscribed");
                }
            }
        }
    }
    Ok(ExitStatus::Done)
}

async fn pixels(directory: &dyn PixelDirectory, action: Pixels) -> anyhow::Result<ExitStatus> {
    match action {
        Pixels::List => {
            for pixel in directory.snapshot().await? {
                let labels: Vec<_> = pixel.credentials.iter().map(|c| c.label.as_str()).collect();
                let name = pixel.name.as_deref().unwrap_or_default();
                let PixelRef { platform, code } = &pixel.pixel;
                out(&format!("{platform}\t{code}\t{name}\t{}\n", labels.join(",")));
            }
        }
        Pixels::Add { code, source, name, tokens } => {
            let credentials = tokens.as_deref().map(read_tokens).transpose()?.unwrap_or_default();
            let pixel = PixelRef::new(platform_named(&source)?, PixelCode::new(code)?);
            directory.put(&Pixel { pixel, name, credentials }).await?;
        }
        Pixels::Remove { code, source } => {
            let pixel = PixelRef::new(platform_named(&source)?, PixelCode::new(code)?);
            if !directory.remove(&pixel).await? {
                bail!("unknown pixel {pixel}");
            }
        }
    }
    Ok(ExitStatus::Done)
}

/// Id and note, then the conditions if it has any.
fn line(subscription: &Subscription) -> String {
    let Subscription { id, enabled, networks, countries, min_revenue, note } = subscription;
    let mut line = format!("{id}\t{}", note.as_deref().unwrap_or_default());
    if !enabled {
        line.push_str("\tdisabled");
    }
    for (name, words) in [("network", networks), ("country", countries)] {
        if !words.is_empty() {
            line.push_str(&format!("\t{name}={}", words.join(",")));
        }
    }
    if let Some(least) = min_revenue {
        line.push_str(&format!("\tmin-revenue={least}"));
    }
    line
}

/// Platforms that pixels can be added for. Not all of them have a destination so far.
const PLATFORMS: [&str; 2] = ["meta", "tiktok"];

fn platform_named(word: &str) -> anyhow::Result<Platform> {
    Platform::from_feed(Some(word))
        .filter(|platform| PLATFORMS.contains(&platform.as_str()))
        .with_context(|| format!("unknown platform `{word}`: write {}", PLATFORMS.join(" or ")))
}

/// Tokens are never arguments of the command line, where every user of the machine could read them.
fn read_tokens(path: &Path) -> anyhow::Result<Vec<Credential>> {
    let text = if path.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("cannot read tokens from standard input")?;
        text
    } else {
        fs::read_to_string(path).with_context(|| format!("cannot read tokens from {}", path.display()))?
    };
    let tokens = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let credential = |(i, token): (usize, &str)| Credential {
        label: format!("token-{}", i + 1),
        token: SecretString::from(token),
    };
    Ok(tokens.enumerate().map(credential).collect())
}
