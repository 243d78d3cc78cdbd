//! What every directory of feeds does.

#![expect(clippy::unwrap_used, reason = "a suite fails by panicking")]

use std::sync::Arc;

use domain::Feed;
use ports::FeedDirectory;

type Directory = Arc<dyn FeedDirectory>;

/// Checks a directory. `make` makes a fresh, empty one.
///
/// # Panics
/// When the directory does not do what the port says.
pub async fn suite(make: impl AsyncFn() -> Directory) {
    puts_and_removals_show(make().await).await;
    names_are_kept_as_they_are(make().await).await;
    every_zone_comes_back(make().await).await;
}

fn feed(network: &str, zone: Option<&str>) -> Feed {
    Feed { time_zone: zone.map(|name| name.parse().unwrap()), ..Feed::of(network) }
}

async fn puts_and_removals_show(directory: Directory) {
    assert_eq!(directory.snapshot().await.unwrap(), []);
    let (sedo, tonic) = (feed("sedo", None), feed("tonic", Some("Europe/Berlin")));
    directory.put(&tonic).await.unwrap();
    directory.put(&sedo).await.unwrap();
    assert_eq!(directory.snapshot().await.unwrap(), [sedo.clone(), tonic.clone()], "by name");

    let replaced = feed("tonic", Some("America/New_York"));
    directory.put(&replaced).await.unwrap();
    assert_eq!(directory.snapshot().await.unwrap(), [sedo.clone(), replaced]);
    directory.put(&feed("tonic", None)).await.unwrap();
    assert_eq!(directory.snapshot().await.unwrap()[1].time_zone, None, "replacing takes a zone away");

    assert!(directory.remove("tonic").await.unwrap());
    assert!(!directory.remove("tonic").await.unwrap());
    assert_eq!(directory.snapshot().await.unwrap(), [sedo]);
    // A feed that comes back does not find what it had.
    directory.put(&tonic).await.unwrap();
    assert_eq!(directory.snapshot().await.unwrap().last(), Some(&tonic));
}

async fn names_are_kept_as_they_are(directory: Directory) {
    let mut all: Vec<_> =
        ["a'b\"c", "netz für 漢", "x_y", "xay", "z%"].map(|name| feed(name, Some("UTC"))).into();
    for feed in &all {
        directory.put(feed).await.unwrap();
    }
    all.sort_by(|one, other| one.network.cmp(&other.network));
    assert_eq!(directory.snapshot().await.unwrap(), all);
    assert!(directory.remove("x_y").await.unwrap());
    assert_eq!(directory.snapshot().await.unwrap().len(), all.len() - 1);
}

async fn every_zone_comes_back(directory: Directory) {
    for zone in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "Asia/Kolkata"] {
        let feed = feed("tonic", Some(zone));
        directory.put(&feed).await.unwrap();
        assert_eq!(directory.snapshot().await.unwrap(), [feed]);
    }
}
