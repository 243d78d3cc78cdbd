//! What a platform answered: kept in the ledger, and shown to people.

/// What a platform said, as far as people and later attempts need it. Never a token, a body or a person's data.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Answer {
    /// HTTP status; 0 when there was no answer.
    pub status: u16,
    /// The platform's error code.
    pub code: Option<i64>,
    /// The platform's error subcode.
    pub subcode: Option<i64>,
    /// The platform's words, or what went wrong on the way.
    pub message: String,
    /// The platform's id of the request, for its support.
    pub trace_id: Option<String>,
}
