//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Tells ad platforms what their clicks earned: all of Efflux in one process, and the operator's tool.
#[derive(Debug, Parser)]
#[command(name = "efflux", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Filter, reporter and optimizer in one process, staying up
    Run {
        /// Start the sandbox too, and send to it; it listens where META_GRAPH_URL points if that is this machine
        #[arg(long)]
        sandbox: bool,
    },
    /// Put files where a network's interpreter would
    Ingest(Ingest),
    /// Make a realistic file with current click times
    Sample(Sample),
    /// Campaigns whose conversions are reported
    Subscriptions {
        #[command(subcommand)]
        action: Subscriptions,
    },
    /// Pixels and the tokens that may send to them
    Pixels {
        #[command(subcommand)]
        action: Pixels,
    },
    /// What waits, what ended how, and the latest files
    Status {
        /// How many of the latest files
        #[arg(long, default_value_t = 10)]
        files: usize,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// The whole story of a conversion: file, row, checks, attempts, and what happens next
    Explain(Explain),
    /// Another chance for conversions that ended or wait; prints the plan first
    Retry(Retry),
    /// Messages that could not be done
    Dlq {
        #[command(subcommand)]
        action: Dlq,
    },
    /// What Meta would be told, and whether it listens
    Meta {
        #[command(subcommand)]
        action: Meta,
    },
    /// Make the tables, collections and indexes that the configured backends need; harmless to repeat
    Migrate {
        /// Give the documents that the original wrote the keys of this ledger, once and for all
        #[arg(long)]
        from_original: bool,
    },
    /// Make queues, buckets, notifications and the table on an AWS emulator, as the settings name them
    Provision,
    /// Start the sandbox alone, staying up
    Sandbox {
        /// Address to listen on
        #[arg(long, default_value = "127.0.0.1:8787")]
        listen: std::net::SocketAddr,
        /// Remember across restarts what was accepted, in this file
        #[arg(long)]
        record: Option<PathBuf>,
    },
    /// Show it all: samples of four networks through everything, against the sandbox
    Demo,
}

#[derive(Debug, Args)]
pub(crate) struct Ingest {
    /// Files: JSON array or one row a line; plain, gzip or zstd
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Feed network; otherwise the first row's
    #[arg(long)]
    pub(crate) network: Option<String>,
    /// Network account, a part of the object key
    #[arg(long, default_value = "default")]
    pub(crate) account: String,
    /// Follow the files to the end and print their receipts; exit 0 only if the books balance and nothing is left undone
    #[arg(long)]
    pub(crate) wait: bool,
    /// Give up waiting after this many seconds
    #[arg(long, default_value_t = 300, requires = "wait")]
    pub(crate) timeout: u64,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Sample {
    /// tonic, crossroads, sedo or airfind
    #[arg(long)]
    pub(crate) network: String,
    /// Rows
    #[arg(long, default_value_t = 1000)]
    pub(crate) rows: usize,
    /// Everything but the time is drawn from it
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Share of rows with a defect each
    #[arg(long, default_value_t = 0.0)]
    pub(crate) dirty: f64,
    /// Share of rows that are stated again with grown figures
    #[arg(long, default_value_t = 0.0)]
    pub(crate) restate: f64,
    /// One row a line instead of an array
    #[arg(long)]
    pub(crate) ndjson: bool,
    /// Where to write; standard output otherwise
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Subscriptions {
    /// Print all, one a line
    List,
    /// Add campaigns
    Add {
        /// Ad platform campaign ids
        #[arg(required = true)]
        ids: Vec<String>,
        /// For people
        #[arg(long)]
        note: Option<String>,
        /// Only rows of this feed network; may be given more than once
        #[arg(long = "network")]
        networks: Vec<String>,
        /// Only rows of visitors in this country, ISO 3166-1 alpha-2; may be given more than once
        #[arg(long = "country")]
        countries: Vec<String>,
        /// Only rows that earned at least this
        #[arg(long)]
        min_revenue: Option<String>,
        /// Take no row for now
        #[arg(long)]
        disabled: bool,
    },
    /// Remove campaigns
    Remove {
        /// Ad platform campaign ids
        #[arg(required = true)]
        ids: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Pixels {
    /// Print all, tokens by label only
    List,
    /// Add a pixel, or replace it with its tokens
    Add {
        /// The platform's pixel code
        code: String,
        /// facebook or tiktok
        #[arg(long, default_value = "facebook")]
        source: String,
        /// For people
        #[arg(long)]
        name: Option<String>,
        /// Read tokens from this file, one a line, the first choice first; `-` is standard input
        #[arg(long)]
        tokens: Option<PathBuf>,
    },
    /// Remove a pixel
    Remove {
        /// The platform's pixel code
        code: String,
        /// facebook or tiktok
        #[arg(long, default_value = "facebook")]
        source: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Dlq {
    /// Print the dead letters, the latest first: queue, time, service, message id, reason
    List {
        /// Only of this queue
        #[arg(long)]
        queue: Option<QueueName>,
        /// At most so many of each queue
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Print one dead letter with its text
    Show {
        /// The message's id, as `list` prints it
        id: String,
        /// Only of this queue
        #[arg(long)]
        queue: Option<QueueName>,
    },
    /// Put dead letters back into their queue, to be done again from the start
    Redrive {
        /// Message ids, as `list` prints them
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        ids: Vec<String>,
        /// All that are there now
        #[arg(long)]
        all: bool,
        /// Only of this queue
        #[arg(long)]
        queue: Option<QueueName>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum QueueName {
    /// Notifications of interpreted files, for filter-svc
    Trigger,
    /// Notifications of filtered files, for reporter-svc
    Report,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The session, as rows carry it
    pub(crate) session: String,
    /// The keyword; all of the session's conversions otherwise
    pub(crate) keyword: Option<String>,
    /// Files that are searched for a session which the ledger does not know, the latest first
    #[arg(long, default_value_t = 50)]
    pub(crate) files: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Retry {
    /// parked, rejected, expired, invalid, no_events or retry
    #[arg(long)]
    pub(crate) status: String,
    /// Only with this reason, whole: no_working_credential, 100/2804004, invalid_pixel
    #[arg(long)]
    pub(crate) reason: Option<String>,
    /// Only of this pixel
    #[arg(long)]
    pub(crate) pixel: Option<String>,
    /// Only what changed since: 2026-11-22T13:00:00Z, or 24h for a day ago
    #[arg(long)]
    pub(crate) since: Option<String>,
    /// Print the plan and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Go on without asking; needed where standard input is no terminal
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Meta {
    /// Try the tokens of each pixel, without making an event; exit 0 only if each pixel has one that works
    Check {
        /// This pixel alone
        #[arg(long)]
        pixel: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Read values, one a line; print each in Meta's form with its SHA-256, or why it would be left out
    Hash {
        /// em, ph, fn, ln, db, ge, ct, st, zp, country or external_id
        field: String,
        /// The country of the rows, for values that are read by it: telephone numbers, states, dates, postcodes
        #[arg(long)]
        country: Option<String>,
    },
    /// Print what each row of a file would become; nothing is sent, nothing is stored
    Preview {
        /// JSON array or one row a line; plain, gzip or zstd
        file: PathBuf,
        /// Feed network of rows that name none
        #[arg(long)]
        network: Option<String>,
    },
}
