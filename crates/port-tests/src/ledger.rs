//! What every ledger does: one check per rule, each on a ledger of its own.

mod claims;
mod due;
mod erasure;
mod export;
mod fixture;
mod limits;
mod load;
mod odd_amounts;
mod operator;
mod promotion;
mod put_off;
mod races;
mod receipts;
mod restatements;
mod sending;
mod settlements;

use std::sync::Arc;

use ports::Ledger;

use fixture::Subject;

/// Names the rule whose check fails, beside the failed assertion itself.
struct Rule(&'static str);

impl Drop for Rule {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the ledger breaks the rule: {}", self.0);
        }
    }
}

macro_rules! check {
    ($make:ident, $($module:ident :: $rule:ident),+ $(,)?) => {$({
        let rule = Rule(concat!(stringify!($module), "::", stringify!($rule)));
        Box::pin($module::$rule(Subject::new($make().await))).await;
        drop(rule);
    })+};
}

/// Runs every check; `make` makes an empty ledger.
///
/// Wants a tokio runtime: some checks claim from many tasks at once.
///
/// # Panics
/// When the ledger breaks a rule; the standard error output names it.
pub async fn suite(make: impl AsyncFn() -> Arc<dyn Ledger>) {
    check!(
        make,
        claims::a_new_key_is_entered_in_its_state,
        claims::everything_about_a_row_is_kept,
        claims::the_same_row_again_stands,
        claims::another_row_is_a_duplicate_and_its_figures_are_observed,
        claims::the_first_of_a_key_in_one_call_brings_it,
        claims::the_first_that_can_be_sent_brings_it,
        claims::keys_differ_wherever_the_separator_falls,
        claims::keys_with_entries_are_known,
        claims::empty_batches_change_nothing,
        promotion::a_sendable_row_takes_over,
        promotion::the_earlier_row_stays_in_its_books,
        promotion::redelivery_after_it_changes_no_books,
        promotion::what_was_ever_sendable_is_not_taken_over,
    );
    check!(
        make,
        settlements::every_end_is_written,
        settlements::a_settled_entry_cannot_be_settled_again,
        settlements::a_lease_that_was_taken_cannot_settle,
        settlements::a_lease_that_ran_out_may_settle_until_it_is_taken,
        settlements::accepted_events_add_up_over_attempts,
        settlements::more_time_keeps_an_entry,
        settlements::unknown_keys_are_late,
        sending::a_mark_outlives_the_lease_under_which_it_was_made,
        sending::only_the_holder_may_begin_to_send,
        sending::a_settlement_says_whether_the_mark_stays,
        sending::what_is_reported_leaves_no_mark,
        sending::the_operator_decides_that_events_are_sent_again,
        due::a_lease_that_ran_out_is_handed_out_again,
        due::a_retry_is_not_handed_out_before_its_time,
        due::the_nearest_deadline_comes_first,
        due::what_waits_past_its_deadline_comes_out,
        due::a_running_lease_is_respected_past_the_deadline,
        due::released_entries_are_those_of_the_pixel,
        due::failures_count_only_failed_attempts,
        due::more_time_keeps_what_had_run_out,
        put_off::a_lease_that_a_wrong_clock_took_is_not_respected,
        put_off::a_lease_that_a_wrong_clock_renewed_is_not_respected,
        put_off::a_mark_outlives_a_lease_that_is_not_respected,
        put_off::a_pause_that_a_wrong_clock_began_is_over,
        put_off::a_row_that_states_other_figures_hides_no_pause_of_a_wrong_clock,
        put_off::what_waits_for_a_person_stays_put_off,
        put_off::many_are_made_due,
        limits::a_backlog_leaves_room_for_others,
        limits::pixels_can_be_excepted,
        limits::long_rows_come_a_few_at_a_time,
        limits::what_is_past_its_deadline_comes_in_any_case,
    );
    money_and_people(&make).await;
    books(&make).await;
}

/// What becomes of money that is stated again, and what the operator may do.
async fn money_and_people(make: &impl AsyncFn() -> Arc<dyn Ledger>) {
    check!(
        make,
        restatements::first_leaves_growth_observed,
        restatements::growth_becomes_due_as_an_increment,
        restatements::growth_in_flight_is_seen_when_settling,
        restatements::an_increment_survives_failures_and_crashes,
        restatements::what_cannot_be_sent_is_only_recorded,
        restatements::the_receipt_stays_that_of_the_first_row,
        operator::the_money_of_open_entries_adds_up,
        restatements::the_first_money_is_never_a_duplicate,
        restatements::money_that_comes_while_views_are_in_flight_follows,
        restatements::what_an_invalid_row_states_is_never_sent,
        restatements::a_row_without_amount_leaves_what_was_observed,
        odd_amounts::what_waits_is_due_at_its_time_only,
        odd_amounts::what_was_due_too_early_says_that_its_amount_waits,
        odd_amounts::money_takes_the_place_of_zero,
        odd_amounts::a_correction_takes_the_place_of_what_is_implausible,
        odd_amounts::zero_takes_the_place_of_what_is_invalid,
        odd_amounts::an_implausible_increment_waits_and_stays_approved,
        odd_amounts::a_correction_takes_the_place_of_an_implausible_increment,
        operator::every_settlement_is_remembered,
        operator::of_many_attempts_the_first_and_the_latest_are_kept,
        operator::a_selection_takes_what_all_conditions_hold_for,
        operator::reopened_entries_are_due_now,
        operator::pixels_of_reopened_entries_are_found,
        operator::what_was_accepted_is_not_sent_again_after_reopening,
    );
}

/// What others read of the ledger, and what many do at once.
async fn books(make: &impl AsyncFn() -> Arc<dyn Ledger>) {
    check!(
        make,
        export::changes_are_exported_until_marked,
        export::an_entry_says_when_events_of_it_were_accepted,
        export::a_change_in_between_stays_due,
        export::the_oldest_change_comes_first,
        export::long_rows_are_exported_a_few_at_a_time,
        export::entries_are_found_by_session_and_keyword,
        receipts::every_outcome_is_in_the_books,
        receipts::an_object_is_incomplete_until_its_end,
        receipts::a_refused_object_says_why,
        receipts::a_redelivered_object_has_the_same_receipt,
        receipts::pixels_are_added_up_exactly,
        receipts::money_that_is_not_reported_is_in_the_receipt,
        receipts::the_latest_objects_come_first,
        receipts::stats_count_entries,
        races::each_key_is_held_once,
        races::each_due_entry_is_handed_out_once,
        load::thousands_in_one_call,
    );
    personal_data_ends(&make).await;
}

/// The checks of what is erased.
async fn personal_data_ends(make: &impl AsyncFn() -> Arc<dyn Ledger>) {
    check!(
        make,
        erasure::a_text_goes_after_its_deadline_and_no_earlier,
        erasure::what_was_never_to_be_sent_goes_by_its_entry,
        erasure::erased_rows_are_recognised,
        erasure::what_is_open_after_its_time_expires,
        erasure::what_a_worker_holds_is_not_erased,
        erasure::a_wish_ends_what_is_open,
        erasure::a_wish_gives_up_an_increment,
        erasure::no_row_takes_the_place_of_one_that_was_forgotten,
        erasure::what_was_erased_gets_no_other_chance,
        erasure::a_wish_is_exported_and_the_campaign_stays,
        erasure::many_are_erased_step_by_step,
    );
}
