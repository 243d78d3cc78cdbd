#![no_main]

#[path = "../../crates/destination-meta/tests/it/laws.rs"]
#[allow(dead_code, reason = "each target tries one of them")]
mod laws;

libfuzzer_sys::fuzz_target!(|data: &[u8]| laws::notifications(data));
