//! Reports conversions to Meta.

use std::process::ExitCode;

fn main() -> ExitCode {
    assembly::main(settings::Service::Reporter)
}
