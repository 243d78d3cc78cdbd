//! `efflux migrate` and `efflux provision`: they prepare the backends, so they cannot wait until the backends are ready.

use assembly::StartError;
use clap::Args;
use runtime::ExitStatus;
use serde_json::json;

use crate::context::{Context, Run};
use crate::out;
use crate::sheet::print_json;

#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// Give the documents that the legacy system wrote the keys of this ledger, once and for all
    #[arg(long)]
    from_original: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Provision {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Run for Migrate {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        let settings = context.settings()?;
        let done = backends::migrate(&settings, &context.clock, self.from_original).await;
        print(&done.map_err(StartError::from)?, self.json)
    }
}

impl Run for Provision {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        let settings = context.settings()?;
        let done = backends::provision(&settings, &context.clock).await;
        print(&done.map_err(StartError::from)?, self.json)
    }
}

fn print(done: &[String], json: bool) -> anyhow::Result<ExitStatus> {
    if json {
        print_json(&json!({"done": done}))?;
    } else {
        done.iter().for_each(|line| out(&format!("{line}\n")));
    }
    Ok(ExitStatus::Done)
}
