use super::*;

fn bill(program: &str) -> Value {
    let mut out = Vec::new();
    sbom(Path::new(env!("CARGO_MANIFEST_DIR")), program, &mut out).unwrap();
    let again = {
        let mut out = Vec::new();
        sbom(Path::new(env!("CARGO_MANIFEST_DIR")), program, &mut out).unwrap();
        out
    };
    assert_eq!(out, again, "the same sources give the same text");
    serde_json::from_slice(&out).unwrap()
}

fn components(bill: &Value) -> &Vec<Value> {
    bill["components"].as_array().unwrap()
}

fn has(bill: &Value, name: &str) -> bool {
    components(bill).iter().any(|component| component["name"] == name)
}

#[test]
fn a_bill_lists_what_is_linked_and_nothing_else() {
    let (filter, tool) = (bill("filter-svc"), bill("efflux"));
    assert_eq!(filter["bomFormat"], "CycloneDX");
    assert_eq!(filter["metadata"]["component"]["name"], "filter-svc");
    for linked in ["tokio", "hyper", "domain", "pipeline", "aws-sdk-sqs"] {
        assert!(has(&filter, linked) && has(&tool, linked), "{linked}");
    }
    for only_tool in ["mongodb", "tokio-postgres", "clickhouse", "clap"] {
        assert!(has(&tool, only_tool) && !has(&filter, only_tool), "{only_tool}");
    }
    for never in ["proptest", "xtask", "port-tests", "serde_derive", "cc"] {
        assert!(!has(&tool, never), "{never}");
    }
}

#[test]
fn each_crate_has_version_licence_and_checksum() {
    let bill = bill("filter-svc");
    for component in components(&bill) {
        let text = |field: &str| component[field].as_str().unwrap_or_default();
        assert_eq!(text("purl"), format!("pkg:cargo/{}@{}", text("name"), text("version")));
        let licence = component["licenses"][0]["expression"].as_str().unwrap_or_default();
        assert!(!licence.is_empty(), "{component}");
        let hash = component["hashes"][0]["content"].as_str();
        // Ours come from no registry.
        let ours = ["assembly", "backends", "domain", "pipeline", "ports", "runtime", "settings"];
        let is_whole = |hash: &str| hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
        if hash.is_none_or(|hash| !is_whole(hash)) {
            let lock = include_str!("../../../../Cargo.lock");
            let entry = format!("name = \"{}\"\nversion = \"{}\"\nsource", text("name"), text("version"));
            assert!(!lock.contains(&entry), "{component}");
        } else {
            assert!(!ours.contains(&text("name")), "{component}");
        }
    }
}

#[test]
fn what_a_crate_needs_is_listed_too() {
    let bill = bill("reporter-svc");
    let mut known: Vec<_> = components(&bill).iter().map(|c| c["bom-ref"].clone()).collect();
    known.push(bill["metadata"]["component"]["bom-ref"].clone());
    let needs = bill["dependencies"].as_array().unwrap();
    assert_eq!(needs.len(), known.len());
    for entry in needs {
        assert!(known.contains(&entry["ref"]), "{entry}");
        assert!(
            entry["dependsOn"].as_array().unwrap().iter().all(|needed| known.contains(needed)),
            "{entry}"
        );
    }
}

#[test]
fn an_unknown_program_is_named() {
    let error = sbom(Path::new("."), "xtask", &mut Vec::new()).unwrap_err();
    assert!(error.to_string().starts_with("xtask is unknown: the programs are filter-svc"), "{error}");
}
