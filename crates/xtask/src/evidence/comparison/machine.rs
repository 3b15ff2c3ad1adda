//! Two cores, and what they are given to.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::process::{Command, Stdio};

use crate::workspace::{on_path, output};

/// The core of whatever is measured.
const MEASURED_CORE: &str = "0";
/// The core of whatever measures.
const GENERATOR_CORE: &str = "1";
/// Above everything ordinary.
const PRIORITY: &str = "10";
/// Above everything ordinary, and below whatever measures.
const PRIORITY_MEASURED: &str = "1";

/// For as long as it is open, no core may sleep so deeply that waking takes longer than what was
/// written to it, in microseconds (Linux, Documentation/power/pm_qos_interface.rst).
const WAKING_TIME: &str = "/dev/cpu_dma_latency";

/// How programs are held apart on this machine.
pub struct Machine {
    pinned: bool,
    realtime: bool,
    /// Keeps the cores from halting.
    awake: Option<File>,
}

impl Machine {
    /// Finds out what is possible here; real time is tried only where it is wanted.
    pub fn look(realtime: bool) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let works = |words: &[&str]| {
            let tried = Command::new(words[0]).args(&words[1..]).output();
            tried.is_ok_and(|tried| tried.status.success())
        };
        Self {
            pinned: cores > 1 && on_path("taskset").is_some(),
            realtime: realtime && works(&["chrt", "-f", PRIORITY, "true"]),
            awake: realtime.then(keep_awake).flatten(),
        }
    }

    /// Starts a program that measures.
    pub fn generator(&self, program: &std::path::Path) -> Command {
        let mut words = self.hold(GENERATOR_CORE);
        if self.realtime {
            words.extend(["chrt", "-f", PRIORITY].map(str::to_owned));
        }
        command(words, program)
    }

    /// Starts a program that is measured: on its core from the beginning, since it may count cores
    /// when it starts.
    pub fn measured(&self, program: &std::path::Path) -> Command {
        command(self.hold(MEASURED_CORE), program)
    }

    /// Starts a program that is measured with the priority that it is given to share out among its
    /// threads, on its core or on all of them.
    pub fn measured_first(&self, program: &std::path::Path, everywhere: bool) -> Command {
        let cores = match everywhere {
            true => format!("{MEASURED_CORE},{GENERATOR_CORE}"),
            false => MEASURED_CORE.to_owned(),
        };
        let mut words = self.hold(&cores);
        if self.realtime {
            words.extend(["chrt", "-f", PRIORITY_MEASURED].map(str::to_owned));
        }
        command(words, program)
    }

    /// Holds this process, with the threads it has and will have, to what whatever measures leaves of
    /// its core.
    pub fn hold_ourselves(&self) {
        if self.pinned {
            let pid = std::process::id().to_string();
            quiet("taskset", &["-acp", GENERATOR_CORE, &pid]);
        }
    }

    /// Holds a running process, with all its threads, to the core and class of what is measured.
    /// Some reset their class when they start.
    pub fn hold_measured(&self, pid: u32) {
        let pid = pid.to_string();
        if self.pinned {
            quiet("taskset", &["-acp", MEASURED_CORE, &pid]);
        }
        if self.realtime {
            quiet("chrt", &["-a", "-f", "-p", PRIORITY, &pid]);
        }
    }

    fn hold(&self, core: &str) -> Vec<String> {
        if self.pinned {
            ["taskset", "-c", core].map(str::to_owned).into()
        } else {
            Vec::new()
        }
    }

    /// For the page.
    pub fn in_words(&self) -> String {
        let held = match (self.pinned, self.realtime) {
            (true, true) => "held to a core each, under SCHED_FIFO",
            (true, false) => "held to a core each, without real-time priority",
            (false, _) => "NOT held to cores of their own",
        };
        format!("{}; programs are {held}; {}.", kernel(), self.idle())
    }

    fn idle(&self) -> &'static str {
        match self.awake {
            Some(_) => "an idle core stays awake",
            None => "an idle core may halt, and its waking counts",
        }
    }

    /// The same where a program is [measured first](Self::measured_first), and [we](Self::hold_ourselves)
    /// serve it.
    pub fn in_words_first(&self) -> String {
        let started = match self.realtime {
            true => {
                "the gateway is started with `chrt -f 1`, of which its media threads alone make use"
            }
            false => "the gateway has no real-time priority",
        };
        let callers = match self.realtime {
            true => "above all others, under SCHED_FIFO",
            false => "without real-time priority",
        };
        let held = match self.pinned {
            true => {
                "on a core of its own; with the engines in its process, on both. The other core is the callers'"
            }
            false => "on any core, as the callers are",
        };
        let rest = "the scripted engines have what these leave";
        let idle = self.idle();
        format!(
            "{}; {started}, {held}, {callers}, and {rest}; {idle}.",
            kernel()
        )
    }
}

/// In a virtual machine a core that halts goes back to the host, and what its return costs is
/// charged to whichever program it wakes: as much as the work of several packets, and never twice the
/// same.
fn keep_awake() -> Option<File> {
    let mut file = OpenOptions::new().write(true).open(WAKING_TIME).ok()?;
    file.write_all(&0_i32.to_ne_bytes()).ok()?;
    Some(file)
}

fn kernel() -> String {
    let kernel = output(Command::new("uname").args(["-sr"])).unwrap_or_default();
    kernel.trim().to_owned()
}

fn quiet(program: &str, arguments: &[&str]) {
    // A thread that ended meanwhile makes these fail, and nothing else does.
    let _ = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

fn command(words: Vec<String>, program: &std::path::Path) -> Command {
    let mut words = words.into_iter();
    match words.next() {
        None => Command::new(program),
        Some(first) => {
            let mut command = Command::new(first);
            command.args(words).arg(program);
            command
        }
    }
}
