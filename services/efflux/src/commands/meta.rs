//! `efflux meta`: shows what is sent to Meta, and whether its tokens work.

mod check;
mod hash;
mod preview;

use std::path::PathBuf;

use clap::Subcommand;
use runtime::ExitStatus;

use crate::context::{Context, Run};
use crate::sheet::Format;

use hash::Form;

#[derive(Debug, Subcommand)]
pub(crate) enum Meta {
    /// Test the tokens of each pixel, without making an event; exit 0 only if each pixel has one that works
    Check {
        /// Only this pixel
        #[arg(long)]
        pixel: Option<String>,
        #[command(flatten)]
        format: Format,
    },
    /// Read values, one per line; print each in Meta's form with its SHA-256, or why it would be omitted
    Hash {
        /// em, ph, fn, ln, db, ge, ct, st, zp, country or external_id
        field: String,
        /// The country of the rows; telephone numbers, states, dates and postcodes depend on it
        #[arg(long)]
        country: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the events of each row of a file; sends and stores nothing
    Preview {
        /// A JSON array or one row per line; plain, gzip or zstd
        file: PathBuf,
        /// Feed network of rows that do not name one
        #[arg(long)]
        network: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl Run for Meta {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        match self {
            Self::Check { pixel, format } => check::run(&context, pixel.as_deref(), format).await,
            Self::Preview { file, network, json } => {
                preview::run(&context, &file, network.as_deref(), json).await
            }
            Self::Hash { field, country, json } => hash::run(
                &*context.clock,
                (&field, country.as_deref()),
                if json { Form::Json } else { Form::Lines },
                std::io::stdin().lock(),
                std::io::stdout(),
            ),
        }
    }
}
