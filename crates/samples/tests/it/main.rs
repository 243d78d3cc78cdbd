//! Samples seen from outside: what a caller may rely on.

mod format;
mod truth;
