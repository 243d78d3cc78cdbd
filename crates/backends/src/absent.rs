//! What answers in place of adapters that are not in this build: the same functions, each naming the setting that needs the adapter.

#[cfg(not(feature = "aws"))]
pub(crate) mod aws;
#[cfg(not(feature = "clickhouse"))]
pub(crate) mod clickhouse;
#[cfg(not(feature = "mongodb"))]
pub(crate) mod mongodb;
#[cfg(not(feature = "postgres"))]
pub(crate) mod postgres;
