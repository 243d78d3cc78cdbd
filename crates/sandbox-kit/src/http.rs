//! HTTP: connections, requests, what each asks for, and answers.

pub mod answer;
pub(crate) mod control;
pub(crate) mod server;
pub(crate) mod wire;
