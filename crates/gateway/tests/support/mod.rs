//! What every test of the real binary needs: a running gateway, an application, a way to wait.
//!
//! Nothing here sleeps for a duration and hopes: [`eventually`] looks until a condition holds.

// Each test program uses its own part of this.
#![allow(dead_code, unused_imports)]

mod application;
mod callee;
mod caller;
mod events;
mod gateway;
mod http;
pub mod in_process;
pub mod lobby;
pub mod numbered;
mod raw_sip;
pub mod sound;
mod steady;

use std::net::{TcpListener, UdpSocket};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

pub use application::{Application, Manner};
pub use callee::Callee;
pub use caller::Caller;
pub use events::Events;
pub use gateway::Gateway;
pub use http::{get, post, post_bytes};
pub use in_process::InProcess;
pub use lobby::{Lobby, Session};
pub use raw_sip::RawSip;
pub use steady::Steady;

/// How long a condition may take on a loaded machine before its test gives up.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Looks until `look` finds something, and panics with `what` if it has not within [`PATIENCE`].
pub fn eventually<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, look).unwrap_or_else(|| panic!("waited {PATIENCE:?} in vain: {what}"))
}

/// Looks until `look` finds something or the time is over.
pub fn within<T>(time: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + time;
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if Instant::now() >= deadline {
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// An empty folder of this name in the build folder, for one test.
pub fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("an old folder of a test can be removed");
    }
    std::fs::create_dir_all(&folder).expect("the build folder is writable");
    folder
}

/// Where tests take ports: beside what the kernel gives to outgoing connections, so that none of
/// those takes a port between the look at it here and its use.
const PORTS: std::ops::Range<u16> = 26_000..32_000;

/// A loopback port free for UDP and TCP, which no other test of this program was given.
pub fn free_port() -> u16 {
    static GIVEN: AtomicUsize = AtomicUsize::new(0);
    // Test programs that run side by side begin at different places.
    let begin = std::process::id() as usize * 61;
    let mut offers = std::iter::repeat_with(|| {
        let at = (begin + GIVEN.fetch_add(1, Ordering::Relaxed)) % PORTS.len();
        PORTS.start + at as u16
    });
    let fresh = offers.by_ref().take(PORTS.len()).find(|port| {
        let local = ("127.0.0.1", *port);
        UdpSocket::bind(local).is_ok() && TcpListener::bind(local).is_ok()
    });
    fresh.expect("six thousand ports hold a free one")
}

/// Whether this machine has IPv6 on loopback; a container often has none.
pub fn has_ipv6() -> bool {
    UdpSocket::bind("[::1]:0").is_ok()
}
