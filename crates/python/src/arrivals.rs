//! Calls on their way to Python.

use std::collections::{HashMap, VecDeque};
use std::future::ready;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use tokio::sync::oneshot;
use trunkline_call::{App, BoxFuture, Call, CallCommand, CallId, Direction};
use trunkline_streams::AnswerMode;

/// Calls that wait to be taken. As many as `limits.calls` permits: those that end meanwhile go.
#[derive(Default)]
pub struct Arrivals(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: VecDeque<(Call, AnswerMode)>,
    /// Calls that were placed, until it is known which of the dials under way they are.
    placed: HashMap<CallId, Call>,
    dials: usize,
    /// Who waits for a call that a provider places, and has not brought.
    awaited: HashMap<CallId, oneshot::Sender<Call>>,
    takers: Vec<Waker>,
    is_over: bool,
}

/// Where a call is that was placed.
pub enum Placed {
    /// Here.
    Here(Call),
    /// At a provider, which brings it once it is answered.
    Awaited(oneshot::Receiver<Call>),
}

impl Arrivals {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves whole calls behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An application whose calls come here.
    pub fn app(self: &Arc<Self>, answer: AnswerMode) -> Arc<dyn App> {
        Arc::new(Door {
            arrivals: Arc::clone(self),
            answer,
        })
    }

    /// The next call that has not ended. It is answered here, unless its application does that
    /// itself. `None` once no more will come.
    pub fn poll(&self, taker: &Waker) -> Poll<Option<Call>> {
        let mut state = self.lock();
        while let Some((call, answer)) = state.waiting.pop_front() {
            let is_ours =
                answer == AnswerMode::Manual || call.info().direction != Direction::Inbound;
            if call.end().is_none() && (is_ours || call.command(CallCommand::Answer).is_ok()) {
                return Poll::Ready(Some(call));
            }
        }
        if state.is_over {
            return Poll::Ready(None);
        }
        if !state.takers.iter().any(|known| known.will_wake(taker)) {
            state.takers.push(taker.clone());
        }
        Poll::Pending
    }

    /// A call is being placed for Python: it is not to be taken by anybody else.
    pub fn expect(&self) {
        self.lock().dials += 1;
    }

    /// The call of this name was placed, or none was. `None` for that, and once no more will come.
    pub fn placed(&self, id: Option<CallId>) -> Option<Placed> {
        let mut state = self.lock();
        state.dials -= 1;
        let placed = id.and_then(|id| state.find(id));
        if state.dials == 0 {
            // What nobody here has dialled was placed by the HTTP interface.
            let others = mem::take(&mut state.placed).into_values();
            let others = others.map(|call| (call, AnswerMode::Manual));
            state.waiting.extend(others);
            wake(state);
        }
        placed
    }

    /// Nobody waits for this call any more.
    pub fn give_up(&self, id: CallId) {
        self.lock().awaited.remove(&id);
    }

    /// No more calls will come.
    pub fn close(&self) {
        let mut state = self.lock();
        state.is_over = true;
        state.awaited.clear();
        let gone = (mem::take(&mut state.waiting), mem::take(&mut state.placed));
        wake(state);
        drop(gone);
    }

    fn push(&self, call: Call, answer: AnswerMode) {
        let mut state = self.lock();
        if let Some(dialled) = state.awaited.remove(&call.info().id) {
            drop(state);
            // Where it was given up meanwhile, it is hung up.
            let _ = dialled.send(call);
            return;
        }
        if call.info().direction == Direction::Outbound && state.dials > 0 {
            state.placed.insert(call.info().id, call);
            return;
        }
        // Their callers have hung up.
        state.waiting.retain(|(call, _)| call.end().is_none());
        state.waiting.push_back((call, answer));
        wake(state);
    }
}

impl State {
    fn find(&mut self, id: CallId) -> Option<Placed> {
        if let Some(call) = self.placed.remove(&id) {
            return Some(Placed::Here(call));
        }
        if self.is_over {
            return None;
        }
        let (dialled, coming) = oneshot::channel();
        self.awaited.insert(id, dialled);
        Some(Placed::Awaited(coming))
    }
}

/// Has everybody look who waits: whoever was woken for one call may have gone away.
fn wake(mut state: MutexGuard<'_, State>) {
    let takers = mem::take(&mut state.takers);
    drop(state);
    takers.into_iter().for_each(Waker::wake);
}

/// An application of `type: python`.
struct Door {
    arrivals: Arc<Arrivals>,
    answer: AnswerMode,
}

impl App for Door {
    fn run(&self, call: Call) -> BoxFuture<'static, ()> {
        // At once: whoever dialled looks for it as soon as it knows its name.
        self.arrivals.push(call, self.answer);
        Box::pin(ready(()))
    }
}
