//! Limited data use: when a state has to be given.

use super::Parts;
use crate::refusal::Refusal;
use sandbox_kit::json;

pub(super) fn check(parts: &Parts<'_>) -> Result<(), Refusal> {
    let options = parts.event.get("data_processing_options").and_then(json::list);
    if options.is_none_or(|options| options.is_empty()) {
        return Ok(());
    }
    let country = parts.event.has("data_processing_options_country");
    let address = parts.user.has("client_ip_address");
    if (country || !address) && !parts.event.has("data_processing_options_state") {
        let note = "An event with limited data use needs a state.";
        return Err(Refusal::event(2_804_030, "Data processing option required", note));
    }
    Ok(())
}
