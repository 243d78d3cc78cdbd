//! The ports of each command: what it does not use is not opened. In an outage, a tool that needs every backend is no help.

use std::fmt;
use std::sync::Arc;

use backends::{Open, OpenError, Opener};
use ports::{
    AnalyticsStore, BlobStore, Clock, EventQueue, LedgerAdmin, PixelDirectory, ReportLedger,
    SubscriptionStore,
};
use settings::Settings;

/// Fields are named as the calls that open them.
macro_rules! port_set {
    ($(#[$doc:meta])* $name:ident { $($port:ident: $kind:ident),+ }) => {
        $(#[$doc])*
        pub(crate) struct $name {
            $(pub(crate) $port: Arc<dyn $kind>,)+
        }

        impl Open for $name {
            async fn open(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Self, OpenError> {
                let mut opener = Opener::new(settings, clock);
                Ok(Self { $($port: opener.$port().await?,)+ })
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

port_set! {
    /// To put files.
    Put { blobs: BlobStore }
}
port_set! {
    /// To put files and follow them to their end.
    Follow { blobs: BlobStore, ledger: ReportLedger }
}
port_set! {
    /// To list, add and remove subscriptions.
    SubscriptionSet { subscriptions: SubscriptionStore }
}
port_set! {
    /// To list, add and remove pixels.
    PixelSet { pixels: PixelDirectory }
}
port_set! {
    /// To show how far everything is.
    Overview {
        trigger_queue: EventQueue,
        report_queue: EventQueue,
        ledger: LedgerAdmin,
        analytics: AnalyticsStore
    }
}
port_set! {
    /// To tell the story of a conversion.
    Story { ledger: LedgerAdmin, blobs: BlobStore, subscriptions: SubscriptionStore }
}
port_set! {
    /// To give conversions another chance.
    Replayed { ledger: LedgerAdmin, pixels: PixelDirectory }
}
port_set! {
    /// To look after dead letters.
    Queues { trigger_queue: EventQueue, report_queue: EventQueue }
}
