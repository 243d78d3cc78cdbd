#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod analytics;
mod answer;
pub mod backoff;
pub mod blob;
pub mod clock;
pub mod configuration;
pub mod destination;
pub mod diagnose;
pub mod error;
pub mod exclusive_lock;
pub mod feeds;
pub mod health;
pub mod ledger;
pub mod metric;
pub mod mutations;
pub mod notice;
pub mod notification;
pub mod pixels;
pub mod queue;
pub mod subscriptions;

pub use analytics::AnalyticsStore;
pub use blob::{Blob, BlobStore};
pub use clock::{Clock, Rng};
pub use destination::{Destination, Destinations};
pub use diagnose::Diagnose;
pub use error::{Error, ErrorKind, Result, Retry};
pub use exclusive_lock::ExclusiveLock;
pub use feeds::FeedDirectory;
pub use health::HealthSink;
pub use ledger::{Ledger, LedgerAdmin, LedgerErasure, LedgerExport, ReportLedger};
pub use metric::MetricSink;
pub use notice::NoticeSink;
pub use pixels::PixelDirectory;
pub use queue::EventQueue;
pub use subscriptions::SubscriptionStore;
