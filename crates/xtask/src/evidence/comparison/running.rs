//! A system under test while it runs.

use std::net::{TcpListener, UdpSocket};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::workspace::Failure;

/// How long a system may take to start.
const START_MAX: Duration = Duration::from_secs(120);
/// How long a system may take to leave.
const FAREWELL_MAX: Duration = Duration::from_secs(10);

/// A running system. It is stopped when this is dropped.
pub struct Running {
    child: Child,
    pid: u32,
}

impl Running {
    /// A process that is itself what is measured.
    pub fn itself(child: Child) -> Self {
        let pid = child.id();
        Self { child, pid }
    }

    /// A process that only holds what is measured.
    pub fn holding(child: Child, pid: u32) -> Self {
        Self { child, pid }
    }

    /// The process that is measured.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Asks until the system `is_there`; an error when it has left, or takes too long.
    pub fn wait_until(&mut self, mut is_there: impl FnMut() -> bool) -> Result<(), Failure> {
        let patience = Instant::now() + START_MAX;
        while Instant::now() < patience {
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("it left at its start: {status}").into());
            }
            if is_there() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(format!("it was not there within {} s", START_MAX.as_secs()).into())
    }

    /// Asks by OPTIONS for `uri` on this port, until that is answered with 200.
    pub fn wait_until_it_answers(&mut self, uri: &str, port: u16) -> Result<(), Failure> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_read_timeout(Some(Duration::from_millis(200)))?;
        let here = socket.local_addr()?;
        let mut number = 0;
        self.wait_until(|| {
            number += 1;
            let question = format!(
                "OPTIONS {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bKready{number};rport\r\n\
                 Max-Forwards: 70\r\nFrom: <sip:ready@{here}>;tag=1\r\nTo: <{uri}>\r\n\
                 Call-ID: ready-{number}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
            );
            // A closed port answers at once, by an error.
            let _ = socket.send_to(question.as_bytes(), ("127.0.0.1", port));
            let mut answer = [0; 4_096];
            socket.recv(&mut answer).is_ok() && answer.starts_with(b"SIP/2.0 200")
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        // A shell has `kill` built in; a machine need not have the program.
        let kill = format!("kill -TERM {}", self.pid);
        let _ = Command::new("sh").args(["-c", &kill]).status();
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
pub fn free_port() -> Result<u16, Failure> {
    loop {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Running {
        let child = Command::new("sh").args(["-c", script]).spawn();
        Running::itself(child.expect("a shell"))
    }

    #[test]
    fn a_system_that_leaves_at_its_start_is_not_waited_for() {
        let waited = shell("exit 3").wait_until(|| false);
        let said = waited.err().map(|failure| failure.to_string());
        assert!(said.is_some_and(|said| said.contains("left at its start")));
    }

    #[test]
    fn a_system_is_asked_again_until_it_is_there() {
        let mut asked = 0;
        let waited = shell("sleep 60").wait_until(|| {
            asked += 1;
            asked == 3
        });
        assert!(waited.is_ok());
        assert_eq!(asked, 3);
    }

    #[test]
    fn a_system_has_left_once_it_is_dropped() {
        let system = shell("sleep 60");
        let folder = format!("/proc/{}", system.pid());
        drop(system);
        assert!(!std::path::Path::new(&folder).exists());
    }
}
