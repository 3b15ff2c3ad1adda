//! An Asterisk of our own: started for one test, in its own mount and process namespace.
//!
//! Its root is only read. What it writes goes to a folder of the test, which it sees at `/mnt`;
//! that mount exists in its own namespace alone and ends with it. Each scene of
//! `asterisk/etc/extensions.conf` tells by a user event what it counted.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::peer::{self, Process, may_unshare, peers_folder, with_peer};
use crate::support::{eventually, folder, free_port, sound, within};

const CONFIGURATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/asterisk/etc");

/// Enters the root, with what it needs mounted for itself alone.
const ENTER: &str = "mount --bind \"$1\" \"$0/mnt\" && mount --bind \"$1/hosts\" \"$0/etc/hosts\" \
                     && mount -t proc proc \"$0/proc\" \
                     && exec chroot \"$0\" /usr/sbin/asterisk -f -n -C /mnt/etc/asterisk.conf";

const FAREWELL: Duration = Duration::from_secs(5);

/// Runs a test with an Asterisk, or skips it.
pub fn with_asterisk(test: &str, call: impl FnOnce(Asterisk)) {
    with_peer("asterisk", test, find(), |root| {
        call(Asterisk::start(&root, test))
    });
}

fn find() -> Result<PathBuf, String> {
    let named = std::env::var_os("TRUNKLINE_PEER_ASTERISK").map(PathBuf::from);
    let root = named.unwrap_or_else(|| peers_folder().join("asterisk"));
    if !may_unshare(&["--mount", "--pid", "--fork"]) {
        return Err("needs root: it lives in a root and namespaces of its own".into());
    }
    if !root.join("usr/sbin/asterisk").is_file() {
        return Err(format!(
            "no Asterisk in {}; `cargo xtask peers` installs it",
            root.display()
        ));
    }
    Ok(root)
}

/// One event of the manager interface: its headers by name.
pub type Event = BTreeMap<String, String>;

/// A running Asterisk.
pub struct Asterisk {
    process: Process,
    folder: PathBuf,
    manager: TcpStream,
    events: Arc<Mutex<Vec<Event>>>,
    /// SIP on UDP and TCP, on 127.0.0.1.
    pub sip_port: u16,
    /// HTTP, on 127.0.0.1.
    pub http_port: u16,
}

impl Asterisk {
    fn start(root: &Path, test: &str) -> Self {
        let folder = folder(&format!("asterisk-{}", test.replace(' ', "-")));
        let (sip_port, manager_port, http_port) = (free_port(), free_port(), free_port());
        write_configuration(
            &folder,
            &[
                ("@SIP_PORT@", sip_port),
                ("@AMI_PORT@", manager_port),
                ("@HTTP_PORT@", http_port),
                ("@RTP_FIRST@", 20_000),
                ("@RTP_LAST@", 24_999),
            ],
        );
        let mut unshare = peer::command("unshare");
        unshare
            .args(["--mount", "--pid", "--fork", "--kill-child"])
            .args(["sh", "-c", ENTER])
            .args([root, &folder]);
        let said = folder.join("log/said");
        let mut process = Process::start(unshare, &said);
        let manager = eventually("Asterisk's manager interface opens", || {
            if let Some(status) = process.status() {
                let said = std::fs::read_to_string(&said).unwrap_or_default();
                panic!("Asterisk left at its start ({status}): {said}");
            }
            TcpStream::connect(("127.0.0.1", manager_port)).ok()
        });
        let events = Arc::new(Mutex::new(Vec::new()));
        let reader = manager.try_clone().expect("a second handle");
        let theirs = Arc::clone(&events);
        std::thread::spawn(move || read_events(reader, &theirs));
        let mut asterisk = Self {
            process,
            folder,
            manager,
            events,
            sip_port,
            http_port,
        };
        asterisk.act(&[
            ("Action", "Login"),
            ("Username", "tests"),
            ("Secret", "tests"),
        ]);
        asterisk.wait_for("it has booted", |event| event["Event"] == "FullyBooted");
        // So that the log of a test that fails shows the messages.
        asterisk.act(&[("Action", "Command"), ("Command", "pjsip set logger on")]);
        asterisk
    }

    /// The SIP address of one of its extensions.
    pub fn uri(&self, extension: &str) -> String {
        format!("sip:{extension}@127.0.0.1:{}", self.sip_port)
    }

    /// Calls a channel (`PJSIP/trunkline/sip:echo@…`) and, once it answers, plays a scene of the
    /// context `calling` to it.
    pub fn call(&mut self, channel: &str, scene: &str) {
        self.act(&[
            ("Action", "Originate"),
            ("Channel", channel),
            ("Context", "calling"),
            ("Exten", scene),
            ("Priority", "1"),
            ("Timeout", "20000"),
            ("Async", "true"),
        ]);
    }

    /// Lets the channels of chan_websocket lead to this HTTP port of a gateway.
    pub fn stream_to(&mut self, port: u16) {
        let file = self.folder.join("etc/websocket_client.conf");
        let text = std::fs::read_to_string(&file).expect("the configuration is committed");
        let text = text.replace("@STREAM_PORT@", &port.to_string());
        std::fs::write(file, text).expect("the test's folder is writable");
        self.load(&["res_websocket_client.so", "chan_websocket.so"]);
    }

    /// Loads modules, in this order.
    pub fn load(&mut self, modules: &[&str]) {
        for module in modules {
            let load = [
                ("Action", "ModuleLoad"),
                ("Module", module),
                ("LoadType", "load"),
            ];
            self.act(&load);
        }
    }

    /// Calls a channel and, once it answers, gives it to a Stasis application.
    pub fn call_stasis(&mut self, channel: &str, application: &str) {
        self.act(&[
            ("Action", "Originate"),
            ("Channel", channel),
            ("Application", "Stasis"),
            ("Data", application),
            ("Timeout", "20000"),
            ("Async", "true"),
        ]);
    }

    /// Has it end all its calls and leave.
    pub fn stop(&mut self) {
        self.act(&[("Action", "Command"), ("Command", "core stop now")]);
    }

    /// Waits for a user event of this name that a scene sends.
    pub fn wait_for_scene(&self, name: &str) -> Event {
        self.wait_for(name, |event| {
            event["Event"] == "UserEvent" && event["UserEvent"] == name
        })
    }

    /// Waits for an event that is as wanted and gives the first.
    pub fn wait_for(&self, what: &str, wanted: impl Fn(&Event) -> bool) -> Event {
        eventually(&format!("Asterisk says: {what}"), || {
            let events = self
                .events
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            events
                .iter()
                .find(|event| event.contains_key("Event") && wanted(event))
                .cloned()
        })
    }

    /// How many 20 ms frames of its tone a scene has recorded of the other side so far.
    pub fn frames_heard(&self, recording: &str) -> usize {
        let file = self.folder.join(format!("log/{recording}.wav"));
        let samples = if file.is_file() {
            sound::read_wav(&file)
        } else {
            Vec::new()
        };
        sound::frames_of_tone(1000.0, 8000, &samples)
    }

    /// Waits until a scene has recorded so many frames of its tone.
    pub fn wait_for_tone(&self, recording: &str, frames: usize) {
        eventually(
            &format!("Asterisk hears {frames} frames of its tone"),
            || (self.frames_heard(recording) >= frames).then_some(()),
        );
    }

    fn act(&mut self, headers: &[(&str, &str)]) {
        let lines = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"));
        let action = lines.chain(["\r\n".to_owned()]).collect::<String>();
        self.manager
            .write_all(action.as_bytes())
            .expect("Asterisk listens to its manager");
    }
}

impl Drop for Asterisk {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.join("log/full")).unwrap_or_default();
            eprintln!("Asterisk's log:\n{log}");
        }
        let leave = "Action: Command\r\nCommand: core stop now\r\n\r\n";
        if self.manager.write_all(leave.as_bytes()).is_ok() {
            within(FAREWELL, || self.process.status());
        }
    }
}

/// Copies the configuration with the ports of this run in place.
fn write_configuration(folder: &Path, ports: &[(&str, u16)]) {
    for part in ["etc", "run", "log"] {
        std::fs::create_dir_all(folder.join(part)).expect("the test's folder is writable");
    }
    for entry in std::fs::read_dir(CONFIGURATION).expect("the configuration is committed") {
        let file = entry.expect("a readable folder").path();
        let text = std::fs::read_to_string(&file).expect("a text file");
        let text = ports.iter().fold(text, |text, (name, port)| {
            text.replace(name, &port.to_string())
        });
        let name = file.file_name().expect("a file has a name");
        std::fs::write(folder.join("etc").join(name), text).expect("the test's folder is writable");
    }
    // Asterisk looks its own name up while it signals, and stalls without an answer.
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let hosts = format!("127.0.0.1 localhost {}\n::1 localhost\n", name.trim());
    std::fs::write(folder.join("hosts"), hosts).expect("the test's folder is writable");
}

/// Reads the manager interface until it closes: headers, one a line, an empty line after each event.
fn read_events(stream: TcpStream, events: &Mutex<Vec<Event>>) {
    let mut event = Event::new();
    for line in BufReader::new(stream).lines() {
        let Ok(line) = line else { return };
        if let Some((name, value)) = line.split_once(": ") {
            event.insert(name.to_owned(), value.to_owned());
        } else if line.is_empty() && !event.is_empty() {
            let complete = std::mem::take(&mut event);
            events
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner())
                .push(complete);
        }
    }
}
