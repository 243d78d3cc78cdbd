//! The binaries, started as a user starts them.

mod bad_input;
mod harness;
mod kill;
mod main_job;
mod services;
