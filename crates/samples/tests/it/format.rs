use proptest::prelude::*;
use samples::{SampleNetwork, SampleSpec, campaign_ids, generate, rows, write_rows};
use serde_json::Value;

const NOW: i64 = 1_790_000_000;

fn spec() -> SampleSpec {
    SampleSpec { rows: 200, now_unix_s: NOW, ..SampleSpec::default() }
}

fn parsed(spec: &SampleSpec) -> Vec<Value> {
    generate(spec).rows.iter().map(|row| serde_json::from_str(row).expect("a row is JSON")).collect()
}

#[test]
fn each_network_has_its_own_counters() {
    for network in SampleNetwork::ALL {
        for row in parsed(&SampleSpec { network, ..spec() }) {
            assert_eq!(row["network"], network.name());
            assert_eq!(row["lander_visitors"].is_u64(), network == SampleNetwork::Crossroads);
            assert_eq!(row["lander_searches"].is_u64(), network == SampleNetwork::Crossroads);
            assert_eq!(row["visits"].is_u64(), network == SampleNetwork::Airfind);
            assert_eq!(row["serp"].is_u64(), network == SampleNetwork::Airfind);
        }
    }
}

#[test]
fn types_are_those_of_the_feeds() {
    let spec = spec();
    let campaigns = campaign_ids(&spec);
    for row in parsed(&spec) {
        assert!(row["nw_account_id"].is_u64() && row["nw_campaign_id"].is_string());
        assert!(campaigns.iter().any(|id| row["campaign_id"] == **id));
        assert!(spec.pixels.iter().any(|code| row["pixel_id"] == **code));
        assert!(row["conversions"].is_u64() && row["revenue"].is_f64());
        let clicked_at = row["click_timestamp"].as_i64().unwrap();
        assert!((NOW - 6 * 86_400..=NOW - 60).contains(&clicked_at));
        assert_eq!(row["revenue"].as_f64() == Some(0.0), row["conversions"] == 0);
        let ip: std::net::IpAddr = row["ip"].as_str().unwrap().parse().unwrap();
        assert!(ip.to_string().starts_with("203.0.113.") || ip.to_string().starts_with("2001:db8:"), "{ip}");
    }
}

#[test]
fn an_array_file_and_a_line_file_hold_the_same_rows() {
    let array = SampleSpec { dirty: 0.3, restate: 0.1, ..spec() };
    let lines = SampleSpec { ndjson: true, ..array.clone() };
    let mut out = [Vec::new(), Vec::new()];
    generate(&array).write_to(&mut out[0]).unwrap();
    generate(&lines).write_to(&mut out[1]).unwrap();
    let whole: Vec<Value> = serde_json::from_slice(&out[0]).unwrap();
    let split: Vec<Value> = String::from_utf8(out[1].clone())
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(whole, split);
}

#[test]
fn only_the_clock_moves() {
    let [early, late] = [NOW, NOW + 1_000].map(|now_unix_s| parsed(&SampleSpec { now_unix_s, ..spec() }));
    for (mut a, mut b) in early.into_iter().zip(late) {
        assert_eq!(a["click_timestamp"].as_i64().unwrap() + 1_000, b["click_timestamp"].as_i64().unwrap());
        for row in [&mut a, &mut b] {
            let row = row.as_object_mut().unwrap();
            row.remove("click_timestamp");
            row.remove("date_hour");
        }
        assert_eq!(a, b);
    }
}

#[test]
fn a_spec_at_its_limits_does_not_panic() {
    let odd = SampleSpec { pixels: vec![], campaigns: 0, dirty: 2.0, restate: -1.0, days: 0.0, ..spec() };
    assert_eq!(generate(&odd).truth.len(), 200);
    assert!(generate(&SampleSpec { rows: 0, restate: 1.0, ..spec() }).rows.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_same_spec_makes_the_same_file(seed: u64, dirty in 0.0..1.0, restate in 0.0..1.0) {
        let spec = SampleSpec { seed, dirty, restate, rows: 40, ..spec() };
        let mut whole = Vec::new();
        let mut streamed = Vec::new();
        generate(&spec).write_to(&mut whole).unwrap();
        write_rows(rows(&spec), spec.ndjson, &mut streamed).unwrap();
        prop_assert_eq!(whole, streamed);
    }

    #[test]
    fn dirt_leaves_the_clean_rows_alone(seed: u64, dirty in 0.0..1.0) {
        let clean = SampleSpec { seed, rows: 40, ..spec() };
        let soiled = generate(&SampleSpec { dirty, ..clean.clone() });
        for (number, row) in generate(&clean).rows.iter().enumerate() {
            let spoilt = soiled.truth.iter().any(|truth| truth.row == number);
            prop_assert!(spoilt || *row == soiled.rows[number]);
        }
    }
}
