//! The real binary, started on free ports and stopped when the test is over.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::{Application, eventually, folder, free_port, get, has_ipv6, post, post_bytes, within};

/// The rest of a configuration that tests have in common. The gateway expands the variables.
const LISTEN: &str = r#"
server: {host: 127.0.0.1, port: ${HTTP_PORT}${MORE_SERVER}}
sip:
  listen: ["udp://127.0.0.1:${SIP_PORT}", "tcp://127.0.0.1:${SIP_PORT}"${MORE_LISTEN}]
  rtp_ports: ${RTP_PORTS}
"#;

/// What it listens to besides, where the machine has IPv6.
const LISTEN_IPV6: &str = r#", "udp://[::1]:${SIP_PORT}""#;

/// Below the ports that Linux gives to whoever asks for none, so that nobody else sits there.
const RTP_PORTS: &str = "12000-19999";

/// How long a gateway may take to end its calls and leave.
const FAREWELL: Duration = Duration::from_secs(10);

/// How a gateway is started.
struct Start<'a> {
    rtp_ports: &'a str,
    /// Further keys of `server`, a comma before each.
    server: &'a str,
    /// Further arguments of the command line.
    arguments: &'a [&'a str],
    /// Further variables of its environment.
    environment: &'a [(&'a str, &'a str)],
    /// How many descriptors it may have to begin with, and at the most.
    descriptors: Option<(u32, u32)>,
    /// Whether it is started with real-time priority.
    realtime: bool,
}

impl Default for Start<'_> {
    fn default() -> Self {
        Self {
            rtp_ports: RTP_PORTS,
            server: "",
            arguments: &[],
            environment: &[],
            descriptors: None,
            realtime: false,
        }
    }
}

impl Start<'_> {
    /// The binary under test, within its limits.
    fn command(&self) -> Command {
        const BINARY: &str = env!("CARGO_BIN_EXE_trunkline");
        if self.realtime {
            let mut command = Command::new("chrt");
            command.args(["-f", "1", BINARY]);
            return command;
        }
        let Some((soft, hard)) = self.descriptors else {
            return Command::new(BINARY);
        };
        let script = format!("ulimit -S -n {soft} && ulimit -H -n {hard} && exec \"$0\" \"$@\"");
        let mut command = Command::new("sh");
        command.args(["-c", &script, BINARY]);
        command
    }
}

/// A running `trunkline serve`.
pub struct Gateway {
    child: Child,
    folder: PathBuf,
    /// SIP on UDP and TCP, on 127.0.0.1; on UDP also on ::1 where there is IPv6.
    pub sip_port: u16,
    /// HTTP, on 127.0.0.1.
    pub http_port: u16,
}

impl Gateway {
    /// Starts a gateway and waits until it is ready. `more` follows the common part of the
    /// configuration: first further lines of its section `sip`, indented by two spaces, then other
    /// sections.
    pub fn start(name: &str, more: &str) -> Self {
        Self::start_with(name, &Start::default(), more)
    }

    /// As [`Gateway::start`], with other RTP ports.
    pub fn start_with_rtp(name: &str, rtp_ports: &str, more: &str) -> Self {
        let start = Start {
            rtp_ports,
            ..Start::default()
        };
        Self::start_with(name, &start, more)
    }

    /// As [`Gateway::start`], for a gateway that the world reaches at this URL.
    pub fn start_public(name: &str, public_url: &str, more: &str) -> Self {
        let server = format!(", public_url: \"{public_url}\"");
        Self::start_with_server(name, &server, more)
    }

    /// Starts one with further keys of `server`, a comma before each.
    pub fn start_with_server(name: &str, server: &str, more: &str) -> Self {
        let start = Start {
            server,
            ..Start::default()
        };
        Self::start_with(name, &start, more)
    }

    /// As [`Gateway::start`], with so many descriptors to begin with, and so many at the most.
    pub fn start_with_descriptors(name: &str, soft: u32, hard: u32) -> Self {
        let start = Start {
            descriptors: Some((soft, hard)),
            ..Start::default()
        };
        Self::start_with(name, &start, "")
    }

    /// As [`Gateway::start`], with real-time priority.
    pub fn start_with_realtime(name: &str) -> Self {
        let start = Start {
            realtime: true,
            ..Start::default()
        };
        Self::start_with(name, &start, "")
    }

    /// As [`Gateway::start`], with further arguments of the command line.
    pub fn start_told(name: &str, arguments: &[&str], more: &str) -> Self {
        let start = Start {
            arguments,
            ..Start::default()
        };
        Self::start_with(name, &start, more)
    }

    /// As [`Gateway::start`], with further variables of its environment.
    pub fn start_in(name: &str, environment: &[(&str, &str)], more: &str) -> Self {
        let start = Start {
            environment,
            ..Start::default()
        };
        Self::start_with(name, &start, more)
    }

    fn start_with(name: &str, start: &Start<'_>, more: &str) -> Self {
        let folder = folder(name);
        let file = folder.join("trunkline.yaml");
        let ipv6 = if has_ipv6() { LISTEN_IPV6 } else { "" };
        let common = LISTEN
            .trim_start()
            .replace("${MORE_LISTEN}", ipv6)
            .replace("${MORE_SERVER}", start.server);
        std::fs::write(&file, common + more).expect("a configuration");
        let (sip_port, http_port) = (free_port(), free_port());
        let log = File::create(folder.join("log")).expect("a log");
        let child = start
            .command()
            .args(["serve", "--config"])
            .arg(&file)
            .args(start.arguments)
            .env("SIP_PORT", sip_port.to_string())
            .env("HTTP_PORT", http_port.to_string())
            .env("RTP_PORTS", start.rtp_ports)
            .envs(start.environment.iter().copied())
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("the binary under test starts");
        let mut gateway = Self {
            child,
            folder,
            sip_port,
            http_port,
        };
        gateway.wait_until_ready();
        gateway
    }

    /// Starts a gateway that gives every call to this application and may call whom it is told.
    pub fn start_for(name: &str, application: &Application) -> Self {
        Self::leading_to(name, &application.url())
    }

    /// Starts a gateway that gives every call to the application at this address, which is called
    /// `tested`, and may call whom it is told.
    pub fn leading_to(name: &str, url: &str) -> Self {
        Self::leading_to_with(name, url, "")
    }

    /// As [`Gateway::leading_to`], with further sections of the configuration.
    pub fn leading_to_with(name: &str, url: &str, more: &str) -> Self {
        let tested = format!(
            "routes: [{{to: \"*\", app: tested}}]\n\
             apps: {{tested: {{type: websocket, url: \"{url}\"}}}}\n\
             dial: {{allow: [\"sip:*\"]}}\n"
        );
        Self::start(name, &(tested + more))
    }

    /// Has it call this address for the application of [`Gateway::start_for`]; the call's id.
    pub fn place(&self, to: &str) -> String {
        let (status, call) = self.post("/v1/calls", &json!({"to": to, "app": "tested"}));
        assert!((200..300).contains(&status), "{status}: {call}");
        call["id"]
            .as_str()
            .expect("a placed call has an id")
            .to_owned()
    }

    /// Waits until a call is answered.
    pub fn wait_until_answered(&self, id: &str) {
        eventually("the call is answered", || {
            let call = self.get(&format!("/v1/calls/{id}"));
            call["answeredS"].is_number().then_some(())
        });
    }

    /// Waits until a call is in this state.
    pub fn wait_for_state(&self, id: &str, state: &str) {
        eventually(&format!("the call is {state}"), || {
            let call = self.get(&format!("/v1/calls/{id}"));
            (call["state"] == state).then_some(())
        });
    }

    /// Asks something of a call: the last part of `/v1/calls/{id}/…`.
    pub fn tell(&self, id: &str, verb: &str, body: &Value) {
        let (status, answer) = self.post(&format!("/v1/calls/{id}/{verb}"), body);
        assert_eq!(status, 202, "{verb}: {answer}");
    }

    /// The record of the only call there was, once it has ended.
    pub fn only_record(&self) -> Value {
        eventually("the gateway keeps a record of its call", || {
            let mut records = self.records();
            assert!(records.len() < 2, "there were more calls: {records:?}");
            records.pop()
        })
    }

    fn wait_until_ready(&mut self) {
        eventually("the gateway is ready", || {
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("the gateway left at its start ({status}):\n{}", self.log());
            }
            get(self.http_port, "/ready")
                .is_ok_and(|(status, _)| status == 200)
                .then_some(())
        });
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// The folder it runs in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A SIP address of this gateway.
    pub fn uri(&self, user: &str) -> String {
        format!("sip:{user}@127.0.0.1:{}", self.sip_port)
    }

    /// The JSON a path of its HTTP interface gives.
    pub fn get(&self, path: &str) -> Value {
        let (status, body) = get(self.http_port, path).expect("the gateway answers HTTP");
        assert_eq!(status, 200, "GET {path}: {body}");
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("GET {path}: {error}: {body}"))
    }

    /// The calls that live.
    pub fn calls(&self) -> Vec<Value> {
        let calls = self.get("/v1/calls");
        calls["calls"].as_array().cloned().unwrap_or_default()
    }

    /// Waits until so many calls live.
    pub fn wait_for_calls(&self, count: usize) {
        eventually(&format!("{count} calls live"), || {
            (self.calls().len() == count).then_some(())
        });
    }

    /// The figure of this name in `/metrics`, without the prefix `trunkline_`.
    pub fn figure(&self, name: &str) -> u64 {
        let (_, text) = get(self.http_port, "/metrics").expect("the gateway answers HTTP");
        let start = format!("trunkline_{name} ");
        let value = text.lines().find_map(|line| line.strip_prefix(&start));
        value
            .and_then(|value| value.trim().parse().ok())
            .unwrap_or_else(|| panic!("no figure {name} in\n{text}"))
    }

    /// The records of calls that have ended, newest first.
    pub fn records(&self) -> Vec<Value> {
        let records = self.get("/v1/records");
        records["records"].as_array().cloned().unwrap_or_default()
    }

    /// Waits for the end of the call whose record has this value under this key; its record.
    pub fn wait_for_record(&self, key: &str, value: &str) -> Value {
        eventually(&format!("a record has {key} {value}"), || {
            let mut records = self.records().into_iter();
            records.find(|record| record[key] == value)
        })
    }

    /// What a command prints that asks this gateway; it must succeed.
    pub fn ask(&self, arguments: &[&str]) -> String {
        let url = format!("http://127.0.0.1:{}", self.http_port);
        let output = Command::new(env!("CARGO_BIN_EXE_trunkline"))
            .args(arguments)
            .args(["--url", &url])
            .output()
            .expect("the binary under test starts");
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        told
    }

    /// As [`Gateway::ask`], for a command that prints one JSON object.
    pub fn ask_json(&self, arguments: &[&str]) -> Value {
        let told = self.ask(&[arguments, &["--json"]].concat());
        serde_json::from_str(&told).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {told}"))
    }

    /// The UDP ports it has open in this range, as the system lists them.
    pub fn udp_ports(&self, range: std::ops::RangeInclusive<u16>) -> Vec<u16> {
        let folder = format!("/proc/{}/fd", self.child.id());
        let descriptors = std::fs::read_dir(folder).expect("Linux lists descriptors");
        let links = descriptors
            .flatten()
            .filter_map(|d| std::fs::read_link(d.path()).ok());
        let ours: Vec<String> = links.map(|link| link.display().to_string()).collect();
        let sockets = std::fs::read_to_string("/proc/net/udp").expect("Linux lists sockets");
        let ports = sockets.lines().skip(1).filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (_, port) = fields.get(1)?.split_once(':')?;
            let inode = format!("socket:[{}]", fields.get(9)?);
            ours.contains(&inode)
                .then(|| u16::from_str_radix(port, 16).ok())?
        });
        ports.filter(|port| range.contains(port)).collect()
    }

    /// Posts JSON to its HTTP interface: the status, and the JSON of the answer if it has one.
    pub fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let (status, body) = post(self.http_port, path, body).expect("the gateway answers HTTP");
        (status, serde_json::from_str(&body).unwrap_or(Value::Null))
    }

    /// Posts anything to its HTTP interface: the status and the answer.
    pub fn post_bytes(&self, path: &str, kind: &str, body: &[u8]) -> (u16, String) {
        post_bytes(self.http_port, path, kind, body).expect("the gateway answers HTTP")
    }

    /// Asks it to leave, as an init system does, and waits until it has.
    pub fn terminate(mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait_until_gone()
    }

    /// Waits until it has left.
    pub fn wait_until_gone(&mut self) -> ExitStatus {
        eventually("the gateway leaves", || {
            self.child.try_wait().ok().flatten()
        })
    }

    /// Whether it runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends it a signal by name.
    pub fn signal(&self, name: &str) {
        // The shell's own kill: a program of that name is not on every machine.
        let command = format!("kill -{name} {}", self.child.id());
        let _ = Command::new("sh").args(["-c", &command]).status();
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the gateway's log:\n{}", self.log());
        }
        if let Ok(None) = self.child.try_wait() {
            // The first lets live calls finish, the second ends them.
            self.signal("TERM");
            self.signal("TERM");
            within(FAREWELL, || self.child.try_wait().ok().flatten());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
