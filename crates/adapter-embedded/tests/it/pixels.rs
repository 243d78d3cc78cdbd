use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use adapter_embedded::pixels::EmbeddedPixels;
use adapter_embedded::{DIRECTORY_SCHEMA, DataDir, Db};
use port_tests::pixels::suite;
use ports::PixelDirectory;
use ports::pixels::{Credential, Pixel};

#[tokio::test]
async fn suite_in_memory() {
    suite(async || Arc::new(EmbeddedPixels::new(Db::in_memory(DIRECTORY_SCHEMA).unwrap())) as _).await;
}

#[tokio::test]
async fn suite_on_files() {
    let dir = tempfile::tempdir().unwrap();
    let folder = || tempfile::tempdir_in(dir.path()).unwrap().keep();
    suite(async || Arc::new(DataDir::open(folder()).unwrap().pixels().unwrap()) as _).await;
}

#[tokio::test]
async fn only_the_owner_can_read_tokens() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("made/by us");
    let pixels = DataDir::open(&folder).unwrap().pixels().unwrap();
    let credentials = vec![Credential { label: "main".into(), token: "EAA".to_owned().into() }];
    let pixel = "meta:1".parse().unwrap();
    pixels.put(&Pixel { pixel, name: None, credentials }).await.unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for file in std::fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}
