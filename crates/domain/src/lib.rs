#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod event;
pub mod expand;
pub mod feed;
pub mod file_profile;
pub mod finding;
pub mod key;
pub mod money;
pub mod network;
pub mod object;
mod odd_amount;
pub mod outcome;
pub mod pixel;
pub mod placeholder;
pub mod platform;
pub mod receipt;
pub mod restate;
pub mod row;
pub mod spelling;
mod text;
pub mod time;
pub mod validate;

pub use event::{EventCounts, EventKind};
pub use expand::Event;
pub use feed::{Feed, FeedMap, TimeZone};
pub use key::{ConversionKey, EventId};
pub use money::Money;
pub use network::Network;
pub use object::ObjectRef;
pub use odd_amount::OddAmount;
pub use outcome::{Outcome, Reason, Reasons};
pub use pixel::{PixelCode, PixelRef};
pub use platform::{Platform, PlatformRules};
pub use receipt::Receipt;
pub use row::{Conversion, Row};
pub use time::{UnixMillis, UnixSeconds};
