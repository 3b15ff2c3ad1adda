//! The peer: Asterisk in a root of its own, inside namespaces that end with it.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::system::Ports;
use crate::evidence::comparison::{Rig, Running};
use crate::workspace::Failure;

const CONFIGURATION: &[(&str, &str)] = &[
    ("asterisk.conf", include_str!("asterisk/asterisk.conf")),
    ("extensions.conf", include_str!("asterisk/extensions.conf")),
    ("logger.conf", include_str!("asterisk/logger.conf")),
    ("modules.conf", include_str!("asterisk/modules.conf")),
    ("pjsip.conf", include_str!("asterisk/pjsip.conf")),
    ("rtp.conf", include_str!("asterisk/rtp.conf")),
    (
        "websocket_client.conf",
        include_str!("asterisk/websocket_client.conf"),
    ),
];

/// Enters the root ($0), with the folder of the run ($1) mounted in it for itself alone.
const ENTER: &str = "mount --bind \"$1\" \"$0/mnt\" && mount --bind \"$1/hosts\" \"$0/etc/hosts\" \
                     && mount -t proc proc \"$0/proc\" \
                     && exec chroot \"$0\" /usr/sbin/asterisk -f -n -C /mnt/etc/asterisk.conf";

/// How long the namespaces may take to be entered.
const ENTER_MAX: Duration = Duration::from_secs(10);

/// Starts it.
pub fn start(rig: &Rig, root: &Path, ports: Ports) -> Result<Running, Failure> {
    let folder = rig.folder.join("asterisk");
    for part in ["etc", "run", "log"] {
        std::fs::create_dir_all(folder.join(part))?;
    }
    for (name, text) in CONFIGURATION {
        let text = text
            .replace("@SIP_PORT@", &ports.sip.to_string())
            .replace("@APPLICATION_PORT@", &ports.application.to_string());
        std::fs::write(folder.join("etc").join(name), text)?;
    }
    // It looks its own name up while it signals, and stalls without an answer.
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let hosts = format!("127.0.0.1 localhost {} A.ROOT-SERVERS.NET\n", name.trim());
    std::fs::write(folder.join("hosts"), hosts)?;
    let log = std::fs::File::create(folder.join("log/stderr"))?;
    let child = Command::new("setpriv")
        .args([
            "--pdeathsig",
            "KILL",
            "unshare",
            "--mount",
            "--pid",
            "--fork",
        ])
        .args(["--kill-child", "sh", "-c", ENTER])
        .args([root, &folder])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()?;
    let pid = inner(child.id())?;
    Ok(Running::holding(child, pid))
}

/// The process that unshare started, which becomes Asterisk.
fn inner(outer: u32) -> Result<u32, Failure> {
    let patience = Instant::now() + ENTER_MAX;
    while Instant::now() < patience {
        let children = std::fs::read_to_string(format!("/proc/{outer}/task/{outer}/children"));
        let first = children.unwrap_or_default();
        let pid = first
            .split_whitespace()
            .next()
            .and_then(|pid| pid.parse().ok());
        if let Some(pid) = pid {
            let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            if name.trim() == "asterisk" {
                return Ok(pid);
            }
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err("Asterisk did not enter its root; its log is in target/evidence/performance".into())
}
