//! Who may depend on whom: the architecture as a table. A name that ends in `*` stands for every crate that begins so.

/// The place of a crate, or of a family of crates.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) name: &'static str,
    /// Crates of the workspace that it may use.
    pub(crate) may: &'static [&'static str],
    /// Further ones that its tests and benchmarks may use, beside [`DEV_ANYWHERE`].
    pub(crate) dev: &'static [&'static str],
}

const fn layer(name: &'static str, may: &'static [&'static str], dev: &'static [&'static str]) -> Layer {
    Layer { name, may, dev }
}

/// Every crate of the workspace, from the inside out.
pub(crate) const LAYERS: &[Layer] = &[
    layer("domain", &[], &[]),
    layer("ports", &["domain"], &[]),
    layer("row-files", &[], &[]),
    layer("settings", &["ports", "domain"], &[]),
    layer("outbound-http", &[], &[]),
    layer("user-data", &["domain"], &[]),
    layer(
        "destination-*",
        &["outbound-http", "user-data", "settings", "ports", "domain"],
        &["port-tests", "row-files"],
    ),
    layer("adapter-webhook", &["outbound-http", "ports", "domain"], &["port-tests"]),
    layer("adapter-*", &["ports", "domain"], &["port-tests"]),
    layer("pipeline", &["row-files", "ports", "domain"], &[]),
    layer(
        "pipeline-tests",
        &[],
        &[
            "pipeline",
            "adapter-clickhouse",
            "adapter-embedded",
            "destination-meta",
            "destination-tiktok",
            "outbound-http",
            "row-files",
            "port-tests",
            "ports",
            "domain",
        ],
    ),
    layer("runtime", &["settings", "ports", "domain"], &[]),
    layer("backends", &["adapter-*", "destination-*", "settings", "ports", "domain"], &[]),
    layer("assembly", &["runtime", "settings", "pipeline", "backends", "ports", "domain"], &[]),
    layer("port-tests", &["ports", "domain"], &[]),
    layer("sandbox-kit", &[], &[]),
    layer("meta-sandbox", &["sandbox-kit"], &[]),
    layer("tiktok-sandbox", &["sandbox-kit"], &[]),
    layer("samples", &[], &[]),
    layer(
        "simulation",
        &[
            "pipeline",
            "adapter-embedded",
            "destination-meta",
            "outbound-http",
            "meta-sandbox",
            "samples",
            "ports",
            "domain",
        ],
        &["port-tests"],
    ),
    layer("xtask", &[], &[]),
    layer("filter-svc", SERVICE, &[]),
    layer("reporter-svc", SERVICE, &[]),
    layer("optimizer-svc", SERVICE, &[]),
    layer(
        "efflux",
        &[
            "assembly",
            "runtime",
            "settings",
            "pipeline",
            "backends",
            "row-files",
            "ports",
            "domain",
            "destination-meta",
            "destination-tiktok",
            "user-data",
            "meta-sandbox",
            "tiktok-sandbox",
            "samples",
        ],
        // Its tests take production backends away by a proxy.
        &["port-tests"],
    ),
];

/// Services know backends by their ports only; the crate `backends` alone names adapters.
const SERVICE: &[&str] = &["assembly", "runtime", "settings", "pipeline", "backends", "ports", "domain"];

/// Made for tests, and without dependencies on the rest: any crate's tests may use them.
pub(crate) const DEV_ANYWHERE: &[&str] = &["samples", "meta-sandbox", "tiktok-sandbox"];

/// A foreign crate that only some of ours may name in their manifests.
#[derive(Debug)]
pub(crate) struct Confined {
    pub(crate) name: &'static str,
    pub(crate) to: &'static [&'static str],
    pub(crate) why: &'static str,
}

/// Foreign crates behind a wall. Tests may use them anywhere: what they use never ships.
pub(crate) const CONFINED: &[Confined] = &[
    Confined {
        name: "rusqlite",
        to: &["adapter-embedded"],
        why: "storage is behind the ports; only the embedded adapter knows SQLite",
    },
    Confined {
        name: "hyper*",
        to: HTTP,
        why: "HTTP goes through one client and one server, which set time-outs and limits",
    },
];

const HTTP: &[&str] = &["outbound-http", "runtime", "sandbox-kit"];

/// A crate whose whole tree of normal dependencies must stay light.
#[derive(Debug)]
pub(crate) struct Light {
    pub(crate) name: &'static str,
    /// Heavy crates that it may have all the same. What they bring along is theirs and is not looked at.
    pub(crate) except: &'static [&'static str],
}

/// The core: rules and interfaces that compile and test without any technology.
pub(crate) const LIGHT: &[Light] = &[
    Light { name: "domain", except: &[] },
    // The system clock sleeps with tokio's timer.
    Light { name: "ports", except: &["tokio"] },
];

/// What makes a tree heavy, by kind.
pub(crate) const HEAVY: &[(&str, &[&str])] = &[
    (
        "an async runtime",
        &["tokio", "tokio-util", "async-std", "async-io", "smol", "glommio", "mio", "compio"],
    ),
    (
        "HTTP",
        &[
            "http",
            "http-body*",
            "hyper*",
            "h2",
            "h3",
            "reqwest",
            "ureq",
            "curl*",
            "axum*",
            "tonic*",
            "warp",
            "tower*",
        ],
    ),
    ("a decompressor in C", &["zstd*", "libz-*", "bzip2*"]),
    ("TLS", &["rustls*", "ring", "aws-lc-*", "openssl*", "native-tls"]),
    (
        "a database",
        &[
            "rusqlite",
            "libsqlite3-sys",
            "sqlx*",
            "diesel*",
            "postgres*",
            "tokio-postgres*",
            "mongodb*",
            "clickhouse*",
            "redis",
        ],
    ),
    ("a vendor's SDK", &["aws-*", "rusoto_*", "azure_*", "google-*"]),
];

/// Whether a name of the table means this crate.
pub(crate) fn means(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |prefix| name.starts_with(prefix))
}

/// Whether any name of a list means this crate.
pub(crate) fn any_means(patterns: &[&str], name: &str) -> bool {
    patterns.iter().any(|pattern| means(pattern, name))
}

/// The place of a crate.
pub(crate) fn layer_of(name: &str) -> Option<&'static Layer> {
    LAYERS.iter().find(|layer| means(layer.name, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_ending() {
        assert!(means("adapter-*", "adapter-aws") && means("domain", "domain"));
        assert!(!means("adapter-*", "adapter") && !means("domain", "domain-x"));
    }

    #[test]
    fn no_crate_may_depend_on_one_that_comes_later() {
        for (place, layer) in LAYERS.iter().enumerate() {
            for name in layer.may {
                let other = LAYERS
                    .iter()
                    .position(|l| l.name == *name || means(l.name, name))
                    .expect("the table names its own crates only");
                assert!(other < place, "{} may use {name}, which comes later", layer.name);
            }
        }
    }

    #[test]
    fn only_backends_names_adapters() {
        for layer in LAYERS.iter().filter(|l| l.may.iter().any(|name| name.starts_with("adapter"))) {
            // The simulation is not part of any program: it sets the pipeline on the embedded adapters to try them.
            assert!(matches!(layer.name, "backends" | "simulation"), "{}", layer.name);
        }
    }
}
