//! The command line.

use clap::{Parser, Subcommand};
use runtime::ExitStatus;

use crate::commands::demo::Demo;
use crate::commands::directory::{Feeds, Pixels, Subscriptions};
use crate::commands::dlq::Dlq;
use crate::commands::doctor::Doctor;
use crate::commands::erase::Erase;
use crate::commands::explain::Explain;
use crate::commands::held::Held;
use crate::commands::ingest::Ingest;
use crate::commands::meta::Meta;
use crate::commands::notify::Notify;
use crate::commands::prepare::{Migrate, Provision};
use crate::commands::report::Report;
use crate::commands::retry::Retry;
use crate::commands::run::{RunSandbox, RunServices};
use crate::commands::sample::Sample;
use crate::commands::status::Status;
use crate::context::{Context, Run};

/// Reports to ad platforms what their clicks earned: all of Efflux in one process, and the operator's tool.
#[derive(Debug, Parser)]
#[command(name = "efflux", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Filter, reporter and optimizer in one process, staying up
    Run(RunServices),
    /// Put files where a network's interpreter would
    Ingest(Ingest),
    /// Make a realistic file with current click times
    Sample(Sample),
    /// Campaigns whose conversions are reported
    #[command(subcommand)]
    Subscriptions(Subscriptions),
    /// Pixels and the tokens that may send to them
    #[command(subcommand)]
    Pixels(Pixels),
    /// What holds for all rows of a feed network: its time zone
    #[command(subcommand)]
    Feeds(Feeds),
    /// Queues, conversions by outcome, and the latest files
    Status(Status),
    /// What was reported, waits or is lost: conversions and their money, by pixel, network, campaign, country, day or hour
    Report(Report),
    /// The whole history of a conversion: file, row, checks, attempts, and what happens next
    Explain(Explain),
    /// Try conversions again that ended or wait; prints the plan first
    Retry(Retry),
    /// Erase a visitor's personal data everywhere, or all whose time is over; prints what it found first
    Erase(Erase),
    /// Dead letters: messages that failed processing
    #[command(subcommand)]
    Dlq(Dlq),
    /// Files that look wrong and wait for you (HOLD_SUSPICIOUS_FILES)
    #[command(subcommand)]
    Held(Held),
    /// What would be sent to Meta, and whether its tokens work
    #[command(subcommand)]
    Meta(Meta),
    /// Check what goes wrong in real deployments, and say what to do; changes nothing
    Doctor(Doctor),
    /// Notices of changes of state (NOTIFY_URL)
    #[command(subcommand)]
    Notify(Notify),
    /// Make the tables, collections and indexes that the configured backends need; harmless to repeat
    Migrate(Migrate),
    /// Make the queues, buckets, notifications and table that the settings name, on an AWS emulator
    Provision(Provision),
    /// Start the sandbox alone, staying up
    Sandbox(RunSandbox),
    /// Demonstrate the whole pipeline: samples of four networks, against the sandbox
    Demo(Demo),
}

impl Run for Command {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        match self {
            Self::Run(command) => command.run(context).await,
            Self::Ingest(command) => command.run(context).await,
            Self::Sample(command) => command.run(context).await,
            Self::Subscriptions(command) => command.run(context).await,
            Self::Pixels(command) => command.run(context).await,
            Self::Feeds(command) => command.run(context).await,
            Self::Status(command) => command.run(context).await,
            Self::Report(command) => command.run(context).await,
            Self::Explain(command) => command.run(context).await,
            Self::Retry(command) => command.run(context).await,
            Self::Erase(command) => command.run(context).await,
            Self::Dlq(command) => command.run(context).await,
            Self::Held(command) => command.run(context).await,
            Self::Meta(command) => command.run(context).await,
            Self::Doctor(command) => command.run(context).await,
            Self::Notify(command) => command.run(context).await,
            Self::Migrate(command) => command.run(context).await,
            Self::Provision(command) => command.run(context).await,
            Self::Sandbox(command) => command.run(context).await,
            Self::Demo(command) => command.run(context).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// They stay up or write rows, and the demo is for people.
    const WITHOUT_JSON: [&str; 4] = ["run", "sandbox", "sample", "demo"];

    /// The names of the commands below one that take no option `--json`.
    fn without_json(command: &clap::Command, name: &str) -> Vec<String> {
        let below: Vec<_> = command.get_subcommands().filter(|below| below.get_name() != "help").collect();
        if below.is_empty() {
            let has_json = command.get_arguments().any(|argument| argument.get_long() == Some("json"));
            return if has_json { Vec::new() } else { vec![name.to_owned()] };
        }
        let named = |below: &clap::Command| format!("{name} {}", below.get_name()).trim().to_owned();
        below.into_iter().flat_map(|below| without_json(below, &named(below))).collect()
    }

    #[test]
    fn every_command_prints_json() {
        let mut without = without_json(&Cli::command(), "");
        without.retain(|name| !WITHOUT_JSON.contains(&name.as_str()));
        assert!(without.is_empty(), "{without:?}");
    }
}
