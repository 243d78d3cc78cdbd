//! What an operator may configure of TikTok's events.

use strum::{EnumString, VariantNames};

/// The names of events (`TIKTOK_EVENT_NAMES`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case", ascii_case_insensitive)]
pub enum EventNames {
    /// TikTok's standard names since May 2025.
    #[default]
    Standard,
    /// `CompletePayment` for a Purchase, as it was called until then. TikTok still takes it and converts it.
    Legacy,
}

/// What `limited_data_use` says (`TIKTOK_LIMITED_DATA_USE`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case", ascii_case_insensitive)]
pub enum DataLimit {
    /// The data is of limited use.
    True,
    /// It is not, explicitly.
    False,
}
