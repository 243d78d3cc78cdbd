//! Notices that wait to be sent: bounded by number and by bytes.

use std::collections::VecDeque;

use ports::notice::Notice;

/// The most notices that wait.
const NOTICES: usize = 256;

/// The most bytes of their texts.
const BYTES: usize = 256 << 10;

/// The notices, in order.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: VecDeque<Notice>,
    bytes: usize,
    dropped: u64,
}

impl Queue {
    /// Takes a notice; `false` when there is no room, and it is dropped.
    pub(crate) fn push(&mut self, notice: Notice) -> bool {
        let bytes = size(&notice);
        if self.waiting.len() >= NOTICES || self.bytes + bytes > BYTES {
            self.dropped += 1;
            return false;
        }
        self.bytes += bytes;
        self.waiting.push_back(notice);
        true
    }

    /// The next notice, and how many were dropped before it. It stays until it is [`done`](Self::done): what is being sent when the process
    /// is to end is sent again.
    pub(crate) fn next(&self) -> Option<(Notice, u64)> {
        Some((self.waiting.front()?.clone(), self.dropped))
    }

    /// The next notice was sent or given up, with this number of dropped ones in it.
    pub(crate) fn done(&mut self, dropped: u64) {
        if let Some(notice) = self.waiting.pop_front() {
            self.bytes -= size(&notice);
            self.dropped -= dropped;
        }
    }
}

fn size(notice: &Notice) -> usize {
    notice.subject.name().len() + notice.reason.len()
}

#[cfg(test)]
mod tests {
    use domain::UnixMillis;
    use ports::notice::{State, Subject};

    use super::*;

    fn notice(reason: &str) -> Notice {
        Notice {
            subject: Subject::File("b/k".to_owned()),
            was: State::Well,
            state: State::Refused,
            reason: reason.to_owned(),
            since: UnixMillis(0),
        }
    }

    #[test]
    fn what_finds_no_room_is_dropped_and_counted() {
        let mut queue = Queue::default();
        let taken = (0..300).filter(|_| queue.push(notice("why"))).count();
        assert_eq!(taken, NOTICES);
        assert_eq!(queue.next().unwrap().1, 44);
        queue.done(44);
        assert_eq!(queue.next().unwrap().1, 0);
        assert!(queue.push(notice("why")));
    }

    #[test]
    fn long_texts_are_few() {
        let mut queue = Queue::default();
        let long = "x".repeat(100 << 10);
        assert_eq!((0..5).filter(|_| queue.push(notice(&long))).count(), 2);
        assert!(queue.next().is_some());
        queue.done(3);
        queue.done(0);
        assert_eq!((queue.next(), queue.bytes), (None, 0));
    }
}
