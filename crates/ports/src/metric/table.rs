//! The table of metrics.

/// Makes of each row a constant with the name, and of all rows the list `ALL`. A row is
/// `/// Help.` and `CONSTANT = kind "name" ["label", …];` where `, cloudwatch as "its name there" by "label"` may stand before the
/// semicolon, or parts of it.
macro_rules! metrics {
    (@kind counter) => { MetricKind::Counter };
    (@kind money) => { MetricKind::Money };
    (@kind gauge) => { MetricKind::Gauge };
    (@kind money_gauge) => { MetricKind::MoneyGauge };
    (@kind seconds) => { MetricKind::Histogram(SECONDS) };
    (@kind ratio) => { MetricKind::Histogram(RATIO) };
    (@cloudwatch $name:literal) => { None };
    (@cloudwatch $name:literal cloudwatch $(by $label:literal)?) => {
        metrics!(@cloudwatch $name cloudwatch as $name $(by $label)?)
    };
    (@cloudwatch $name:literal cloudwatch as $there:literal) => { Some(CloudWatch { name: $there, dimension: None }) };
    (@cloudwatch $name:literal cloudwatch as $there:literal by $label:literal) => {
        Some(CloudWatch { name: $there, dimension: Some($label) })
    };
    ($(#[doc = $doc:literal] $constant:ident = $kind:ident $name:literal [$($label:literal),*]
        $(, $sent:ident $(as $there:literal)? $(by $dimension:literal)?)?;)+) => {
        $(#[doc = $doc] pub const $constant: &str = $name;)+

        /// All of them, for what shows or sends metrics.
        pub const ALL: &[Metric] = &[$(Metric {
            name: $name,
            kind: metrics!(@kind $kind),
            labels: &[$($label),*],
            cloudwatch: metrics!(@cloudwatch $name $($sent $(as $there)? $(by $dimension)?)?),
            doc: $doc,
        }),+];
    };
}
