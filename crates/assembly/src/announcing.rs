//! What readiness says of a part, the operator is notified of too.

use std::sync::Arc;

use ports::notice::{State, Subject};
use ports::{HealthSink, NoticeSink};
use runtime::Health;
use settings::DestinationSettings;

/// Passes the states of parts on to readiness and to the notices.
#[derive(Debug)]
pub(crate) struct Announcing {
    readiness: Arc<Health>,
    notices: Arc<dyn NoticeSink>,
}

impl Announcing {
    pub(crate) const fn new(readiness: Arc<Health>, notices: Arc<dyn NoticeSink>) -> Self {
        Self { readiness, notices }
    }
}

impl HealthSink for Announcing {
    fn ready(&self, part: &str) {
        self.readiness.ready(part);
        self.notices.note(subject(part), State::Well, "");
    }

    fn not_ready(&self, part: &str, reason: &str) {
        self.readiness.not_ready(part, reason);
        self.notices.note(subject(part), State::Unavailable, reason);
    }
}

fn subject(part: &str) -> Subject {
    if DestinationSettings::NAMES.contains(&part) {
        Subject::Destination(part.to_owned())
    } else {
        Subject::Backend(part.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Debug, Default)]
    struct Noted(Mutex<Vec<(Subject, State)>>);

    impl NoticeSink for Noted {
        fn note(&self, subject: Subject, state: State, _: &str) {
            self.0.lock().unwrap().push((subject, state));
        }
    }

    #[test]
    fn a_platform_is_a_destination_and_the_rest_are_backends() {
        let (health, noted) = (Arc::new(Health::new()), Arc::new(Noted::default()));
        let announcing = Announcing::new(Arc::clone(&health), Arc::<Noted>::clone(&noted));
        announcing.not_ready("meta", "no answer");
        announcing.not_ready("ledger", "no room");
        announcing.ready("ledger");
        assert_eq!(health.missing(), [("meta".to_owned(), "no answer".to_owned())]);
        let ledger = Subject::Backend("ledger".to_owned());
        let expected = [
            (Subject::Destination("meta".to_owned()), State::Unavailable),
            (ledger.clone(), State::Unavailable),
            (ledger, State::Well),
        ];
        assert_eq!(*noted.0.lock().unwrap(), expected);
    }
}
