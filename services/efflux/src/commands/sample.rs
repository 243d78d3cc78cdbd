//! `efflux sample`: makes realistic files.

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write, stdout};
use std::path::PathBuf;

use clap::Args;
use ports::Clock;
use runtime::{ExitStatus, NoOutput, WrongUsage};
use samples::{SampleNetwork, SampleSpec, default_tiktok_pixels, rows, write_rows};

use crate::context::{Context, Run};

#[derive(Debug, Args)]
pub(crate) struct Sample {
    /// tonic, crossroads, sedo or airfind
    #[arg(long)]
    network: String,
    /// Rows
    #[arg(long, default_value_t = 1000)]
    rows: usize,
    /// Seed of everything but the time
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Share of rows with a defect
    #[arg(long, default_value_t = 0.0)]
    dirty: f64,
    /// Share of rows that are stated again with grown figures
    #[arg(long, default_value_t = 0.0)]
    restate: f64,
    /// Give every third campaign to TikTok
    #[arg(long)]
    tiktok: bool,
    /// One row per line instead of an array
    #[arg(long)]
    ndjson: bool,
    /// Where to write; standard output by default
    #[arg(long)]
    out: Option<PathBuf>,
}

impl Run for Sample {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        make(&*context.clock, &self)
    }
}

/// Writes a sample with click times before now; needs no backend.
fn make(clock: &dyn Clock, args: &Sample) -> anyhow::Result<ExitStatus> {
    let spec = SampleSpec {
        network: network_named(&args.network)?,
        rows: args.rows,
        seed: args.seed,
        now_unix_s: clock.now().seconds().0,
        dirty: share("--dirty", args.dirty)?,
        restate: share("--restate", args.restate)?,
        ndjson: args.ndjson,
        tiktok_pixels: if args.tiktok { default_tiktok_pixels() } else { Vec::new() },
        ..SampleSpec::default()
    };
    match &args.out {
        // A reader that has closed the pipe, such as `head`, wants no more.
        None => match write(&spec, stdout().lock()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(|error| NoOutput::new(&"standard output", &error)),
        },
        Some(path) => File::create(path)
            .and_then(|file| write(&spec, file))
            .map_err(|error| NoOutput::new(&path.display(), &error)),
    }?;
    Ok(ExitStatus::Done)
}

/// Writes a sample row by row, so that it may be of any size.
pub(crate) fn write(spec: &SampleSpec, to: impl Write) -> std::io::Result<()> {
    let mut to = BufWriter::new(to);
    write_rows(rows(spec).map(|row| row.json), spec.ndjson, &mut to)?;
    to.flush()
}

fn network_named(word: &str) -> Result<SampleNetwork, WrongUsage> {
    let found = SampleNetwork::ALL.into_iter().find(|n| n.name().eq_ignore_ascii_case(word));
    found.ok_or_else(|| {
        WrongUsage::new(format!(
            "unknown network `{word}`: there are samples of tonic, crossroads, sedo and airfind"
        ))
    })
}

fn share(name: &str, value: f64) -> Result<f64, WrongUsage> {
    if !(0.0..=1.0).contains(&value) {
        return Err(WrongUsage::new(format!("{name} must be between 0 and 1, not {value}")));
    }
    Ok(value)
}
