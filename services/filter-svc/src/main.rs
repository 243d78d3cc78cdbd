//! Keeps the rows of subscribed campaigns.

use std::process::ExitCode;

fn main() -> ExitCode {
    assembly::main(settings::Service::Filter)
}
