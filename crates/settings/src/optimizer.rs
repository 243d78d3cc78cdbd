//! The optimizer.

use std::time::Duration;

use croner::Cron;

use crate::setting::{O, section};

section! {
    /// The optimizer.
    pub struct OptimizerSettings in "Optimizer";
    /// When to optimise: cron, UTC.
    schedule: String = "OPTIMIZE_SCHEDULE", "0 1,4,7,10,13,16,19,22 * * *", O, parsed(schedule);
    /// Tables to optimise, separated by commas.
    tables: Vec<String> = "OPTIMIZE_TABLES", "report_conversions", O, list();
    /// A partition that changed less than this ago is skipped, as the current month mostly is.
    settle: Duration = "OPTIMIZE_SETTLE_MINUTES", "30", O, minutes(0..=44_640);
}

/// The pattern as it was given, checked.
fn schedule(text: &str) -> Result<String, croner::errors::CronError> {
    text.parse::<Cron>().map(|_| text.to_owned())
}
