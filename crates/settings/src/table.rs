//! All settings.

use crate::backends::{Addresses, BucketSettings};
use crate::destinations::DestinationSettings;
use crate::notices::NoticeSettings;
use crate::optimizer::OptimizerSettings;
use crate::service::{HttpSettings, LocationSettings, ProcessSettings, TelemetrySettings};
use crate::setting::Setting;
use crate::work::{IntervalSettings, LimitSettings, QueueSettings, ReportingSettings, Toggles};

/// All of them, in the order in which help shows them.
pub(crate) fn table() -> impl Iterator<Item = &'static Setting> {
    const GENERAL: &[&[Setting]] = &[
        HttpSettings::ROWS,
        LocationSettings::ROWS,
        TelemetrySettings::ROWS,
        ProcessSettings::ROWS,
        Addresses::ROWS,
        BucketSettings::ROWS,
        Toggles::ROWS,
        LimitSettings::ROWS,
        QueueSettings::ROWS,
        IntervalSettings::ROWS,
        ReportingSettings::ROWS,
        NoticeSettings::ROWS,
    ];
    let sections = GENERAL.iter().chain(DestinationSettings::SECTIONS).chain(&[OptimizerSettings::ROWS]);
    sections.copied().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = table().flat_map(Setting::names).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
