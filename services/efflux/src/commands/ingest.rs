//! `efflux ingest`: puts files where a network's interpreter would, and follows their processing.

mod again;
mod receipts;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use assembly::{Parts, row_limits};
use clap::Args;
use domain::network::NETWORKS;
use domain::{Network, ObjectRef, Row};
use indicatif::{ProgressBar, ProgressStyle};
use ports::blob::BlobWriter;
use ports::{Blob, BlobStore, Ledger, ReportLedger};
use row_files::{FileError, RowText, Rows, decompressed};
use runtime::terminal::one_line;
use runtime::{ExitStatus, NoInput, WrongUsage};
use settings::Settings;

use self::again::Stated;
use crate::context::{Context, Run};
use crate::follow::{Followed, Places};
use crate::sheet::{Cell, Format, Sheet, print_json};
use crate::{out, tables};

#[derive(Debug, Args)]
pub(crate) struct Ingest {
    /// Files: a JSON array or one row per line; plain, gzip or zstd; `-` is standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Feed network; by default that of the first row
    #[arg(long)]
    network: Option<String>,
    /// Take a feed network that is not known (its Purchases are sent, and nothing else of its rows), or another one than the rows name
    #[arg(long)]
    force: bool,
    /// Network account, a part of the object key
    #[arg(long, default_value = "default")]
    account: String,
    /// Follow the files to the end and print their receipts; exit 0 only if all files reconcile, none looks wrong, and nothing of them is open
    #[arg(long)]
    wait: bool,
    /// Give up waiting after this many seconds
    #[arg(long, default_value_t = 300, requires = "wait")]
    timeout: u64,
    #[command(flatten)]
    format: Format,
}

backends::port_set! {
    /// To put files.
    pub(crate) struct Put { blobs: BlobStore }
}

backends::port_set! {
    /// To put files and follow their processing.
    pub(crate) struct Follow { blobs: BlobStore, ledger: Ledger }
}

impl Run for Ingest {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        if self.wait {
            return put_and_follow(&context.open().await?, &self).await;
        }
        put(&context.open().await?, &self).await
    }
}

/// Puts files.
async fn put(parts: &Parts<Put>, args: &Ingest) -> anyhow::Result<ExitStatus> {
    let put = put_all(parts, &*parts.ports.blobs, args).await?;
    if args.format.json {
        print_json(
            &put.iter().map(|(file, object)| serde_json::json!({"file": file, "object": object})).collect(),
        )?;
    } else if args.format.csv {
        let mut sheet = Sheet::new(["file", "object"]);
        put.iter().for_each(|(file, object)| {
            sheet.add([Cell::text(file.display().to_string()), Cell::text(object.to_string())]);
        });
        sheet.print(args.format, "")?;
    }
    Ok(ExitStatus::Done)
}

/// Puts files and waits until they are processed.
async fn put_and_follow(parts: &Parts<Follow>, args: &Ingest) -> anyhow::Result<ExitStatus> {
    let put = put_all(parts, &*parts.ports.blobs, args).await?;
    let Format { json, csv } = args.format;
    let followed = follow_all(parts, &put, Duration::from_secs(args.timeout), json || csv).await?;
    report(&followed, args.format, &parts.settings.reporting.currency)
}

async fn put_all<P>(
    parts: &Parts<P>,
    blobs: &dyn BlobStore,
    args: &Ingest,
) -> anyhow::Result<Vec<(PathBuf, ObjectRef)>> {
    if args.files.iter().filter(|file| is_standard_input(file)).count() > 1 {
        return Err(WrongUsage::new("`-` is standard input, which can be read once").into());
    }
    let mut put = Vec::with_capacity(args.files.len());
    for file in &args.files {
        let (name, mut content) = (shown(file), input(file, &parts.settings)?);
        let network = match &args.network {
            Some(network) => network.clone(),
            None => network_of(&name, &mut content, &parts.settings)?,
        };
        if !args.force && !Network::find(&network).is_known() {
            let known: Vec<_> = NETWORKS.iter().map(|network| network.name).collect();
            return Err(WrongUsage::new(format!(
                "{name}: unknown feed network {}; known are {}. With --force it is taken, and only its Purchases are sent",
                one_line(&network),
                known.join(", ")
            ))
            .into());
        }
        if let Some(other) = another_network(&mut content, &network, &parts.settings).filter(|_| !args.force)
        {
            let ours = Network::find(&network).name;
            return Err(WrongUsage::new(format!(
                "{name}: its rows say that they are of {other}, not of {ours}; leave out --network, or take it as {ours}'s with --force"
            ))
            .into());
        }
        let object = put_content(parts, blobs, content, &network, &args.account).await?;
        if !args.wait && !args.format.json && !args.format.csv {
            out(&format!("{name} -> {object}\n"));
        }
        put.push((file.clone(), object));
    }
    Ok(put)
}

fn is_standard_input(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// What a file is called in messages.
fn shown(file: &Path) -> String {
    if is_standard_input(file) { "standard input".to_owned() } else { file.display().to_string() }
}

/// The content of a file, or of standard input, which is kept in a temporary file: it is read more than once.
fn input(file: &Path, settings: &Settings) -> anyhow::Result<Blob> {
    let unreadable = |error| NoInput::new(&shown(file), &error);
    if !is_standard_input(file) {
        return Ok(open(file)?);
    }
    let (limit, mut kept) = (settings.limits.max_object_bytes, BlobWriter::default());
    let bytes = std::io::copy(&mut std::io::stdin().lock().take(limit.saturating_add(1)), &mut kept)
        .map_err(unreadable)?;
    if bytes > limit {
        bail!("standard input is longer than {limit} bytes (MAX_OBJECT_BYTES)");
    }
    Ok(kept.finish())
}

/// The content of a file.
pub(crate) fn open(file: &Path) -> Result<Blob, NoInput> {
    File::open(file).and_then(Blob::from_file).map_err(|error| NoInput::new(&file.display(), &error))
}

/// Puts one file under a key of its own.
pub(crate) async fn put_content<P>(
    parts: &Parts<P>,
    blobs: &dyn BlobStore,
    content: Blob,
    network: &str,
    account: &str,
) -> anyhow::Result<ObjectRef> {
    let key = object_key(parts, network, account)?;
    let object = ObjectRef::new(&parts.settings.buckets.interpreted, key);
    Ok(blobs.put(&object, content).await?)
}

/// `networks/<network>/<job>/<account>/<date>/<hour>/<time>-<random>.json`, as an interpreter names its files. The random
/// part distinguishes two files of one millisecond.
fn object_key<P>(parts: &Parts<P>, network: &str, account: &str) -> Result<String, WrongUsage> {
    let plain = |part: &str| !part.is_empty() && !part.contains('/');
    if !plain(network) || !plain(account) {
        return Err(WrongUsage::new(
            "network and account are parts of the object key: neither may be empty or hold a `/`",
        ));
    }
    let now = parts.clock.now().rfc3339();
    let (date, time) = now.split_at(10);
    let hour = time[1..3].trim_start_matches('0');
    let hour = if hour.is_empty() { "0" } else { hour };
    let mut job = network.to_ascii_lowercase();
    if let Some(initial) = job.get_mut(..1) {
        initial.make_ascii_uppercase();
    }
    let network = network.to_ascii_lowercase();
    let random = parts.rng.next_u64() as u32;
    Ok(format!(
        "networks/{network}/{job}-Todays-Interpreted-Data-To-S3/{account}/{date}/{hour}/{now}-{random:08x}.json"
    ))
}

/// The network of the first row that names one. In a dirty file, not every row does.
fn network_of(name: &str, content: &mut Blob, settings: &Settings) -> anyhow::Result<String> {
    let problem = match first_network(content, settings) {
        Ok(Ok(network)) => return Ok(network),
        Ok(Err(None)) => bail!("{name}: no row names a network; give --network"),
        Ok(Err(Some(problem))) => format!("no row names a network that can be read; {problem}"),
        Err(error) => error.to_string(),
    };
    let likeness = content.reader().ok().and_then(row_files::likeness);
    let advice =
        likeness.map_or_else(String::new, |likeness| format!("; {}", likeness.replace("FILE", name)));
    bail!("{name}: {problem}{advice}")
}

/// The known network that the rows name, where it is another one than this known one. What cannot be read is found out later.
fn another_network(content: &mut Blob, network: &str, settings: &Settings) -> Option<&'static str> {
    let ours = Network::find(network);
    let theirs = first_network(content, settings).ok()?.ok()?;
    let theirs = Network::find(&theirs);
    let differs = ours.is_known() && theirs.is_known() && ours.name != theirs.name;
    differs.then_some(theirs.name)
}

/// The network of the first row that names one; else what is wrong with the first row, if that is more than that it names none.
fn first_network(
    content: &mut Blob,
    settings: &Settings,
) -> Result<Result<String, Option<String>>, FileError> {
    let text = decompressed(content.reader()?, settings.limits.max_object_bytes)?;
    let mut rows = Rows::new(text, row_limits(settings))?;
    let mut first = None;
    while let Some(row) = rows.next_row()? {
        let parsed = Row::parse(row.text);
        if let Some(network) = parsed.conversion.as_deref().and_then(|c| c.network.as_deref()) {
            return Ok(Ok(network.to_owned()));
        }
        first.get_or_insert_with(|| first_row(&row, &parsed));
    }
    Ok(Err(first.flatten()))
}

/// What is wrong with the first row, if it is more than that it names no network.
fn first_row(row: &RowText<'_>, parsed: &Row<'_>) -> Option<String> {
    if row.broken || row.too_long {
        let said: Malformed = serde_json::from_str(row.text).unwrap_or_default();
        return Some(format!("the first row: {}", said.malformed));
    }
    if parsed.conversion.is_some() {
        return None;
    }
    let Ok(fields) = serde_json::from_str::<BTreeMap<String, serde::de::IgnoredAny>>(row.text) else {
        return Some("the first row is not an object".to_owned());
    };
    let names: Vec<_> = fields.keys().take(MOST_NAMES).map(String::as_str).collect();
    let more = if fields.len() > names.len() { ", ..." } else { "" };
    let names = one_line(&names.join(", ")).into_owned();
    Some(format!("the first row has no session_id that names a visit; its fields are: {names}{more}"))
}

/// So many fields of a row are named.
const MOST_NAMES: usize = 12;

/// What stands for a row that cannot be read.
#[derive(Debug, Default, serde::Deserialize)]
struct Malformed {
    malformed: String,
}

async fn follow_all(
    parts: &Parts<Follow>,
    put: &[(PathBuf, ObjectRef)],
    timeout: Duration,
    quiet: bool,
) -> anyhow::Result<Vec<Followed>> {
    let places = places(parts, &parts.ports.blobs, &*parts.ports.ledger);
    let mut all = Vec::with_capacity(put.len());
    for (file, object) in put {
        let bar = if quiet { ProgressBar::hidden() } else { progress(file) };
        let give_up = parts.clock.now().plus(timeout);
        let mut followed = places.follow(object, timeout, |seen| show(&bar, seen)).await?;
        bar.finish_and_clear();
        if let Some(stated) = Stated::read(&*parts.ports.blobs, &parts.settings, &followed).await? {
            followed.open_duplicates = stated.follow(&*parts.ports.ledger, &*parts.clock, give_up).await?;
        }
        all.push(followed);
    }
    Ok(all)
}

pub(crate) fn places<'p, P>(
    parts: &'p Parts<P>,
    blobs: &'p Arc<dyn BlobStore>,
    ledger: &'p dyn ReportLedger,
) -> Places<'p> {
    Places { blobs: &**blobs, ledger, clock: &*parts.clock, report_bucket: &parts.settings.buckets.report }
}

/// A progress bar; it is shown on a terminal only.
fn progress(file: &Path) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} [{wide_bar}] {pos}/{len} rows");
    let bar = ProgressBar::new(0).with_message(shown(file));
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn show(bar: &ProgressBar, seen: &Followed) {
    let Some(filter) = &seen.filter else { return };
    bar.set_length(filter.kept);
    let ended = seen.report.as_ref().map_or(0, |r| r.outcomes.iter().map(|o| o.rows).sum::<u64>() - r.open());
    bar.set_position(ended);
}

/// Prints the receipts. Done means: every file reconciles, none looks wrong, and nothing of them is open.
fn report(followed: &[Followed], format: Format, currency: &str) -> anyhow::Result<ExitStatus> {
    let done = followed.iter().all(|f| f.balances() && !f.is_open() && f.suspicious().is_empty());
    if format.json {
        let receipts = followed.iter().map(|f| receipts::json(f, currency));
        print_json(&receipts.collect::<Result<_, _>>()?)?;
    } else if format.csv {
        receipts::sheet(followed).in_currency(currency).print(format, "")?;
    } else {
        followed.iter().for_each(|f| out(&tables::receipt(f, currency)));
    }
    Ok(if done { ExitStatus::Done } else { ExitStatus::Incomplete })
}
