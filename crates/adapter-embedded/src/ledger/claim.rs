//! Entering rows and claiming those that are to be sent.

use std::collections::HashMap;

use domain::restate::Figures;
use domain::{ConversionKey, Outcome};
use ports::ledger::{Claim, Holder, Lease, Statement, StatementVerdict};
use rusqlite::{OptionalExtension, Transaction, named_params, params};

use super::books::object_id;
use super::entries::Entries;
use super::growth::grow;
use super::words::{parsed, sql};

const INSERT: &str = "
    INSERT INTO report_conversions (id, key, state, reason, reasons, object, row, session_id, keyword_clicked,
        click_timestamp, pixel, network, observed_count, observed_revenue, owner, attempt, due_at, deadline,
        created_at, updated_at)
    VALUES (:id, :key, :state, :reason, :reasons, :object, :row, :session, :keyword, :click, :pixel, :network,
        :count, :revenue, :owner, :attempt, :due, :deadline, :now, :now)";

/// Nothing was ever sent of an entry that another row takes over, so only attempt, version and age carry on.
const TAKE_OVER: &str = "
    UPDATE report_conversions SET state = :state, reason = :reason, reasons = :reasons, object = :object,
        row = :row, session_id = :session, keyword_clicked = :keyword, click_timestamp = :click, pixel = :pixel,
        network = :network, observed_count = :count, observed_revenue = :revenue, owner = :owner,
        attempt = attempt + :attempt, due_at = :due, ready = 0, deadline = :deadline, version = version + 1,
        updated_at = :now
    WHERE id = :id AND key = :key
    RETURNING attempt";

/// An entry, as far as it decides about a newcomer.
struct Entry {
    id: i64,
    state: Outcome,
    reason: String,
    object: i64,
    row: i64,
    reported: Figures,
}

/// See [`ReportLedger::claim`](ports::ReportLedger::claim).
pub(super) fn claim(
    entries: &Entries<'_>,
    stated: &[Statement],
    holder: &Holder,
) -> rusqlite::Result<Vec<Claim>> {
    let leads = leads(stated);
    let mut claiming = Claiming { tx: entries.tx, entries, holder, objects: HashMap::new() };
    let mut claims: Vec<Option<Claim>> = vec![None; stated.len()];
    // Whoever brings a conversion goes first; the others of its key then meet the entry that it made.
    for (i, statement) in stated.iter().enumerate() {
        if leads[&statement.key] == i {
            claims[i] = Some(claiming.one(statement, true)?);
        }
    }
    for (i, statement) in stated.iter().enumerate() {
        let lead = leads[&statement.key];
        if lead != i {
            claims[i] = Some(claiming.one(statement, i > lead)?);
        }
    }
    Ok(claims.into_iter().flatten().collect())
}

/// For each key the statement that brings it: the first that can be sent, else the first.
fn leads(stated: &[Statement]) -> HashMap<ConversionKey, usize> {
    let mut leads: HashMap<ConversionKey, usize> = HashMap::with_capacity(stated.len());
    for (i, statement) in stated.iter().enumerate() {
        let lead = leads.entry(statement.key).or_insert(i);
        if sendable(statement) && !sendable(&stated[*lead]) {
            *lead = i;
        }
    }
    leads
}

const fn sendable(statement: &Statement) -> bool {
    matches!(statement.verdict, StatementVerdict::Sendable { .. })
}

struct Claiming<'a> {
    tx: &'a Transaction<'a>,
    entries: &'a Entries<'a>,
    holder: &'a Holder,
    objects: HashMap<&'a str, i64>,
}

impl<'a> Claiming<'a> {
    /// One statement; `latest` unless an already entered statement of its key came after it.
    fn one(&mut self, statement: &'a Statement, latest: bool) -> rusqlite::Result<Claim> {
        let object = self.object(&statement.source.object)?;
        let Some(id) = self.entries.of(&statement.key)? else {
            self.insert(statement, object)?;
            return Ok(if sendable(statement) {
                held(statement, 1)
            } else {
                Claim::Stands(state(statement))
            });
        };
        let entry = self.entry(id)?;
        let row = sql(statement.source.row);
        if (entry.object, entry.row) == (object, row) {
            return Ok(Claim::Stands(entry.state));
        }
        // A row whose entry was taken over keeps its own outcome, or its object's books would count it twice.
        if let Some(outcome) = self.superseded(object, row, &statement.key)? {
            return Ok(Claim::Stands(outcome));
        }
        if sendable(statement) && matches!(entry.state, Outcome::Invalid | Outcome::NoEvents) {
            return self.take_over(statement, object, &entry);
        }
        if latest {
            self.observe(statement, id)?;
            if sendable(statement) && entry.state == Outcome::Reported {
                grow(self.entries, id, entry.reported, statement.observed, self.holder)?;
            }
        }
        Ok(Claim::Duplicate)
    }

    fn object(&mut self, name: &'a str) -> rusqlite::Result<i64> {
        if let Some(id) = self.objects.get(name) {
            return Ok(*id);
        }
        let id = object_id(self.tx, name)?;
        self.objects.insert(name, id);
        Ok(id)
    }

    fn insert(&self, statement: &Statement, object: i64) -> rusqlite::Result<()> {
        let id =
            self.bound(statement, object, None, |values| self.tx.prepare_cached(INSERT)?.insert(values))?;
        self.entries.entered(id, state(statement))?;
        let insert = "INSERT INTO raw_rows (id, raw) VALUES (?, ?)";
        self.tx.prepare_cached(insert)?.execute(params![id, statement.raw]).map(drop)
    }

    fn take_over(&self, statement: &Statement, object: i64, entry: &Entry) -> rusqlite::Result<Claim> {
        self.tx
            .prepare_cached(
                "INSERT INTO superseded (object, row, key, outcome, reason) VALUES (?, ?, ?, ?, ?)",
            )?
            .execute(params![
                entry.object,
                entry.row,
                statement.key.as_bytes(),
                entry.state.as_str(),
                entry.reason
            ])?;
        let attempt: u32 = self.bound(statement, object, Some(entry.id), |values| {
            self.tx.prepare_cached(TAKE_OVER)?.query_row(values, |r| r.get(0))
        })?;
        self.tx
            .prepare_cached("UPDATE raw_rows SET raw = ? WHERE id = ?")?
            .execute(params![statement.raw, entry.id])?;
        self.entries.counts.moved(entry.state, Outcome::InFlight);
        Ok(held(statement, attempt))
    }

    /// Runs a statement that sets everything which a row brings, in an entry that is there or a new one.
    fn bound<T>(
        &self,
        statement: &Statement,
        object: i64,
        id: Option<i64>,
        run: impl FnOnce(&[(&str, &dyn rusqlite::ToSql)]) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let (category, reasons, deadline) = match statement.verdict {
            StatementVerdict::Sendable { deadline } => ("", String::new(), Some(deadline.0)),
            StatementVerdict::NoEvents => ("", String::new(), None),
            StatementVerdict::Invalid(all) => {
                (all.category().map_or("", |r| r.as_str()), all.to_string(), None)
            }
        };
        let sends = sendable(statement);
        run(named_params! {
            ":id": id,
            ":key": statement.key.as_bytes(),
            ":state": state(statement).as_str(),
            ":reason": category,
            ":reasons": reasons,
            ":object": object,
            ":row": sql(statement.source.row),
            ":session": statement.session_id,
            ":keyword": statement.keyword_clicked,
            ":click": statement.click_time.map(|t| t.0),
            ":pixel": statement.pixel.as_ref().map(|p| p.as_str()),
            ":network": statement.network,
            ":count": statement.observed.count,
            ":revenue": statement.observed.revenue.to_string(),
            ":owner": sends.then_some(&self.holder.owner),
            ":attempt": i64::from(sends),
            ":due": sends.then_some(self.holder.until.0),
            ":deadline": deadline,
            ":now": self.holder.now.0,
        })
    }

    fn entry(&self, id: i64) -> rusqlite::Result<Entry> {
        self.tx
            .prepare_cached("SELECT state, reason, object, row, reported_count, reported_revenue FROM report_conversions WHERE id = ?")?
            .query_row([id], |r| {
                let reported = Figures { count: r.get(4)?, revenue: parsed(r, 5)? };
                let (object, row) = (r.get(2)?, r.get(3)?);
                Ok(Entry { id, state: parsed(r, 0)?, reason: r.get(1)?, object, row, reported })
            })
    }

    fn superseded(&self, object: i64, row: i64, key: &ConversionKey) -> rusqlite::Result<Option<Outcome>> {
        self.tx
            .prepare_cached("SELECT outcome FROM superseded WHERE object = ? AND row = ? AND key = ?")?
            .query_row(params![object, row, key.as_bytes()], |r| parsed(r, 0))
            .optional()
    }

    /// Figures that say nothing new are no change, or a redelivered file would be exported again.
    fn observe(&self, statement: &Statement, id: i64) -> rusqlite::Result<()> {
        self.tx
            .prepare_cached(
                "UPDATE report_conversions
                 SET observed_count = ?1, observed_revenue = ?2, version = version + 1, updated_at = ?3
                 WHERE id = ?4 AND (observed_count <> ?1 OR observed_revenue <> ?2)",
            )?
            .execute(params![
                statement.observed.count,
                statement.observed.revenue.to_string(),
                self.holder.now.0,
                id,
            ])
            .map(|_| ())
    }
}

const fn state(statement: &Statement) -> Outcome {
    match statement.verdict {
        StatementVerdict::Sendable { .. } => Outcome::InFlight,
        StatementVerdict::NoEvents => Outcome::NoEvents,
        StatementVerdict::Invalid(_) => Outcome::Invalid,
    }
}

const fn held(statement: &Statement, attempt: u32) -> Claim {
    Claim::Held(Lease { key: statement.key, attempt })
}
