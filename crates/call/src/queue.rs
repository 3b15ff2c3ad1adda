//! A call in the hands of an async application: events come one by one, commands never wait.
//!
//! Nothing here knows a runtime. The two ends share one bounded queue each way; the call's loop
//! holds the [`CallPeer`] and is woken by the function it gave.

mod room;
mod state;
#[cfg(test)]
mod tests;

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use state::State;

use crate::{CallCommand, CallEvent, CallInfo, EndReason, HangupCause, Why};

pub use state::{AUDIO_FRAMES_MAX, COMMANDS_MAX, EVENTS_MAX, PLAY_SAMPLES_MAX};

/// A future on the heap.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An application written in Rust.
pub trait App: Send + Sync {
    /// Begins what would keep the first call waiting, and returns at once. Called on the gateway's
    /// runtime when it begins to serve with this application.
    fn start(&self) {}

    /// Looks after one call. When the future is done, or dropped, the call is hung up.
    fn run(&self, call: Call) -> BoxFuture<'static, ()>;
}

/// Wakes the loop that owns a call; called from any thread, without a lock held.
pub type WakeLoop = Arc<dyn Fn() + Send + Sync>;

/// The two ends of a new call: one for the application, one for the loop that owns the leg.
pub fn queue(info: CallInfo, wake: WakeLoop) -> (Call, CallPeer) {
    let shared = Arc::new(Shared {
        state: Mutex::new(State::new()),
        wake,
    });
    let call = Call {
        info: Arc::new(info),
        shared: Arc::clone(&shared),
    };
    (call, CallPeer { shared })
}

struct Shared {
    state: Mutex<State>,
    wake: WakeLoop,
}

impl Shared {
    /// A panic elsewhere leaves whole events and commands behind, so the state stays good.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an async application holds. Dropping it hangs up.
pub struct Call {
    info: Arc<CallInfo>,
    shared: Arc<Shared>,
}

impl Call {
    /// Who called whom.
    pub fn info(&self) -> &CallInfo {
        &self.info
    }

    /// The next event, in any runtime. [`CallEvent::Ended`] is the last; `None` comes after it.
    pub async fn event(&mut self) -> Option<CallEvent> {
        poll_fn(|context| self.poll_event(context)).await
    }

    /// [`Self::event`] for whoever waits by other means than a future.
    pub fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Option<CallEvent>> {
        self.shared.lock().poll_event(context.waker())
    }

    /// Samples given to be played that are not on the wire yet.
    pub fn queued(&self) -> usize {
        self.shared.lock().queued()
    }

    /// Waits until the call is answered and fewer than so many samples are [queued](Self::queued), or
    /// until it is over. Who gives samples at this pace says whatever it has at the speed of speech.
    pub async fn room(&self, below: usize) {
        poll_fn(|context| self.poll_room(below, context)).await;
    }

    /// [`Self::room`] for whoever waits by other means than a future.
    pub fn poll_room(&self, below: usize, context: &mut Context<'_>) -> Poll<()> {
        self.shared.lock().poll_room(below, context.waker())
    }

    /// Whether the call was answered, whether or not that event was taken.
    pub fn is_answered(&self) -> bool {
        self.shared.lock().is_answered()
    }

    /// Why the call is over, if it is, whether or not that event was taken.
    pub fn end(&self) -> Option<EndReason> {
        self.shared.lock().end().cloned()
    }

    /// Asks something of the call; never waits. [`Why::Full`]: too much is asked already, so ask
    /// again after the next event. [`Why::NotNow`]: the call is over. A hang-up always has room.
    pub fn command(&self, command: CallCommand<'static>) -> Result<(), Why> {
        let outcome = self.shared.lock().push_command(command);
        if outcome.is_ok() {
            (self.shared.wake)();
        }
        outcome
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.shared.lock().application_left();
        (self.shared.wake)();
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

/// The loop's end of a call.
pub struct CallPeer {
    shared: Arc<Shared>,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It waits for the application.
    Kept,
    /// It does, and the oldest audio made room for it.
    DroppedAudio,
    /// There was no room: the application has stopped listening.
    Overflow,
    /// The application has left.
    Gone,
}

impl CallPeer {
    /// Hands an event to the application.
    pub fn push(&self, event: &CallEvent) -> Pushed {
        let (pushed, wakers) = self.shared.lock().push_event(event);
        wakers.wake();
        pushed
    }

    /// So many of the samples taken from here have not been played. Says whether the application
    /// waits for them to become fewer.
    pub fn note_queued(&self, samples: usize) -> bool {
        let (is_awaited, wakers) = self.shared.lock().note_queued(samples);
        wakers.into_iter().for_each(Waker::wake);
        is_awaited
    }

    /// The application's next command.
    pub fn pop(&self) -> Option<CallCommand<'static>> {
        self.shared.lock().pop_command()
    }

    /// The hang-up that an application asks for by leaving; given once.
    pub fn departure(&self) -> Option<HangupCause> {
        self.shared.lock().take_departure()
    }
}

impl Drop for CallPeer {
    fn drop(&mut self) {
        let wakers = self.shared.lock().call_is_gone();
        wakers.wake();
    }
}

impl fmt::Debug for CallPeer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallPeer")
    }
}
