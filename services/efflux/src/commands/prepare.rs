//! `efflux migrate` and `efflux provision`: they prepare the backends, so they cannot wait until the backends are ready.

use assembly::StartError;
use clap::Args;
use runtime::ExitStatus;

use crate::context::{Context, Run};
use crate::out;

#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// Give the documents that the legacy system wrote the keys of this ledger, once and for all
    #[arg(long)]
    from_original: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Provision {}

impl Run for Migrate {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        let settings = context.settings()?;
        let done = backends::migrate(&settings, &context.clock, self.from_original).await;
        Ok(print(&done.map_err(StartError::from)?))
    }
}

impl Run for Provision {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        let settings = context.settings()?;
        let done = backends::provision(&settings, &context.clock).await;
        Ok(print(&done.map_err(StartError::from)?))
    }
}

fn print(done: &[String]) -> ExitStatus {
    done.iter().for_each(|line| out(&format!("{line}\n")));
    ExitStatus::Done
}
