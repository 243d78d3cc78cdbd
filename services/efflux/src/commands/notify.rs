//! `efflux notify`: tries the way of notices to the operator.

use std::sync::Arc;

use assembly::StartError;
use clap::Subcommand;
use ports::MetricSink;
use ports::metric::NoMetrics;
use runtime::{ExitStatus, WrongUsage};
use serde_json::json;
use settings::Service;

use crate::context::{Context, Run};
use crate::out;
use crate::sheet::print_json;

#[derive(Debug, Subcommand)]
pub(crate) enum Notify {
    /// Send one notice to NOTIFY_URL; exit 0 only if it was taken
    Test {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl Run for Notify {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        let Self::Test { json } = self;
        let settings = context.settings()?;
        let metrics: Arc<dyn MetricSink> = Arc::new(NoMetrics);
        let webhook = backends::notices(&settings, Service::Efflux, &context.clock, &metrics)
            .map_err(StartError::from)?
            .ok_or_else(|| WrongUsage::new("NOTIFY_URL is not set: set it to the address of a webhook"))?;
        webhook.test().await?;
        let is_signed = settings.notices.secret.is_some();
        if json {
            print_json(&json!({"signed": is_signed}))?;
        } else {
            let signed = if is_signed { "signed" } else { "unsigned: NOTIFY_SECRET is not set" };
            out(&format!("the webhook took a notice ({signed})\n"));
        }
        Ok(ExitStatus::Done)
    }
}
