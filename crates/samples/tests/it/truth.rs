use std::collections::BTreeMap;

use samples::{Defect, Meaning, SampleNetwork, SampleSpec, generate};
use serde_json::Value;

const NOW: i64 = 1_790_000_000;

fn dirty() -> SampleSpec {
    SampleSpec { rows: 2_000, now_unix_s: NOW, dirty: 0.5, restate: 0.2, ..SampleSpec::default() }
}

#[test]
fn every_defect_occurs_and_about_as_often_as_asked() {
    let sample = generate(&dirty());
    let mut seen = BTreeMap::new();
    for truth in &sample.truth {
        *seen.entry(truth.defect.name()).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), 20, "{seen:?}");
    let restated = seen["restatement"];
    assert!((900..1_100).contains(&(sample.truth.len() - restated)), "{seen:?}");
    assert!((150..250).contains(&restated), "{seen:?}");
    assert_eq!(sample.rows.len(), 2_000 + restated);
}

#[test]
fn samples_of_two_networks_share_no_session() {
    let sessions = SampleNetwork::ALL.into_iter().flat_map(|network| {
        let sample = generate(&SampleSpec { network, rows: 50, now_unix_s: NOW, ..SampleSpec::default() });
        sample.rows.into_iter().map(|row| {
            let row: Value = serde_json::from_str(&row).unwrap();
            row["session_id"].as_str().unwrap().to_owned()
        })
    });
    assert_eq!(sessions.collect::<std::collections::BTreeSet<_>>().len(), 4 * 50);
}

#[test]
fn a_row_shows_the_defect_that_the_truth_names() {
    let sample = generate(&dirty());
    for truth in &sample.truth {
        let row: Value = serde_json::from_str(&sample.rows[truth.row]).unwrap();
        let shown = match truth.defect {
            Defect::UnknownPixel => row["pixel_id"] == "999999999999999",
            Defect::OlderThan7Days => row["click_timestamp"] == NOW - 8 * 86_400,
            Defect::EmptyClickId => row["ts_click_id"] == "",
            Defect::NullClickId => row.get("ts_click_id") == Some(&Value::Null),
            Defect::MissingSession => row.get("session_id").is_none(),
            Defect::FutureClick => row["click_timestamp"] == NOW + 3 * 86_400,
            Defect::TimestampText => {
                row["click_timestamp"].as_str().is_some_and(|t| t.parse::<i64>().is_ok())
            }
            Defect::TimestampMs => row["click_timestamp"].as_i64().is_some_and(|t| t > NOW * 900),
            Defect::TimestampJunk => row["click_timestamp"] == "yesterday",
            Defect::NullCity => row.get("city") == Some(&Value::Null),
            Defect::EmptyRegion => row["region"] == "",
            Defect::NumericIds => row["pixel_id"].is_u64() && row["campaign_id"].is_u64(),
            Defect::TextNumbers => row["conversions"].is_string() && row["revenue"].is_string(),
            Defect::NegativeRevenue => row["revenue"] == -0.25,
            Defect::NullRevenue => row.get("revenue") == Some(&Value::Null),
            Defect::NotAnObject => row.is_array(),
            Defect::UnexpandedMacro => {
                row["campaign_id"] == "{{campaign.id}}" && row["ts_click_id"] == "{fbclid}"
            }
            Defect::HugeCounts => row["conversions"] == 2_500,
            Defect::DuplicateInFile => {
                truth.repeats.is_some_and(|n| sample.rows[n] == sample.rows[truth.row])
            }
            Defect::Restatement => truth.repeats.is_some_and(|n| grown(&sample.rows[n], &row)),
        };
        assert!(shown, "row {} is not {}: {row}", truth.row, truth.defect);
    }
}

fn grown(earlier: &str, row: &Value) -> bool {
    let earlier: Value = serde_json::from_str(earlier).expect("a row is JSON");
    earlier["unique_identifier"] == row["unique_identifier"]
        && earlier["conversions"].as_u64().map(|n| n + 1) == row["conversions"].as_u64()
        && earlier["revenue"].as_f64() < row["revenue"].as_f64()
}

#[test]
fn only_clean_rows_are_repeated() {
    let sample = generate(&dirty());
    for repeated in sample.truth.iter().filter_map(|truth| truth.repeats) {
        assert!(
            sample.truth.iter().all(|truth| truth.row != repeated),
            "row {repeated} is spoilt and repeated"
        );
    }
}

#[test]
fn a_repeat_needs_something_to_repeat() {
    let sample = generate(&SampleSpec { dirty: 1.0, restate: 1.0, ..dirty() });
    assert!(
        sample
            .truth
            .iter()
            .all(|truth| !matches!(truth.defect.meaning(), Meaning::Repeat | Meaning::Restatement))
    );
    assert_eq!(sample.rows.len(), 2_000);
}
