//! Many callers at once, and what they measure.
//!
//! The generator must be far lighter than what it measures, so it is not made of our own legs:
//! messages are written from patterns, audio is encoded once, all calls share one RTP socket (their
//! packets are told apart by where they come from), and datagrams go and come by the batch, stamped
//! by the kernel. It beats once a millisecond and says how late it was: a run whose generator was
//! late measured the generator. [`streams()`] does the same as the provider of media streams.

mod concurrent;
mod ear;
mod hearing;
mod histogram;
mod metronome;
mod process;
mod pulse;
mod set_up;
mod signalling;
mod sockets;
mod streams;
mod text;

pub use concurrent::{CallsReport, calls};
pub use histogram::Summary;
pub use process::{Holdings, Process};
pub use set_up::{RateReport, rate};
pub use streams::{StreamTarget, StreamsReport, streams};

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use histogram::in_ms;
use metronome::Metronome;
use sockets::Inbox;

/// Whom the callers call, and whose clock is read.
#[derive(Clone, Debug)]
pub struct Target {
    /// The Request-URI.
    pub uri: String,
    /// Where it goes, over UDP.
    pub address: SocketAddr,
    /// The process that is measured, if it is on this machine.
    pub process: Option<Process>,
}

/// How late the generator's ticks may be, for 99 of 100 of them.
const LATENESS_MAX: Duration = Duration::from_millis(1);
/// How much of a core the generator, and a stand-in in its process, may use.
const BUSY_MAX: f64 = 0.8;

/// How the generator itself did.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Generator {
    /// How late its ticks were.
    pub lateness_ms: Summary,
    /// CPU of its process as a part of one core.
    pub busy: f64,
    /// Why the run measured the generator and not the target; absent where it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub void: Option<String>,
}

impl Generator {
    fn judge(metronome: &Metronome, cpu: Duration, wall: Duration) -> Self {
        let lateness = metronome.lateness();
        let busy = cpu.as_secs_f64() / wall.as_secs_f64().max(1e-9);
        let late = lateness.quantile(0.99);
        let void = if late > LATENESS_MAX {
            Some(format!("the generator was {} ms late (p99)", in_ms(late)))
        } else if busy > BUSY_MAX {
            Some(format!("the generator used {busy:.2} of a core"))
        } else {
            None
        };
        Self {
            lateness_ms: lateness.summary(),
            busy: (busy * 1e3).round() / 1e3,
            void,
        }
    }
}

/// CPU of the generator's own process so far; zero where the system does not tell.
fn own_cpu() -> Duration {
    let own = Process::new(std::process::id()).and_then(|own| own.cpu());
    own.unwrap_or_default()
}

/// The sockets of all calls' audio: RTP, and RTCP, which nobody reads.
struct MediaSockets {
    rtp: UdpSocket,
    _rtcp: UdpSocket,
}

/// How often an even port with a free odd one above is tried for.
const TRIES: usize = 64;

impl MediaSockets {
    fn bind(ip: IpAddr) -> io::Result<Self> {
        for _ in 0..TRIES {
            let rtp = sockets::bind(SocketAddr::new(ip, 0))?;
            let port = rtp.local_addr()?.port();
            if port % 2 == 0
                && let Ok(rtcp) = UdpSocket::bind(SocketAddr::new(ip, port + 1))
            {
                return Ok(Self { rtp, _rtcp: rtcp });
            }
        }
        Err(io::ErrorKind::AddrInUse.into())
    }

    fn address(&self) -> io::Result<SocketAddr> {
        self.rtp.local_addr()
    }

    /// Everything that waits.
    fn receive(&self, inbox: &mut Inbox, mut take: impl FnMut(i64, SocketAddr, &[u8])) {
        while inbox.receive(&self.rtp) {
            for (at, source, bytes) in inbox.iter() {
                take(at, source, bytes);
            }
            if !inbox.is_full() {
                return;
            }
        }
    }
}

/// The address of ours that faces the target.
fn facing(target: SocketAddr) -> io::Result<IpAddr> {
    let any: SocketAddr = match target {
        SocketAddr::V4(_) => ([0; 4], 0).into(),
        SocketAddr::V6(_) => ([0_u16; 8], 0).into(),
    };
    let socket = UdpSocket::bind(any)?;
    socket.connect(target)?;
    Ok(socket.local_addr()?.ip())
}
