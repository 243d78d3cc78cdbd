//! The legacy system's own tables, with rows as its applications write them.

use adapter_postgres::{Postgres, PostgresPixels};
use domain::PixelRef;
use ports::PixelDirectory;
use ports::pixels::{Credential, Pixel};
use secrecy::ExposeSecret;

use crate::database::{connect, fresh_address};

const LEGACY: &str = include_str!("legacy.sql");

async fn legacy() -> (String, PostgresPixels) {
    let address = fresh_address().await;
    connect(&address).await.batch_execute(LEGACY).await.unwrap();
    let database = Postgres::new(&address).unwrap();
    (address, PostgresPixels::new(database))
}

/// Code, labels and tokens of all pixels.
async fn tokens(pixels: &PostgresPixels) -> Vec<String> {
    let of = |pixel: &Pixel| {
        let tokens: Vec<_> =
            pixel.credentials.iter().map(|c| format!("{}={}", c.label, c.token.expose_secret())).collect();
        format!("{}: {}", pixel.pixel, tokens.join(" "))
    };
    pixels.snapshot().await.unwrap().iter().map(of).collect()
}

#[tokio::test]
async fn tokens_have_an_order_and_the_traps_are_known() {
    let (_, pixels) = legacy().await;
    assert_eq!(
        tokens(&pixels).await,
        [
            // The map first, in it the system user, then who fetches; then the others. An expired token is left out.
            "meta:100: user-account-3=system user-account-1=first user-account-2=idle user-account-4=fourth",
            // Its ad account's number is too large for the map.
            "meta:200: user-account-1=first",
            // Two rows with one code.
            "meta:300: user-account-1=first user-account-4=fourth",
            "meta:400: ",
            "tiktok:100: ",
            "tiktok:C4A1B2C3D4E5F6G7H8I9: user-account-7=of-tiktok",
        ]
    );
}

#[tokio::test]
async fn what_is_added_goes_first_and_what_was_there_stays() {
    let (address, pixels) = legacy().await;
    let before = tokens(&pixels).await;
    let given: PixelRef = "meta:300".parse().unwrap();
    let credential = Credential { label: "token-1".into(), token: "given".to_owned().into() };
    let pixel = Pixel { pixel: given.clone(), name: None, credentials: vec![credential] };
    pixels.put(&pixel).await.unwrap();
    let expected = "meta:300: token-1=given user-account-1=first user-account-4=fourth";
    assert_eq!(tokens(&pixels).await[2], expected);
    pixels.put(&Pixel { credentials: Vec::new(), ..pixel }).await.unwrap();
    assert_eq!(tokens(&pixels).await, before, "nothing of the legacy system's was lost");
    assert!(pixels.remove(&given).await.unwrap());
    assert_eq!(tokens(&pixels).await.len(), before.len() - 1);
    let left: i64 = connect(&address)
        .await
        .query_one(
            "SELECT (SELECT count(*) FROM ad_accounts WHERE provider = 'efflux') + (SELECT count(*) FROM user_accounts WHERE provider = 'efflux')",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(left, 0, "what was made for the pixel is gone");
}

#[tokio::test]
async fn migrating_alters_nothing_of_the_legacy_system() {
    const SHAPE: &str = "
        SELECT coalesce(string_agg(concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default), E'\\n'
            ORDER BY table_name, ordinal_position), '')
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'efflux\\_%'";
    let (address, pixels) = legacy().await;
    let client = connect(&address).await;
    let shape = async || client.query_one(SHAPE, &[]).await.unwrap().get::<_, String>(0);
    let (before, rows) = (shape().await, tokens(&pixels).await);
    let database = Postgres::new(&address).unwrap();
    database.check_tables().await.unwrap_err();
    database.migrate().await.unwrap();
    database.check_tables().await.unwrap();
    assert_eq!(shape().await, before);
    assert_eq!(tokens(&pixels).await, rows);
}
