//! The embedded backends in memory, as all workers share them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use adapter_embedded::analytics::EmbeddedAnalytics;
use adapter_embedded::blob::FolderBlobStore;
use adapter_embedded::feeds::EmbeddedFeeds;
use adapter_embedded::ledger::{Damage, EmbeddedLedger};
use adapter_embedded::pixels::EmbeddedPixels;
use adapter_embedded::queue::EmbeddedQueue;
use adapter_embedded::subscriptions::EmbeddedSubscriptions;
use adapter_embedded::{DIRECTORY_SCHEMA, Db};
use destination_meta::destination::PLATFORM;
use domain::{ConversionKey, PixelCode, PixelRef, UnixMillis};
use ports::pixels::{Credential, Pixel};
use ports::subscriptions::Subscription;
use ports::{AnalyticsStore, LedgerErasure, PixelDirectory, SubscriptionStore};
use secrecy::SecretString;

use crate::input::{IN_BUCKET, Input, OUT_BUCKET, PIXELS, SUBSCRIBED};
use crate::meta::Meta;
use crate::oracle::{FinalState, SharedChecker};
use crate::scheduler::{Scheduler, VirtualClock};
use crate::worker::at_once;
use crate::world::Rules;

/// Which objects raise notifications: bucket and prefix, for the trigger queue and for the report queue.
pub(crate) const ANNOUNCED: [(&str, &str); 2] =
    [(IN_BUCKET, "networks/"), (OUT_BUCKET, "filtered-conversions/")];

/// The backends.
pub(crate) struct Backends {
    pub(crate) trigger: Arc<EmbeddedQueue>,
    pub(crate) report: Arc<EmbeddedQueue>,
    pub(crate) blobs: FolderBlobStore,
    pub(crate) subscriptions: EmbeddedSubscriptions,
    pub(crate) pixels: EmbeddedPixels,
    pub(crate) feeds: EmbeddedFeeds,
    pub(crate) ledger: EmbeddedLedger,
    pub(crate) analytics: EmbeddedAnalytics,
    pub(crate) meta: Arc<Mutex<Meta>>,
    pub(crate) checker: SharedChecker,
}

impl Backends {
    pub(crate) fn new(scheduler: &Scheduler, input: &Arc<Input>, rules: Rules) -> ports::Result<Self> {
        let clock = Arc::new(VirtualClock::of_servers(scheduler));
        let queues = Db::in_memory_on_caller(EmbeddedQueue::SCHEMA)?;
        let directory = Db::in_memory_on_caller(DIRECTORY_SCHEMA)?;
        let queue = |name| Arc::new(EmbeddedQueue::new(queues.clone(), name, Arc::clone(&clock) as _));
        let (trigger, report) = (queue("trigger"), queue("report"));
        let announced = [Arc::clone(&trigger), Arc::clone(&report)];
        let notifications = ANNOUNCED.into_iter().zip(announced);
        let notifications =
            notifications.map(|((bucket, prefix), queue)| (bucket.to_owned(), prefix.to_owned(), queue as _));
        let analytics = Db::in_memory_on_caller(EmbeddedAnalytics::SCHEMA)?;
        let backends = Self {
            blobs: FolderBlobStore::in_memory(notifications.collect(), Arc::clone(&clock) as _),
            trigger,
            report,
            subscriptions: EmbeddedSubscriptions::new(directory.clone()),
            pixels: EmbeddedPixels::new(directory.clone()),
            feeds: EmbeddedFeeds::new(directory),
            ledger: EmbeddedLedger::new(Db::in_memory_on_caller(EmbeddedLedger::SCHEMA)?),
            analytics: EmbeddedAnalytics::new(analytics, clock),
            meta: Arc::new(Mutex::new(Meta { bad: input.bad_ids(), ..Meta::default() })),
            checker: SharedChecker::new(Arc::clone(input), rules),
        };
        at_once(backends.subscriptions.put(&[Subscription::of(SUBSCRIBED)]))?;
        for pixel in PIXELS {
            backends.renew(pixel, 0)?;
        }
        Ok(backends)
    }

    /// Gives a pixel a new valid token, listed after an old one that may be invalid.
    pub(crate) fn renew(&self, pixel: &str, time: u32) -> ports::Result<()> {
        let token = format!("token-{pixel}-{time}");
        let labels = [format!("token-{pixel}-old"), token.clone()];
        let credentials = labels.map(|label| {
            let token = SecretString::from(label.as_str());
            Credential { label, token }
        });
        self.meta().tokens.insert(pixel.to_owned(), BTreeSet::from([token]));
        let pixel = Pixel {
            // Codes of the simulation are digits.
            pixel: PixelRef::new(PLATFORM, PixelCode::new(pixel).expect("digits are a pixel code")),
            name: None,
            credentials: credentials.into(),
        };
        at_once(self.pixels.put(&pixel))
    }

    /// From now on Meta accepts no token of a pixel.
    pub(crate) fn revoke(&self, pixel: &str) {
        self.meta().tokens.remove(pixel);
    }

    /// From now on Meta takes nothing of a pixel and answers with this code and subcode; with `None` it takes events again.
    pub(crate) fn refuse(&self, pixel: &str, answer: Option<(i64, Option<i64>)>) {
        match answer {
            Some(answer) => self.meta().refused.insert(pixel.to_owned(), answer),
            None => self.meta().refused.remove(pixel),
        };
    }

    /// What retention does, for a moment.
    pub(crate) fn retain(&self, until: UnixMillis, now: UnixMillis) -> ports::Result<()> {
        while at_once(self.ledger.erase_until(until, now, 50))?.more {}
        at_once(self.analytics.forget_until(until, 1_000)).map(drop)
    }

    /// Damages what the ledger has of a visitor, if it has an entry.
    pub(crate) fn damage(&self, visitor: usize, damage: Damage) -> ports::Result<()> {
        let mut checker = self.checker.lock();
        let key = ConversionKey::from_bytes(checker.input().visitors[visitor].key);
        if at_once(self.ledger.damage(&key, damage))? {
            checker.note_damage(visitor);
        }
        Ok(())
    }

    fn meta(&self) -> std::sync::MutexGuard<'_, Meta> {
        self.meta.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state that the final check reads.
    pub(crate) fn final_state(&self, rules: Rules) -> FinalState<'_> {
        FinalState {
            trigger: &self.trigger,
            report: &self.report,
            blobs: &self.blobs,
            ledger: &self.ledger,
            analytics: &self.analytics,
            rules,
        }
    }
}
