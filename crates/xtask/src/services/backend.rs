//! Which backends there are, and under which address tests look for them.

use std::path::Path;

/// A backend that tests need.
#[derive(Debug)]
pub(super) struct Backend {
    /// Its folder.
    pub(super) name: &'static str,
    /// Where tests find its address, and where a real server can be given instead.
    pub(super) variable: &'static str,
    /// Its address; `{port}` stands for the port.
    address: &'static str,
}

/// All of them.
pub(super) const BACKENDS: [Backend; 4] = [
    Backend { name: "aws", variable: "EFFLUX_TEST_AWS_URL", address: "http://127.0.0.1:{port}" },
    Backend {
        name: "clickhouse",
        variable: "EFFLUX_TEST_CLICKHOUSE_URL",
        address: "http://127.0.0.1:{port}",
    },
    Backend {
        name: "mongodb",
        variable: "EFFLUX_TEST_MONGODB_URL",
        address: "mongodb://127.0.0.1:{port}/?retryWrites=false",
    },
    Backend {
        name: "postgres",
        variable: "EFFLUX_TEST_POSTGRES_URL",
        address: "postgresql://efflux@127.0.0.1:{port}/postgres",
    },
];

impl Backend {
    pub(super) fn url(&self, port: u16) -> String {
        self.address.replace("{port}", &port.to_string())
    }

    /// The address of a real server, when the environment names one.
    #[expect(clippy::disallowed_methods, reason = "a tool for developers; it has no settings")]
    pub(super) fn given(&self) -> Option<String> {
        std::env::var(self.variable).ok().filter(|url| !url.is_empty())
    }

    /// Whether there is something to start.
    pub(super) fn is_in(&self, folder: &Path) -> bool {
        folder.join(self.name).join("run").is_file()
    }
}
