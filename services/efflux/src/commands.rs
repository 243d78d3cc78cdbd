//! One module per command: its arguments, its ports, and what it does.

pub(crate) mod demo;
pub(crate) mod directory;
pub(crate) mod dlq;
pub(crate) mod doctor;
pub(crate) mod erase;
pub(crate) mod explain;
pub(crate) mod held;
pub(crate) mod ingest;
pub(crate) mod meta;
pub(crate) mod notify;
pub(crate) mod prepare;
pub(crate) mod report;
pub(crate) mod retry;
pub(crate) mod run;
pub(crate) mod sample;
pub(crate) mod status;
