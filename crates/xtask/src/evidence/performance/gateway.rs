//! The gateway under test.

use std::process::Stdio;

use super::system::Ports;
use crate::evidence::comparison::{Rig, Running, free_port};
use crate::workspace::Failure;

const CONFIGURATION: &str = "\
server: {host: 127.0.0.1, port: @HTTP_PORT@}
sip:
  listen: [\"udp://127.0.0.1:@SIP_PORT@\"]
  rtp_ports: 20000-29999
routes:
  - {to: websocket, app: application}
  - {to: \"*\", app: echo}
apps:
  application: {type: websocket, url: \"ws://127.0.0.1:@APPLICATION_PORT@/\"}
  echo: {type: echo}
";

/// Starts `trunkline serve`.
pub fn start(rig: &Rig, ports: Ports) -> Result<Running, Failure> {
    let configuration = CONFIGURATION
        .replace("@HTTP_PORT@", &free_port()?.to_string())
        .replace("@SIP_PORT@", &ports.sip.to_string())
        .replace("@APPLICATION_PORT@", &ports.application.to_string());
    let log = rig.log("trunkline")?;
    let child = rig
        .gateway("trunkline", &configuration)?
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    // taskset replaces itself by what it starts.
    Ok(Running::itself(child))
}
