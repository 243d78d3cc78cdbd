//! The sandbox over real connections.

mod books;
mod client;
mod control;
mod faults;
mod http;
mod speed;
