//! The plan of a retry, as text and as JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use domain::{Money, Outcome, PixelRef};
use pipeline::replay::{Amount, ReplayPlan, Replayed, waits_for_credential};
use runtime::terminal::one_line;
use serde_json::{Value, json};

use super::tokens::Tokens;
use crate::tables::money;

/// What a retry would do, with what is known about the tokens of the pixels.
pub(super) struct Plan<'p> {
    plan: ReplayPlan,
    outcome: Outcome,
    tokens: BTreeMap<PixelRef, Tokens>,
    currency: &'p str,
}

impl<'p> Plan<'p> {
    pub(super) const fn new(
        plan: ReplayPlan,
        outcome: Outcome,
        tokens: BTreeMap<PixelRef, Tokens>,
        currency: &'p str,
    ) -> Self {
        Self { plan, outcome, tokens, currency }
    }

    /// Whether there is nothing to try again, now or once a token works.
    pub(super) fn is_empty(&self) -> bool {
        self.plan.reopen.is_empty()
    }

    /// How many conversions become due.
    pub(super) fn conversions(&self) -> u64 {
        self.due().entries
    }

    pub(super) fn question(&self) -> String {
        format!("Try these {} conversions again?", self.conversions())
    }

    /// Pixels to which nothing can be sent.
    pub(super) fn closed(&self) -> BTreeSet<PixelRef> {
        let fails = |tokens: &Tokens| matches!(tokens, Tokens::Fail(_));
        self.tokens.iter().filter(|(_, tokens)| fails(tokens)).map(|(pixel, _)| pixel.clone()).collect()
    }

    /// Whether a group stays as it is until its pixel has a working token.
    fn stays(&self, (pixel, reason): &(PixelRef, String)) -> bool {
        matches!(self.tokens.get(pixel), Some(Tokens::Fail(_))) && waits_for_credential(self.outcome, reason)
    }

    /// All that becomes due.
    fn due(&self) -> Amount {
        let due = self.plan.reopen.iter().filter(|(group, _)| !self.stays(group));
        due.fold(Amount::default(), |sum, (_, a)| Amount {
            entries: sum.entries + a.entries,
            revenue: sum.revenue + a.revenue,
        })
    }

    /// What is not tried again, and why.
    fn skipped(&self) -> Vec<(String, Amount)> {
        let plan = &self.plan;
        let mut skipped = vec![
            ("too old by now".to_owned(), plan.too_old),
            ("without events".to_owned(), plan.no_events),
            ("already reported".to_owned(), plan.already_reported),
            ("in flight".to_owned(), plan.in_flight),
            ("its text has been erased".to_owned(), plan.erased),
        ];
        skipped.extend(plan.not_valid.iter().map(|(reason, a)| (format!("invalid, {reason}"), *a)));
        skipped.retain(|(_, amount)| amount.entries > 0);
        skipped
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let mut text = String::from("To try again:\n");
        let mut line = |what: &str, entries: u64, revenue: Money| {
            writeln!(text, "  {entries:>9}  {:>14}  {what}", money(revenue, self.currency))
                .expect("writing to a String never fails");
        };
        for (group, a) in &self.plan.reopen {
            let (pixel, reason) = group;
            let because = if reason.is_empty() { String::new() } else { format!(", {}", one_line(reason)) };
            let stays = if self.stays(group) { "; stays parked: no working token" } else { "" };
            line(&format!("pixel {pixel}{because}{stays}"), a.entries, a.revenue);
        }
        let all = self.plan.reopened();
        if all.entries > 0 {
            line("all together", all.entries, all.revenue);
        }
        self.skipped().iter().for_each(|(why, a)| line(&format!("skipped: {why}"), a.entries, a.revenue));
        if self.is_empty() {
            text.push_str("  nothing\n");
        }
        self.put_tokens(&mut text);
        text
    }

    /// What the operator should know about tokens.
    fn put_tokens(&self, text: &mut String) {
        for (pixel, tokens) in &self.tokens {
            let code = &pixel.code;
            match tokens {
                Tokens::Work => {}
                Tokens::Fail(said) => text.push_str(&format!(
                    "Pixel {pixel} has no working token ({}): nothing will be sent to it until then. `efflux pixels add {code} --tokens FILE` \
                     gives it one, and what is parked for it is sent by itself; `efflux meta check` says more.\n",
                    one_line(said)
                )),
                Tokens::Unknown => text.push_str(&format!(
                    "Whether pixel {pixel} has a working token cannot be found out now: `efflux meta check` says why.\n"
                )),
            }
        }
    }

    /// For programs; with what was done, once it is done.
    pub(super) fn json(&self, done: Option<Replayed>) -> Value {
        let group = |(group, a): (&(PixelRef, String), &Amount)| {
            json!({
                "pixel": group.0.to_string(), "reason": group.1, "conversions": a.entries,
                "revenue": a.revenue, "stays_parked": self.stays(group),
            })
        };
        let tokens = |(pixel, tokens): (&PixelRef, &Tokens)| {
            let (work, said) = match tokens {
                Tokens::Work => (Some(true), None),
                Tokens::Fail(said) => (Some(false), Some(said)),
                Tokens::Unknown => (None, None),
            };
            json!({"pixel": pixel.to_string(), "working_token": work, "tokens": said})
        };
        let skipped =
            |(why, a): &(String, Amount)| json!({"why": why, "conversions": a.entries, "revenue": a.revenue});
        let due = self.due();
        json!({
            "status": self.outcome, "currency": self.currency,
            "conversions": due.entries, "revenue": due.revenue,
            "groups": self.plan.reopen.iter().map(group).collect::<Vec<_>>(),
            "skipped": self.skipped().iter().map(skipped).collect::<Vec<_>>(),
            "pixels": self.tokens.iter().map(tokens).collect::<Vec<_>>(),
            "result": done.map(|done| json!({
                "due_now": done.reopened, "changed_meanwhile": done.changed_meanwhile,
                "left_parked": done.left_parked,
            })),
        })
    }
}
