//! The script `./demo`, with everything it asks of the machine in its place.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Programs of every system that the script uses.
const SYSTEM: [&str; 8] = ["sh", "dirname", "env", "id", "ln", "mktemp", "rm", "tail"];
/// For whoever is not root.
const SUDO: (&str, &str) = ("sudo", "case $1 in -v) ;; *) exec \"$@\" ;; esac");

/// A folder that is the whole of PATH.
struct Machine(PathBuf);

impl Machine {
    /// One with these programs, which do what these lines of shell do.
    fn with(name: &str, programs: &[(&str, &str)]) -> Self {
        let name = format!("trunkline-demo-script-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("target/release")).expect("a folder");
        for program in SYSTEM {
            let found = ["/usr/bin", "/bin"].map(|at| Path::new(at).join(program));
            let found = found.iter().find(|path| path.exists()).expect(program);
            symlink(found, folder.join(program)).expect("a link");
        }
        let machine = Self(folder);
        let cargo = "echo \"cargo $*\"";
        let demo = "echo \"trunkline $*\"";
        machine.add("target/release/trunkline", demo);
        for (name, does) in [("cargo", cargo), ("cc", "")].iter().chain(programs) {
            machine.add(name, does);
        }
        machine
    }

    fn add(&self, name: &str, does: &str) {
        let file = self.0.join(name);
        fs::write(&file, format!("#!/bin/sh\n{does}\n")).expect("a program");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a program");
    }

    /// What the script says there, to whom it says it, and whether it went well. Nobody is asked.
    fn demo(&self, arguments: &[&str]) -> (String, String, bool) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo");
        let ran = Command::new(script)
            .args(arguments)
            .env_clear()
            .env("PATH", &self.0)
            .env("CARGO_TARGET_DIR", self.0.join("target"))
            .stdin(Stdio::null())
            .output();
        let Output {
            status,
            stdout,
            stderr,
        } = ran.expect("a script");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (text(stdout), text(stderr), status.success())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn where_all_is_there_it_builds_with_speech_and_runs_with_what_it_was_given() {
    let machine = Machine::with("whole", &[("cmake", ""), ("g++", "")]);
    let (done, said, went_well) = machine.demo(&["--yes", "--out", "here"]);
    assert!(went_well, "{said}");
    assert_eq!(
        done,
        "cargo build --release --package trunkline --features speech\n\
         trunkline demo --yes --out here\n"
    );
    assert_eq!(said, "", "there is nothing to say");
}

#[test]
fn what_is_missing_is_told_and_installed_and_its_noise_is_kept_from_the_screen() {
    let installs = "echo noise
        case $* in *install*) for name in cmake g++; do ln -s \"$0\" \"${0%/*}/$name\"; done;; esac";
    let machine = Machine::with("bare", &[("apt-get", installs), SUDO]);
    let (done, said, went_well) = machine.demo(&[]);
    assert!(went_well, "{said}");
    let missing = "demo: missing, as Debian packages: cmake g++ (";
    assert!(said.starts_with(missing), "{said}");
    assert!(said.contains("installs them with apt-get"), "{said}");
    assert!(!format!("{done}{said}").contains("noise"), "{done}{said}");
    assert!(done.contains("--features speech"), "{done}");
    assert!(done.ends_with("trunkline demo --yes\n"), "{done}");
}

#[test]
fn where_nothing_can_be_installed_it_says_why_and_does_without_speech() {
    let fails = ("apt-get", "echo no route to the mirror; exit 100");
    for (name, programs, why) in [
        ("offline", &[fails, SUDO][..], "no route to the mirror"),
        ("alien", &[], "there is no apt-get here"),
    ] {
        let (done, said, went_well) = Machine::with(name, programs).demo(&[]);
        assert!(went_well, "{said}");
        assert!(said.contains(why), "{said}");
        assert!(said.contains("the conversation does without"), "{said}");
        assert!(!done.contains("speech"), "{done}");
        assert!(done.ends_with("trunkline demo --yes\n"), "{done}");
    }
}

#[test]
fn without_cargo_it_says_what_to_type() {
    let machine = Machine::with("rustless", &[]);
    fs::remove_file(machine.0.join("cargo")).expect("it was there");
    let (done, said, went_well) = machine.demo(&[]);
    assert!(!went_well && done.is_empty(), "{done}");
    assert!(said.contains("https://rustup.rs"), "{said}");
}
