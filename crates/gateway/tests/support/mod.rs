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

use std::collections::BTreeSet;
use std::net::{TcpListener, UdpSocket};
use std::path::PathBuf;
use std::sync::Mutex;
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

/// A loopback port free for UDP and TCP, which no other test of this program was given.
pub fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    let mut offers = std::iter::repeat_with(|| {
        let socket = UdpSocket::bind("127.0.0.1:0").ok()?;
        let port = socket.local_addr().ok()?.port();
        TcpListener::bind(("127.0.0.1", port)).ok()?;
        Some(port)
    });
    let fresh = offers
        .by_ref()
        .take(1000)
        .flatten()
        .find(|port| given.insert(*port));
    fresh.expect("a thousand offers hold one free port")
}
