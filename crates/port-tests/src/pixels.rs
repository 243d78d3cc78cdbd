//! What every directory of pixels does.

#![expect(clippy::unwrap_used, reason = "a suite fails by panicking")]

use std::sync::Arc;

use domain::{PixelCode, PixelRef, Platform};
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
    platforms_are_apart(make().await).await;
    no_token_is_printed(make().await).await;
    a_large_directory_is_whole(make().await).await;
}

const OTHER: Platform = match Platform::new("tiktok") {
    Ok(platform) => platform,
    Err(_) => panic!("a good name"),
};

fn pixel(platform: Platform, code: &str, credentials: &[(&str, &str)]) -> Pixel {
    let credential = |(label, token): &(&str, &str)| Credential {
        label: (*label).into(),
        token: SecretString::from((*token).to_owned()),
    };
    Pixel {
        pixel: PixelRef::new(platform, PixelCode::new(code).unwrap()),
        name: Some(format!("Shop {code} für 漢'\"")),
        credentials: credentials.iter().map(credential).collect(),
    }
}

fn legacy(code: &str, credentials: &[(&str, &str)]) -> Pixel {
    pixel(Platform::LEGACY, code, credentials)
}

/// All that a directory holds, in a form that can be compared.
async fn stored(directory: &Directory) -> Vec<String> {
    directory.snapshot().await.unwrap().iter().map(spelled).collect()
}

fn spelled(pixel: &Pixel) -> String {
    let credentials: Vec<_> = pixel.credentials.iter().map(|c| (&c.label, c.token.expose_secret())).collect();
    format!("{} {:?} {credentials:?}", pixel.pixel, pixel.name)
}

async fn puts_and_removals_show(directory: Directory) {
    assert_eq!(stored(&directory).await, [""; 0]);
    let (a, b) = (legacy("123", &[("main", "EAA1")]), legacy("99", &[]));
    directory.put(&b).await.unwrap();
    directory.put(&a).await.unwrap();
    assert_eq!(stored(&directory).await, [spelled(&a), spelled(&b)]);

    let replaced = Pixel { name: None, ..legacy("123", &[("other", "EAA2"), ("main", "EAA3")]) };
    directory.put(&replaced).await.unwrap();
    assert_eq!(stored(&directory).await, [spelled(&replaced), spelled(&b)]);
    directory.put(&legacy("123", &[])).await.unwrap();
    assert!(
        directory.snapshot().await.unwrap()[0].credentials.is_empty(),
        "replacing takes credentials away"
    );

    assert!(directory.remove(&a.pixel).await.unwrap());
    assert!(!directory.remove(&a.pixel).await.unwrap());
    assert_eq!(stored(&directory).await, [spelled(&b)]);
    // A pixel that comes back does not find what it had.
    directory.put(&a).await.unwrap();
    assert_eq!(stored(&directory).await, [spelled(&a), spelled(&b)]);
}

async fn credentials_keep_their_order(directory: Directory) {
    let labels: Vec<_> =
        (0..12).map(|i| (format!("label {}", 11 - i), format!("EAA{}", i * 7 % 12))).collect();
    let labels: Vec<_> = labels.iter().map(|(l, t)| (l.as_str(), t.as_str())).collect();
    let many = legacy("1", &labels);
    directory.put(&many).await.unwrap();
    assert_eq!(stored(&directory).await, [spelled(&many)]);
    let reversed: Vec<_> = labels.iter().rev().copied().collect();
    let reversed = legacy("1", &reversed);
    directory.put(&reversed).await.unwrap();
    assert_eq!(stored(&directory).await, [spelled(&reversed)]);
}

async fn platforms_are_apart(directory: Directory) {
    let (meta, tiktok) = (legacy("1", &[("m", "EAA")]), pixel(OTHER, "1", &[("t", "TT")]));
    directory.put(&tiktok).await.unwrap();
    directory.put(&meta).await.unwrap();
    assert_eq!(stored(&directory).await, [spelled(&meta), spelled(&tiktok)]);
    assert!(!directory.remove(&"other:1".parse().unwrap()).await.unwrap());
    assert!(directory.remove(&meta.pixel).await.unwrap());
    assert_eq!(stored(&directory).await, [spelled(&tiktok)]);
}

async fn no_token_is_printed(directory: Directory) {
    directory.put(&legacy("1", &[("main", "EAAverysecret")])).await.unwrap();
    let printed = format!("{:?}", directory.snapshot().await.unwrap());
    assert!(printed.contains("main") && !printed.contains("verysecret"), "{printed}");
}

async fn a_large_directory_is_whole(directory: Directory) {
    const PIXELS: usize = 500;
    for i in 0..PIXELS {
        let code = format!("{:06}", i * 7919 % PIXELS);
        directory.put(&legacy(&code, &[("main", &code), ("spare", "EAA")])).await.unwrap();
    }
    let all = directory.snapshot().await.unwrap();
    assert_eq!(all.len(), PIXELS);
    assert!(all.is_sorted_by(|a, b| a.pixel < b.pixel));
    assert!(
        all.iter()
            .all(|p| p.credentials.len() == 2
                && p.credentials[0].token.expose_secret() == p.pixel.code.as_str())
    );
}
