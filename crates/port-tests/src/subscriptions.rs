//! What every table of subscriptions does.

#![expect(clippy::unwrap_used, reason = "a suite fails by panicking")]

use std::sync::Arc;

use ports::SubscriptionStore;
use ports::subscriptions::Subscription;

type Store = Arc<dyn SubscriptionStore>;

/// Checks a store. `make` makes a fresh, empty one.
///
/// # Panics
/// When the store does not do what the port says.
pub async fn suite(make: impl AsyncFn() -> Store) {
    puts_and_removals_show(make().await).await;
    any_text_comes_back(make().await).await;
    conditions_come_back(make().await).await;
    a_large_table_is_whole(make().await).await;
}

fn subscription(id: &str, note: Option<&str>) -> Subscription {
    Subscription { note: note.map(Into::into), ..Subscription::of(id) }
}

async fn puts_and_removals_show(store: Store) {
    assert_eq!(store.snapshot().await.unwrap(), []);
    store.put(&[]).await.unwrap();
    let (a, b, c) = (subscription("120", None), subscription("13", Some("why")), subscription("9", None));
    store.put(&[c.clone(), a.clone()]).await.unwrap();
    store.put(std::slice::from_ref(&b)).await.unwrap();
    // Ids are text, so 120 comes before 13.
    assert_eq!(store.snapshot().await.unwrap(), [a.clone(), b, c.clone()]);

    let renamed = subscription("13", Some("another reason"));
    store.put(std::slice::from_ref(&renamed)).await.unwrap();
    assert_eq!(store.snapshot().await.unwrap(), [a.clone(), renamed, c.clone()]);
    store.put(&[subscription("13", None)]).await.unwrap();
    assert_eq!(store.snapshot().await.unwrap()[1].note, None, "replacing takes the note away");

    assert!(store.remove("13").await.unwrap());
    assert!(!store.remove("13").await.unwrap());
    assert_eq!(store.snapshot().await.unwrap(), [a, c]);
}

async fn any_text_comes_back(store: Store) {
    let odd = subscription("Kampagne 漢'; DROP TABLE x; --\"%_", Some("für \u{1f680}\n'\""));
    store.put(std::slice::from_ref(&odd)).await.unwrap();
    assert_eq!(store.snapshot().await.unwrap(), std::slice::from_ref(&odd));
    assert!(store.remove(&odd.id).await.unwrap());
}

async fn conditions_come_back(store: Store) {
    let full = Subscription {
        enabled: false,
        networks: vec!["tonic".into(), "Für \"x\", y".into()],
        countries: vec!["US".into(), "DE".into()],
        min_revenue: Some("0.000000000001".parse().unwrap()),
        ..subscription("1", Some("why"))
    };
    let zero = Subscription { min_revenue: Some(domain::Money::ZERO), ..subscription("2", None) };
    store.put(&[full.clone(), zero.clone()]).await.unwrap();
    assert_eq!(store.snapshot().await.unwrap(), [full, zero]);
    store.put(&[subscription("1", None), subscription("2", None)]).await.unwrap();
    let bare = [subscription("1", None), subscription("2", None)];
    assert_eq!(store.snapshot().await.unwrap(), bare, "replacing takes conditions away");
}

async fn a_large_table_is_whole(store: Store) {
    let all: Vec<_> = (0..5000).map(|i| subscription(&format!("{i:08}"), Some("large"))).collect();
    let mut shuffled = all.clone();
    shuffled.sort_by_key(|s| s.id.bytes().rev().collect::<Vec<_>>());
    store.put(&shuffled).await.unwrap();
    assert_eq!(store.snapshot().await.unwrap(), all);
}
