//! optimizer-svc: merges what analytics has stored in pieces, on its schedule.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use backends::OptimizerPorts;
use chrono::DateTime;
use croner::Cron;
use domain::UnixMillis;
use pipeline::optimise::{Optimise, Run};
use tokio_util::sync::CancellationToken;

use crate::Parts;

/// Optimises at each time of the schedule until `stop`.
pub(crate) async fn run(parts: Arc<Parts<OptimizerPorts>>, stop: CancellationToken) -> anyhow::Result<()> {
    // The settings have checked the pattern.
    let schedule = Cron::from_str(&parts.settings.optimizer.schedule)?;
    while !stop.is_cancelled() {
        let wait = until_next(&schedule, parts.clock.now())?;
        tokio::select! {
            () = stop.cancelled() => break,
            () = parts.clock.sleep(wait) => {}
        }
        // The next run tries again.
        match once(&parts, &stop).await {
            Ok(_) => parts.health.ready("analytics"),
            Err(error) => {
                parts.health.not_ready("analytics", &error.to_string());
                tracing::error!(error = ?error, "optimising failed; the next run tries again");
            }
        }
    }
    Ok(())
}

/// Optimises now.
pub(crate) async fn once(parts: &Parts<OptimizerPorts>, stop: &CancellationToken) -> ports::Result<Run> {
    let optimise = Optimise {
        analytics: Arc::clone(&parts.ports.analytics),
        lock: Arc::clone(&parts.ports.lock),
        clock: Arc::clone(&parts.clock),
        metrics: Arc::clone(&parts.metrics),
        owner: format!("{}-{:016x}", std::process::id(), parts.rng.next_u64()),
        tables: parts.settings.optimizer.tables.clone(),
        settle: parts.settings.optimizer.settle,
        keep: parts.settings.intervals.retention,
    };
    let run = optimise.run(stop).await?;
    if let Run::Done(partitions) = run {
        tracing::info!(partitions, "tables optimised");
    }
    Ok(run)
}

/// Time until the schedule's next minute, in UTC.
fn until_next(schedule: &Cron, now: UnixMillis) -> anyhow::Result<Duration> {
    let moment =
        DateTime::from_timestamp_millis(now.0).context("the clock shows no time that a calendar knows")?;
    let next = schedule.find_next_occurrence(&moment, false)?;
    Ok(UnixMillis(next.timestamp_millis()).since(now).max(Duration::from_secs(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_schedule_runs_every_three_hours() {
        let schedule = Cron::from_str("0 1,4,7,10,13,16,19,22 * * *").unwrap();
        // 2025-11-22T08:26:40Z: the next run is at 10:00.
        assert_eq!(
            until_next(&schedule, UnixMillis(1_763_800_000_000)).unwrap(),
            Duration::from_secs(93 * 60 + 20)
        );
    }
}
