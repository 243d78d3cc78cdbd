//! What an answer of the Conversions API means.
//!
//! [`ReadAnswer::read`] reads a whole reply; [`classify`] is the table it uses. Decisions rest on status, code, subcode and
//! `is_transient`, never on wording: Meta translates and changes its messages. What the general codes mean is in
//! [Handling Errors], read 2026-11-23.
//!
//! [Handling Errors]: https://developers.facebook.com/docs/graph-api/guides/error-handling

mod answer;
mod culprit;
mod error;
mod success;
mod table;

pub use answer::ReadAnswer;
pub use error::MetaError;
pub use success::Success;
pub use table::{AnswerVerdict, BLOCKED_WAIT, classify};
