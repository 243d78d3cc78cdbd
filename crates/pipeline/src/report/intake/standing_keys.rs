//! Conversions that an earlier version entered under another key keep that key, and with it the ids of their events.

use domain::ConversionKey;
use ports::ReportLedger;
use ports::ledger::RowClaim;

/// Gives rows the keys under which the ledger has their conversions. Of most batches no row has more than one, and the ledger is
/// not asked.
pub(super) async fn find(
    ledger: &dyn ReportLedger,
    claims: &mut [RowClaim],
    spellings: &[(usize, Vec<ConversionKey>)],
) -> ports::Result<()> {
    if spellings.is_empty() {
        return Ok(());
    }
    let keys: Vec<_> = spellings.iter().flat_map(|(_, keys)| keys).copied().collect();
    let known = ledger.known(&keys).await?;
    let mut known = keys.iter().zip(known);
    for (place, keys) in spellings {
        let mut standing = known.by_ref().take(keys.len()).filter(|(_, known)| *known);
        let first = standing.next();
        standing.for_each(drop);
        if let (Some((key, _)), Some(claim)) = (first, claims.get_mut(*place)) {
            claim.key = *key;
        }
    }
    Ok(())
}
