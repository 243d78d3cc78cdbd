#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod books;
mod clock;
mod faults;
pub mod forms;
mod http;
pub mod json;
mod serving;
mod shared;
mod tokens;

pub use books::checked::CheckedEvent;
pub use books::events::EventFilter;
pub use books::ledger::{AcceptedId, KeptEvent, Ledger};
pub use books::money;
pub use books::stats::{NameStats, PixelStats, RequestStats, Stats};
pub use clock::{SandboxClock, system_clock};
pub use faults::book::FaultBook;
pub use faults::fault::{Fault, FaultAction, Matcher, within};
pub use faults::glance::{Glance, Stage};
pub use http::answer::{self, Answer, Reply};
pub use http::server::SandboxedPlatform;
pub use serving::Serving;
pub use shared::{Shared, SharedConfig};
pub use tokens::{Standing, Tokens};
