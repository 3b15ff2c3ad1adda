//! What is measured, and the runs that measure it.

use std::path::PathBuf;

use serde_json::Value;

use super::{asterisk, gateway};
use crate::evidence::comparison::{Rig, Running, free_port};
use crate::workspace::Failure;

/// Everything a measurement needs.
pub struct Bench {
    pub rig: Rig,
    /// The root that holds an Asterisk.
    pub asterisk: Option<PathBuf>,
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

/// Where a system is called, and where it finds its application.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    pub sip: u16,
    pub application: u16,
}

/// A running system. It is stopped when this is dropped.
pub struct System {
    pub running: Running,
    ports: Ports,
}

impl Bench {
    /// Starts a system and waits until it answers; `None` where the peer is not here.
    pub fn start(&self, which: Which) -> Result<Option<System>, Failure> {
        let ports = Ports {
            sip: free_port()?,
            application: free_port()?,
        };
        let running = match (which, &self.asterisk) {
            (Which::Trunkline, _) => gateway::start(&self.rig, ports)?,
            (Which::Asterisk, Some(root)) => asterisk::start(&self.rig, root, ports)?,
            (Which::Asterisk, None) => return Ok(None),
        };
        let mut system = System { running, ports };
        let uri = system.uri(Way::Echo);
        // An extension that is there once the configuration is read.
        system.running.wait_until_it_answers(&uri, ports.sip)?;
        self.rig.machine.hold_measured(system.running.pid());
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
        self.measure(system, way, ["--calls", &calls.to_string()], seconds)
    }

    /// So many calls a second; the report of the generator.
    pub fn rate(&self, system: &System, rate: f64, seconds: f64) -> Result<Value, Failure> {
        self.measure(system, Way::Answer, ["--rate", &rate.to_string()], seconds)
    }

    fn measure(
        &self,
        system: &System,
        way: Way,
        load: [&str; 2],
        seconds: f64,
    ) -> Result<Value, Failure> {
        let (uri, pid) = (system.uri(way), system.running.pid().to_string());
        let (seconds, port) = (seconds.to_string(), system.ports.application.to_string());
        let mut arguments = vec!["--target", &uri, "--pid", &pid, "--seconds", &seconds];
        arguments.extend(load);
        if way == Way::WebSocket {
            arguments.extend(["--app-port", &port]);
        }
        self.rig.bench(&arguments)
    }
}

impl System {
    fn uri(&self, way: Way) -> String {
        let user = match way {
            Way::Echo => "echo",
            Way::WebSocket => "websocket",
            Way::Answer => "answer",
        };
        format!("sip:{user}@127.0.0.1:{}", self.ports.sip)
    }
}
