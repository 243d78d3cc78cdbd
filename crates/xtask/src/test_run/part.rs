//! The parts of the whole check, each of which can be run alone.

use std::fmt;
use std::str::FromStr;

use anyhow::bail;

/// A part of the whole check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Programs and tests are built; every part that runs something builds what it needs in any case.
    Build,
    /// Formatting, lints, documentation, layers, tidiness, dependencies: nothing of ours is run.
    Checks,
    /// Tests that need no server: units, the pipeline on embedded backends, the simulation, examples of the documentation.
    Unit,
    /// The production adapters against their servers.
    Adapters,
    /// The programs as processes.
    Processes,
    /// CloudFormation templates, Dockerfiles, scripts, and the operator's commands on an emulator of AWS.
    Templates,
    /// Images, and the whole system in containers.
    Containers,
}

/// Test binaries by the part that they belong to, as nextest names them.
const ADAPTERS: [&str; 4] =
    ["adapter-aws::it", "adapter-clickhouse::it", "adapter-mongodb::it", "adapter-postgres::it"];
const PROCESSES: [&str; 1] = ["efflux::it"];

/// How the names of tests in other binaries end that talk to a server all the same.
const WITH_SERVER: &str = "_in_clickhouse";

impl Part {
    /// All of them, in the order of the summary.
    pub const ALL: [Self; 7] = [
        Self::Build,
        Self::Checks,
        Self::Unit,
        Self::Adapters,
        Self::Processes,
        Self::Templates,
        Self::Containers,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Checks => "checks",
            Self::Unit => "unit",
            Self::Adapters => "adapters",
            Self::Processes => "processes",
            Self::Templates => "templates",
            Self::Containers => "containers",
        }
    }

    /// The part that a test belongs to.
    pub(super) fn of_test(binary: &str, test: &str) -> Self {
        match binary {
            _ if ADAPTERS.contains(&binary) || test.ends_with(WITH_SERVER) => Self::Adapters,
            _ if PROCESSES.contains(&binary) => Self::Processes,
            _ => Self::Unit,
        }
    }

    /// The tests of this part as a filter of nextest, if it has any.
    pub(super) fn filter(self) -> Option<String> {
        let any = |binaries: &[&str]| {
            let named: Vec<_> = binaries.iter().map(|binary| format!("binary_id(={binary})")).collect();
            named.join(" | ")
        };
        match self {
            Self::Unit => {
                Some(format!("not ({} | {} | test(/{WITH_SERVER}$/))", any(&ADAPTERS), any(&PROCESSES)))
            }
            Self::Adapters => Some(format!("{} | test(/{WITH_SERVER}$/)", any(&ADAPTERS))),
            Self::Processes => Some(any(&PROCESSES)),
            Self::Build | Self::Checks | Self::Templates | Self::Containers => None,
        }
    }

    /// Whether its tests talk to the servers of `docker/backends`.
    pub(super) const fn needs_servers(self) -> bool {
        matches!(self, Self::Adapters | Self::Processes)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Part {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> anyhow::Result<Self> {
        match Self::ALL.into_iter().find(|part| part.name() == name) {
            Some(part) => Ok(part),
            None => bail!("unknown part {name}; the parts are {}", Self::ALL.map(Self::name).join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_belongs_to_one_part() {
        assert_eq!(Part::of_test("adapter-mongodb::it", "suite"), Part::Adapters);
        assert_eq!(Part::of_test("adapter-mongodb", "error::tests::codes"), Part::Unit);
        assert_eq!(Part::of_test("adapter-embedded::it", "ledger"), Part::Unit);
        assert_eq!(Part::of_test("pipeline-tests::it", "optimise::two_in_clickhouse"), Part::Adapters);
        assert_eq!(Part::of_test("efflux::it", "kill"), Part::Processes);
        assert_eq!(Part::of_test("efflux::bin/efflux", "cli"), Part::Unit);
    }

    #[test]
    fn a_part_is_found_by_its_name() {
        for part in Part::ALL {
            assert_eq!(part.name().parse::<Part>().unwrap(), part);
        }
        assert!("browsers".parse::<Part>().unwrap_err().to_string().contains("containers"));
    }
}
