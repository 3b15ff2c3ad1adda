//! Every dependency may be given on under MIT or Apache-2.0.

use serde_json::Value;

use super::spdx::satisfied;
use super::{assert_none, read};
use crate::workspace;

/// The licences deny.toml accepts.
fn accepted() -> Vec<String> {
    let text = read("deny.toml");
    let licenses = text
        .split("[licenses]")
        .nth(1)
        .expect("deny.toml has [licenses]");
    let list = licenses
        .split("allow = [")
        .nth(1)
        .and_then(|rest| rest.split(']').next());
    let quoted = list
        .expect("deny.toml has an allow list")
        .split('"')
        .skip(1)
        .step_by(2);
    quoted.map(str::to_owned).collect()
}

/// Every package of the build for this machine.
fn packages() -> Vec<Value> {
    let host =
        workspace::output(std::process::Command::new("rustc").args(["--print", "host-tuple"]));
    let host = host.expect("rustc names its host");
    // On a new machine nothing but this program's own packages is here yet.
    let fetched = workspace::output(workspace::cargo().args(["fetch", "--target", host.trim()]));
    fetched.expect("cargo fetch");
    let mut cargo = workspace::cargo();
    cargo.args(["metadata", "--offline", "--format-version", "1"]);
    // What is off by default is given on, too.
    cargo.arg("--all-features");
    // Packages for other systems were never fetched here; cargo-deny looks at those.
    cargo.args(["--filter-platform", host.trim()]);
    let text = workspace::output(&mut cargo).expect("cargo metadata");
    let metadata: Value = serde_json::from_str(&text).expect("cargo metadata prints JSON");
    metadata["packages"].as_array().cloned().unwrap_or_default()
}

#[test]
fn every_dependency_has_an_accepted_licence() {
    let accepted = accepted();
    let packages = packages();
    assert!(
        packages.len() > 11,
        "only {} packages were seen",
        packages.len()
    );
    let refused = packages.iter().filter(|package| {
        let licence = package["license"].as_str().unwrap_or_default();
        !satisfied(licence, &accepted)
    });
    let places: Vec<String> = refused
        .map(|package| format!("{} is under {}", package["name"], package["license"]))
        .collect();
    assert_none("a licence that deny.toml does not accept", &places);
}

#[test]
fn no_accepted_licence_binds_those_who_build_on_us() {
    let accepted = accepted();
    let binding = ["GPL", "MPL", "EPL", "CDDL", "SSPL", "BUSL"];
    let places: Vec<String> = accepted
        .into_iter()
        .filter(|name| binding.iter().any(|mark| name.contains(mark)))
        .collect();
    assert_none("copyleft in deny.toml's allow list", &places);
}
