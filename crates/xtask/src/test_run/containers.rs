//! Steps that build images of what is there already and test them, where a Docker engine answers.

use std::process::Command;

use super::build::PROGRAMS;
use super::part::Part;
use super::step::{Lock, Step};
use crate::process::{command, succeeds};
use crate::workspace::Workspace;

/// Whether there is an engine to ask.
pub(super) fn engine_answers() -> bool {
    succeeds("docker", &["version", "--format", "{{.Server.Version}}"])
}

/// Base image, images of the backends, images of the programs, their tests, the system's tests.
pub(super) fn steps(workspace: &Workspace) -> Vec<Step<'_>> {
    let containers = Part::Containers;
    let here = |program: &str, arguments: &[&str]| -> Command {
        let mut command = command(program, arguments);
        command.current_dir(&workspace.root);
        command
    };
    let compose =
        if succeeds("docker", &["compose", "version"]) { "docker compose" } else { "docker-compose" };
    let python = |arguments: &[&str]| {
        let mut python = here("python3", &["-B"]);
        python.args(arguments).env("COMPOSE", compose).env("PYTHONUNBUFFERED", "1");
        python
    };
    let binaries = workspace.target.join("debug");
    let images = || {
        let mut images = here("docker/images.sh", &["packaged", &binaries.to_string_lossy()]);
        // The image that has certificates already; the one that compiles is not needed here.
        images.env("CERTIFICATES_IMAGE", "efflux/backend-aws");
        images
    };
    vec![
        Step::command("base image", containers, here("docker/base-images.sh", &["runtime"])),
        Step::command("backend images", containers, here("docker/backend-images.sh", &[]))
            .after(["base image"]),
        Step::command("images", containers, images()).after([PROGRAMS, "backend images"]),
        Step::command("image tests", containers, python(&["docker/test_images.py"]))
            .after(["images"])
            .tests(),
        Step::command(
            "system disturbed",
            containers,
            python(&["docker/e2e/test_system.py", "-v", "Disturbed"]),
        )
        .after(["images"])
        .locks(Lock::System)
        .tests(),
        Step::command(
            "system replaced",
            containers,
            python(&["docker/e2e/test_system.py", "-v", "Replaced"]),
        )
        .after(["images"])
        .locks(Lock::System)
        .tests(),
        Step::command("demo", containers, python(&["docker/e2e/test_demo.py", "-v"]))
            .after(["images", "image tests"])
            .tests(),
    ]
}
