//! The statements of a queue, each within a transaction of the caller's.

use domain::UnixMillis;
use ports::queue::{DeadLetter, Delivery, Depth, Handle, StillHeld};
use rusqlite::{Row, Transaction, named_params, params};

/// What a dead letter says beyond the message itself.
pub(super) struct NewDeadLetter {
    pub(super) handle: Handle,
    pub(super) reason: String,
    pub(super) service: String,
    pub(super) at: UnixMillis,
}

pub(super) fn send(tx: &Transaction<'_>, queue: &str, body: &str, now: UnixMillis) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO messages (queue, id, body, sent_at, visible_at)
         VALUES (?1, lower(hex(randomblob(16))), ?2, ?3, ?3)",
    )?
    .execute(params![queue, body, now.0])
    .map(drop)
}

pub(super) fn any_visible(tx: &Transaction<'_>, queue: &str, now: UnixMillis) -> rusqlite::Result<bool> {
    tx.prepare_cached("SELECT EXISTS (SELECT 1 FROM messages WHERE queue = ? AND visible_at <= ?)")?
        .query_row(params![queue, now.0], |r| r.get(0))
}

/// By the time of becoming visible: the order sent, but for those that come again. The index gives it without sorting.
pub(super) fn take(
    tx: &Transaction<'_>,
    queue: &str,
    max: usize,
    now: UnixMillis,
    until: UnixMillis,
) -> rusqlite::Result<Vec<Delivery>> {
    let visible = tx
        .prepare_cached(
            "SELECT seq FROM messages WHERE queue = ? AND visible_at <= ? ORDER BY visible_at, seq LIMIT ?",
        )?
        .query_map(params![queue, now.0, limit(max)], |r| r.get::<_, i64>(0))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    // The handle begins with the primary key, which finds the message; the rest cannot be guessed or come again.
    let mut deliver = tx.prepare_cached(
        "UPDATE messages SET visible_at = ?, receive_count = receive_count + 1,
             handle = seq || '.' || (receive_count + 1) || '.' || lower(hex(randomblob(12)))
         WHERE seq = ? RETURNING id, handle, body, receive_count, sent_at",
    )?;
    visible.into_iter().map(|seq| deliver.query_row(params![until.0, seq], delivery)).collect()
}

fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        message_id: row.get(0)?,
        handle: Handle(row.get(1)?),
        body: row.get(2)?,
        receive_count: row.get(3)?,
        sent_at: UnixMillis(row.get(4)?),
    })
}

/// The primary key that a handle begins with; `None` when it is not a handle of ours.
fn seq(handle: &Handle) -> Option<i64> {
    handle.0.split_once('.')?.0.parse().ok()
}

pub(super) fn acknowledge(tx: &Transaction<'_>, queue: &str, handle: &Handle) -> rusqlite::Result<StillHeld> {
    tx.prepare_cached("DELETE FROM messages WHERE seq = ? AND queue = ? AND handle = ?")?
        .execute(params![seq(handle), queue, handle.0])
        .map(held)
}

pub(super) fn hide(
    tx: &Transaction<'_>,
    queue: &str,
    handle: &Handle,
    until: UnixMillis,
) -> rusqlite::Result<StillHeld> {
    tx.prepare_cached("UPDATE messages SET visible_at = ? WHERE seq = ? AND queue = ? AND handle = ?")?
        .execute(params![until.0, seq(handle), queue, handle.0])
        .map(held)
}

/// Makes visible what would be so only after `latest`. The handles stay: who works on a message may finish it.
pub(super) fn release_put_off(
    tx: &Transaction<'_>,
    queue: &str,
    latest: UnixMillis,
    now: UnixMillis,
) -> rusqlite::Result<u64> {
    let released = tx
        .prepare_cached("UPDATE messages SET visible_at = ?3 WHERE queue = ?1 AND visible_at > ?2")?
        .execute(params![queue, latest.0, now.0])?;
    Ok(u64::try_from(released).unwrap_or(u64::MAX))
}

pub(super) fn dead_letter(
    tx: &Transaction<'_>,
    queue: &str,
    letter: &NewDeadLetter,
) -> rusqlite::Result<StillHeld> {
    let moved = tx
        .prepare_cached(
            "INSERT INTO dead_letters (queue, id, body, reason, service, at, receive_count)
             SELECT queue, id, body, :reason, :service, :at, receive_count FROM messages
             WHERE seq = :seq AND queue = :queue AND handle = :handle",
        )?
        .execute(named_params! {
            ":reason": letter.reason,
            ":service": letter.service,
            ":at": letter.at.0,
            ":seq": seq(&letter.handle),
            ":queue": queue,
            ":handle": letter.handle.0,
        })?;
    if moved == 0 { Ok(StillHeld::No) } else { acknowledge(tx, queue, &letter.handle) }
}

pub(super) fn dead_letters(
    tx: &Transaction<'_>,
    queue: &str,
    max: usize,
) -> rusqlite::Result<Vec<DeadLetter>> {
    tx.prepare_cached(
        "SELECT id, body, reason, service, at, receive_count FROM dead_letters
         WHERE queue = ? ORDER BY seq DESC LIMIT ?",
    )?
    .query_map(params![queue, limit(max)], |row| {
        Ok(DeadLetter {
            message_id: row.get(0)?,
            body: row.get(1)?,
            reason: row.get(2)?,
            service: row.get(3)?,
            at: UnixMillis(row.get(4)?),
            receive_count: row.get(5)?,
        })
    })?
    .collect()
}

/// Puts dead letters back as new messages, whose ids are new too: their deliveries are counted from the start.
pub(super) fn redrive(
    tx: &Transaction<'_>,
    queue: &str,
    ids: &[String],
    now: UnixMillis,
) -> rusqlite::Result<Vec<String>> {
    let mut take = tx.prepare_cached("DELETE FROM dead_letters WHERE queue = ? AND id = ? RETURNING body")?;
    let mut found = Vec::new();
    for id in ids {
        let bodies: Vec<String> =
            take.query_map([queue, id], |r| r.get(0))?.collect::<rusqlite::Result<_>>()?;
        bodies.iter().try_for_each(|body| send(tx, queue, body, now))?;
        if !bodies.is_empty() {
            found.push(id.clone());
        }
    }
    Ok(found)
}

/// Deletes dead letters.
pub(super) fn discard(tx: &Transaction<'_>, queue: &str, ids: &[String]) -> rusqlite::Result<Vec<String>> {
    let mut delete = tx.prepare_cached("DELETE FROM dead_letters WHERE queue = ? AND id = ?")?;
    let mut found = Vec::new();
    for id in ids {
        if delete.execute([queue, id])? > 0 {
            found.push(id.clone());
        }
    }
    Ok(found)
}

pub(super) fn depth(tx: &Transaction<'_>, queue: &str, now: UnixMillis) -> rusqlite::Result<Depth> {
    tx.prepare_cached(
        "SELECT count(*) FILTER (WHERE visible_at <= :now), count(*) FILTER (WHERE visible_at > :now),
                min(sent_at), (SELECT count(*) FROM dead_letters WHERE queue = :queue)
         FROM messages WHERE queue = :queue",
    )?
    .query_row(named_params! { ":now": now.0, ":queue": queue }, |row| {
        Ok(Depth {
            visible: count(row, 0)?,
            hidden: count(row, 1)?,
            oldest_age: row.get::<_, Option<i64>>(2)?.map(|sent| now.since(UnixMillis(sent))),
            dead: count(row, 3)?,
        })
    })
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::unsigned_abs)
}

const fn held(changed: usize) -> StillHeld {
    if changed == 0 { StillHeld::No } else { StillHeld::Yes }
}

fn limit(max: usize) -> i64 {
    i64::try_from(max).unwrap_or(i64::MAX)
}
