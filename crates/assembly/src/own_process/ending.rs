//! What the end of the child means.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use pipeline::worker::{Handled, NoResult};

use super::wire::{Answer, BEGUN};

/// Signals by which a person or a supervisor ends a process, and what ends one by its own doing.
const STOPS: [i32; 4] = [1, 2, 3, 15];
const SIGNALS: [(i32, &str); 8] = [
    (4, "SIGILL: a bug"),
    (6, "SIGABRT: it asked for more memory than its limit allows, or met a bug; the log says which"),
    (7, "SIGBUS: a file or a disk failed under it"),
    (8, "SIGFPE: a bug"),
    (9, "SIGKILL: most likely the memory limit of the container or the machine"),
    (11, "SIGSEGV: a bug, or the stack is too small"),
    (24, "SIGXCPU: its limit of processor time"),
    (25, "SIGXFSZ: a file would have become larger than its limit (ulimit -f)"),
];

/// The result of a child, from what it wrote and how it ended.
pub(super) fn result(written: &str, status: ExitStatus) -> Result<Handled, NoResult> {
    let mut lines = written.lines();
    if lines.next() != Some(BEGUN) {
        return Err(NoResult::NotBegun(format!("a process for one message did not begin: {}", of(status))));
    }
    if let Some(answer) = lines.next().and_then(|line| serde_json::from_str::<Answer>(line).ok()) {
        return answer.into();
    }
    match status.signal() {
        Some(signal) if STOPS.contains(&signal) => Ok(Handled::Later {
            unavailable: None,
            reason: format!("its process was stopped by {}", of(status)),
        }),
        _ => Err(NoResult::Died(format!("its process ended by {}", of(status)))),
    }
}

/// An end in words.
fn of(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => match SIGNALS.iter().find(|(number, _)| *number == signal) {
            Some((_, meaning)) => format!("signal {signal}, {meaning}"),
            None => format!("signal {signal}"),
        },
        (None, None) => "an unknown end".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `wait` reports it: the code in the second byte, the signal in the first.
    fn exit(code: i32) -> ExitStatus {
        ExitStatus::from_raw(code << 8)
    }

    fn signal(number: i32) -> ExitStatus {
        ExitStatus::from_raw(number)
    }

    #[test]
    fn an_answer_counts_whatever_the_end() {
        assert_eq!(result("begun\n\"done\"\n", exit(0)), Ok(Handled::Done));
        assert_eq!(result("begun\n\"done\"\n", signal(9)), Ok(Handled::Done));
        let later = result("begun\n{\"later\":{\"unavailable\":\"ledger\",\"reason\":\"x\"}}\n", exit(0));
        assert_eq!(later, Ok(Handled::Later { unavailable: Some("ledger".into()), reason: "x".into() }));
        let died = result("begun\n{\"died\":{\"how\":\"a panic\"}}\n", exit(0));
        assert_eq!(died, Err(NoResult::Died("a panic".into())));
    }

    #[test]
    fn an_end_in_the_middle_is_a_death_that_is_named() {
        for (status, part) in [
            (signal(9), "SIGKILL: most likely the memory limit"),
            (signal(6), "SIGABRT"),
            (signal(25), "ulimit -f"),
            (signal(40), "signal 40"),
            (exit(101), "exit code 101"),
        ] {
            let Err(NoResult::Died(how)) = result("begun\n", status) else { panic!("{status:?}") };
            assert!(how.contains(part), "{how}");
            assert!(matches!(result("begun\n{\"lat", status), Err(NoResult::Died(_))), "half an answer");
        }
    }

    #[test]
    fn an_end_before_the_beginning_is_not_the_messages_fault() {
        for status in [exit(69), exit(64), signal(9), signal(6)] {
            assert!(matches!(result("", status), Err(NoResult::NotBegun(_))), "{status:?}");
        }
    }

    #[test]
    fn a_signal_that_stops_the_process_does_not_blame_the_message() {
        for number in STOPS {
            let stopped = result("begun\n", signal(number));
            assert!(matches!(stopped, Ok(Handled::Later { unavailable: None, .. })), "{stopped:?}");
        }
    }
}
