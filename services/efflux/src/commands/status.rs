//! `efflux status`: queues, conversions by outcome, their money, and the latest files.

mod advice;
mod files;
mod known;
mod money;
mod output;
mod undecided;
mod waiting;
mod words;

use clap::Args;
use runtime::ExitStatus;

use self::known::Known;
use crate::context::{Context, Run};
use crate::moment::Now;
use crate::out;
use crate::sheet::print_json;

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// How many of the latest files to show
    #[arg(long, default_value_t = 10)]
    files: usize,
    /// The money of conversions that were entered since: 2026-11-22, yesterday, or 7d
    #[arg(long, default_value = "7d")]
    since: String,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print the table of what waits as CSV
    #[arg(long)]
    csv: bool,
}

impl Run for Status {
    /// What cannot be asked is named, and everything else is shown: status is needed most during an outage.
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        let since = Now::in_utc(context.clock.now()).beginning(&self.since)?;
        let settings = context.settings()?;
        let known = Box::pin(Known::ask(&settings, &context.clock, self.files, since)).await?;
        let currency = &settings.reporting.currency;
        if self.json {
            print_json(&known.json(currency))?;
        } else if self.csv {
            out(&known.csv(currency)?);
        } else {
            out(&known.in_words(currency));
        }
        known.conclude()
    }
}
