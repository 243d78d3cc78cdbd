//! One batch, from its leases to its settlements.

use std::sync::Arc;

use domain::UnixMillis;
use ports::ledger::{Settle, Settled};

use super::batch::Batch;
use super::conclude::settlement;
use super::delivery::BatchDelivery;
use super::lost;
use super::nothing_sent::nothing_sent;
use super::pixel_context::PixelContext;
use super::prepared::Prepared;
use super::settle;
use crate::report::health::{BatchFeedback, DeliveryEnd, Paused};
use crate::report::mutations;

/// Sends a batch and settles each of its conversions.
#[tracing::instrument(
    name = "batch",
    level = "error",
    skip_all,
    fields(platform = %context.platform(), pixel = %context.pixel.code, batch = batch.events())
)]
pub(super) async fn send(context: Arc<PixelContext>, batch: Batch) {
    let reporting = &context.reporting;
    let Batch { conversions, mut settlements, .. } = batch;
    let (conversions, marked_at) = begin_sending(&context, conversions).await;
    if mutations::settles_before_send() {
        let early = conversions.iter().map(|prepared| nothing_sent(prepared.due.clone(), Settle::Reported));
        settle::write(reporting, Some(&context.pixel), early.collect()).await;
    }
    let mut end = DeliveryEnd::Finished;
    if !conversions.is_empty() {
        let delivery = BatchDelivery::new(Arc::clone(&context), conversions, marked_at);
        let (items, feedback) = delivery.run().await;
        let now = reporting.clock.now();
        adapt_throttle(&context, &feedback, now);
        lost::count_rejected(reporting, &context.pixel, &items);
        end = feedback.end;
        settlements.extend(items.into_iter().map(|item| settlement(reporting, item, end, now)));
    }
    settle::write(reporting, Some(&context.pixel), settlements).await;
    let parks = matches!(
        end,
        DeliveryEnd::CredentialsRefused | DeliveryEnd::PixelRefused(_) | DeliveryEnd::NothingAccepted
    );
    if parks {
        release_if_credentials_changed(&context).await;
    }
}

/// Puts a batch back into the ledger while its pixel is paused.
#[tracing::instrument(
    name = "batch",
    level = "error",
    skip_all,
    fields(platform = %context.platform(), pixel = %context.pixel.code, batch = batch.events())
)]
pub(super) async fn defer(context: &PixelContext, batch: Batch, paused: Paused) {
    let Batch { conversions, mut settlements, .. } = batch;
    settlements.extend(conversions.into_iter().map(|prepared| {
        let settle = paused.settle(prepared.due.deadline);
        nothing_sent(prepared.due, settle)
    }));
    settle::write(&context.reporting, Some(&context.pixel), settlements).await;
    release_if_credentials_changed(context).await;
}

fn adapt_throttle(context: &PixelContext, feedback: &BatchFeedback, now: UnixMillis) {
    let reporting = &context.reporting;
    let paused = {
        let mut throttle = context.throttle();
        throttle.record(feedback, now, reporting.config.backoff, &*reporting.rng);
        throttle.paused(now)
    };
    if let Some(paused) = paused {
        paused.log();
    }
}

/// Renews the leases, so that they outlast the first request, and marks in the ledger that the platform may have the events from
/// now on. A conversion that another worker has claimed by now is left to that worker. Answers what may be sent, and since when
/// it is marked.
async fn begin_sending(context: &PixelContext, conversions: Vec<Prepared>) -> (Vec<Prepared>, UnixMillis) {
    let reporting = &context.reporting;
    let holder = reporting.holder();
    let leases: Vec<_> = conversions.iter().map(|prepared| prepared.due.lease.clone()).collect();
    match reporting.ledger.begin_sending(&leases, &holder).await {
        Ok(renewed) => {
            let held = conversions.into_iter().zip(renewed).filter(|(_, r)| *r == Settled::Done);
            (held.map(|(prepared, _)| prepared).collect(), holder.now)
        }
        Err(error) => {
            // Without the ledger nothing may be sent: the leases run out and claim_due hands the work out again.
            tracing::warn!(error = ?error, "cannot mark what is sent; the batch waits in the ledger");
            (Vec::new(), holder.now)
        }
    }
}

/// Credentials that changed while conversions were being parked released only those that were parked by then.
async fn release_if_credentials_changed(context: &PixelContext) {
    if !context.has_new_credentials().await {
        return;
    }
    let now = context.reporting.clock.now();
    if let Err(error) = context.reporting.ledger.release_parked(&context.pixel, now).await {
        tracing::warn!(error = ?error, "cannot release parked conversions");
    }
}
