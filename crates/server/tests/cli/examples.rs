//! The examples for programmes: clients made from the document of the running server register, follow and close a complaint.
//! `tests/setup/packages` puts the generators where they are looked for.

use crate::program::{Place, Program};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the generators and what they make lie.
fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("examples").join(name)
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name)
}

fn run(what: &str, command: &mut Command) -> String {
    let done = command.output().unwrap_or_else(|error| panic!("{what}: {error}; tests/setup/packages installs it"));
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{what}: {out}{err}");
    out.into_owned()
}

/// A running server, what its document says, and tokens for whoever works a complaint and whoever approves.
fn served() -> (Program, String, [(&'static str, String); 3]) {
    let program = Program::at(Place::new(None), &["--no-search"]);
    let token = |name: &str, role: &str| program.place.ok(&["token", "create", "--name", name, "--role", role]);
    let document = program.send("GET", "/openapi.json", &[], "").unwrap().body;
    let with = [
        ("REDRESS_URL", program.url("")),
        ("REDRESS_TOKEN", token("example", "integration")),
        ("REDRESS_LEAD_TOKEN", token("example-lead", "supervisor")),
    ];
    (program, document, with)
}

fn told(out: &str) {
    assert!(out.contains(" registered, ") && out.contains(" closed after 10 entries"), "{out}");
}

#[test]
fn the_typescript_example_works_a_complaint_to_its_close() {
    let (program, document, with) = served();
    let here = folder("typescript");
    std::fs::create_dir_all(here.join("generated")).unwrap();
    std::fs::write(here.join("openapi.json"), document).unwrap();
    for file in ["complaint.ts", "tsconfig.json"] {
        std::fs::copy(example("typescript").join(file), here.join(file)).unwrap();
    }
    let tool = |name: &str| {
        let mut command = Command::new("node");
        command.arg(here.join("node_modules").join(name)).current_dir(&here);
        command
    };
    let mut types = tool("openapi-typescript/bin/cli.js");
    run("openapi-typescript", types.args(["openapi.json", "-o", "generated/redress.d.ts"]));
    run("tsc", &mut tool("typescript/bin/tsc"));
    told(&run("the example", Command::new("node").arg("built/complaint.js").current_dir(&here).envs(with.clone())));
    // What is not as expected is told by the code it ends with.
    let mut wrong = Command::new("node");
    wrong.arg("built/complaint.js").current_dir(&here).envs(with).env("REDRESS_TOKEN", "x");
    assert!(!wrong.output().unwrap().status.success());
    drop(program);
}

#[test]
fn the_python_example_works_a_complaint_to_its_close() {
    let (program, document, with) = served();
    let here = folder("python");
    std::fs::create_dir_all(&here).unwrap();
    std::fs::write(here.join("openapi.json"), document).unwrap();
    let tools = here.join("venv/bin");
    let mut client = Command::new(tools.join("openapi-python-client"));
    client.args(["generate", "--path", "openapi.json", "--meta", "none", "--overwrite", "--fail-on-warning"]);
    client.args(["--output-path", "redress_client", "--config"]).arg(example("python").join("generator.yaml"));
    run("openapi-python-client", client.current_dir(&here));
    let journey = || {
        let mut command = Command::new(tools.join("python"));
        command.arg(example("python").join("complaint.py")).env("PYTHONPATH", &here).envs(with.clone());
        command.env("PYTHONDONTWRITEBYTECODE", "1").current_dir(&here);
        command
    };
    told(&run("the example", &mut journey()));
    assert!(!journey().env("REDRESS_TOKEN", "x").output().unwrap().status.success());
    drop(program);
}
