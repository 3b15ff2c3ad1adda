//! The gateway under test.

use std::process::{Child, Stdio};

use super::system::Bench;
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

/// Starts `trunkline serve` and gives its process.
pub fn start(bench: &Bench, sip_port: u16, application_port: u16) -> Result<(Child, u32), Failure> {
    let file = bench.folder.join("trunkline.yaml");
    let configuration = CONFIGURATION
        .replace("@HTTP_PORT@", &super::system::free_port()?.to_string())
        .replace("@SIP_PORT@", &sip_port.to_string())
        .replace("@APPLICATION_PORT@", &application_port.to_string());
    std::fs::write(&file, configuration)?;
    let log = std::fs::File::create(bench.folder.join("trunkline.log"))?;
    let child = bench
        .machine
        .measured(&bench.binary)
        .args(["serve", "--log-level", "warn", "--config"])
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    // taskset replaces itself by what it starts.
    let pid = child.id();
    Ok((child, pid))
}
