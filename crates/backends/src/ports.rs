//! The ports of each service: what it does not use is not opened.

use ports::{
    AnalyticsStore, BlobStore, EventQueue, ExclusiveLock, FeedDirectory, Ledger, PixelDirectory,
    SubscriptionStore,
};

crate::port_set! {
    /// What filter-svc works with.
    #[derive(Clone)]
    pub struct FilterPorts from Ports {
        /// Notifications of interpreted files.
        trigger_queue: EventQueue,
        /// Files.
        blobs: BlobStore,
        /// Subscribed campaigns.
        subscriptions: SubscriptionStore,
    }
}

crate::port_set! {
    /// What reporter-svc works with, besides the destination.
    #[derive(Clone)]
    pub struct ReporterPorts from Ports {
        /// Notifications of filtered files.
        report_queue: EventQueue,
        /// Files.
        blobs: BlobStore,
        /// Pixels and tokens.
        pixels: PixelDirectory,
        /// What the operator says about feed networks.
        feeds: FeedDirectory,
        /// The ledger.
        ledger: Ledger,
        /// Analytics.
        analytics: AnalyticsStore,
    }
}

crate::port_set! {
    /// What optimizer-svc works with.
    #[derive(Clone)]
    pub struct OptimizerPorts from Ports {
        /// Analytics.
        analytics: AnalyticsStore,
        /// Which process may optimise.
        lock: ExclusiveLock,
    }
}

crate::port_set! {
    /// All of them, for the whole in one process and for the operator's tool.
    #[derive(Clone)]
    pub struct Ports {
        /// Notifications of interpreted files.
        trigger_queue: EventQueue,
        /// Notifications of filtered files.
        report_queue: EventQueue,
        /// Files.
        blobs: BlobStore,
        /// Subscribed campaigns.
        subscriptions: SubscriptionStore,
        /// Pixels and tokens.
        pixels: PixelDirectory,
        /// What the operator says about feed networks.
        feeds: FeedDirectory,
        /// The ledger.
        ledger: Ledger,
        /// Analytics.
        analytics: AnalyticsStore,
        /// Which process may optimise.
        lock: ExclusiveLock,
    }
}
