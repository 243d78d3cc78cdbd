//! `efflux subscriptions`.

use std::collections::BTreeMap;

use assembly::Parts;
use clap::{Args, Subcommand};
use domain::Money;
use domain::network::NETWORKS;
use ports::SubscriptionStore;
use ports::subscriptions::Subscription;
use runtime::{ExitStatus, WrongUsage};
use serde_json::{Value, json};
use settings::Settings;
use user_data::normalise::country;

use super::change::{Changes, listed};
use crate::context::{Context, Run};
use crate::out;
use crate::sheet::{Cell, Format, Sheet, print_json};

#[derive(Debug, Subcommand)]
pub(crate) enum Subscriptions {
    /// Print all
    List {
        #[command(flatten)]
        format: Format,
    },
    /// Add campaigns, or change what is given of those that are there
    Add(Add),
    /// Remove campaigns
    Remove {
        /// Ad platform campaign ids
        #[arg(required = true)]
        ids: Vec<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// Ad platform campaign ids
    #[arg(required = true)]
    ids: Vec<String>,
    /// A note for the operator
    #[arg(long)]
    note: Option<String>,
    /// Only rows of this feed network; may be given more than once; `any` lifts the condition
    #[arg(long = "network")]
    networks: Vec<String>,
    /// Only rows of visitors in this country, by ISO 3166-1 code or English name; may be given more than once; `any` lifts the condition
    #[arg(long = "country")]
    countries: Vec<String>,
    /// Only rows that earned at least this; 0 lifts the condition
    #[arg(long)]
    min_revenue: Option<String>,
    /// Accept no rows for now
    #[arg(long, conflicts_with = "enabled")]
    disabled: bool,
    /// Accept rows again
    #[arg(long)]
    enabled: bool,
    /// Take campaign ids that are no number, and networks that Efflux does not know
    #[arg(long)]
    force: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

backends::port_set! {
    /// To list, add and remove subscriptions.
    pub(crate) struct SubscriptionSet { subscriptions: SubscriptionStore }
}

impl Run for Subscriptions {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        match self {
            Self::List { format } => {
                let parts = context.reading().open::<SubscriptionSet>().await?;
                let mut sheet = sheet(&parts.settings);
                parts.ports.subscriptions.snapshot().await?.iter().for_each(|known| sheet.add(row(known)));
                sheet.print(format, "No campaign is subscribed.")?;
                Ok(ExitStatus::Done)
            }
            Self::Add(args) => {
                let given = Given::read(&args)?;
                let parts = context.open::<SubscriptionSet>().await?;
                add(&parts, &args, &given).await
            }
            Self::Remove { ids, json } => {
                let parts = context.open::<SubscriptionSet>().await?;
                remove(&*parts.ports.subscriptions, ids, json).await
            }
        }
    }
}

/// What the operator gave, checked; what is `None` stays as it is.
struct Given {
    note: Option<Option<String>>,
    enabled: Option<bool>,
    networks: Option<Vec<String>>,
    countries: Option<Vec<String>>,
    min_revenue: Option<Option<Money>>,
}

impl Given {
    fn read(args: &Add) -> Result<Self, WrongUsage> {
        if !args.force {
            args.ids.iter().try_for_each(|id| check_campaign(id))?;
        }
        let networks = args.networks.iter().map(|name| network(name, args.force));
        Ok(Self {
            note: args.note.clone().map(|note| (!note.is_empty()).then_some(note)),
            enabled: (args.disabled || args.enabled).then_some(args.enabled),
            networks: any_or_list(&args.networks, networks)?,
            countries: any_or_list(&args.countries, args.countries.iter().map(|word| country_code(word)))?,
            min_revenue: args.min_revenue.as_deref().map(least).transpose()?,
        })
    }

    fn apply(&self, subscription: &mut Subscription, changes: &mut Changes) {
        let Subscription { enabled, networks, countries, min_revenue, note, .. } = subscription;
        let text = |note: &Option<String>| note.as_deref().unwrap_or("none").to_owned();
        let state = |enabled: &bool| if *enabled { "enabled" } else { "disabled" }.to_owned();
        let amount =
            |least: &Option<Money>| least.map_or_else(|| "none".to_owned(), |least| least.to_string());
        changes.set("state", enabled, self.enabled, state);
        changes.set("network", networks, self.networks.clone(), |words| listed(words));
        changes.set("country", countries, self.countries.clone(), |words| listed(words));
        changes.set("min-revenue", min_revenue, self.min_revenue, amount);
        changes.set("note", note, self.note.clone(), text);
    }
}

/// Nothing when no word was given, none of them when the word is `any`.
fn any_or_list(
    words: &[String],
    read: impl Iterator<Item = Result<String, WrongUsage>>,
) -> Result<Option<Vec<String>>, WrongUsage> {
    match words {
        [] => Ok(None),
        [any] if any == "any" => Ok(Some(Vec::new())),
        _ => read.collect::<Result<_, _>>().map(Some),
    }
}

fn check_campaign(id: &str) -> Result<(), WrongUsage> {
    if (1..=32).contains(&id.len()) && id.bytes().all(|digit| digit.is_ascii_digit()) {
        return Ok(());
    }
    Err(WrongUsage::new(format!(
        "`{id}` is no campaign id: ad platforms' ids are numbers of at most 32 digits; --force takes it all the same"
    )))
}

fn network(name: &str, force: bool) -> Result<String, WrongUsage> {
    let known = NETWORKS.iter().find(|network| network.name.eq_ignore_ascii_case(name.trim()));
    match known {
        Some(network) => Ok(network.name.to_owned()),
        None if force => Ok(name.to_owned()),
        None => {
            let names: Vec<_> = NETWORKS.iter().map(|network| network.name).collect();
            Err(WrongUsage::new(format!(
                "`{name}` is no network that Efflux knows: {}; --force takes it all the same",
                names.join(", ")
            )))
        }
    }
}

fn country_code(word: &str) -> Result<String, WrongUsage> {
    country::alpha_2(word).map(str::to_ascii_uppercase).ok_or_else(|| {
        WrongUsage::new(format!(
            "`{word}` is no country: write its ISO 3166-1 code, such as DE, or its English name"
        ))
    })
}

fn least(text: &str) -> Result<Option<Money>, WrongUsage> {
    let least: Money = text.parse().map_err(|_| {
        WrongUsage::new(format!("--min-revenue: `{text}` is no amount; write 0.05, or 0 for none"))
    })?;
    if least.is_negative() {
        return Err(WrongUsage::new("--min-revenue is below zero"));
    }
    Ok((!least.is_zero()).then_some(least))
}

async fn add(parts: &Parts<SubscriptionSet>, args: &Add, given: &Given) -> anyhow::Result<ExitStatus> {
    let (store, sheet) = (&parts.ports.subscriptions, sheet(&parts.settings));
    let there = store.snapshot().await?;
    let there: BTreeMap<_, _> = there.into_iter().map(|known| (known.id.clone(), known)).collect();
    let (mut all, mut lines, mut objects) = (Vec::new(), String::new(), Vec::new());
    for id in &args.ids {
        let known = there.get(id);
        let mut changes = Changes::of(id, known.is_none());
        let mut subscription = known.cloned().unwrap_or_else(|| Subscription::of(id));
        given.apply(&mut subscription, &mut changes);
        lines.push_str(&format!("{}\n", changes.line()));
        let before = known.map(|known| sheet.object(&row(known)));
        objects.push(changes.json(before.as_ref(), &sheet.object(&row(&subscription))));
        all.push(subscription);
    }
    store.put(&all).await?;
    if args.json {
        print_json(&Value::from(objects))?;
    } else {
        out(&lines);
    }
    Ok(ExitStatus::Done)
}

async fn remove(store: &dyn SubscriptionStore, ids: Vec<String>, json: bool) -> anyhow::Result<ExitStatus> {
    let (mut removed, mut not_subscribed) = (Vec::new(), Vec::new());
    for id in ids {
        let was_there = store.remove(&id).await?;
        if !json {
            out(&format!("{id} {}\n", if was_there { "removed" } else { "is not subscribed" }));
        }
        if was_there { &mut removed } else { &mut not_subscribed }.push(id);
    }
    if json {
        print_json(&json!({"removed": removed, "not_subscribed": not_subscribed}))?;
    }
    Ok(if not_subscribed.is_empty() { ExitStatus::Done } else { ExitStatus::Incomplete })
}

fn sheet(settings: &Settings) -> Sheet<6> {
    Sheet::new(["campaign", "state", "networks", "countries", "min_revenue", "note"])
        .in_currency(&settings.reporting.currency)
}

fn row(subscription: &Subscription) -> [Cell; 6] {
    let Subscription { id, enabled, networks, countries, min_revenue, note } = subscription;
    [
        Cell::text(id),
        Cell::text(if *enabled { "enabled" } else { "disabled" }),
        Cell::text(listed(networks)),
        Cell::text(listed(countries)),
        Cell::or_nothing(*min_revenue, Cell::Money),
        Cell::or_nothing(note.as_deref(), Cell::text),
    ]
}
