//! `efflux feeds`.

use clap::{Args, Subcommand};
use domain::network::NETWORKS;
use domain::{Feed, Network, TimeZone};
use ports::FeedDirectory;
use runtime::terminal::one_line;
use runtime::{ExitStatus, WrongUsage};
use serde_json::{Value, json};

use super::change::Changes;
use crate::context::{Context, Run};
use crate::out;
use crate::sheet::{Cell, Format, Sheet, print_json};

#[derive(Debug, Subcommand)]
pub(crate) enum Feeds {
    /// Print all
    List {
        #[command(flatten)]
        format: Format,
    },
    /// Say something about a network's rows, or change what is given
    Set(Set),
    /// Forget what was said about a network's rows
    Remove {
        /// Feed network
        network: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Set {
    /// Feed network
    network: String,
    /// Read click times without an offset from UTC in this zone, such as Europe/Berlin; `none`: they are malformed
    #[arg(long)]
    time_zone: Option<String>,
    /// Take a network that Efflux does not know
    #[arg(long)]
    force: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

backends::port_set! {
    /// To list and change feeds.
    pub(crate) struct FeedSet { feeds: FeedDirectory }
}

impl Run for Feeds {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        match self {
            Self::List { format } => {
                let parts = context.reading().open::<FeedSet>().await?;
                sheet(&parts.ports.feeds.snapshot().await?)
                    .print(format, "Nothing is set for any feed: see `efflux feeds set --help`.")?;
                Ok(ExitStatus::Done)
            }
            Self::Set(args) => {
                let given = Given::read(&args)?;
                let parts = context.open::<FeedSet>().await?;
                set(&*parts.ports.feeds, &given, args.json).await
            }
            Self::Remove { network, json } => {
                let parts = context.open::<FeedSet>().await?;
                remove(&*parts.ports.feeds, &domain::feed::network_name(&network), json).await
            }
        }
    }
}

/// What the operator gave, checked; what is `None` stays as it is.
struct Given {
    network: String,
    time_zone: Option<Option<TimeZone>>,
}

impl Given {
    fn read(args: &Set) -> Result<Self, WrongUsage> {
        let network = network(&args.network, args.force)?;
        let time_zone = args.time_zone.as_deref().map(time_zone).transpose()?;
        if time_zone.is_none() {
            return Err(WrongUsage::new("there is nothing to set: give --time-zone, such as Europe/Berlin"));
        }
        Ok(Self { network, time_zone })
    }

    fn apply(&self, feed: &mut Feed, changes: &mut Changes) {
        let name = |zone: &Option<TimeZone>| zone.as_ref().map_or("none", TimeZone::name).to_owned();
        changes.set("time-zone", &mut feed.time_zone, self.time_zone.clone(), name);
    }
}

fn network(text: &str, force: bool) -> Result<String, WrongUsage> {
    let name = domain::feed::network_name(text);
    if name.is_empty() {
        return Err(WrongUsage::new("the network has no name"));
    }
    if !force && !Network::find(&name).is_known() {
        let known: Vec<_> = NETWORKS.iter().map(|network| network.name).collect();
        return Err(WrongUsage::new(format!(
            "unknown feed network {}; known are {}; --force takes it all the same",
            one_line(&name),
            known.join(", ")
        )));
    }
    Ok(name)
}

fn time_zone(text: &str) -> Result<Option<TimeZone>, WrongUsage> {
    if text == "none" {
        return Ok(None);
    }
    let zone = text.parse().map(Some);
    zone.map_err(|error| WrongUsage::new(format!("--time-zone `{}`: {error}", one_line(text))))
}

async fn set(directory: &dyn FeedDirectory, given: &Given, json: bool) -> anyhow::Result<ExitStatus> {
    let there = directory.snapshot().await?;
    let known = there.into_iter().find(|feed| feed.network == given.network);
    let before = known.as_ref().map(object);
    let mut changes = Changes::of(one_line(&given.network), known.is_none());
    let mut feed = known.unwrap_or_else(|| Feed::of(&given.network));
    given.apply(&mut feed, &mut changes);
    directory.put(&feed).await?;
    if json {
        print_json(&changes.json(before.as_ref(), &object(&feed)))?;
    } else {
        out(&format!("{}\n", changes.line()));
    }
    Ok(ExitStatus::Done)
}

async fn remove(directory: &dyn FeedDirectory, network: &str, json: bool) -> anyhow::Result<ExitStatus> {
    let was_there = directory.remove(network).await?;
    if json {
        print_json(&json!({"removed": was_there.then_some(network)}))?;
    } else if was_there {
        out(&format!("{} removed\n", one_line(network)));
    } else {
        out(&format!("nothing is set for {}\n", one_line(network)));
    }
    Ok(if was_there { ExitStatus::Done } else { ExitStatus::Incomplete })
}

fn sheet(all: &[Feed]) -> Sheet<2> {
    let mut sheet = Sheet::new(["network", "time_zone"]);
    all.iter().for_each(|feed| sheet.add(row(feed)));
    sheet
}

fn row(Feed { network, time_zone }: &Feed) -> [Cell; 2] {
    [Cell::text(network), Cell::or_nothing(time_zone.as_ref().map(TimeZone::name), Cell::text)]
}

/// As `list --json` shows it.
fn object(feed: &Feed) -> Value {
    sheet(&[]).object(&row(feed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_zones_are_checked_when_they_are_entered() {
        assert_eq!(network(" Tonic", false).unwrap(), "tonic");
        assert_eq!(network("System1", true).unwrap(), "system1");
        for (text, force) in [("system1", false), (" ", true)] {
            network(text, force).unwrap_err();
        }
        assert_eq!(time_zone("none").unwrap(), None);
        assert_eq!(time_zone("europe/berlin").unwrap().unwrap().name(), "Europe/Berlin");
        for wrong in ["", "Berlin", "CEST", "+01:00"] {
            let said = time_zone(wrong).unwrap_err().to_string();
            assert!(said.contains("such as Europe/Berlin"), "{said}");
        }
    }

    #[test]
    fn something_must_be_set() {
        let args = Set { network: "tonic".to_owned(), time_zone: None, force: false, json: false };
        assert!(Given::read(&args).is_err());
    }
}
