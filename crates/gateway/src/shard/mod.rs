//! A media shard: one thread that owns many calls and all their sockets, so that audio crosses
//! no thread and takes no lock.

mod audiosocket;
mod bridge;
mod connection;
mod deadlines;
mod key;
mod line;
mod link;
mod load;
mod messages;
mod moderation;
mod panics;
pub(crate) mod priority;
mod reports;
mod run;
#[cfg(test)]
mod scripted;
mod secured;
mod silence;
mod slot;
mod sockets;
mod stream;

pub use audiosocket::AudioSocketStream;
pub use connection::{frame as frame_of, websocket_config};
pub use line::NewLine;
pub use messages::Messages;
pub use reports::{Reporter, Reports, reports};
pub use silence::Silence;
pub use stream::AppStream;

use load::Load;
use mio::Waker;
use std::io;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use trunkline_call::turns::Turns;
use trunkline_call::{CallCommand, CallEvent, GatewayReason, Headers, Target};
use trunkline_legs::{Description, DialNews, DialPurpose, Leg, Stats, Wish};
use trunkline_sip::endpoint::{Action, Event};
use trunkline_streams::document::{Brought, Errand, ErrandId};
use trunkline_streams::{AppStats, AppWire};
use tungstenite::WebSocket;

/// How the gateway and its shards name a call between them: never used twice in a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallKey(pub u64);

/// A call as it is given to its shard.
pub struct NewCall {
    /// Its name.
    pub key: CallKey,
    /// The way in.
    pub leg: Box<dyn Leg>,
    /// Whoever hears and speaks.
    pub wire: Box<dyn AppWire>,
    /// The sockets of the way in.
    pub line: NewLine,
}

/// How much may wait that a shard was told. Whoever has more to tell waits for it, which is no longer
/// than one wake-up takes: a shard waits for nobody.
const ORDERS_MAX: usize = 4_096;

/// What a shard is told.
pub enum ToShard {
    /// Here is a call.
    Start(Box<NewCall>),
    /// Something for a call; nothing happens if it is gone.
    Call(CallKey, ToCall),
    /// Join two calls: what one says the other hears. The second one's application is let go.
    Join {
        /// The call that was there first.
        caller: CallKey,
        /// The call placed for it.
        callee: CallKey,
    },
    /// Give the application of one call to another; the first is left without.
    Replace {
        /// The call that has the application.
        from: CallKey,
        /// The call that gets it.
        to: CallKey,
    },
    /// End every call at once and the thread with them.
    Stop,
}

/// What a call is told.
pub enum ToCall {
    /// Something happened on its dialog.
    Signal(Event),
    /// The connection to its application is open.
    Opened(Box<WebSocket<AppStream>>),
    /// It could not be opened.
    OpenFailed,
    /// Somebody else than the application asks for something.
    Command(CallCommand<'static>),
    /// The gateway ends it.
    End(GatewayReason),
    /// News of a leg placed for it.
    Dial(DialNews),
    /// Its application has something to say.
    Poke,
    /// This takes the place of its application, which is let go.
    Follow(Box<dyn AppWire>),
    /// What came of an errand of the document it follows.
    Brought(ErrandId, Brought),
}

/// What a shard tells.
pub enum Report {
    /// Something for the endpoint.
    Signal(CallKey, Action),
    /// What happened on a call, audio aside.
    Event(CallKey, CallEvent),
    /// A call wants another leg.
    Dial {
        /// Which call.
        key: CallKey,
        /// What for.
        purpose: DialPurpose,
        /// Where to.
        target: Target,
        /// Headers for the request.
        headers: Headers,
    },
    /// A call has lost its application and wants another connection to it.
    Redial(CallKey),
    /// A document that a call follows wants something done.
    Errand(ErrandId, Errand),
    /// A call wants something that only its provider's REST interface can do.
    AtProvider(CallKey, Wish),
    /// A call is over and its sockets are closed.
    Finished(CallKey, Box<Final>),
}

/// What is left of a call.
#[derive(Debug)]
pub struct Final {
    /// Figures of its media.
    pub media: Stats,
    /// What was agreed.
    pub description: Description,
    /// What its application did.
    pub app: AppStats,
    /// Who answered whom how fast.
    pub turns: Turns,
    /// What ended this call and no other, where it was trouble of our own.
    pub trouble: Option<Trouble>,
}

/// Trouble of our own with a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Its code panicked.
    Panicked,
    /// The system had no room for its sockets, in words.
    NoSockets(String),
}

/// A running shard.
#[derive(Clone)]
pub struct Shard {
    to: mpsc::SyncSender<ToShard>,
    waker: Arc<Waker>,
    load: Arc<Load>,
}

impl Shard {
    /// Starts a shard's thread.
    ///
    /// # Errors
    /// Where the system has no poller or thread left.
    pub fn start(number: usize, reports: Reporter) -> io::Result<(Self, JoinHandle<()>)> {
        let poll = mio::Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), key::WAKER)?);
        let (to, orders) = mpsc::sync_channel(ORDERS_MAX);
        let load = Arc::new(Load::default());
        let shard = run::Loop::new(poll, Arc::clone(&waker), orders, reports, Arc::clone(&load));
        let thread = std::thread::Builder::new()
            .name(format!("media-{number}"))
            .spawn(move || {
                priority::resume();
                shard.run();
            })?;
        Ok((Self { to, waker, load }, thread))
    }

    /// Tells the shard something. It is lost if the shard has stopped, as its calls are.
    pub fn tell(&self, what: ToShard) {
        if self.to.send(what).is_ok() {
            let _ = self.waker.wake();
        }
    }

    /// How many calls it has.
    pub fn calls(&self) -> usize {
        self.load.calls()
    }

    /// Whether it is so late with its calls that a further one would be heard by all of them.
    pub fn is_late(&self) -> bool {
        self.load.is_late()
    }
}
