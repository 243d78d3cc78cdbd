//! The binaries, started as a user starts them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad_input;
mod chaos;
mod dead_letters;
mod deployment;
mod descriptors;
mod disk;
mod doctor;
mod erasure;
mod exit_codes;
mod explaining;
mod faulty_disk;
mod feeds;
mod first_day;
mod golden;
mod harness;
mod kill;
mod logs;
mod memory;
mod meta;
mod monitoring;
mod notices;
mod odd_files;
mod operator;
mod production;
mod recovery;
mod refused;
mod report;
mod reporting;
mod restoring;
mod retrying;
mod schemas;
mod secrets;
mod services;
mod signals;
mod soak;
mod storage;
mod tiktok;
mod versions;
mod wire;
