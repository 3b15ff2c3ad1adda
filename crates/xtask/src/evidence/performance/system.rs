//! What is measured, and the runs that measure it.

use std::net::{TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::machine::Machine;
use super::{asterisk, gateway};
use crate::workspace::Failure;

/// How long a system may take to start.
const START_MAX: Duration = Duration::from_secs(30);
/// How long a system may take to leave.
const FAREWELL_MAX: Duration = Duration::from_secs(10);

/// Everything a measurement needs.
pub struct Bench {
    /// The binary of this build.
    pub binary: PathBuf,
    /// Where configurations and logs of the run go.
    pub folder: PathBuf,
    /// The root that holds an Asterisk.
    pub asterisk: Option<PathBuf>,
    /// How programs are held apart.
    pub machine: Machine,
    /// How often a run is tried whose generator was late.
    pub tries: usize,
}

/// Which system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// This project's.
    Trunkline,
    /// The peer.
    Asterisk,
}

/// What a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The system echoes by itself.
    Echo,
    /// An application on a WebSocket echoes 16 kHz audio.
    WebSocket,
    /// It is answered; the generator ends it.
    Answer,
}

/// A running system. It is stopped when this is dropped.
pub struct System {
    pub(super) child: Child,
    /// The process that is measured: `child` may only have started it.
    pub(super) pid: u32,
    sip_port: u16,
    application_port: u16,
}

impl Bench {
    /// Starts a system and waits until it answers; `None` where the peer is not here.
    pub fn start(&self, which: Which) -> Result<Option<System>, Failure> {
        let ports = (free_port()?, free_port()?);
        let (child, pid) = match (which, &self.asterisk) {
            (Which::Trunkline, _) => gateway::start(self, ports.0, ports.1)?,
            (Which::Asterisk, Some(root)) => asterisk::start(self, root, ports.0, ports.1)?,
            (Which::Asterisk, None) => return Ok(None),
        };
        let mut system = System {
            child,
            pid,
            sip_port: ports.0,
            application_port: ports.1,
        };
        system.wait_until_it_answers()?;
        self.machine.hold_measured(system.pid);
        Ok(Some(system))
    }

    /// So many calls at once; the report of the generator.
    pub fn calls(
        &self,
        system: &System,
        way: Way,
        calls: u32,
        seconds: f64,
    ) -> Result<Value, Failure> {
        self.measure(system, way, &["--calls", &calls.to_string()], seconds)
    }

    /// So many calls a second; the report of the generator.
    pub fn rate(&self, system: &System, rate: f64, seconds: f64) -> Result<Value, Failure> {
        self.measure(system, Way::Answer, &["--rate", &rate.to_string()], seconds)
    }

    /// Runs the generator until its run is not void, or often enough; the last report.
    fn measure(
        &self,
        system: &System,
        way: Way,
        load: &[&str],
        seconds: f64,
    ) -> Result<Value, Failure> {
        let mut report = Value::Null;
        for _ in 0..self.tries {
            report = self.measure_once(system, way, load, seconds)?;
            match report["generator"]["void"].as_str() {
                Some(why) => eprintln!("      void: {why}"),
                None => break,
            }
        }
        Ok(report)
    }

    fn measure_once(
        &self,
        system: &System,
        way: Way,
        load: &[&str],
        seconds: f64,
    ) -> Result<Value, Failure> {
        let mut command = self.machine.generator(&self.binary);
        command
            .args(["bench", "--json", "--target", &system.uri(way)])
            .args(["--pid", &system.pid.to_string()])
            .args(["--seconds", &seconds.to_string()])
            .args(load);
        if way == Way::WebSocket {
            command.args(["--app-port", &system.application_port.to_string()]);
        }
        let done = command.output()?;
        // It also fails where the target did not pass, which is a result like any other.
        let report = String::from_utf8_lossy(&done.stdout);
        serde_json::from_str(&report).map_err(|_| {
            let said = String::from_utf8_lossy(&done.stderr);
            format!("the generator gave no report: {}", said.trim_end()).into()
        })
    }
}

impl System {
    fn uri(&self, way: Way) -> String {
        let user = match way {
            Way::Echo => "echo",
            Way::WebSocket => "websocket",
            Way::Answer => "answer",
        };
        format!("sip:{user}@127.0.0.1:{}", self.sip_port)
    }

    /// Asks by OPTIONS for an extension that is there once the configuration is read.
    fn wait_until_it_answers(&mut self) -> Result<(), Failure> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_read_timeout(Some(Duration::from_millis(200)))?;
        let here = socket.local_addr()?;
        let (patience, mut number) = (Instant::now() + START_MAX, 0);
        while Instant::now() < patience {
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("it left at its start: {status}").into());
            }
            number += 1;
            let uri = self.uri(Way::Echo);
            let question = format!(
                "OPTIONS {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bKready{number};rport\r\n\
                 Max-Forwards: 70\r\nFrom: <sip:ready@{here}>;tag=1\r\nTo: <{uri}>\r\n\
                 Call-ID: ready-{number}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
            );
            let _ = socket.send_to(question.as_bytes(), ("127.0.0.1", self.sip_port));
            let mut answer = [0; 4_096];
            match socket.recv(&mut answer) {
                Ok(_) if answer.starts_with(b"SIP/2.0 200") => return Ok(()),
                // A closed port answers at once.
                _ => std::thread::sleep(Duration::from_millis(100)),
            }
        }
        Err(format!("it did not answer within {} s", START_MAX.as_secs()).into())
    }
}

impl Drop for System {
    fn drop(&mut self) {
        let kill = format!("kill -TERM {}", self.pid);
        let _ = std::process::Command::new("sh")
            .args(["-c", &kill])
            .status();
        let patience = Instant::now() + FAREWELL_MAX;
        while Instant::now() < patience {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that neither UDP nor TCP uses now.
pub(super) fn free_port() -> Result<u16, Failure> {
    loop {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
}

/// What a process holds.
pub struct Holdings {
    /// Resident memory.
    pub rss_kib: f64,
    /// Open descriptors.
    pub descriptors: f64,
    /// Threads.
    pub threads: f64,
    /// UDP sockets among the descriptors.
    pub udp_ports: f64,
}

impl System {
    /// What the measured process holds now.
    pub fn holdings(&self) -> Result<Holdings, Failure> {
        let folder = format!("/proc/{}", self.pid);
        let status = std::fs::read_to_string(format!("{folder}/status"))?;
        let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let rss = rss.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        let sockets: Vec<String> = std::fs::read_dir(format!("{folder}/fd"))?
            .filter_map(|entry| {
                Some(
                    std::fs::read_link(entry.ok()?.path())
                        .ok()?
                        .display()
                        .to_string(),
                )
            })
            .collect();
        let udp = ["udp", "udp6"].map(|table| {
            std::fs::read_to_string(format!("{folder}/net/{table}")).unwrap_or_default()
        });
        // The tenth column is the socket's inode.
        let inodes = udp.iter().flat_map(|table| table.lines().skip(1));
        let inodes = inodes.filter_map(|line| line.split_whitespace().nth(9));
        let ours = inodes.filter(|inode| sockets.contains(&format!("socket:[{inode}]")));
        Ok(Holdings {
            rss_kib: rss.ok_or("its status has no VmRSS")?,
            descriptors: sockets.len() as f64,
            threads: std::fs::read_dir(format!("{folder}/task"))?.count() as f64,
            udp_ports: ours.count() as f64,
        })
    }
}
