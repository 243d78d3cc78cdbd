//! Keeps the analytics tables in shape.

use std::process::ExitCode;

fn main() -> ExitCode {
    assembly::main(settings::Service::Optimizer)
}
