//! Who is who: rows that name nobody hide nobody, and what an earlier version entered is recognised.

use domain::restate::Figures;
use domain::{ConversionKey, EventId, EventKind, Money, Outcome, PixelRef, Row, UnixMillis};
use meta_sandbox::EventFilter;
use ports::ReportLedger;
use ports::ledger::{Claim, Holder, Restatements, RowClaim, RowVerdict, Source};

use crate::world::World;

/// A row of a visitor, with a session and a keyword as JSON texts.
fn row(world: &World, session: &str, keyword: &str, click_id: &str) -> String {
    let now = world.reporting.clock.now().seconds().0;
    format!(
        r#"{{"session_id":{session},"keyword_clicked":{keyword},"click_timestamp":{},"network":"tonic","pixel_id":"1",
        "traffic_source":"facebook","ts_click_id":"{click_id}","user_agent":"Mozilla/5.0","ip":"203.0.113.9",
        "domain_name":"a.example","campaign_id":"7","conversions":1,"revenue":0.25}}"#,
        now - 3_600
    )
}

#[tokio::test]
async fn visitors_without_a_session_of_their_own_hide_nobody() {
    let world = World::new().await;
    let nobody = ["\"null\"", "\"undefined\"", "\"[session_id]\"", "\"%7Bsid%7D\"", "0", "\"-\"", "1.5e17"];
    let mut rows: Vec<_> = nobody
        .iter()
        .flat_map(|session| [row(&world, session, "\"k\"", "IwAR1"), row(&world, session, "\"k\"", "IwAR2")])
        .collect();
    // As numbers, these differ in the last digit alone.
    for session in ["123456789012345678901", "123456789012345678902"] {
        rows.push(row(&world, session, "\"k\"", "IwAR3"));
    }
    let receipt = world.report("a", &rows).await;
    assert_eq!(receipt.rows(Outcome::Invalid), 2 * nobody.len() as u64, "{receipt:?}");
    assert_eq!((receipt.rows(Outcome::Duplicate), receipt.rows(Outcome::Reported)), (0, 2));
}

#[tokio::test]
async fn spellings_of_one_conversion_are_reported_once() {
    let world = World::new().await;
    let spellings = ["\"caf\u{e9}\"", "\"cafe\u{301}\"", "\"caf\\u00e9\\u200b\"", "\"\u{feff}cafe\\u0301 \""];
    let rows = spellings.map(|keyword| row(&world, "\"s-1\"", keyword, "IwAR1"));
    let receipt = world.report("a", &rows).await;
    assert_eq!((receipt.rows(Outcome::Reported), receipt.rows(Outcome::Duplicate)), (1, 3), "{receipt:?}");
    assert_eq!(world.report("b", &rows[2..]).await.rows(Outcome::Duplicate), 2);
    world.sandbox_has(3);
}

/// The claim of an earlier version: under the key of the spelling that came.
fn earlier(world: &World, raw: &str, object: &str) -> RowClaim {
    let row = Row::parse(raw);
    let conversion = row.conversion.as_deref().unwrap();
    let click = conversion.click_time.unwrap();
    RowClaim {
        key: *row.possible_keys.first().unwrap(),
        source: Source { object: object.to_owned(), row: 0 },
        raw: raw.to_owned(),
        session_id: Some(conversion.session_id.to_string()),
        keyword_clicked: conversion.keyword_clicked.as_deref().map(str::to_owned),
        click_time: Some(click),
        pixel: Some(PixelRef::of_legacy_or_any("1").unwrap()),
        network: "tonic".to_owned(),
        observed: Some(Figures { count: 1, revenue: "0.25".parse().unwrap() }),
        verdict: RowVerdict::Sendable { deadline: UnixMillis(world.reporting.clock.now().0 + 86_400_000) },
    }
}

#[tokio::test]
async fn what_an_earlier_version_entered_keeps_its_key_and_the_ids_of_its_events() {
    let world = World::new().await;
    let came = row(&world, "\"s-1\"", "\"cafe\u{301}\"", "IwAR1");
    let old = earlier(&world, &came, "report-conversions-bucket/old");
    let (old_key, key) = (old.key, ConversionKey::new("s-1", Some("caf\u{e9}")));
    assert_ne!(old_key, key);
    let now = world.reporting.clock.now();
    let max_per_click = Money::from_units(1_000);
    let holder =
        Holder { owner: "earlier".into(), now, until: now, restatements: Restatements::First, max_per_click };
    assert!(matches!(world.ledger.claim(vec![old], &holder).await.unwrap()[..], [Claim::Held(_)]));

    // The row comes again, in its own spelling and in others, before its events were sent.
    let again = [came, row(&world, "\"s-1\"", "\"caf\u{e9}\"", "IwAR1")];
    assert_eq!(world.report("a", &again).await.rows(Outcome::Duplicate), 2);
    world.clock.advance(std::time::Duration::from_secs(1));
    world.settled().await;
    let sent = world.sandbox.events(&EventFilter { name: Some("Purchase".into()), ..EventFilter::all() });
    let ids: Vec<_> = sent.iter().map(|event| event.id.as_deref().unwrap().to_owned()).collect();
    assert_eq!(ids, [EventId::new(&old_key, EventKind::Purchase, 0).to_string()]);
    assert_eq!(world.report("b", &again).await.rows(Outcome::Duplicate), 2);
    world.sandbox_has(3);
}
