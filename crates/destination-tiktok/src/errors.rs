//! What an answer of TikTok's Events API means.
//!
//! [`ReadAnswer::read`] reads a whole reply; [`classify`] is the table it uses. The code of the body decides, and only without one the
//! HTTP status: TikTok answers most failures with 200. Decisions never rest on wording.

mod answer;
mod message;
mod table;

pub use answer::ReadAnswer;
pub use table::{AnswerVerdict, PARTLY_TAKEN, classify};
