//! What a process makes sure of before it starts.

use std::time::Duration;

use ports::{Error, ErrorKind};

/// The longest that one backend may take to say that it is there. All of a service's together stay within 15 s: the first that is
/// not there ends the start.
const CHECK_TIME: Duration = Duration::from_secs(12);

/// Waits for a check, but not forever.
pub(crate) async fn checked(
    port: &'static str,
    check: impl Future<Output = ports::Result<()>>,
) -> ports::Result<()> {
    match tokio::time::timeout(CHECK_TIME, check).await {
        Ok(result) => result,
        Err(_) => Err(Error::new(ErrorKind::Unavailable, port).detail(format!(
            "no answer within {} s; check its address and the network",
            CHECK_TIME.as_secs()
        ))),
    }
}
