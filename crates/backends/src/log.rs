//! What a process says in its log about the backends it opens.

/// Says which backend serves a port; once per port and start.
pub(crate) fn backend_chosen(port: &str, backend: &str, place: &str) {
    tracing::info!(port, backend, place, "backend chosen");
}
