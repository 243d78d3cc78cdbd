//! The filter's use case: what is refused, acknowledged, suspicious or held.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use adapter_embedded::blob::FolderBlobStore;
use domain::ObjectRef;
use domain::object::FileKeys;
use domain::receipt::FilterReceipt;
use pipeline::filter::{FileWatch, Filter};
use pipeline::worker::{Handled, Handler};
use pipeline::{Blocking, RowLimits, Subscriptions};
use port_tests::clock::ManualClock;
use ports::metric::{Labels, MetricSink, name};
use ports::notice::{State, Subject};
use ports::queue::{Delivery, Handle};
use ports::subscriptions::Subscription;
use ports::{Blob, BlobStore, Clock, NoticeSink, SubscriptionStore, notification};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

const IN: &str = "interpreted-events-bucket";
const OUT: &str = "report-conversions-bucket";

#[derive(Debug)]
struct OneCampaign;

#[async_trait::async_trait]
impl SubscriptionStore for OneCampaign {
    async fn snapshot(&self) -> ports::Result<Vec<Subscription>> {
        Ok(vec![Subscription::of("120210000000100000")])
    }
    async fn put(&self, _: &[Subscription]) -> ports::Result<()> {
        Ok(())
    }
    async fn remove(&self, _: &str) -> ports::Result<bool> {
        Ok(false)
    }
}

/// By name and reason.
#[derive(Debug, Default)]
struct Counters(Mutex<BTreeMap<(&'static str, String), u64>>);

impl MetricSink for Counters {
    fn count(&self, name: &'static str, labels: Labels<'_>, by: u64) {
        let reason = labels.iter().find(|(label, _)| *label == "reason").map_or("", |(_, reason)| reason);
        *self.0.lock().unwrap().entry((name, reason.to_owned())).or_default() += by;
    }
    fn gauge(&self, _: &'static str, _: Labels<'_>, _: f64) {}
    fn observe(&self, _: &'static str, _: Labels<'_>, _: f64) {}
}

/// What was noted of files, by the last part of their names.
#[derive(Debug, Default)]
struct Noted(Mutex<Vec<(String, State)>>);

impl NoticeSink for Noted {
    fn note(&self, subject: Subject, state: State, _: &str) {
        let name = subject.name();
        let last = name.rsplit('/').next().unwrap().trim_end_matches(".json");
        self.0.lock().unwrap().push((last.to_owned(), state));
    }
}

struct World {
    noted: Arc<Noted>,
    filter: Filter,
    blobs: Arc<dyn BlobStore>,
    counters: Arc<Counters>,
}

impl World {
    fn new(hold: bool) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
        let blobs: Arc<dyn BlobStore> = Arc::new(FolderBlobStore::in_memory(Vec::new(), Arc::clone(&clock)));
        let counters = Arc::new(Counters::default());
        let noted = Arc::new(Noted::default());
        let filter = Filter {
            subscriptions: Some(Arc::new(Subscriptions::new(Arc::new(OneCampaign)))),
            blobs: Arc::clone(&blobs),
            output_bucket: OUT.to_owned(),
            max_object_bytes: 1 << 20,
            rows: RowLimits::default(),
            blocking: Blocking::Pool,
            clock,
            metrics: Arc::<Counters>::clone(&counters),
            watch: FileWatch::new(hold, "USD"),
            notices: Arc::<Noted>::clone(&noted),
        };
        Self { noted, filter, blobs, counters }
    }

    async fn put(&self, key: &str, content: &str) -> ObjectRef {
        let object = ObjectRef::new(IN, key);
        self.blobs.put(&object, Blob::from_bytes(content.to_owned())).await.unwrap();
        object
    }

    async fn handle(&self, body: &str) -> Handled {
        let delivery = Delivery {
            message_id: "m".into(),
            handle: Handle("h".into()),
            body: body.to_owned(),
            receive_count: 1,
            sent_at: domain::UnixMillis(0),
        };
        self.filter.handle(&delivery, &CancellationToken::new()).await
    }

    /// Filters a file with this content; its receipt.
    async fn filter(&self, name: &str, content: &str) -> FilterReceipt {
        let object = self.put(&key(name), content).await;
        self.handle(&notification::object_created(&object, 1, "now")).await;
        self.receipt(&object).await
    }

    async fn receipt(&self, object: &ObjectRef) -> FilterReceipt {
        let json = self.text(&FileKeys::of_interpreted(object).receipt()).await.unwrap();
        serde_json::from_str(&json).unwrap()
    }

    async fn text(&self, key: &str) -> Option<String> {
        let blob = self.blobs.get(&ObjectRef::new(OUT, key), 1 << 20).await.unwrap();
        blob.map(|mut blob| String::from_utf8(blob.bytes().unwrap()).unwrap())
    }

    fn suspicious(&self) -> u64 {
        self.counted(name::SUSPICIOUS_FILES, "")
    }

    fn counted(&self, name: &'static str, reason: &str) -> u64 {
        self.counters.0.lock().unwrap().get(&(name, reason.to_owned())).copied().unwrap_or(0)
    }
}

fn key(name: &str) -> String {
    format!("networks/tonic/Job/acc/2025-11-22/8/{name}.json")
}

fn row(session: &str, campaign: &str) -> String {
    format!(
        r#"{{"session_id":"{session}","campaign_id":{campaign},"click_timestamp":1,"pixel_id":"1","traffic_source":"facebook","ts_click_id":"x","conversions":1,"revenue":1}}"#
    )
}

const OURS: &str = "120210000000100000";

#[tokio::test]
async fn an_id_that_lost_digits_is_never_a_neighbours_campaign() {
    let world = World::new(false);
    let campaigns = [
        "120210000000100000",
        "120210000000100003.0",
        "1.2021000000010000e17",
        "\"1.2021E+17\"",
        "120210000000100000.0",
    ];
    let rows = campaigns.map(|campaign| row("s", campaign)).join("\n");
    let receipt = world.filter("a", &rows).await;
    assert_eq!((receipt.rows_in, receipt.kept), (5, 2));
    let expected =
        [("no_campaign", 2), ("not_subscribed", 1)].map(|(reason, rows)| (reason.to_owned(), rows));
    assert_eq!(receipt.filtered_out, BTreeMap::from(expected));
    let counted = |reason| world.counted(name::FILTER_ROWS_LEFT_OUT, reason);
    assert_eq!((counted("no_campaign"), counted("not_subscribed"), counted("")), (2, 1, 0));
}

#[tokio::test]
async fn one_bad_line_costs_itself_alone() {
    let world = World::new(false);
    let good = row("s", OURS);
    let receipt = world
        .filter("a", &format!("{good}\n{{\"session_id\":\"cut\n{good}\n{}\n", good.replace(":1}", ":NaN}")))
        .await;
    assert_eq!((receipt.rows_in, receipt.kept, receipt.suspicious.len()), (4, 4, 0));
    let filtered = world.text(&key("a").replacen("networks", "filtered-conversions", 1)).await.unwrap();
    let rows: Vec<Value> = serde_json::from_str(&filtered).unwrap();
    assert_eq!((rows.len(), rows[1]["row"].as_u64(), &rows[3]["revenue"]), (4, Some(1), &Value::Null));
}

#[tokio::test]
async fn what_is_not_rows_is_refused_with_advice() {
    let world = World::new(false);
    let object = world.put(&key("a"), &format!("{{\"data\":[{}]}}", row("s", OURS))).await;
    match world.handle(&notification::object_created(&object, 1, "now")).await {
        Handled::DeadLetter { reason } => assert!(reason.contains("jq -c '.data[]'"), "{reason}"),
        other => panic!("{other:?}"),
    }
    assert!(world.receipt(&object).await.refused.unwrap().contains("jq -c '.data[]'"));
}

#[tokio::test]
async fn marks_are_acknowledged_and_files_beside_them_processed() {
    let world = World::new(true);
    for key in ["networks/", "networks/tonic/", "networks/tonic_$folder$", "networks/tonic/j/a/_SUCCESS"] {
        let object = world.put(key, "").await;
        assert_eq!(
            world.handle(&notification::object_created(&object, 0, "now")).await,
            Handled::Done,
            "{key}"
        );
        let gone = ObjectRef::new(IN, format!("other/{key}"));
        assert_eq!(
            world.handle(&notification::object_created(&gone, 0, "now")).await,
            Handled::Done,
            "{key}"
        );
    }
    let object = world.put(&key("a"), &row("s", OURS)).await;
    let good = notification::object_created(&object, 1, "now");
    let both = good.replacen("\"Records\":[", "\"Records\":[{\"eventName\":\"ObjectCreated:Put\"},", 1);
    match world.handle(&both).await {
        Handled::DeadLetter { reason } => assert!(reason.contains("record 0"), "{reason}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.receipt(&object).await.kept, 1);
}

#[tokio::test]
async fn an_object_that_is_gone_costs_the_one_beside_it_nothing() {
    let world = World::new(false);
    let object = world.put(&key("a"), &row("s", OURS)).await;
    let record = |object: &ObjectRef| {
        let one: Value = serde_json::from_str(&notification::object_created(object, 1, "now")).unwrap();
        one["Records"][0].clone()
    };
    let gone = ObjectRef::new(IN, key("gone"));
    let both = json!({"Records": [record(&gone), record(&object)]}).to_string();
    match world.handle(&both).await {
        Handled::DeadLetter { reason } => assert!(reason.contains(&gone.key), "{reason}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.receipt(&object).await.kept, 1);
}

#[tokio::test]
async fn a_file_that_looks_wrong_is_said_to_be_wrong_and_passes() {
    let world = World::new(false);
    assert_eq!(world.filter("good", &row("s", OURS)).await.suspicious, [""; 0]);
    let receipt = world.filter("renamed", &row("s", OURS).replace("revenue", "Revenue")).await;
    assert_eq!((receipt.suspicious, receipt.held), (vec!["no row has the field revenue".to_owned()], false));
    assert!(receipt.output.is_some());
    let receipt = world.filter("unsubscribed", &row("s", "\"9\"")).await;
    assert!(receipt.suspicious[0].contains("subscribed campaign"), "{receipt:?}");
    assert_eq!(world.suspicious(), 2);
    let noted = world.noted.0.lock().unwrap().clone();
    let expected =
        [("good", State::Well), ("renamed", State::Suspicious), ("unsubscribed", State::Suspicious)];
    assert_eq!(noted, expected.map(|(name, state)| (name.to_owned(), state)));
}

#[tokio::test]
async fn a_file_that_is_held_passes_when_it_is_released() {
    let world = World::new(true);
    assert!(!world.filter("good", &row("s", OURS)).await.held);
    let content = row("s", OURS).replace("revenue", "Revenue");
    let receipt = world.filter("held", &content).await;
    assert!(receipt.held && receipt.output.is_none() && !receipt.suspicious.is_empty(), "{receipt:?}");
    let output = key("held").replacen("networks", "filtered-conversions", 1);
    assert_eq!(world.text(&output).await, None, "nothing of it left");
    let object = ObjectRef::new(IN, key("held"));
    assert!(world.text(&FileKeys::of_interpreted(&object).hold()).await.is_some());

    assert_eq!(world.handle(&notification::release(&object, 1, "now")).await, Handled::Done);
    let receipt = world.receipt(&object).await;
    assert!(!receipt.held && receipt.output.is_some() && !receipt.suspicious.is_empty(), "{receipt:?}");
    let noted = world.noted.0.lock().unwrap().clone();
    let expected = [("good", State::Well), ("held", State::Held), ("held", State::Well)];
    assert_eq!(noted, expected.map(|(name, state)| (name.to_owned(), state)));
    assert!(world.text(&output).await.is_some());
}

#[tokio::test]
async fn a_file_with_another_currency_than_the_figures_have_is_suspicious() {
    let world = World::new(true);
    let with = |currency: &str| row("s", OURS).replace(":1}", &format!(":1,\"currency\":\"{currency}\"}}"));
    let dollars = [row("s", OURS), with("USD"), with("usd")].join("\n");
    assert_eq!(world.filter("dollars", &dollars).await.suspicious, [""; 0]);
    let receipt = world.filter("euros", &[row("s", OURS), with("EUR")].join("\n")).await;
    let said = "the currency of 1 of 2 rows is EUR: figures add them up as if it were USD";
    assert_eq!((receipt.suspicious, receipt.held), (vec![said.to_owned()], true));
    assert_eq!(world.suspicious(), 1);
}
