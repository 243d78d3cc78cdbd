//! `efflux meta`: looks at what Meta is told, and whether it listens.

mod check;
mod hash;
mod preview;

use std::path::PathBuf;

use clap::Subcommand;
use runtime::ExitStatus;

use crate::context::{Context, Run};

#[derive(Debug, Subcommand)]
pub(crate) enum Meta {
    /// Try the tokens of each pixel, without making an event; exit 0 only if each pixel has one that works
    Check {
        /// This pixel alone
        #[arg(long)]
        pixel: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Read values, one a line; print each in Meta's form with its SHA-256, or why it would be left out
    Hash {
        /// em, ph, fn, ln, db, ge, ct, st, zp, country or external_id
        field: String,
        /// The country of the rows, for values that are read by it: telephone numbers, states, dates, postcodes
        #[arg(long)]
        country: Option<String>,
    },
    /// Print what each row of a file would become; nothing is sent, nothing is stored
    Preview {
        /// JSON array or one row a line; plain, gzip or zstd
        file: PathBuf,
        /// Feed network of rows that name none
        #[arg(long)]
        network: Option<String>,
    },
}

impl Run for Meta {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        match self {
            Self::Check { pixel, json } => check::run(&context, pixel.as_deref(), json).await,
            Self::Preview { file, network } => preview::run(&context, &file, network.as_deref()).await,
            Self::Hash { field, country } => hash::run(
                &*context.clock,
                &field,
                country.as_deref(),
                std::io::stdin().lock(),
                std::io::stdout(),
            ),
        }
    }
}
