//! What a setting is, and how its row is written.
//!
//! A setting is one row of a section (`service.rs`, `backends.rs`, `work.rs`, `meta.rs`, `optimizer.rs`): its help, the field that
//! holds it, its name, its default, who uses it and how it is read. [`section`] makes of the rows both the struct and the table.

/// A program that is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// filter-svc
    Filter,
    /// reporter-svc
    Reporter,
    /// optimizer-svc
    Optimizer,
    /// efflux: all of them
    Efflux,
}

impl Service {
    /// The name of the binary.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Filter => "filter-svc",
            Self::Reporter => "reporter-svc",
            Self::Optimizer => "optimizer-svc",
            Self::Efflux => "efflux",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Filter => F,
            Self::Reporter => R,
            Self::Optimizer => O,
            Self::Efflux => F | R | O,
        }
    }
}

/// Used by filter-svc.
pub(crate) const F: u8 = 1;
/// Used by reporter-svc.
pub(crate) const R: u8 = 2;
/// Used by optimizer-svc.
pub(crate) const O: u8 = 4;
/// Used by all.
pub(crate) const ALL: u8 = F | R | O;

/// One setting.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) group: &'static str,
    pub(crate) name: &'static str,
    /// The name that it had before, which is read too. Two different values are a mistake.
    pub(crate) former: Option<&'static str>,
    /// A name that is read when nothing else is set.
    pub(crate) fallback: Option<&'static str>,
    /// Empty: it has no default.
    pub(crate) default: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) users: u8,
    /// With `ENVIRONMENT_LOCATION=aws` the services that use it do not start without it.
    pub(crate) address: bool,
}

impl Setting {
    pub(crate) const fn used_by(&self, service: Service) -> bool {
        self.users & service.bit() != 0
    }

    /// What it means, without a full stop.
    pub(crate) fn help(&self) -> &'static str {
        self.doc.trim().trim_end_matches('.')
    }

    /// Every name under which it is read, the first choice first.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        [Some(self.name), self.former, self.fallback].into_iter().flatten()
    }
}

/// Makes a struct, the rows of the table and the reading of the fields. A row is
///
/// ```text
/// /// What it means.
/// field: Type = "NAME", "default", users, reader(arguments);
/// ```
///
/// where `reader` is a method of [`Reader`](crate::reader::Reader). After the name may stand `formerly "OLD_NAME"` or
/// `or "OTHER_NAME"`.
macro_rules! section {
    (@option) => { None };
    (@option $name:literal) => { Some($name) };
    (@address address) => { true };
    (@address given_address) => { true };
    (@address secret_address) => { true };
    (@address $other:ident) => { false };
    (
        $(#[$meta:meta])*
        $vis:vis struct $section:ident in $group:literal;
        $(
            #[doc = $doc:literal]
            $field:ident: $type:ty = $name:literal $(formerly $former:literal)? $(or $fallback:literal)?,
            $default:literal, $users:expr, $reader:ident($($argument:expr),*);
        )+
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        $vis struct $section {
            $(#[doc = $doc] $vis $field: $type,)+
        }

        impl $section {
            /// The rows, in the order of the fields.
            pub(crate) const ROWS: &'static [$crate::setting::Setting] = &[$($crate::setting::Setting {
                group: $group,
                name: $name,
                former: $crate::setting::section!(@option $($former)?),
                fallback: $crate::setting::section!(@option $($fallback)?),
                default: $default,
                doc: $doc,
                users: $users,
                address: $crate::setting::section!(@address $reader),
            },)+];

            /// Reads every field; what is wrong is kept by the reader.
            pub(crate) fn read(reader: &mut $crate::reader::Reader<'_>) -> Self {
                let mut rows = Self::ROWS.iter();
                Self {
                    $($field: reader.$reader(rows.next().expect("a row for each field"), $($argument),*),)+
                }
            }
        }
    };
}
pub(crate) use section;
