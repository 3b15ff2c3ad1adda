//! What every test of the real binary needs: a running gateway, an application, a way to wait.
//!
//! Nothing here sleeps for a duration and hopes: [`eventually`] looks until a condition holds.

// Each test program uses its own part of this.
#![allow(dead_code, unused_imports)]

mod application;
mod callee;
mod caller;
mod command;
pub mod door;
mod events;
mod gateway;
mod http;
pub mod in_process;
pub mod lobby;
pub mod name_server;
pub mod numbered;
mod patience;
mod ports;
mod provider;
mod raw_sip;
pub mod sound;
mod steady;
pub mod talk;
mod web;

use std::net::UdpSocket;
use std::path::PathBuf;

pub use application::{Application, Manner};
pub use callee::Callee;
pub use caller::{Caller, TALK, says};
pub use command::{text, trunkline};
pub use door::Door;
pub use events::Events;
pub use gateway::Gateway;
pub use http::{ask_with, get, post, post_bytes};
pub use in_process::InProcess;
pub use lobby::{Lobby, Session};
pub use name_server::NameServer;
pub use patience::{PATIENCE, Patience, eventually, is_pause, turning, within};
pub use ports::{free_port, free_ports};
pub use provider::Provider;
pub use raw_sip::{OFFER, RawSip};
pub use steady::Steady;
pub use web::Web;

/// An empty folder of this name in the build folder, for one test.
pub fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("an old folder of a test can be removed");
    }
    std::fs::create_dir_all(&folder).expect("the build folder is writable");
    folder
}

/// Whether this machine has IPv6 on loopback; a container often has none.
pub fn has_ipv6() -> bool {
    UdpSocket::bind("[::1]:0").is_ok()
}
