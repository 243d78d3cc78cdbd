//! Compares the graph with the table.

use crate::finding::Finding;
use crate::graph::{Dependency, Graph, Kind, Member};
use crate::table::{CONFINED, DEV_ANYWHERE, HEAVY, LIGHT, Layer, Light, any_means, layer_of, means};

/// Everything in the graph that the table does not allow, in order of file and line.
pub(crate) fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in &graph.members {
        match layer_of(&member.name) {
            Some(layer) => findings.extend(upward(graph, member, layer)),
            None => findings.push(unknown(member)),
        }
        findings.extend(outside_walls(member));
        findings.extend(LIGHT.iter().filter(|l| l.name == member.name).flat_map(|l| heavy(graph, member, l)));
    }
    findings.sort();
    findings
}

fn unknown(member: &Member) -> Finding {
    Finding {
        file: member.manifest.clone(),
        line: None,
        what: format!("the crate {} has no place in the table of layers", member.name),
        why: "a crate without a place could depend on anything, and anything on it",
        remedy: "add it to LAYERS in crates/xtask/src/table.rs, with the least that it needs".to_owned(),
    }
}

/// Dependencies on crates of the workspace that the layer does not list.
fn upward<'a>(graph: &'a Graph, member: &'a Member, layer: &'a Layer) -> impl Iterator<Item = Finding> + 'a {
    let ours = |dependency: &&Dependency| graph.members.iter().any(|m| m.name == dependency.name);
    let allowed = |dependency: &Dependency| {
        let name = dependency.name.as_str();
        any_means(layer.may, name)
            || dependency.kind == Kind::Dev && (any_means(layer.dev, name) || any_means(DEV_ANYWHERE, name))
    };
    member.dependencies.iter().filter(ours).filter(move |dependency| !allowed(dependency)).map(|dependency| {
        let (place, allowed) = match dependency.kind {
            Kind::Normal => ("", layer.may.to_vec()),
            Kind::Dev => (" in its tests", [layer.may, layer.dev, DEV_ANYWHERE].concat()),
        };
        let allowed = if allowed.is_empty() { "none of our crates".to_owned() } else { allowed.join(", ") };
        Finding {
            file: member.manifest.clone(),
            line: dependency.line,
            what: format!("{} depends on {}{place}", member.name, dependency.name),
            why: "dependencies point from the services inward to the domain, never outward or sideways",
            remedy: format!("{} may use {allowed}: move the code, or put a trait into ports", member.name),
        }
    })
}

/// Foreign crates that a manifest names although they are confined to others.
fn outside_walls(member: &Member) -> impl Iterator<Item = Finding> + '_ {
    let normal = member.dependencies.iter().filter(|dependency| dependency.kind == Kind::Normal);
    normal.flat_map(|dependency| {
        let walls = CONFINED
            .iter()
            .filter(|wall| means(wall.name, &dependency.name) && !wall.to.contains(&member.name.as_str()));
        walls.map(|wall| Finding {
            file: member.manifest.clone(),
            line: dependency.line,
            what: format!("{} depends on {}", member.name, dependency.name),
            why: wall.why,
            remedy: format!("reach it through {}, which may have it", wall.to.join(" or ")),
        })
    })
}

/// Heavy crates below a light one: one finding for each kind, with the way to the nearest.
fn heavy<'a>(graph: &'a Graph, member: &'a Member, light: &'a Light) -> impl Iterator<Item = Finding> + 'a {
    HEAVY.iter().filter_map(|(kind, patterns)| {
        let way = graph.way(light.name, |name| any_means(patterns, name), light.except)?;
        Some(Finding {
            file: member.manifest.clone(),
            line: member
                .dependencies
                .iter()
                .find(|d| d.kind == Kind::Normal && d.name == way[1])
                .and_then(|d| d.line),
            what: format!("{} brings in {kind}: {}", light.name, way.join(" -> ")),
            why: "the core must compile, and be tested, without any technology that it only talks about",
            remedy: format!("drop {} here, or turn off the feature that needs it", way[1]),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, dependencies: &[(&str, Kind)]) -> Member {
        let dependencies = dependencies.iter().map(|(name, kind)| Dependency {
            name: (*name).to_owned(),
            kind: *kind,
            line: Some(7),
        });
        Member {
            name: name.to_owned(),
            manifest: format!("{name}/Cargo.toml"),
            dependencies: dependencies.collect(),
        }
    }

    /// A workspace in which the crates exist, and one of them has these dependencies.
    fn found(name: &str, dependencies: &[(&str, Kind)]) -> Vec<String> {
        let mut members = vec![member(name, dependencies)];
        let others = dependencies.iter().filter(|(other, _)| layer_of(other).is_some());
        members.extend(others.map(|(other, _)| member(other, &[])));
        check(&Graph { members, ..Graph::default() }).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn inward_is_allowed() {
        let none: &[String] = &[];
        assert_eq!(found("ports", &[("domain", Kind::Normal), ("samples", Kind::Dev)]), none);
        assert_eq!(found("backends", &[("adapter-aws", Kind::Normal)]), none);
        assert_eq!(found("adapter-aws", &[("port-tests", Kind::Dev)]), none);
        assert_eq!(
            found("pipeline-tests", &[("adapter-embedded", Kind::Dev), ("serde", Kind::Normal)]),
            none
        );
    }

    #[test]
    fn outward_and_sideways_are_not() {
        assert_eq!(found("domain", &[("ports", Kind::Normal)]), ["domain depends on ports"]);
        assert_eq!(
            found("destination-meta", &[("pipeline", Kind::Dev)]),
            ["destination-meta depends on pipeline in its tests"]
        );
        assert_eq!(
            found("pipeline", &[("adapter-embedded", Kind::Normal)]),
            ["pipeline depends on adapter-embedded"]
        );
        assert_eq!(
            found("adapter-aws", &[("port-tests", Kind::Normal)]),
            ["adapter-aws depends on port-tests"]
        );
        assert_eq!(
            found("efflux", &[("adapter-embedded", Kind::Normal)]),
            ["efflux depends on adapter-embedded"]
        );
    }

    #[test]
    fn every_crate_needs_a_place() {
        assert_eq!(found("newcomer", &[]), ["the crate newcomer has no place in the table of layers"]);
    }

    #[test]
    fn walls_hold_but_not_for_tests() {
        assert_eq!(found("pipeline", &[("rusqlite", Kind::Normal)]), ["pipeline depends on rusqlite"]);
        assert_eq!(found("efflux", &[("hyper-util", Kind::Normal)]), ["efflux depends on hyper-util"]);
        assert!(found("efflux", &[("hyper-util", Kind::Dev)]).is_empty());
        assert!(found("outbound-http", &[("hyper", Kind::Normal)]).is_empty());
    }

    #[test]
    fn the_core_stays_light() {
        let below = [("domain", "helper"), ("helper", "tokio"), ("tokio", "mio"), ("ports", "tokio")];
        let below = below.map(|(from, to)| (from.to_owned(), [to.to_owned()].into()));
        let members =
            vec![member("domain", &[("helper", Kind::Normal)]), member("ports", &[("tokio", Kind::Normal)])];
        let findings = check(&Graph { members, below: below.into() });
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].what, "domain brings in an async runtime: domain -> helper -> tokio");
        assert_eq!(findings[0].line, Some(7));
    }

    #[test]
    fn a_finding_says_what_is_allowed_instead() {
        let graph = Graph {
            members: vec![
                member("settings", &[("destination-meta", Kind::Normal)]),
                member("destination-meta", &[]),
            ],
            ..Graph::default()
        };
        let finding = check(&graph).remove(0);
        assert_eq!((finding.file.as_str(), finding.line), ("settings/Cargo.toml", Some(7)));
        assert!(finding.remedy.starts_with("settings may use ports, domain:"), "{}", finding.remedy);
    }
}
