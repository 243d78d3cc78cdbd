//! Entering rows and claiming those that are to be sent.

use std::collections::HashMap;

use domain::restate::Figures;
use domain::{Outcome, PixelRef};
use ports::ledger::rules::{Change, KeyRows, Relation, Standing, Transition, by_key};
use ports::ledger::{Claim, Holder, RowClaim, checksum};
use rusqlite::{OptionalExtension, Row, named_params, params};

use super::columns::{AFTER_STANDING, is_damage, parsed, sql, standing, standing_columns};
use super::key_index::Entries;
use super::receipts::object_id;
use super::{damage, erase, mutations, restatement};

const STORED: &str =
    concat!("SELECT ", standing_columns!(), ", object, row FROM report_conversions WHERE id = ?");

const ENTER: &str = "
    INSERT INTO report_conversions (id, key, state, reason, reasons, object, row, session_id, keyword_clicked,
        click_timestamp, pixel, network, observed_count, observed_revenue, wanted_count, wanted_revenue, owner,
        attempt, due_at, deadline, created_at, updated_at)
    VALUES (:id, :key, :state, :reason, :reasons, :object, :row, :session, :keyword, :click, :pixel, :network,
        :count, :revenue, :wanted_count, :wanted_revenue, :owner, :attempt, :due, :deadline, :now, :now)";

const TAKE_OVER: &str = "
    UPDATE report_conversions SET state = :state, reason = :reason, reasons = :reasons, object = :object,
        row = :row, session_id = :session, keyword_clicked = :keyword, click_timestamp = :click, pixel = :pixel,
        network = :network, observed_count = :count, observed_revenue = :revenue,
        wanted_count = :wanted_count, wanted_revenue = :wanted_revenue, owner = :owner,
        attempt = attempt + :attempt, due_at = :due, ready = 0, deadline = :deadline, version = version + 1,
        updated_at = :now, campaign_id = NULL, erased_at = NULL, erased_by = NULL
    WHERE id = :id AND key = :key";

/// A pause that a wrong clock began is known by when it was written; that stays, unless a later moment is written.
const OBSERVE: &str = "
    UPDATE report_conversions
    SET observed_count = ?, observed_revenue = ?, wanted_count = ?, wanted_revenue = ?, version = version + 1,
        updated_at = max(updated_at, ?)
    WHERE id = ?";

/// An entry as it is stored.
struct Stored {
    id: i64,
    standing: Standing,
    reason: String,
    object: i64,
    row: i64,
}

impl Stored {
    fn read(id: i64, row: &Row<'_>) -> rusqlite::Result<Self> {
        let (object, number) = (row.get(AFTER_STANDING)?, row.get(AFTER_STANDING + 1)?);
        Ok(Self { id, standing: standing(row)?, reason: row.get(8)?, object, row: number })
    }
}

/// What the ledger has for the rows of a key.
enum Found {
    /// The entry of the only row, which comes again.
    OfRow {
        position: usize,
        outcome: Outcome,
    },
    Entry(Stored),
    /// What is stored cannot be read. The rows may have been sent.
    Damaged,
}

/// See [`ReportLedger::claim`](ports::ReportLedger::claim).
pub(super) fn claim(
    entries: &Entries<'_>,
    rows: &[RowClaim],
    holder: &Holder,
) -> rusqlite::Result<Vec<Claim>> {
    let mut claiming = Claiming { entries, holder, objects: HashMap::new() };
    for row in rows {
        claiming.note_object(&row.source.object)?;
    }
    let mut claims: Vec<Option<Claim>> = vec![None; rows.len()];
    for group in by_key(rows) {
        claiming.claim_key(&group, &mut claims)?;
    }
    Ok(claims.into_iter().flatten().collect())
}

struct Claiming<'a> {
    entries: &'a Entries<'a>,
    holder: &'a Holder,
    objects: HashMap<&'a str, i64>,
}

impl<'a> Claiming<'a> {
    /// Claims the rows of one key; each answer has the place of its row.
    fn claim_key(&self, rows: &KeyRows<'_>, claims: &mut [Option<Claim>]) -> rusqlite::Result<()> {
        let stored = match self.stored(rows)? {
            None => {
                self.enter(rows.lead(), rows.observed(), rows.wanted(self.holder.into()))?;
                rows.entered().for_each(|(position, claim)| claims[position] = Some(claim));
                return Ok(());
            }
            Some(Found::OfRow { position, outcome }) => {
                claims[position] = Some(Claim::Stands(outcome));
                return Ok(());
            }
            Some(Found::Damaged) => {
                rows.in_order().for_each(|(position, _)| claims[position] = Some(Claim::Duplicate));
                return Ok(());
            }
            Some(Found::Entry(stored)) => stored,
        };
        let mut transition = Transition::of(stored.standing, self.holder.into());
        for (position, row) in rows.in_order() {
            let relation = self.relation(&stored, row)?;
            claims[position] = Some(transition.apply(position, row, relation));
        }
        match transition.change() {
            None => Ok(()),
            Some(Change::TakeOver { row, observed, wanted, left_behind }) => {
                self.note_superseded(&stored, row, left_behind)?;
                self.take_over(&stored, row, (observed, wanted))
            }
            Some(Change::Observe { observed, wanted, increment }) => {
                let before = stored.standing;
                if (observed, wanted) != (before.observed, before.wanted) {
                    self.observe(stored.id, observed, wanted)?;
                }
                increment.map_or(Ok(()), |(increment, _)| {
                    restatement::write(self.entries, stored.id, before.outcome, &increment, self.holder.now)
                })
            }
        }
    }

    fn stored(&self, rows: &KeyRows<'_>) -> rusqlite::Result<Option<Found>> {
        let Some(id) = mutations::known(self.entries, self.entries.find(rows.key())?)? else {
            return Ok(None);
        };
        let mut select = self.entries.tx.prepare_cached(STORED)?;
        let found = |stored: &Row<'_>| {
            let source = (Some(stored.get(AFTER_STANDING)?), stored.get(AFTER_STANDING + 1)?);
            match rows.only() {
                Some((position, row)) if (self.object(row), sql(row.source.row)) == source => {
                    Ok(Found::OfRow { position, outcome: parsed(stored, 0)? })
                }
                _ => Stored::read(id, stored).map(Found::Entry),
            }
        };
        match select.query_row([id], found) {
            Err(error) if is_damage(&error) => {
                damage::set_aside(self.entries, id, &error, self.holder.now)?;
                Ok(Some(Found::Damaged))
            }
            found => found.map(Some),
        }
    }

    fn relation(&self, stored: &Stored, row: &RowClaim) -> rusqlite::Result<Relation> {
        let (object, number) = (self.object(row), sql(row.source.row));
        if (Some(stored.object), stored.row) == (object, number) {
            return Ok(Relation::Own);
        }
        let superseded = self
            .entries
            .tx
            .prepare_cached("SELECT outcome FROM superseded WHERE object = ? AND row = ? AND key = ?")?
            .query_row(params![object, number, row.key.as_bytes()], |r| parsed(r, 0))
            .optional()?;
        Ok(superseded.map_or(Relation::Other, Relation::Superseded))
    }

    fn note_object(&mut self, name: &'a str) -> rusqlite::Result<()> {
        if !self.objects.contains_key(name) {
            self.objects.insert(name, object_id(self.entries.tx, name)?);
        }
        Ok(())
    }

    /// The number of a row's object; all of them were noted first.
    fn object(&self, row: &RowClaim) -> Option<i64> {
        self.objects.get(row.source.object.as_str()).copied()
    }

    fn enter(&self, row: &RowClaim, observed: Figures, wanted: Option<Figures>) -> rusqlite::Result<()> {
        let tx = self.entries.tx;
        let id =
            self.bind(row, (observed, wanted), None, |values| tx.prepare_cached(ENTER)?.insert(values))?;
        self.entries.entered(id, row.outcome())?;
        tx.prepare_cached("INSERT INTO raw_rows (id, raw, checksum) VALUES (?, ?, ?)")?
            .execute(params![id, row.raw, checksum(&row.raw)])
            .map(drop)
    }

    /// Notes by which outcome the row is counted whose place another takes.
    fn note_superseded(&self, stored: &Stored, row: &RowClaim, outcome: Outcome) -> rusqlite::Result<()> {
        let key = row.key.as_bytes();
        self.entries
            .tx
            .prepare_cached(
                "INSERT INTO superseded (object, row, key, outcome, reason) VALUES (?, ?, ?, ?, ?)",
            )?
            .execute(params![stored.object, stored.row, key, outcome.as_str(), stored.reason])
            .map(drop)
    }

    fn take_over(
        &self,
        stored: &Stored,
        row: &RowClaim,
        figures: (Figures, Option<Figures>),
    ) -> rusqlite::Result<()> {
        let (tx, before) = (self.entries.tx, stored.standing.outcome);
        self.bind(row, figures, Some(stored.id), |values| tx.prepare_cached(TAKE_OVER)?.execute(values))?;
        tx.prepare_cached("INSERT OR REPLACE INTO raw_rows (id, raw, checksum) VALUES (?, ?, ?)")?
            .execute(params![stored.id, row.raw, checksum(&row.raw)])?;
        if stored.standing.erased.is_some() {
            erase::has_text_again(tx, stored.id, row.deadline())?;
        }
        self.entries.counts.moved(before, row.outcome());
        Ok(())
    }

    fn observe(&self, id: i64, observed: Figures, wanted: Option<Figures>) -> rusqlite::Result<()> {
        let values = params![
            observed.count,
            observed.revenue.to_string(),
            wanted.map(|wanted| wanted.count),
            wanted.map(|wanted| wanted.revenue.to_string()),
            self.holder.now.0,
            id
        ];
        self.entries.tx.prepare_cached(OBSERVE)?.execute(values).map(drop)
    }

    /// Binds everything that a row brings, for a statement that enters it or has it take an entry over; with the latest figures, and
    /// money that is still to be looked at.
    fn bind<T>(
        &self,
        row: &RowClaim,
        (observed, wanted): (Figures, Option<Figures>),
        id: Option<i64>,
        run: impl FnOnce(&[(&str, &dyn rusqlite::ToSql)]) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let sends = row.is_sendable();
        run(named_params! {
            ":id": id,
            ":key": row.key.as_bytes(),
            ":state": row.outcome().as_str(),
            ":reason": row.reason(),
            ":reasons": row.reasons().to_string(),
            ":object": self.object(row),
            ":row": sql(row.source.row),
            ":session": row.session_id,
            ":keyword": row.keyword_clicked,
            ":click": row.click_time.map(|t| t.0),
            ":pixel": row.pixel.as_ref().map(PixelRef::to_string),
            ":network": row.network,
            ":count": observed.count,
            ":revenue": observed.revenue.to_string(),
            ":wanted_count": wanted.map(|wanted| wanted.count),
            ":wanted_revenue": wanted.map(|wanted| wanted.revenue.to_string()),
            ":owner": sends.then_some(&self.holder.owner),
            ":attempt": i64::from(sends),
            ":due": row.due_at(self.holder).map(|t| t.0),
            ":deadline": row.deadline().map(|t| t.0),
            ":now": self.holder.now.0,
        })
    }
}
