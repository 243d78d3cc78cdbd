//! How a set of ports is written down.

/// Declares a struct of ports that opens itself: what is not in it is not opened. Fields are named as the calls of
/// [`Opener`](crate::Opener) that open them; the traits must be in scope. With `from` it can also be taken out of a larger set.
#[macro_export]
macro_rules! port_set {
    (
        $(#[$about:meta])*
        $vis:vis struct $name:ident { $($(#[$about_port:meta])* $port:ident: $kind:ident),+ $(,)? }
    ) => {
        $(#[$about])*
        $vis struct $name {
            $($(#[$about_port])* $vis $port: ::std::sync::Arc<dyn $kind>,)+
        }

        impl $crate::OpenPorts for $name {
            async fn open(opener: &mut $crate::Opener<'_>) -> Result<Self, $crate::OpenError> {
                Ok(Self { $($port: opener.$port().await?,)+ })
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
    (
        $(#[$about:meta])*
        $vis:vis struct $name:ident from $all:ident {
            $($(#[$about_port:meta])* $port:ident: $kind:ident),+ $(,)?
        }
    ) => {
        $crate::port_set! {
            $(#[$about])*
            $vis struct $name { $($(#[$about_port])* $port: $kind),+ }
        }

        impl From<&$all> for $name {
            fn from(all: &$all) -> Self {
                Self { $($port: ::std::sync::Arc::clone(&all.$port),)+ }
            }
        }
    };
}
