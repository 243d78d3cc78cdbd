//! `efflux demo`: samples of four networks through the whole pipeline, against the sandbox.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use assembly::Parts;
use clap::Args;
use destination_meta::destination::PLATFORM;
use domain::{ObjectRef, PixelCode, PixelRef};
use meta_sandbox::Sandbox;
use ports::pixels::{Credential, Pixel};
use ports::subscriptions::Subscription;
use runtime::ExitStatus;
use samples::{SampleNetwork, SampleSpec, campaign_ids, default_pixels};
use secrecy::SecretString;
use settings::Environment;

use super::ingest::{self, places, put_content};
use super::run::start_sandbox;
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
        ]);
        run_all(context.with_environment(environment).open().await?).await
    }
}

async fn run_all(mut parts: Parts) -> anyhow::Result<ExitStatus> {
    let folder = tempfile::tempdir().context("cannot make a folder for the samples")?;
    let sandbox = start_sandbox(&parts.clock, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), None).await?;
    parts.settings.destinations.meta.graph_url =
        sandbox.url().parse().context("the sandbox's own address")?;
    parts.settings.http.port = 0;
    prepare(&parts).await?;

    let parts = Arc::new(parts);
    let running = assembly::start(Arc::clone(&parts)).await?;
    let shown = show(&parts, &sandbox, folder.path()).await;
    running.shut_down().await;
    sandbox.stop().await;
    shown
}

async fn prepare(parts: &Parts) -> anyhow::Result<()> {
    for code in default_pixels() {
        let credential = Credential { label: "demo".to_owned(), token: SecretString::from("demo-token") };
        let pixel = PixelRef::new(PLATFORM, PixelCode::new(code)?);
        parts.ports.pixels.put(&Pixel { pixel, name: None, credentials: vec![credential] }).await?;
    }
    let spec = SampleSpec { campaigns: CAMPAIGNS, ..SampleSpec::default() };
    let subscribed: Vec<_> = campaign_ids(&spec).into_iter().take(SUBSCRIBED).map(Subscription::of).collect();
    Ok(parts.ports.subscriptions.put(&subscribed).await?)
}

async fn show(parts: &Parts, sandbox: &Sandbox, folder: &Path) -> anyhow::Result<ExitStatus> {
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
    conclude(&files, currency, sandbox)
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
        ..SampleSpec::default()
    };
    let path = folder.join(format!("{network}.json"));
    File::create(&path).and_then(|file| sample::write(&spec, file)).context("cannot write a sample")?;
    put_content(parts, &*parts.ports.blobs, ingest::open(&path)?, network.name(), &spec.account).await
}

/// The sandbox checks the ledger independently: it must have accepted exactly the events of the receipts.
fn conclude(files: &[(String, Followed)], currency: &str, sandbox: &Sandbox) -> anyhow::Result<ExitStatus> {
    for (network, followed) in files {
        if !followed.balances() || followed.open() > 0 {
            bail!(
                "{network}: the receipts do not reconcile, or rows are still open\n{}",
                tables::receipt(followed, currency)
            );
        }
    }
    let sent: u64 = files.iter().filter_map(|(_, f)| f.report.as_ref()).map(domain::Receipt::events).sum();
    let stats = sandbox.stats();
    let (accepted, repeated) = (stats.accepted_events(), stats.repeated_events());
    if accepted != sent || repeated != 0 {
        bail!(
            "the receipts count {sent} events; the sandbox accepted {accepted}, and received {repeated} twice"
        );
    }
    out(&format!(
        "\nAll files reconcile. The sandbox has received each of the {accepted} events exactly once.\n"
    ));
    Ok(ExitStatus::Done)
}
