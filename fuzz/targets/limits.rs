#![no_main]

#[path = "../../crates/pipeline-tests/tests/it/limits.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|data: &[u8]| law::limits(data));
