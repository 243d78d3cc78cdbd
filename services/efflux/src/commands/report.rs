//! `efflux report`: what was reported, waits or is lost, by pixel, network, campaign, country, day or hour.

mod sums;

use std::io::{IsTerminal, Write, stderr, stdout};
use std::ops::Range;
use std::time::Duration;

use assembly::Parts;
use clap::{Args, ValueEnum};
use domain::{PixelRef, UnixMillis};
use jiff::ZonedDateTime;
use ports::analytics::{CountedAt, Grouping, Only, Totals};
use ports::{AnalyticsStore, ErrorKind, LedgerAdmin};
use runtime::{ExitStatus, WrongUsage};

use self::sums::{Label, Sums};
use crate::context::{Context, Run};
use crate::moment::Now;
use crate::out;
use crate::sheet::{Format, print_json};

/// The most sums that are asked for: they are all in memory.
const MOST: usize = 50_000;

/// Every zone is a multiple of this away from UTC, so days and hours of all zones are made of such slots.
const QUARTER: Duration = Duration::from_secs(900);

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// What the conversions are added up by
    #[arg(long, value_enum, default_value_t = By::Pixel)]
    by: By,
    /// Since when: 2026-11-22, 2026-11-22T13:00:00Z, yesterday, or 3d for 72 hours ago
    #[arg(long, default_value = "today")]
    from: String,
    /// Until when; a day is included to its end [default: now]
    #[arg(long)]
    to: Option<String>,
    /// The moment by which a conversion counts
    #[arg(long, value_enum, default_value_t = Time::Settled)]
    time: Time,
    /// The zone in which days and hours begin
    #[arg(long, default_value = "UTC")]
    zone: String,
    /// Only of this pixel: meta:123, or a bare code, which is Meta's
    #[arg(long)]
    pixel: Option<String>,
    /// Only of this feed network
    #[arg(long)]
    network: Option<String>,
    /// Only of this campaign
    #[arg(long)]
    campaign: Option<String>,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    Pixel,
    Network,
    Campaign,
    Day,
    Hour,
    Country,
}

impl By {
    /// The name of its column.
    const fn name(self) -> &'static str {
        match self {
            Self::Pixel => "pixel",
            Self::Network => "network",
            Self::Campaign => "campaign",
            Self::Day => "day",
            Self::Hour => "hour",
            Self::Country => "country",
        }
    }

    fn grouping(self, now: &Now) -> Grouping {
        let slot = |hours: u64| {
            Grouping::Slot(if now.is_in_utc() { Duration::from_secs(hours * 3600) } else { QUARTER })
        };
        match self {
            Self::Pixel => Grouping::Pixel,
            Self::Network => Grouping::Network,
            Self::Campaign => Grouping::Campaign,
            Self::Country => Grouping::Country,
            Self::Day => slot(24),
            Self::Hour => slot(1),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Time {
    /// When the platform last accepted events of it, or if it accepted none, when its state last changed
    Settled,
    /// When the visitor clicked
    Clicked,
    /// When its first row was entered
    Entered,
}

impl Time {
    const fn name(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Clicked => "clicked",
            Self::Entered => "entered",
        }
    }

    const fn counted_at(self) -> CountedAt {
        match self {
            Self::Settled => CountedAt::Settled,
            Self::Clicked => CountedAt::Clicked,
            Self::Entered => CountedAt::Entered,
        }
    }
}

backends::port_set! {
    /// To add conversions up.
    pub(crate) struct Figures { ledger: LedgerAdmin, analytics: AnalyticsStore }
}

impl Run for Report {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        let now = Now::in_zone(context.clock.now(), &self.zone)?;
        let wanted = self.wanted(&now)?;
        report(&context.reading().open().await?, &self, &now, &wanted).await
    }
}

impl Report {
    fn wanted(&self, now: &Now) -> Result<Totals, WrongUsage> {
        Ok(Totals {
            by: self.by.grouping(now),
            counted_at: self.time.counted_at(),
            when: self.when(now)?,
            only: self.only()?,
            limit: MOST,
        })
    }

    fn when(&self, now: &Now) -> Result<Range<UnixMillis>, WrongUsage> {
        let from = now.beginning(&self.from)?;
        let to = now.end(self.to.as_deref().unwrap_or("now"))?;
        if from >= to {
            return Err(WrongUsage::new(format!("--from is {from}, which is not before --to, {to}")));
        }
        Ok(from..to)
    }

    fn only(&self) -> Result<Only, WrongUsage> {
        let pixel = self.pixel.as_deref().map(PixelRef::of_legacy_or_any).transpose();
        Ok(Only {
            pixel: pixel.map_err(|e| WrongUsage::new(format!("--pixel: {e}")))?,
            network: self.network.as_deref().map(str::to_ascii_lowercase),
            campaign: self.campaign.clone(),
        })
    }
}

async fn report(
    parts: &Parts<Figures>,
    args: &Report,
    now: &Now,
    wanted: &Totals,
) -> anyhow::Result<ExitStatus> {
    // Asked first: what is exported between the two questions only makes the figures newer.
    let unexported = parts.ports.ledger.stats().await?.unexported;
    let totals = parts.ports.analytics.totals(wanted).await.map_err(|error| match error.kind() {
        ErrorKind::TooLarge => WrongUsage::new(error.to_string()).into(),
        _ => anyhow::Error::from(error),
    })?;
    let sums = Sums::of(totals, |group| args.label(group, now));
    let currency = &parts.settings.reporting.currency;
    if args.format.json {
        print_json(&args.json(&sums, wanted, (currency, unexported)))?;
        return Ok(ExitStatus::Done);
    }
    if args.format.csv {
        out(&sums.sheet(args.by.name(), currency).to_csv()?);
    } else {
        args.print(&sums, wanted, currency);
    }
    if unexported > 0 {
        // Not among the figures, which a program may read.
        let note =
            format!("{unexported} changes are not exported yet: the figures are older than the ledger's.\n");
        drop(stderr().write_all(note.as_bytes()));
    }
    Ok(ExitStatus::Done)
}

impl Report {
    /// A group as people read it, and its place among the others.
    fn label(&self, group: &str, now: &Now) -> Label {
        let local = || now.local(UnixMillis(group.parse().ok()?));
        let text = match self.by {
            By::Day => local().map(|at| at.strftime("%Y-%m-%d").to_string()),
            By::Hour => return local().map(|at| hour(&at, now.is_in_utc())).unwrap_or_default(),
            By::Country => user_data::normalise::country::alpha_2(group).map(str::to_ascii_uppercase),
            By::Pixel | By::Network | By::Campaign => None,
        };
        (0, text.unwrap_or_else(|| group.to_owned()))
    }

    fn json(&self, sums: &Sums, wanted: &Totals, (currency, unexported): (&str, u64)) -> serde_json::Value {
        serde_json::json!({
            "by": self.by.name(),
            "time": self.time.name(),
            "zone": self.zone,
            "from": wanted.when.start.rfc3339(),
            "to": wanted.when.end.rfc3339(),
            "currency": currency,
            "unexported": unexported,
            "rows": sums.sheet(self.by.name(), currency).to_json(),
            "total": sums.total(),
        })
    }

    fn print(&self, sums: &Sums, wanted: &Totals, currency: &str) {
        let Range { start, end } = wanted.when;
        let what = self.time.name();
        if sums.is_empty() {
            out(&format!("No conversion was {what} from {start} to {end}.\n"));
            return;
        }
        let table = sums.sheet_for_people(self.by.name()).to_table(stdout().is_terminal());
        out(&format!("Conversions {what} from {start} to {end}; revenue in {currency}\n{table}\n"));
    }
}

/// The hour that a moment is in. Where clocks are set back, two have one name but for their offset, and the earlier comes first.
fn hour(at: &ZonedDateTime, is_in_utc: bool) -> Label {
    let into_it = i64::from(at.minute()) * 60 + i64::from(at.second());
    let format = if is_in_utc { "%Y-%m-%dT%H:00Z" } else { "%Y-%m-%dT%H:00%:z" };
    (at.timestamp().as_second() - into_it, at.strftime(format).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_that_comes_twice_is_two_in_their_order() {
        // The night in which Berlin set its clocks back: quarters of an hour from 00:00 to 01:45 UTC.
        let now = Now::in_zone(UnixMillis(0), "Europe/Berlin").unwrap();
        let quarters = (0..8).map(|n| UnixMillis(1_761_436_800_000 + n * 900_000));
        let hours: std::collections::BTreeSet<_> =
            quarters.map(|at| hour(&now.local(at).unwrap(), now.is_in_utc())).collect();
        let names: Vec<_> = hours.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names, ["2025-10-26T02:00+02:00", "2025-10-26T02:00+01:00"]);
    }
}
