//! Keeps the machine from going to sleep while calls are up, by the program that each system has
//! for it. Where there is none, or it may not, nothing is done: that is no business of a call.

use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// How long the machine stays awake after the last call, so that calls in a row ask once.
const LINGER: Duration = Duration::from_secs(30);

/// The wish to stay awake. Ends with it.
#[derive(Debug)]
pub struct Awake {
    calls: watch::Sender<bool>,
}

impl Awake {
    /// Begins without calls. Runs on the tokio runtime of the caller.
    pub fn new() -> Self {
        Self::by(program, LINGER)
    }

    fn by(program: fn() -> Option<Command>, linger: Duration) -> Self {
        let (calls, are_up) = watch::channel(false);
        tokio::spawn(keep(are_up, program, linger));
        Self { calls }
    }

    /// Says whether calls are up.
    pub fn set(&self, are_up: bool) {
        self.calls
            .send_if_modified(|calls| std::mem::replace(calls, are_up) != are_up);
    }
}

/// Holds the program while calls are up and a moment longer, until the wish is dropped.
async fn keep(
    mut calls: watch::Receiver<bool>,
    program: fn() -> Option<Command>,
    linger: Duration,
) {
    while calls.wait_for(|are_up| *are_up).await.is_ok() {
        let held = spawn_blocking(move || Held::start(program)).await;
        loop {
            if calls.wait_for(|are_up| !*are_up).await.is_err() {
                return;
            }
            match timeout(linger, calls.wait_for(|are_up| *are_up)).await {
                Ok(Ok(_)) => {}
                Ok(Err(_)) => return,
                Err(_) => break,
            }
        }
        drop(held);
    }
}

/// The running program. It ends when this is dropped, and also when this process ends otherwise:
/// its standard input does.
struct Held(Child);

impl Held {
    fn start(program: fn() -> Option<Command>) -> Option<Self> {
        let mut command = program()?;
        let command = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        match command.spawn() {
            Ok(child) => Some(Self(child)),
            Err(error) => {
                tracing::debug!("the machine may sleep while calls are up: {error}");
                None
            }
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // It may have ended by itself, where the system does not let us.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `systemd-inhibit` holds its lock as long as the program that it runs.
#[cfg(target_os = "linux")]
fn program() -> Option<Command> {
    let mut command = Command::new("systemd-inhibit");
    command.args(["--what=sleep:idle", "--mode=block"]).args([
        "--who=trunkline",
        "--why=calls are up",
        "cat",
    ]);
    Some(command)
}

/// `caffeinate` also ends with the process that it is told of.
#[cfg(target_os = "macos")]
fn program() -> Option<Command> {
    let mut command = Command::new("caffeinate");
    command.args(["-i", "-s", "-w", &std::process::id().to_string()]);
    Some(command)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn program() -> Option<Command> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::time::Instant;
    use tokio::time::sleep;

    /// What stands in for the system's program: it says when it starts and when it is let go.
    static TOLD: Mutex<Vec<&str>> = Mutex::new(Vec::new());

    fn counted() -> Option<Command> {
        TOLD.lock().unwrap().push("asked");
        Some(Command::new("cat"))
    }

    async fn children(count: usize) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while own_children() != count {
            assert!(Instant::now() < deadline, "never {count} children");
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Live children of this test's process that are called `cat`.
    fn own_children() -> usize {
        let me = std::process::id().to_string();
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let is_ours = |stat: &String| {
            let after_name = stat.rsplit(") ").next().unwrap_or_default();
            stat.contains("(cat)") && after_name.split(' ').nth(1) == Some(&me)
        };
        processes
            .filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok())
            .filter(is_ours)
            .count()
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_program_runs_while_calls_are_up_and_a_moment_longer() {
        let awake = Awake::by(counted, Duration::from_millis(50));
        awake.set(true);
        children(1).await;
        awake.set(false);
        awake.set(true);
        awake.set(false);
        children(0).await;
        awake.set(true);
        children(1).await;
        drop(awake);
        children(0).await;
        assert_eq!(TOLD.lock().unwrap().len(), 2, "calls in a row ask once");
    }

    #[test]
    fn a_machine_without_such_a_program_is_left_alone() {
        assert!(Held::start(|| None).is_none());
        assert!(Held::start(|| Some(Command::new("/no/such/program"))).is_none());
        // One that may not, and leaves at once.
        drop(Held::start(|| Some(Command::new("false"))));
    }
}
