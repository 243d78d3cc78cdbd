//! A PostgreSQL of one test's own, which wants a password or offers TLS: `docker/backends/postgres/run`.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// How long one is waited for; machines that run tests are busy.
const PATIENCE: Duration = Duration::from_secs(90);

/// Ends when it is dropped.
#[derive(Debug)]
pub struct Cluster {
    child: Child,
    /// Of this machine.
    pub port: u16,
    data: TempDir,
}

impl Cluster {
    /// Starts one with these variables, which `run` explains, and waits until it accepts connections.
    ///
    /// # Panics
    /// If it does not come up.
    pub async fn start(variables: &[(&str, &str)]) -> Self {
        let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docker/backends/postgres/run");
        let data = tempfile::tempdir().expect("a folder for its data");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("a bound port").port();
        drop(listener);
        let mut command = Command::new(run);
        command.arg(port.to_string()).arg(data.path()).envs(variables.iter().copied());
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it can be started");
        let mut this = Self { child, port, data };
        tokio::time::timeout(PATIENCE, this.accepts()).await.expect("it comes up");
        this
    }

    /// Shows another certificate from [`certificate`]'s folder; the server does so once it has read its settings again.
    ///
    /// # Panics
    /// If it has had none so far.
    pub fn put_certificate(&self, folder: &Path) {
        for name in ["server.crt", "server.key"] {
            let file = self.data.path().join(name);
            assert!(file.exists(), "a server without TLS");
            // Over the former, whose owner the server is.
            std::fs::write(file, std::fs::read(folder.join(name)).expect("it was made"))
                .expect("room for it");
        }
    }

    /// A server that still starts takes connections, and refuses to talk; this knows the difference, and needs no password.
    async fn accepts(&mut self) {
        let asks = || {
            let mut ask = Command::new("pg_isready");
            ask.args(["--quiet", "--host=127.0.0.1", &format!("--port={}", self.port)]).status()
        };
        while !asks().expect("pg_isready comes with PostgreSQL").success() {
            assert!(self.child.try_wait().expect("a child").is_none(), "it ended");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The starter passes it on to the server, and ends after it.
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        assert!(asked.is_ok_and(|status| status.success()), "it cannot be ended");
        drop(self.child.wait());
    }
}

/// A certificate for `localhost`, in a folder for the server; the path of the authority's.
///
/// # Panics
/// If it cannot be made or written.
#[must_use]
pub fn certificate(folder: &Path) -> PathBuf {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    std::fs::write(folder.join("server.crt"), made.cert.pem()).expect("room for it");
    std::fs::write(folder.join("server.key"), made.signing_key.serialize_pem()).expect("room for it");
    folder.join("server.crt")
}
