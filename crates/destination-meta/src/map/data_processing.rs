//! Limited data use for people of the United States ([Data Processing Options for US Users], read 2026-11-23).
//!
//! [Data Processing Options for US Users]: https://developers.facebook.com/docs/marketing-apis/data-processing-options

use std::io::Write;

use settings::destinations::meta::DataProcessing;

/// Writes the event's keys, a comma before each.
pub(super) fn write(said: DataProcessing, text: &mut Vec<u8>) {
    match said {
        DataProcessing::Unsaid => {}
        DataProcessing::Unlimited => text.extend_from_slice(br#","data_processing_options":[]"#),
        DataProcessing::Limited(place) => write!(
            text,
            r#","data_processing_options":["LDU"],"data_processing_options_country":{},"data_processing_options_state":{}"#,
            place.country(),
            place.state()
        )
        .expect("writing to memory never fails"),
    }
}

#[cfg(test)]
mod tests {
    use settings::destinations::meta::Place;

    use super::*;

    #[test]
    fn a_place_that_meta_shall_find_out_is_sent_as_zero() {
        for (country, state) in [(0, 0), (1, 0), (1, 1000)] {
            let mut text = Vec::new();
            write(DataProcessing::Limited(Place::new(country, state).unwrap()), &mut text);
            let expected = format!(
                r#","data_processing_options":["LDU"],"data_processing_options_country":{country},"data_processing_options_state":{state}"#
            );
            assert_eq!(String::from_utf8(text).unwrap(), expected);
        }
    }
}
