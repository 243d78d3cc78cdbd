//! The law of limits, for any file and any limits: what the filter accepts the reporter accepts, row by row; what is refused is refused
//! by the filter. `fuzz/targets/limits.rs` tries it too.

use pipeline::filter::{SubscriptionFilter, filter_rows, max_filtered_bytes};
use ports::Blob;
use ports::subscriptions::Subscription;
use row_files::{FileError, RowLimits, Rows, check, decompressed};

/// A row of this campaign is kept when the filter has subscriptions.
const CAMPAIGN: &str = "7";

/// Two bytes for the longest row, one for the most rows, two for the longest file, one whose lowest bit says whether all rows are
/// kept, and a file.
pub(crate) fn limits(data: &[u8]) {
    let [row_low, row_high, rows, bytes_low, bytes_high, keep, file @ ..] = data else { return };
    let row_bytes = usize::from(u16::from_le_bytes([*row_low, *row_high]) % 4_096);
    let limits = RowLimits::new(row_bytes, u64::from(*rows));
    let bytes = u64::from(u16::from_le_bytes([*bytes_low, *bytes_high]));
    let filter = (keep % 2 == 1).then(|| SubscriptionFilter::new(vec![Subscription::of(CAMPAIGN)]));
    let refused_at_once = decompressed(file, bytes).and_then(|all| check(all, limits));
    match filter_rows(&mut Blob::from_bytes(file.to_vec()), (bytes, limits), filter.as_ref(), "tonic") {
        Ok(mut filtered) => {
            assert_eq!(refused_at_once.ok(), Some(filtered.rows_in), "all rows were read");
            let out: u64 = filtered.filtered_out.values().sum();
            assert_eq!(filtered.kept + out, filtered.rows_in, "each row has one outcome");
            if filtered.kept > 0 {
                let mut output = std::mem::take(&mut filtered.output).finish();
                is_accepted(&mut output, max_filtered_bytes(bytes), limits, filtered.kept);
            }
        }
        Err(FileError::Disk(cause)) => panic!("the disk of this machine: {cause}"),
        Err(refused) => {
            let at_once = refused_at_once.expect_err("a file that can be read is filtered");
            assert_eq!(refused.to_string(), at_once.to_string());
        }
    }
}

/// As the reporter reads it: a check of the whole, then row by row.
fn is_accepted(output: &mut Blob, bytes: u64, limits: RowLimits, kept: u64) {
    assert!(output.size() <= bytes, "the reporter refuses longer objects");
    let whole = decompressed(output.reader().expect("a reader"), bytes).expect("the reporter accepts it");
    assert_eq!(check(whole, limits).expect("the reporter accepts it"), kept);
    let again = decompressed(output.reader().expect("a reader"), bytes).expect("the reporter accepts it");
    let mut rows = Rows::new(again, limits).expect("the reporter accepts it");
    let mut read = 0;
    while let Some(row) = rows.next_row().expect("the reporter accepts it") {
        assert!(!row.too_long && row.number == read, "what stands for a long row is a row like any other");
        read += 1;
    }
    assert_eq!(read, kept);
}

#[cfg(test)]
mod seeds {
    use std::path::Path;

    /// The seeds of the fuzz target, among them every input that was a finding once.
    #[test]
    fn limits() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/limits");
        let seeds: Vec<_> = std::fs::read_dir(folder).unwrap().map(|seed| seed.unwrap().path()).collect();
        assert!(seeds.len() > 5, "{seeds:?}");
        seeds.iter().for_each(|seed| super::limits(&std::fs::read(seed).unwrap()));
    }
}
