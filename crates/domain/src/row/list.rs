//! Fields that may hold a list: a person can have several addresses.

use serde_json::value::RawValue;

use super::Text;
use crate::text::Field;

/// The most members of a list that are read.
const MOST: usize = 10;

/// The texts of a value or of a list of values; what says nothing is left out.
pub(super) fn texts(raw: &RawValue) -> Vec<Text<'_>> {
    let json = raw.get();
    let fields: Vec<Field<'_>> = if json.starts_with('[') {
        serde_json::from_str(json).unwrap_or_default()
    } else {
        serde_json::from_str(json).into_iter().collect()
    };
    fields.into_iter().filter_map(Field::into_text).take(MOST).collect()
}
