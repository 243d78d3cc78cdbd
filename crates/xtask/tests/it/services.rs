//! Test servers are started, found and ended; here by scripts that only listen.

use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use xtask::Services;

const LISTENS: &str = r#"#!/bin/sh
echo "data in $2"
touch "$2/kept"
"$PYTHON" -c 'import socket, sys, time
s = socket.socket(); s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen()
time.sleep(120)' "$1"
"#;

const DIES: &str = "#!/bin/sh\necho 'the disk is made of cheese'\nexit 3\n";

struct World {
    folder: tempfile::TempDir,
}

impl World {
    fn with(servers: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, script) in servers {
            let path = folder.path().join("backends").join(name).join("run");
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, script).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self { folder }
    }

    fn services(&self) -> Services {
        Services::in_folders(self.folder.path().join("backends"), self.state())
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// The port of the one server that the file for tests names.
    fn port(&self) -> Option<u16> {
        let env = std::fs::read_to_string(self.state().join("env")).unwrap();
        env.trim().rsplit(':').next().and_then(|port| port.parse().ok())
    }
}

fn lines(out: &[u8]) -> String {
    String::from_utf8_lossy(out).into_owned()
}

#[test]
fn a_server_is_started_once_found_and_ended_with_what_it_kept() {
    let world = World::with(&[("aws", LISTENS)]);
    let services = world.services();
    let mut out = Vec::new();
    assert_eq!(services.up(&mut out).unwrap(), ["aws"]);
    let port = world.port().unwrap();
    assert!(lines(&out).contains(&format!("aws: http://127.0.0.1:{port}")), "{}", lines(&out));
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());

    assert!(services.up(&mut out).unwrap().is_empty(), "what runs is left as it is");
    assert_eq!(world.port(), Some(port));
    let log = std::fs::read_to_string(world.state().join("aws.log")).unwrap();
    let data = PathBuf::from(log.trim().strip_prefix("data in ").unwrap());
    assert!(data.join("kept").exists());

    out.clear();
    services.down(&mut out).unwrap();
    assert_eq!(lines(&out), "aws: ended\n");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    assert!(!Path::exists(&data));
    assert_eq!(world.port(), None);
}

#[test]
fn a_server_that_dies_is_an_error_that_shows_its_log_and_nothing_is_left_behind() {
    let world = World::with(&[("aws", LISTENS), ("mongodb", DIES)]);
    let mut out = Vec::new();
    let error = format!("{:#}", world.services().up(&mut out).unwrap_err());
    assert!(error.contains("mongodb ended") && error.contains("made of cheese"), "{error}");
    assert!(lines(&out).contains("aws: ended"), "{}", lines(&out));
    assert_eq!(world.port(), None);
}
