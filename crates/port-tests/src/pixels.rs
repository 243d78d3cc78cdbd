//! What every directory of pixels does.

#![expect(clippy::unwrap_used, reason = "a suite fails by panicking")]

use std::sync::Arc;

use domain::{PixelCode, TrafficSource};
use ports::PixelDirectory;
use ports::pixels::{Credential, Pixel};
use secrecy::{ExposeSecret, SecretString};

type Directory = Arc<dyn PixelDirectory>;

/// Checks a directory. `make` makes a fresh, empty one.
///
/// # Panics
/// When the directory does not do what the port says.
pub async fn suite(make: impl AsyncFn() -> Directory) {
    puts_and_removals_show(make().await).await;
    credentials_keep_their_order(make().await).await;
    sources_are_apart(make().await).await;
    no_token_is_printed(make().await).await;
    a_large_directory_is_whole(make().await).await;
}

fn pixel(source: TrafficSource, code: &str, credentials: &[(&str, &str)]) -> Pixel {
    let credential = |(label, token): &(&str, &str)| Credential {
        label: (*label).into(),
        token: SecretString::from((*token).to_owned()),
    };
    Pixel {
        code: PixelCode::new(code).unwrap(),
        source,
        name: Some(format!("Shop {code} für 漢'\"")),
        credentials: credentials.iter().map(credential).collect(),
    }
}

fn facebook(code: &str, credentials: &[(&str, &str)]) -> Pixel {
    pixel(TrafficSource::Facebook, code, credentials)
}

/// All that a directory holds, in a form that can be compared.
async fn stored(directory: &Directory) -> Vec<String> {
    directory.snapshot().await.unwrap().iter().map(spelled).collect()
}

fn spelled(pixel: &Pixel) -> String {
    let credentials: Vec<_> = pixel.credentials.iter().map(|c| (&c.label, c.token.expose_secret())).collect();
    format!("{:?} {} {:?} {credentials:?}", pixel.source, pixel.code, pixel.name)
}

async fn puts_and_removals_show(directory: Directory) {
    assert_eq!(stored(&directory).await, [""; 0]);
    let (a, b) = (facebook("123", &[("main", "EAA1")]), facebook("99", &[]));
    directory.put(&b).await.unwrap();
    directory.put(&a).await.unwrap();
    assert_eq!(stored(&directory).await, [spelled(&a), spelled(&b)]);

    let replaced = Pixel { name: None, ..facebook("123", &[("other", "EAA2"), ("main", "EAA3")]) };
    directory.put(&replaced).await.unwrap();
    assert_eq!(stored(&directory).await, [spelled(&replaced), spelled(&b)]);
    directory.put(&facebook("123", &[])).await.unwrap();
    assert!(
        directory.snapshot().await.unwrap()[0].credentials.is_empty(),
        "replacing takes credentials away"
    );

    assert!(directory.remove(a.source, &a.code).await.unwrap());
    assert!(!directory.remove(a.source, &a.code).await.unwrap());
    assert_eq!(stored(&directory).await, [spelled(&b)]);
    // A pixel that comes back does not find what it had.
    directory.put(&a).await.unwrap();
    assert_eq!(stored(&directory).await, [spelled(&a), spelled(&b)]);
}

async fn credentials_keep_their_order(directory: Directory) {
    let labels: Vec<_> =
        (0..12).map(|i| (format!("label {}", 11 - i), format!("EAA{}", i * 7 % 12))).collect();
    let labels: Vec<_> = labels.iter().map(|(l, t)| (l.as_str(), t.as_str())).collect();
    let many = facebook("1", &labels);
    directory.put(&many).await.unwrap();
    assert_eq!(stored(&directory).await, [spelled(&many)]);
    let reversed: Vec<_> = labels.iter().rev().copied().collect();
    let reversed = facebook("1", &reversed);
    directory.put(&reversed).await.unwrap();
    assert_eq!(stored(&directory).await, [spelled(&reversed)]);
}

async fn sources_are_apart(directory: Directory) {
    let (meta, tiktok) = (facebook("1", &[("m", "EAA")]), pixel(TrafficSource::Tiktok, "1", &[("t", "TT")]));
    directory.put(&tiktok).await.unwrap();
    directory.put(&meta).await.unwrap();
    assert_eq!(stored(&directory).await, [spelled(&meta), spelled(&tiktok)]);
    assert!(!directory.remove(TrafficSource::Other, &meta.code).await.unwrap());
    assert!(directory.remove(TrafficSource::Facebook, &meta.code).await.unwrap());
    assert_eq!(stored(&directory).await, [spelled(&tiktok)]);
}

async fn no_token_is_printed(directory: Directory) {
    directory.put(&facebook("1", &[("main", "EAAverysecret")])).await.unwrap();
    let printed = format!("{:?}", directory.snapshot().await.unwrap());
    assert!(printed.contains("main") && !printed.contains("verysecret"), "{printed}");
}

async fn a_large_directory_is_whole(directory: Directory) {
    const PIXELS: usize = 500;
    for i in 0..PIXELS {
        let code = format!("{:06}", i * 7919 % PIXELS);
        directory.put(&facebook(&code, &[("main", &code), ("spare", "EAA")])).await.unwrap();
    }
    let all = directory.snapshot().await.unwrap();
    assert_eq!(all.len(), PIXELS);
    assert!(all.is_sorted_by(|a, b| a.code < b.code));
    assert!(
        all.iter()
            .all(|p| p.credentials.len() == 2 && p.credentials[0].token.expose_secret() == p.code.as_str())
    );
}
