//! Finds a peer, keeps the score, and says loudly when it is not here.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Mutex;

/// One test at a time: each measures, and some load the machine.
static TURN: Mutex<()> = Mutex::new(());

/// Runs a test against a peer that is a program on PATH; gives it the program's path.
pub fn with_program(peer: &str, test: &str, call: impl FnOnce(&Path)) {
    let found = on_path(peer).ok_or_else(|| format!("no {peer} on PATH"));
    with_peer(peer, test, found, |program| call(&program));
}

/// Runs a test against a peer where it was `found`, and writes how it ended where
/// `cargo xtask test` reads it.
pub fn with_peer<P>(peer: &str, test: &str, found: Result<P, String>, call: impl FnOnce(P)) {
    let _turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    match found {
        Err(why) => {
            // Not `eprintln!`: the harness would keep the words of a test that passes.
            let _ = writeln!(std::io::stderr(), "SKIPPED {peer}: {test}: {why}");
            write_result(peer, &format!("skipped {test}: {why}"));
        }
        Ok(found) => match catch_unwind(AssertUnwindSafe(|| call(found))) {
            Ok(()) => write_result(peer, &format!("ok {test}")),
            Err(panic) => {
                write_result(peer, &format!("failed {test}"));
                resume_unwind(panic);
            }
        },
    }
}

fn write_result(peer: &str, line: &str) {
    let folder = peers_folder().join("results");
    std::fs::create_dir_all(&folder).expect("the build folder is writable");
    let file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join(peer));
    writeln!(file.expect("the results are writable"), "{line}").expect("the results are writable");
}

/// Where `cargo xtask peers` puts what is not a package: `target/peers`.
pub fn peers_folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("peers")
}

/// Where on PATH a program lies.
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Debian keeps nft and chroot in sbin, which an ordinary user's PATH lacks.
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// Whether this process may make namespaces of these kinds: root usually may, in a container or not.
pub fn may_unshare(kinds: &[&str]) -> bool {
    let tried = Command::new("unshare").args(kinds).arg("true").output();
    tried.is_ok_and(|tried| tried.status.success())
}

/// A command for a peer: in a process group of its own, so that no signal it sends to its group
/// reaches the tests, and killed when the thread that starts it ends, whatever ends that.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(program);
    command.stdin(Stdio::null()).process_group(0);
    command
}

/// A peer that runs, and is killed when this is dropped.
pub struct Process(Child);

impl Process {
    /// Starts a [`command`]; what it says goes to `log`.
    pub fn start(mut command: Command, log: &Path) -> Self {
        let log = File::create(log).expect("the test's folder is writable");
        command
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log);
        Self(command.spawn().expect("setpriv is part of util-linux"))
    }

    /// Its standard input, where the command asked for one.
    pub fn input(&mut self) -> Option<ChildStdin> {
        self.0.stdin.take()
    }

    /// How it ended, if it has.
    pub fn status(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().ok().flatten()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
