//! `efflux demo`: samples of four networks through the whole pipeline, against the sandboxes of Meta and TikTok.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use assembly::Parts;
use clap::Args;
use domain::{ObjectRef, PixelCode, PixelRef, Platform};
use ports::pixels::{Credential, Pixel};
use ports::subscriptions::Subscription;
use runtime::ExitStatus;
use samples::{SampleNetwork, SampleSpec, campaign_ids, default_pixels, default_tiktok_pixels};
use secrecy::SecretString;
use settings::Environment;

use super::ingest::{self, places, put_content};
use super::run::sandboxes::{Listen, Sandboxes};
use super::sample;
use crate::context::{Context, Run};
use crate::follow::Followed;
use crate::{out, tables};

/// Rows of each network.
const ROWS: usize = 250;

/// The samples have this many campaigns; the last ones are not subscribed, to show what the filter does.
const CAMPAIGNS: u32 = 20;
const SUBSCRIBED: usize = 18;

/// No step of the demo takes this long unless something is wrong.
const LONGEST: Duration = Duration::from_secs(60);

#[derive(Debug, Args)]
pub(crate) struct Demo {}

impl Run for Demo {
    /// The demo uses a temporary data directory, so that it cannot touch the user's data.
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        let data = tempfile::tempdir()?;
        let environment = Environment::from_pairs([
            ("EFFLUX_DATA_DIR", data.path().display().to_string().as_str()),
            ("LOG_LEVEL", "error"),
            ("TIKTOK_ENABLED", "true"),
        ]);
        run_all(context.with_environment(environment).open().await?).await
    }
}

async fn run_all(mut parts: Parts) -> anyhow::Result<ExitStatus> {
    let folder = tempfile::tempdir().context("cannot make a folder for the samples")?;
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let sandboxes = Sandboxes::start(&parts.clock, Listen { meta: any, tiktok: Some(any) }, None).await?;
    sandboxes.direct(&mut parts.settings.destinations)?;
    parts.settings.http.port = 0;
    prepare(&parts).await?;

    let parts = Arc::new(parts);
    let running = assembly::start(Arc::clone(&parts)).await?;
    let shown = show(&parts, &sandboxes, folder.path()).await;
    running.shut_down().await;
    sandboxes.stop().await;
    shown
}

async fn prepare(parts: &Parts) -> anyhow::Result<()> {
    let pixels = [
        (destination_meta::destination::PLATFORM, default_pixels()),
        (destination_tiktok::destination::PLATFORM, default_tiktok_pixels()),
    ];
    let of_platform =
        |(platform, codes): (Platform, Vec<String>)| codes.into_iter().map(move |c| (platform, c));
    for (platform, code) in pixels.into_iter().flat_map(of_platform) {
        let credential = Credential { label: "demo".to_owned(), token: SecretString::from("demo-token") };
        let pixel = PixelRef::new(platform, PixelCode::new(code)?);
        parts.ports.pixels.put(&Pixel { pixel, name: None, credentials: vec![credential] }).await?;
    }
    let spec = SampleSpec { campaigns: CAMPAIGNS, ..SampleSpec::default() };
    let subscribed: Vec<_> = campaign_ids(&spec).into_iter().take(SUBSCRIBED).map(Subscription::of).collect();
    Ok(parts.ports.subscriptions.put(&subscribed).await?)
}

async fn show(parts: &Parts, sandboxes: &Sandboxes, folder: &Path) -> anyhow::Result<ExitStatus> {
    let mut put = Vec::new();
    for (seed, network) in (1..).zip(SampleNetwork::ALL) {
        put.push((network, put_sample(parts, network, seed, folder).await?));
    }
    let places = places(parts, &parts.ports.blobs, &*parts.ports.ledger);
    let mut files: Vec<(String, Followed)> = Vec::new();
    for (network, object) in put {
        files.push((network.name().to_owned(), places.follow(&object, LONGEST, |_| {}).await?));
    }
    let currency = &parts.settings.reporting.currency;
    out(&tables::summary(&files, currency));
    conclude(&files, currency, sandboxes)
}

/// Makes a sample and puts it where the network's interpreter would.
async fn put_sample(
    parts: &Parts,
    network: SampleNetwork,
    seed: u64,
    folder: &Path,
) -> anyhow::Result<ObjectRef> {
    let spec = SampleSpec {
        network,
        rows: ROWS,
        seed,
        now_unix_s: parts.clock.now().seconds().0,
        campaigns: CAMPAIGNS,
        dirty: 0.06,
        restate: 0.02,
        ndjson: seed.is_multiple_of(2),
        tiktok_pixels: default_tiktok_pixels(),
        ..SampleSpec::default()
    };
    let path = folder.join(format!("{network}.json"));
    File::create(&path).and_then(|file| sample::write(&spec, file)).context("cannot write a sample")?;
    put_content(parts, &*parts.ports.blobs, ingest::open(&path)?, network.name(), &spec.account).await
}

/// The sandboxes check the ledger independently: each must have accepted exactly the events of its platform in the receipts.
fn conclude(
    files: &[(String, Followed)],
    currency: &str,
    sandboxes: &Sandboxes,
) -> anyhow::Result<ExitStatus> {
    for (network, followed) in files {
        if !followed.balances() || followed.open() > 0 {
            bail!(
                "{network}: the receipts do not reconcile, or rows are still open\n{}",
                tables::receipt(followed, currency)
            );
        }
    }
    let pixels = || files.iter().filter_map(|(_, f)| f.report.as_ref()).flat_map(|report| &report.pixels);
    let mut said = Vec::new();
    for (platform, accepted, repeated) in sandboxes.accepted() {
        let of_platform = pixels().filter(|pixel| pixel.pixel.platform.as_str() == platform);
        let sent: u64 = of_platform.map(|pixel| pixel.events).sum();
        if accepted != sent || repeated != 0 {
            bail!(
                "the receipts count {sent} events of {platform}; its sandbox accepted {accepted}, and received {repeated} twice"
            );
        }
        said.push(format!("{accepted} events of {platform}"));
    }
    let said = said.join(" and ");
    out(&format!("\nAll files reconcile. The sandboxes have received each of the {said} exactly once.\n"));
    Ok(ExitStatus::Done)
}
