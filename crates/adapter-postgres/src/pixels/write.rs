//! Pixels that an operator adds and removes. An ad account has at most one token in the legacy system's tables, so each token that is
//! given gets an ad account of its own, of the provider `efflux` and with a number below zero, which no platform gives.

use deadpool_postgres::{Client, Transaction};
use domain::PixelRef;
use ports::pixels::Pixel;
use secrecy::ExposeSecret;
use tokio_postgres::Error;

use crate::migrations::LOCK;

const RENAME: &str = "UPDATE pixels SET name = $3 WHERE lower(traffic_source) = $1 AND code = $2";

const ADD: &str = "
    INSERT INTO pixels (id, code, name, traffic_source) VALUES ($1, $2, $3, $4)
    ON CONFLICT (id) DO UPDATE SET code = excluded.code, name = excluded.name, traffic_source = excluded.traffic_source";

/// A token may be known already; the account that has it is used.
const ADD_TOKENS: &str = "
    INSERT INTO user_accounts (name, provider, token, role)
    SELECT DISTINCT ON (token) 'efflux ' || gen_random_uuid(), 'efflux', token, 'system_user' FROM unnest($1::text[]) AS token
    ON CONFLICT (token) DO NOTHING";

/// Position and label of a token are kept with its ad account.
const ADD_ACCOUNTS: &str = "
    INSERT INTO ad_accounts (id, provider, provider_id, name)
    SELECT least((SELECT min(id) FROM ad_accounts), 0) - place, 'efflux', $1 || lpad(place::text, 6, '0'), label
    FROM unnest($2::text[]) WITH ORDINALITY AS given (label, place)";

const ADD_RELATIONS: &str = "
    INSERT INTO pixels_ad_accounts_relations (pixel_id, ad_account_id)
    SELECT (SELECT min(id) FROM pixels WHERE lower(traffic_source) = $1 AND code = $2), id
    FROM ad_accounts WHERE provider = 'efflux' AND starts_with(provider_id, $3)";

const ADD_TO_MAP: &str = "
    INSERT INTO aa_prioritized_ua_map (ua_id, aa_id)
    SELECT u.id, a.id::integer
    FROM unnest($2::text[]) WITH ORDINALITY AS given (token, place)
    JOIN user_accounts u ON u.token = given.token
    JOIN ad_accounts a ON a.provider = 'efflux' AND a.provider_id = $1 || lpad(place::text, 6, '0')";

const DROP_FROM_MAP: &str = "
    DELETE FROM aa_prioritized_ua_map m USING ad_accounts a
    WHERE a.id = m.aa_id AND a.provider = 'efflux' AND starts_with(a.provider_id, $1)";

/// Their relations go with them.
const DROP_ACCOUNTS: &str =
    "DELETE FROM ad_accounts WHERE provider = 'efflux' AND starts_with(provider_id, $1)";

const DROP_UNUSED_TOKENS: &str = "
    DELETE FROM user_accounts u
    WHERE u.provider = 'efflux' AND NOT EXISTS (SELECT FROM aa_prioritized_ua_map m WHERE m.ua_id = u.id)";

const DROP_PIXELS: &str = "DELETE FROM pixels WHERE lower(traffic_source) = $1 AND code = $2";

/// Adds a pixel, or gives it another name and other tokens. Tokens that it has from the legacy system's applications stay, behind these.
pub(super) async fn put(client: &mut Client, pixel: &Pixel) -> Result<(), Error> {
    let (source, code) = (pixel.pixel.platform.in_directory(), pixel.pixel.code.as_str());
    let mark = mark(&pixel.pixel);
    let labels: Vec<_> = pixel.credentials.iter().map(|c| c.label.as_str()).collect();
    let tokens: Vec<_> = pixel.credentials.iter().map(|c| c.token.expose_secret()).collect();
    let transaction = begin(client).await?;
    if transaction.execute(RENAME, &[&source, &code, &pixel.name]).await? == 0 {
        let id = mark.trim_end_matches(':');
        transaction.execute(ADD, &[&id, &code, &pixel.name, &source]).await?;
    }
    drop_tokens(&transaction, &mark).await?;
    if !tokens.is_empty() {
        transaction.execute(ADD_TOKENS, &[&tokens]).await?;
        transaction.execute(ADD_ACCOUNTS, &[&mark, &labels]).await?;
        transaction.execute(ADD_RELATIONS, &[&source, &code, &mark]).await?;
        transaction.execute(ADD_TO_MAP, &[&mark, &tokens]).await?;
    }
    transaction.execute(DROP_UNUSED_TOKENS, &[]).await?;
    transaction.commit().await
}

/// Removes all pixels of that code, whatever added them, and the tokens that only Efflux knew.
pub(super) async fn remove(client: &mut Client, pixel: &PixelRef) -> Result<bool, Error> {
    let transaction = begin(client).await?;
    drop_tokens(&transaction, &mark(pixel)).await?;
    transaction.execute(DROP_UNUSED_TOKENS, &[]).await?;
    let removed =
        transaction.execute(DROP_PIXELS, &[&pixel.platform.in_directory(), &pixel.code.as_str()]).await?;
    transaction.commit().await?;
    Ok(removed > 0)
}

/// One change at a time, so that no two take the same numbers.
async fn begin(client: &mut Client) -> Result<Transaction<'_>, Error> {
    let transaction = client.transaction().await?;
    transaction.batch_execute(LOCK).await?;
    Ok(transaction)
}

async fn drop_tokens(transaction: &Transaction<'_>, mark: &str) -> Result<(), Error> {
    transaction.execute(DROP_FROM_MAP, &[&mark]).await?;
    transaction.execute(DROP_ACCOUNTS, &[&mark]).await.map(drop)
}

/// How the ad accounts of a pixel's tokens are recognised; no code holds a colon.
fn mark(pixel: &PixelRef) -> String {
    format!("efflux:{}:{}:", pixel.platform.in_directory(), pixel.code)
}
