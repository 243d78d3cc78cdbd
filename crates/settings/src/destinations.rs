//! The platforms that events are sent to, each with a section of its own.

use std::time::Duration;

use crate::reader::Reader;
use crate::setting::Setting;

/// Lists the destinations: a module with the section, the section's struct, and how the names of its settings begin.
macro_rules! destinations {
    ($($(#[$doc:meta])* $module:ident: $section:ident = $prefix:literal;)+) => {
        $(pub mod $module;)+

        /// What is set of each destination.
        #[derive(Debug, Clone)]
        pub struct DestinationSettings {
            $($(#[$doc])* pub $module: $module::$section,)+
        }

        impl DestinationSettings {
            /// The rows of all sections, in the order in which help shows them.
            pub(crate) const SECTIONS: &'static [&'static [Setting]] = &[$($module::$section::ROWS,)+];

            /// Their names, as readiness names them.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($module),)+];

            /// How the names of their settings begin.
            pub(crate) const PREFIXES: &'static [&'static str] = &[$($prefix,)+];

            pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
                Self { $($module: $module::$section::read(reader),)+ }
            }

            /// Settings that are fine alone and wrong together.
            pub(crate) fn check(&self, reader: &mut Reader<'_>) {
                $(self.$module.check(reader);)+
            }

            /// The longest time for one request to any of them, and the setting that says it.
            pub(crate) fn longest_request(&self) -> (Duration, &'static str) {
                let all = [$(self.$module.request_time(),)+];
                all.into_iter().max().unwrap_or_default()
            }
        }
    };
}

// A further platform is a further line, and the file of its section.
destinations! {
    /// Meta.
    meta: MetaSettings = "META_";
    /// TikTok.
    tiktok: TikTokSettings = "TIKTOK_";
}
