//! Whose data is erased.

use std::collections::BTreeSet;

use domain::{ObjectRef, Row};

/// From that length on an id in a text that cannot be read is not there by chance.
const LONG: usize = 8;

/// Whose data is erased: of a session, of a visitor by the advertiser's id, or all that a file brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject {
    sessions: BTreeSet<String>,
    external_id: Option<String>,
    /// An interpreted file and its filtered file.
    files: Option<[ObjectRef; 2]>,
}

impl Subject {
    /// The visitor of a session.
    #[must_use]
    pub fn of_session(session: &str) -> Self {
        Self { sessions: BTreeSet::from([session.trim().to_owned()]), ..Self::default() }
    }

    /// The visitor with an external id, as rows carry it, and all sessions of rows that carry it.
    #[must_use]
    pub fn of_external_id(id: &str) -> Self {
        Self { external_id: Some(id.trim().to_owned()), ..Self::default() }
    }

    /// All that an interpreted file and its filtered file brought.
    #[must_use]
    pub fn of_file(interpreted: ObjectRef, filtered: ObjectRef) -> Self {
        Self { files: Some([interpreted, filtered]), ..Self::default() }
    }

    /// What kind of subject it is.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match (&self.files, &self.external_id) {
            (Some(_), _) => "file",
            (None, Some(_)) => "external_id",
            (None, None) => "session",
        }
    }

    pub(super) const fn files(&self) -> Option<&[ObjectRef; 2]> {
        self.files.as_ref()
    }

    pub(super) const fn sessions(&self) -> &BTreeSet<String> {
        &self.sessions
    }

    /// Whether no index leads to it.
    pub(super) const fn is_within_texts(&self) -> bool {
        self.external_id.is_some() || self.files.is_some()
    }

    /// Whether the text of a row is the subject's. The session of one with the external id is the subject's from then on.
    pub(super) fn owns(&mut self, source: &str, text: &str) -> bool {
        if let Some([_, filtered]) = &self.files {
            let filtered = filtered.id();
            // Another content under the same key has a digest behind its name.
            return source
                .strip_prefix(&filtered)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('#'));
        }
        let Some(row) = Row::parse(text).conversion else { return self.is_mentioned(text.as_bytes()) };
        if self.external_id.is_some() && row.external_id.as_deref() == self.external_id.as_deref() {
            self.sessions.insert(row.session_id.into_owned());
            return true;
        }
        self.sessions.contains(&*row.session_id)
    }

    /// Whether a text that cannot be read as a row names the subject.
    pub(super) fn is_mentioned(&self, text: &[u8]) -> bool {
        self.names().iter().any(|name| text.windows(name.len()).any(|part| part == name))
    }

    /// What a text is searched for.
    pub(super) fn names(&self) -> Vec<Vec<u8>> {
        let quoted = |id: &String| {
            let quoted = serde_json::Value::from(id.as_str()).to_string();
            if id.len() < LONG { quoted } else { quoted[1..quoted.len() - 1].to_owned() }
        };
        self.sessions.iter().chain(&self.external_id).map(|id| quoted(id).into_bytes()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_the_visitors_by_session_or_by_id() {
        let mut subject = Subject::of_session(" session-1 ");
        assert!(subject.owns("b/o", r#"{"session_id":"session-1"}"#));
        assert!(!subject.owns("b/o", r#"{"session_id":"session-10","keyword_clicked":"session-1"}"#));
        assert!(subject.owns("b/o", r#"["session-1"]"#), "a row without a session names it");
        let mut subject = Subject::of_external_id("p7");
        assert!(!subject.owns("b/o", r#"{"session_id":"s"}"#));
        assert!(subject.owns("b/o", r#"{"session_id":"s","external_id":"p7"}"#));
        assert!(subject.owns("b/o", r#"{"session_id":"s"}"#), "the session is known by now");
        assert!(!subject.owns("b/o", "[\"p77\"]"), "short ids are compared whole");
    }

    #[test]
    fn rows_are_a_files_by_their_source() {
        let mut subject =
            Subject::of_file(ObjectRef::new("i", "networks/a.json"), ObjectRef::new("r", "f/a.json"));
        assert!(subject.owns("r/f/a.json", "{}") && subject.owns("r/f/a.json#0123", "{}"));
        assert!(!subject.owns("r/f/a.json2", "{}"));
    }
}
