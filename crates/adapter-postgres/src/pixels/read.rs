//! All pixels and their tokens, in two statements whatever their number.

use std::collections::BTreeMap;

use deadpool_postgres::Client;
use domain::{PixelCode, PixelRef, Platform};
use ports::pixels::{Credential, Pixel};
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::{Error, Row};

/// Who may send for an ad account: first whom the map of priorities names. Its numbers of ad accounts are narrower than the ad
/// accounts' own, so that some can never be in it.
const PRIORITIZED: &str = "
    SELECT r.pixel_id, m.ua_id, 0 AS choice, coalesce(a.provider = 'efflux', false) AS ours, a.provider_id, a.name
    FROM pixels_ad_accounts_relations r
    JOIN ad_accounts a ON a.id = r.ad_account_id
    JOIN aa_prioritized_ua_map m ON m.aa_id::bigint = a.id";

/// Then all others who may; the legacy system's applications have this table, new installations do not.
const OTHERS: &str = "
    UNION ALL
    SELECT r.pixel_id, m.ua_id, 1, false, NULL, NULL
    FROM pixels_ad_accounts_relations r JOIN ua_aa_map m ON m.aa_id = r.ad_account_id";

/// Without an order the choice among several tokens would change from one reading to the next. What was given by
/// `efflux pixels` comes first, in the order given.
fn select(has_others: bool) -> String {
    let others = if has_others { OTHERS } else { "" };
    format!(
        "SELECT p.traffic_source, p.code, p.name, t.label, t.ua_id, t.token
         FROM pixels p LEFT JOIN (
            SELECT c.pixel_id, c.choice, c.ours, c.provider_id, CASE WHEN c.ours THEN c.name END AS label, u.id AS ua_id,
                u.token, coalesce(u.role = 'system_user', false) AS system, coalesce(u.fetching, true) AS fetching
            FROM ({PRIORITIZED}{others}) c JOIN user_accounts u ON u.id = c.ua_id
            WHERE u.token <> '' AND (c.ours OR u.expires_in IS NULL OR u.expires_in > now())
         ) t ON t.pixel_id = p.id
         WHERE p.code IS NOT NULL
         ORDER BY t.ours DESC, CASE WHEN t.ours THEN t.provider_id END, t.choice, t.system DESC, t.fetching DESC, t.ua_id, p.id"
    )
}

pub(super) async fn snapshot(client: &Client) -> Result<Vec<Pixel>, Error> {
    let has_others = client.query_typed("SELECT to_regclass('ua_aa_map') IS NOT NULL", &[]).await?;
    let has_others = has_others.first().map(|row| row.try_get(0)).transpose()?.unwrap_or(false);
    let mut pixels: BTreeMap<PixelRef, Pixel> = BTreeMap::new();
    let mut unusable = 0_u64;
    for row in client.query_typed(&select(has_others), &[]).await? {
        let platform = Platform::from_feed(row.try_get(0)?);
        let code = PixelCode::new(row.try_get::<_, String>(1)?.trim());
        let (Some(platform), Ok(code)) = (platform, code) else {
            unusable += 1;
            continue;
        };
        let pixel = PixelRef::new(platform, code);
        // Two rows may have one code: they are one pixel to the platform.
        let pixel = pixels.entry(pixel.clone()).or_insert_with(|| Pixel {
            pixel,
            name: None,
            credentials: Vec::new(),
        });
        pixel.name = pixel.name.take().or(row.try_get(2)?);
        add_credential(pixel, &row)?;
    }
    if unusable > 0 {
        tracing::warn!(rows = unusable, "pixels whose traffic source or code cannot be one are left out");
    }
    Ok(pixels.into_values().collect())
}

/// The same token may be found by several ways; the first counts.
fn add_credential(pixel: &mut Pixel, row: &Row) -> Result<(), Error> {
    let Some(token) = row.try_get::<_, Option<String>>(5)? else { return Ok(()) };
    if pixel.credentials.iter().any(|c| c.token.expose_secret() == token) {
        return Ok(());
    }
    // An account's name may be a person's, and labels are shown in logs.
    let label = match row.try_get(3)? {
        Some(label) => label,
        None => format!("user-account-{}", row.try_get::<_, i32>(4)?),
    };
    pixel.credentials.push(Credential { label, token: SecretString::from(token) });
    Ok(())
}
