//! HTTP: requests, what each asks for, and answers.

pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod ingest;
pub(crate) mod route;
