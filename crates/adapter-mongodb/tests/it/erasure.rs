//! What is personal is in no field of a document any more, whichever wrote it.

use adapter_mongodb::MongoLedger;
use bson::doc;
use domain::restate::Figures;
use domain::{ConversionKey, Outcome};
use ports::ledger::{Claim, ErasedEntry, RowClaim, RowVerdict, Settle, SettleLater, WaitReason};
use ports::{LedgerErasure, ReportLedger};

use super::world::{at, collection, database, holder, lease, sendable, settings, settlement};

const MARKS: [&str; 5] =
    ["marked-session", "marked shoes", "marked@example.com", "203.0.113.77", "Marked/5.0"];

const TEXT: &str = r#"{"session_id":"marked-session","keyword_clicked":"marked shoes","em":"marked@example.com",
    "ip":"203.0.113.77","user_agent":"Marked/5.0","campaign_id":"c1"}"#;

fn row(object: &str, verdict: RowVerdict) -> RowClaim {
    RowClaim {
        key: ConversionKey::new("marked-session", Some("marked shoes")),
        raw: TEXT.to_owned(),
        session_id: Some("marked-session".to_owned()),
        keyword_clicked: Some("marked shoes".to_owned()),
        verdict,
        ..sendable("s", object, 1)
    }
}

/// A ledger with a conversion that a second row took over and that was tried once; with fields of the legacy system and of a
/// later version.
async fn filled(database: &str) -> MongoLedger {
    let url = port_tests::service::url("MONGODB");
    let ledger = MongoLedger::open(&settings(&url, database)).await.unwrap();
    ledger.migrate().await.unwrap();
    let sendable = sendable("s", "b/p", 1).verdict;
    for (object, verdict) in [("b/o", RowVerdict::NoEvents), ("b/p", sendable)] {
        let claims = ledger.claim(vec![row(object, verdict)], &holder(0)).await.unwrap();
        let [claim @ Claim::Held(_)] = &claims[..] else { continue };
        let later = SettleLater { due_at: at(60), reason: WaitReason::Transient, failed: true };
        let mut settlement = settlement(&lease(claim), Settle::Retry(later));
        settlement.reported = Figures::default();
        settlement.accepted = std::iter::empty().collect();
        ledger.settle(vec![settlement], &holder(1)).await.unwrap();
    }
    let others = doc! {
        "em": "marked@example.com", "ip": "203.0.113.77",
        "of_a_later_version": { "agents": ["Marked/5.0"], "keyword": "marked shoes" },
    };
    collection(database).await.update_one(doc! {}, doc! { "$set": others }).await.unwrap();
    ledger
}

/// The only document, whole.
async fn document(database: &str) -> bson::Document {
    collection(database).await.find_one(doc! {}).await.unwrap().unwrap()
}

fn marks(document: &bson::Document) -> Vec<&'static str> {
    let text = document.to_string();
    MARKS.into_iter().filter(|mark| text.contains(mark)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_field_of_a_document_tells_who_it_was() {
    for at_once in [true, false] {
        let database = database();
        let ledger = filled(&database).await;
        let before = document(&database).await;
        assert_eq!(marks(&before), MARKS, "{before}");
        assert_eq!(before.get_array("superseded").unwrap().len(), 1, "{before}");
        assert_eq!(before.get_array("attempts").unwrap().len(), 1, "{before}");
        let after_all = at(9 * 86_400);
        if at_once {
            let key = row("b/p", RowVerdict::NoEvents).key;
            let erased = ledger.erase(&[key], at(30)).await.unwrap();
            assert_eq!(erased, [ErasedEntry::Done { ended: true }]);
        } else {
            assert_eq!(ledger.erase_until(after_all, after_all, 10).await.unwrap().erased, 1);
        }
        let left = document(&database).await;
        assert_eq!(marks(&left), [""; 0], "{left}");
        assert_eq!(left.get_str("campaign_id").unwrap(), "c1");
        assert!(left.get_str("state").unwrap().parse::<Outcome>().unwrap().is_end(), "{left}");
    }
}
