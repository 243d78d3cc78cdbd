//! What is personal leaves at once, because a visitor wishes so: the ledger, analytics and files.

mod files;
mod subject;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use domain::object::RECEIPT_PREFIX;
use domain::{ConversionKey, ObjectRef, Outcome, UnixMillis};
use ports::ledger::{ErasedEntry, ObjectEnd, PersonalText, TextsOf};
use ports::{AnalyticsStore, BlobStore, Clock, Ledger, Result};

use crate::Blocking;
use files::FileContent;
pub use subject::Subject;

/// Entries that one page holds.
const PAGE: usize = 500;

/// Files of a bucket that are looked at.
const FILES: usize = 10_000_000;

/// Keys that one call erases.
const KEYS: usize = 200;

/// How often everything is looked through again: what was on its way when the first look was over is found by the next.
const ROUNDS: usize = 3;

/// Between two looks at an entry that a worker holds.
const POLL: Duration = Duration::from_secs(1);

/// What is needed to erase.
#[derive(Debug)]
pub struct Erase {
    /// Where entries are.
    pub ledger: Arc<dyn Ledger>,
    /// Where people look at them.
    pub analytics: Arc<dyn AnalyticsStore>,
    /// Where files are.
    pub blobs: Arc<dyn BlobStore>,
    /// The bucket of interpreted files.
    pub interpreted_bucket: String,
    /// The bucket of filtered files.
    pub report_bucket: String,
    /// The longest file, stored and decompressed, in bytes.
    pub max_object_bytes: u64,
    /// Where files are read.
    pub blocking: Blocking,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Where something about a visitor is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErasePlan {
    /// Entries with session, keyword or text, and their states, as far as these can be read.
    pub entries: BTreeMap<ConversionKey, Option<Outcome>>,
    /// Entries whose keys cannot be read, by the ledger's own names: they cannot be erased.
    pub unreadable: BTreeSet<String>,
    /// Files with rows of the visitor.
    pub files: Vec<ObjectRef>,
}

impl ErasePlan {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.files.is_empty() && self.unreadable.is_empty()
    }

    fn add(&mut self, PersonalText { id, key, outcome, .. }: PersonalText) {
        match key {
            Some(key) => drop(self.entries.insert(key, outcome)),
            None => drop(self.unreadable.insert(id)),
        }
    }
}

/// What was erased. Names nothing that was erased: keys are hashes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EraseRecord {
    /// When it began.
    pub at: UnixMillis,
    /// Entries of the ledger whose session, keyword and text are gone.
    pub entries: Vec<ConversionKey>,
    /// How many of them were open and have ended because of it.
    pub ended: u64,
    /// Entries that a worker still held when the time to wait was over. Nothing of them was erased.
    pub in_flight: Vec<ConversionKey>,
    /// Entries that are damaged so that nothing of them could be erased, by the ledger's own names.
    pub unreadable: Vec<String>,
    /// States in analytics whose session and keyword are gone.
    pub states: u64,
    /// Files that were written again without the rows.
    pub rewritten: Vec<ObjectRef>,
    /// Files that were removed whole.
    pub removed: Vec<ObjectRef>,
    /// Files that hold rows and that this store does not change: it keeps earlier versions.
    pub left: Vec<ObjectRef>,
    /// Whether a last look found nothing any more.
    pub complete: bool,
}

impl Erase {
    /// Looks for a visitor everywhere and changes nothing.
    ///
    /// # Errors
    /// Those of the ledger and of the store of files.
    pub async fn plan(&self, subject: &mut Subject) -> Result<ErasePlan> {
        let mut plan = ErasePlan::default();
        self.find_by_text(subject, &mut plan).await?;
        self.find_by_session(subject, &mut plan).await?;
        let known = subject.sessions().len();
        self.find_files(subject, &mut plan).await?;
        if subject.sessions().len() > known {
            // Rows that the filter dropped name further sessions.
            self.find_by_session(subject, &mut plan).await?;
            plan.files.clear();
            self.find_files(subject, &mut plan).await?;
        }
        Ok(plan)
    }

    /// Erases what a plan found, and what a further look finds. Waits so long for entries that a worker holds.
    ///
    /// # Errors
    /// Those of the backends. What was erased before stays so; do it again.
    pub async fn apply(
        &self,
        subject: &mut Subject,
        mut plan: ErasePlan,
        patience: Duration,
    ) -> Result<EraseRecord> {
        let mut record = EraseRecord { at: self.clock.now(), ..EraseRecord::default() };
        let give_up = record.at.plus(patience);
        for _ in 0..ROUNDS {
            for object in &plan.files {
                self.erase_file(subject, object, &mut record).await?;
            }
            let keys: Vec<_> = plan.entries.keys().copied().collect();
            self.erase_entries(&keys, give_up, &mut record).await?;
            for some in keys.chunks(KEYS) {
                record.states += self.analytics.forget(some).await?;
            }
            plan = self.plan(subject).await?;
            plan.files.retain(|object| !record.left.contains(object));
            record.unreadable = plan.unreadable.iter().cloned().collect();
            record.complete = plan.is_empty() && record.left.is_empty();
            if plan.is_empty() || !record.in_flight.is_empty() {
                break;
            }
        }
        self.scrub().await?;
        Ok(record)
    }

    async fn scrub(&self) -> Result<()> {
        let mut from = Some(0);
        while let Some(page) = from {
            from = self.ledger.scrub(page).await?;
        }
        from = Some(0);
        while let Some(page) = from {
            from = self.analytics.scrub(page).await?;
        }
        Ok(())
    }

    async fn erase_entries(
        &self,
        keys: &[ConversionKey],
        give_up: UnixMillis,
        record: &mut EraseRecord,
    ) -> Result<()> {
        let mut open = keys.to_vec();
        loop {
            let mut held = Vec::new();
            for some in open.chunks(KEYS) {
                let erased = self.ledger.erase(some, self.clock.now()).await?;
                for (key, erased) in some.iter().zip(erased) {
                    match erased {
                        ErasedEntry::Done { ended } => {
                            record.entries.push(*key);
                            record.ended += u64::from(ended);
                        }
                        ErasedEntry::InFlight(_) => held.push(*key),
                        ErasedEntry::Already | ErasedEntry::Unknown => {}
                    }
                }
            }
            if held.is_empty() || self.clock.now() >= give_up {
                record.in_flight = held;
                return Ok(());
            }
            open = held;
            self.clock.sleep(POLL).await;
        }
    }

    async fn erase_file(
        &self,
        subject: &Subject,
        object: &ObjectRef,
        record: &mut EraseRecord,
    ) -> Result<()> {
        let (content, digests) = match self.read(subject, object).await? {
            FileContent::Nothing => return Ok(()),
            FileContent::Whole => (None, None),
            FileContent::Rewritten { content, digests } => (Some(content), Some(digests)),
        };
        if !self.blobs.erase(object, content).await? {
            record.left.push(object.clone());
        } else if let Some([digest, former]) = digests {
            self.know_again(object, digest, &former).await?;
            record.rewritten.push(object.clone());
        } else {
            record.removed.push(object.clone());
        }
        Ok(())
    }

    /// Has the ledger know a file by its new content: a message of it that comes again finds it done, as before.
    async fn know_again(&self, object: &ObjectRef, digest: String, former: &str) -> Result<()> {
        let Some(receipt) = self.ledger.receipt(&object.id()).await? else { return Ok(()) };
        if !receipt.complete || receipt.digest.as_deref() != Some(former) {
            return Ok(());
        }
        let duplicates = receipt.rows(Outcome::Duplicate);
        let end = ObjectEnd::Read { rows_in: receipt.rows_in, duplicates, digest };
        self.ledger.finish_object(&object.id(), &end, self.clock.now()).await
    }

    /// The entries that no index leads to: those of a file or of an id within texts, rows without a session, and what is damaged.
    async fn find_by_text(&self, subject: &mut Subject, plan: &mut ErasePlan) -> Result<()> {
        let of = if subject.is_within_texts() { TextsOf::Anyone } else { TextsOf::NoSession };
        self.each_text(&of, |text| {
            if subject.owns(&text.object, &text.raw) {
                plan.add(text);
            }
        })
        .await
    }

    async fn find_by_session(&self, subject: &Subject, plan: &mut ErasePlan) -> Result<()> {
        for session in subject.sessions() {
            self.each_text(&TextsOf::Session(session.clone()), |text| plan.add(text)).await?;
        }
        Ok(())
    }

    async fn each_text(&self, of: &TextsOf, mut seen: impl FnMut(PersonalText) + Send) -> Result<()> {
        let mut after = None;
        loop {
            let page = self.ledger.texts(of, after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.id.clone());
            page.into_iter().for_each(&mut seen);
        }
    }

    async fn find_files(&self, subject: &mut Subject, plan: &mut ErasePlan) -> Result<()> {
        if let Some(files) = subject.files() {
            for object in files {
                if self.blobs.get(object, u64::MAX).await?.is_some() {
                    plan.files.push(object.clone());
                }
            }
            return Ok(());
        }
        for bucket in [&self.interpreted_bucket, &self.report_bucket] {
            for key in self.blobs.list(bucket, "", FILES).await? {
                let object = ObjectRef::new(bucket, key);
                // Receipts hold numbers.
                if !object.key.starts_with(RECEIPT_PREFIX) && self.scan(subject, &object).await? {
                    plan.files.push(object);
                }
            }
        }
        Ok(())
    }

    /// Whether a file holds rows of the subject; the sessions that they name are the subject's from then on.
    async fn scan(&self, subject: &mut Subject, object: &ObjectRef) -> Result<bool> {
        let Some(blob) = self.blobs.get(object, u64::MAX).await? else { return Ok(false) };
        let (looked, bytes) = (subject.clone(), self.max_object_bytes);
        let done = self.blocking.spawn(move || files::scan(blob, bytes, looked)).join().await;
        let (seen, found) = files::outcome(object, done)?;
        *subject = seen;
        Ok(found)
    }

    async fn read(&self, subject: &Subject, object: &ObjectRef) -> Result<FileContent> {
        if subject.files().is_some() {
            return Ok(FileContent::Whole);
        }
        let Some(blob) = self.blobs.get(object, u64::MAX).await? else { return Ok(FileContent::Nothing) };
        let (subject, bytes) = (subject.clone(), self.max_object_bytes);
        let done = self.blocking.spawn(move || files::rewrite(blob, bytes, &subject)).join().await;
        files::outcome(object, done)
    }
}
