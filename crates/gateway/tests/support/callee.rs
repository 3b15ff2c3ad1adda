//! A softphone that waits for the gateway's call, on a thread of its own.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use trunkline_phone::softphone::{Report, Script, Settings, Waiting};
use trunkline_sip::endpoint::Transport;

use super::{Caller, PATIENCE};

/// A telephone that answers, and then is as a [`Caller`].
pub struct Callee {
    /// Where it waits.
    pub address: SocketAddr,
    call: Caller,
}

impl Callee {
    /// Waits on a free port of loopback and does what the script says once it has answered.
    pub fn wait(transport: Transport, script: Script) -> Self {
        let settings = Settings::default();
        let stop = Arc::clone(&settings.stop);
        let here = SocketAddr::from(([127, 0, 0, 1], 0));
        let waiting = Waiting::listen(transport, here, settings).expect("a free port");
        let address = waiting.address();
        let run = move |heard: &mut dyn FnMut(&_)| waiting.answer(PATIENCE, script, heard);
        Self {
            address,
            call: Caller::on_a_thread(stop, run),
        }
    }

    /// Its address, as a user of this name.
    pub fn uri(&self, user: &str) -> String {
        format!("sip:{user}@{}", self.address)
    }

    /// Hangs up; what came of the call.
    pub fn hang_up(self) -> Report {
        self.call.hang_up()
    }

    /// Waits for the end of the call; what came of it.
    pub fn report(self) -> Report {
        self.call.report()
    }
}

impl Deref for Callee {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.call
    }
}
