//! A server of one test's own, which wants a password or offers TLS: `docker/backends/postgres/run`.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use adapter_postgres::Postgres;
use ports::ErrorKind;
use tempfile::TempDir;

/// Ends when it is dropped.
pub(crate) struct Cluster {
    child: Child,
    pub(crate) port: u16,
    _data: TempDir,
}

impl Cluster {
    pub(crate) async fn start(variables: &[(&str, &str)]) -> Self {
        let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docker/backends/postgres/run");
        let data = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(run)
            .arg(port.to_string())
            .arg(data.path())
            .envs(variables.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut this = Self { child, port, _data: data };
        let up = async {
            // A server that still starts accepts connections, and refuses to talk; one that asks for a password is up.
            let address = format!("postgresql://efflux@127.0.0.1:{port}/postgres?sslmode=disable");
            let database = Postgres::new(&address).unwrap();
            while database.check().await.is_err_and(|error| error.kind() == ErrorKind::Unavailable) {
                assert!(this.child.try_wait().unwrap().is_none(), "it ended");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(90), up).await.unwrap();
        this
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The starter passes it on to the server, and ends after it.
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        assert!(asked.is_ok_and(|status| status.success()));
        self.child.wait().unwrap();
    }
}

/// A certificate for `localhost`, in a folder for the server; the path of the authority's.
pub(crate) fn certificate(folder: &Path) -> PathBuf {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("server.crt"), made.cert.pem()).unwrap();
    std::fs::write(folder.join("server.key"), made.signing_key.serialize_pem()).unwrap();
    folder.join("server.crt")
}
