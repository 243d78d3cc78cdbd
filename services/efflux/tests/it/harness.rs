//! A data directory, the sandbox, and processes that work on both.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use meta_sandbox::{Fault, Sandbox, SandboxConfig};
use samples::{SampleNetwork, SampleSpec, campaign_ids, default_pixels};
use serde_json::Value;

/// No step of a test takes this long unless something is wrong.
pub(crate) const LONGEST: Duration = Duration::from_secs(90);

/// The exit code when a backend cannot be reached.
const UNAVAILABLE: i32 = 69;

#[expect(
    clippy::disallowed_methods,
    reason = "samples and the sandbox live in real time, as the processes do"
)]
pub(crate) fn now_s() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// Measures real time.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "it measures real processes")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

pub(crate) struct World {
    folder: tempfile::TempDir,
    pub(crate) sandbox: Sandbox,
    /// Settings of every process, besides the usual ones.
    settings: Vec<(String, String)>,
    /// The sandbox lives on it.
    _runtime: tokio::runtime::Runtime,
}

impl World {
    /// An empty data directory with the samples' pixels and campaigns, and an empty sandbox.
    pub(crate) fn new() -> Self {
        Self::with_faults(Vec::new())
    }

    /// The same for tests in which each event must arrive once: no request is given up, and so sent again, because the machine is
    /// busy.
    pub(crate) fn patient() -> Self {
        let long = [("META_REQUEST_TIMEOUT_MS", "60000"), ("LEASE_SECONDS", "120")];
        let settings = long.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let world = Self::empty(Vec::new(), settings.into());
        world.add_pixels_and_campaigns();
        world
    }

    /// The same with a sandbox that has faults from the start.
    pub(crate) fn with_faults(faults: Vec<Fault>) -> Self {
        let world = Self::empty(faults, Vec::new());
        world.add_pixels_and_campaigns();
        world
    }

    /// Processes with these settings too, and empty backends.
    pub(crate) fn empty(faults: Vec<Fault>, settings: Vec<(String, String)>) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let config =
            SandboxConfig { accept_any_pixel: true, clock: Arc::new(now_s), ..SandboxConfig::default() };
        let sandbox = runtime.block_on(Sandbox::start(config)).unwrap();
        faults.into_iter().for_each(|fault| sandbox.add_fault(fault));
        Self { folder: tempfile::tempdir().unwrap(), sandbox, settings, _runtime: runtime }
    }

    /// The samples' pixels, with a token each, and campaigns.
    pub(crate) fn add_pixels_and_campaigns(&self) {
        let tokens = self.file("tokens.txt", "token-of-the-test\n");
        for pixel in default_pixels() {
            self.ok(&["pixels", "add", &pixel, "--tokens", tokens.to_str().unwrap()]);
        }
        self.add_campaigns();
    }

    /// The samples' campaigns.
    pub(crate) fn add_campaigns(&self) {
        let campaigns = campaign_ids(&spec(SampleNetwork::Tonic, 0, 0));
        let mut args = vec!["subscriptions", "add"];
        args.extend(campaigns.iter().map(String::as_str));
        self.ok(&args);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// A sample in a file.
    pub(crate) fn sample(&self, name: &str, spec: &SampleSpec) -> PathBuf {
        let path = self.path(name);
        samples::generate(spec).write_to(&mut fs::File::create(&path).unwrap()).unwrap();
        path
    }

    pub(crate) fn command(&self, binary: &str) -> Command {
        self.settled(Command::new(binary_path(binary)))
    }

    /// A command with the settings of every process.
    pub(crate) fn settled(&self, mut command: Command) -> Command {
        command
            .env_clear()
            .env("EFFLUX_DATA_DIR", self.path("data"))
            .env("META_GRAPH_URL", self.sandbox.url())
            .env("PORT", "0")
            .env("LEASE_SECONDS", "30")
            .env("PIXELS_REFRESH_SECONDS", "1")
            .env("LOG_LEVEL", "warn")
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Starts a process that stays up. Its log goes to a file in the data directory's folder.
    pub(crate) fn start(&self, binary: &str, args: &[&str]) -> Running {
        self.start_with(binary, args, &[])
    }

    /// The same with further settings.
    pub(crate) fn start_with(&self, binary: &str, args: &[&str], settings: &[(&str, &str)]) -> Running {
        self.start_within(&[], binary, args, settings)
    }

    /// The same within limits of the system, as options of `prlimit`.
    pub(crate) fn start_within(
        &self,
        limits: &[&str],
        binary: &str,
        args: &[&str],
        settings: &[(&str, &str)],
    ) -> Running {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path(&format!("{binary}.log")))
            .unwrap();
        let mut command = if limits.is_empty() {
            self.command(binary)
        } else {
            // It becomes the program itself.
            let mut command = self.settled(Command::new("prlimit"));
            command.args(limits).arg("--").arg(binary_path(binary));
            command
        };
        command.args(args).envs(settings.iter().copied()).stdout(Stdio::null()).stderr(log);
        Running(command.spawn().unwrap())
    }

    pub(crate) fn output(&self, args: &[&str]) -> Output {
        self.command("efflux").args(args).output().unwrap()
    }

    /// Runs a command that must succeed; what it printed. `status` is asked again while a backend does not answer, as its exit code advises: on a
    /// machine that is busy enough, the first answer may come too late.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let mut output = self.output(args);
        if args.first() == Some(&"status") {
            wait_until(LONGEST, "every backend answers", || {
                let is_unavailable = output.status.code() == Some(UNAVAILABLE);
                if is_unavailable {
                    output = self.output(args);
                }
                !is_unavailable
            });
        }
        let (out, err) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr).into_owned());
        assert!(output.status.success(), "efflux {args:?}: {}\n{out}\n{err}", output.status);
        out
    }

    /// What `efflux dlq list` has.
    pub(crate) fn dead_letters(&self) -> Vec<Value> {
        serde_json::from_str(&self.ok(&["dlq", "list", "--json"])).unwrap()
    }

    /// Ingests files and waits until they are processed; the exit code and the receipts.
    pub(crate) fn ingest(&self, files: &[&Path]) -> (i32, Vec<Value>) {
        let mut args = vec!["ingest", "--wait", "--json", "--timeout", "80", "--account", "acc"];
        if files.iter().all(|f| f.extension().is_some_and(|e| e == "bad")) {
            args.extend(["--network", "tonic"]);
        }
        args.extend(files.iter().map(|f| f.to_str().unwrap()));
        let output = self.output(&args);
        let out = String::from_utf8(output.stdout).unwrap();
        let receipts = serde_json::from_str(&out)
            .unwrap_or_else(|e| panic!("{e}: {out}\n{}", String::from_utf8_lossy(&output.stderr)));
        (output.status.code().unwrap(), receipts)
    }

    /// The number of events that the sandbox has; each must have arrived once.
    pub(crate) fn events_exactly_once(&self) -> u64 {
        let stats = self.sandbox.stats();
        assert_eq!(stats.repeated_events(), 0, "events arrived twice");
        stats.accepted_events()
    }
}

/// Sums an outcome over receipts, with any reason.
pub(crate) fn rows(receipts: &[Value], outcome: &str) -> u64 {
    counts(receipts, |count| count["outcome"] == outcome)
}

/// Sums an outcome with a reason over receipts.
pub(crate) fn rows_because(receipts: &[Value], outcome: &str, reason: &str) -> u64 {
    counts(receipts, |count| count["outcome"] == outcome && count["reason"] == reason)
}

fn counts(receipts: &[Value], wanted: impl Fn(&Value) -> bool) -> u64 {
    let all = receipts.iter().filter_map(|r| r["receipt"]["report"]["outcomes"].as_array()).flatten();
    all.filter(|c| wanted(c)).map(|c| c["rows"].as_u64().unwrap()).sum()
}

/// Accepted events, by the receipts.
pub(crate) fn events(receipts: &[Value]) -> u64 {
    let pixels = receipts.iter().filter_map(|r| r["receipt"]["report"]["pixels"].as_array()).flatten();
    pixels.map(|p| p["events"].as_u64().unwrap()).sum()
}

pub(crate) fn spec(network: SampleNetwork, rows: usize, seed: u64) -> SampleSpec {
    SampleSpec { network, rows, seed, now_unix_s: now_s(), ..SampleSpec::default() }
}

/// The number of events of a sample's rows.
pub(crate) fn events_in(spec: &SampleSpec) -> u64 {
    samples::generate(spec).rows.iter().map(|row| events_of(row)).sum()
}

/// The number of events of a row's counts, read without the code under test.
pub(crate) fn events_of(row: &str) -> u64 {
    let row: Value = serde_json::from_str(row).unwrap();
    let count = |name: &str| row[name].as_u64().unwrap_or(0);
    let views = match row["network"].as_str().unwrap() {
        "crossroads" => count("lander_visitors") + count("lander_searches"),
        "airfind" => count("visits") + count("serp"),
        _ => 2,
    };
    views + count("conversions")
}

/// Polls in real time until a condition holds.
#[expect(clippy::disallowed_methods, reason = "a test of real processes polls in real time, with a deadline")]
pub(crate) fn wait_until(within: Duration, what: &str, mut done: impl FnMut() -> bool) {
    let give_up = now_s() + within.as_secs() as i64;
    while !done() {
        assert!(now_s() < give_up, "{what}: not yet after {within:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A process that is killed when the test drops it.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) const fn of(child: Child) -> Self {
        Self(child)
    }

    /// SIGKILL: no chance to clean up.
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// SIGTERM, then the exit code.
    pub(crate) fn terminate(self) -> Option<i32> {
        self.signal();
        self.ended()
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// SIGTERM.
    pub(crate) fn signal(&self) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// Waits for its end; the exit code.
    pub(crate) fn ended(mut self) -> Option<i32> {
        self.0.wait().unwrap().code()
    }

    /// The most memory that it has had so far.
    pub(crate) fn peak_kb(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    pub(crate) fn is_up(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The other services' binaries lie beside that of efflux when the workspace has been built.
fn binary_path(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_efflux")).with_file_name(name);
    assert!(
        path.exists(),
        "{name} has not been built: run `cargo build --workspace` first, as `make test` does"
    );
    path
}
