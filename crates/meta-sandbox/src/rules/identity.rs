//! Too little customer information: keys that describe too many people to match one.

use crate::refusal::Refusal;
use sandbox_kit::json::Object;

/// An event is refused when all its customer keys are within one of these.
const TOO_LITTLE: [&[&str]; 4] = [
    &["ct", "country", "st", "zp", "ge", "client_user_agent"],
    &["db", "client_user_agent"],
    &["fn", "ge"],
    &["ln", "ge"],
];

pub(super) fn check(user: &Object<'_>) -> Result<(), Refusal> {
    let within = |set: &&[&str]| user.fields().all(|(key, _)| set.contains(&key));
    if user.is_empty() || TOO_LITTLE.iter().any(within) {
        let note = "An event has too few customer information parameters to match a person.";
        return Err(Refusal::event(2_804_050, "Not enough customer information", note));
    }
    Ok(())
}
