//! Engines in this process: they compute instead of waiting, so they have threads of their own,
//! which step back behind those that carry calls.

mod cores;
mod priority;
mod shared;
#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use tokio::sync::mpsc::{Sender, channel};
use tokio::sync::oneshot;

use super::{EngineError, hand_on};

pub use cores::{Cores, Had};
pub use shared::Shared;

/// Orders that wait for a thread of one engine. A further one fails at once, which is better than
/// an answer to what was said a minute ago.
pub const ORDERS_MAX: usize = 256;
/// Pieces of sound that an engine is ahead of whoever listens; it waits with a further one. In pieces
/// of a tenth of a second they are the minute that the longest sentence of a conversation lasts, so
/// that nobody who listens slowly keeps the thread from other calls.
pub const PIECES_AHEAD_MAX: usize = 600;
/// The most threads of one engine.
pub const THREADS_MAX: usize = 4;

/// An engine that answers when it has computed, behind threads of its own.
///
/// Orders are taken in the order they come. A conversation has at most one transcript and two
/// sentences ordered at a time, so no call waits for more than that of each other call.
pub struct Embedded<E> {
    name: &'static str,
    open: Arc<dyn Fn() -> Result<E, String> + Send + Sync>,
    threads: usize,
    /// Nothing before the first order: whoever only checks a configuration starts no thread.
    orders: OnceLock<SyncSender<Order<E>>>,
}

type Order<E> = Box<dyn FnOnce(&mut Result<E, String>) + Send>;

impl<E: 'static> Embedded<E> {
    /// An engine of this name, for errors and threads. Each of its threads opens one for itself
    /// when its first order comes, and once more with every order after it could not.
    pub fn new(
        name: &'static str,
        threads: usize,
        open: impl Fn() -> Result<E, String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            open: Arc::new(open),
            threads: threads.clamp(1, THREADS_MAX),
            orders: OnceLock::new(),
        }
    }

    /// As many threads as the machine has cores, within [`THREADS_MAX`].
    pub fn threads_here() -> usize {
        thread::available_parallelism().map_or(1, |cores| cores.get().min(THREADS_MAX))
    }

    /// Has the engine do this on one of its threads. Whoever drops the future takes the order
    /// back: it is not begun, or it is told by [`Wanted`] that it may stop.
    pub async fn order<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut E, &Wanted) -> Result<T, String> + Send + 'static,
    ) -> Result<T, EngineError> {
        let (answer, answered) = oneshot::channel();
        let wanted = Wanted::default();
        let _taken_back = TakeBack(wanted.clone());
        let order = Box::new(move |engine: &mut Result<E, String>| {
            if wanted.is_wanted() {
                let done = match engine {
                    Ok(engine) => work(engine, &wanted),
                    Err(why) => Err(why.clone()),
                };
                // Nobody waits for an order that was taken back.
                let _ = answer.send(done);
            }
        });
        let sent = self.orders().try_send(order);
        sent.map_err(|why| match why {
            TrySendError::Full(_) => self.broken(format!("{ORDERS_MAX} orders wait already")),
            TrySendError::Disconnected(_) => self.broken("it has no threads".to_owned()),
        })?;
        match answered.await {
            Ok(done) => done.map_err(|why| self.broken(why)),
            Err(_) => Err(self.broken("it gave up in the middle".to_owned())),
        }
    }

    /// Has the engine make sound on one of its threads, which is handed on while more of it is made.
    /// What makes it is told by `false` that nobody listens any more, also where it waits for room.
    pub async fn speak(
        &self,
        sound: Sender<Vec<i16>>,
        make: impl FnOnce(&mut E, &mut dyn FnMut(&[i16]) -> bool) -> Result<(), String> + Send + 'static,
    ) -> Result<(), EngineError> {
        let (to, from) = channel(PIECES_AHEAD_MAX);
        let making = self.order(move |engine, wanted| {
            // Whoever drops this future drops the receiver too, which ends a wait for room.
            let mut piece =
                |samples: &[i16]| wanted.is_wanted() && to.blocking_send(samples.to_vec()).is_ok();
            make(engine, &mut piece)
        });
        let handing_on = hand_on(from, &sound, |_| ());
        tokio::try_join!(making, handing_on).map(|_| ())
    }

    /// Opens the engine, which keeps nobody waiting before the first order.
    pub async fn prepare(&self) -> Result<(), EngineError> {
        self.order(|_, _| Ok(())).await
    }

    fn orders(&self) -> &SyncSender<Order<E>> {
        self.orders.get_or_init(|| {
            let (orders, taken) = sync_channel(ORDERS_MAX);
            let taken = Arc::new(Mutex::new(taken));
            for _ in 0..self.threads {
                let (open, taken) = (Arc::clone(&self.open), Arc::clone(&taken));
                let named = thread::Builder::new().name(self.name.to_owned());
                if let Err(error) = named.spawn(move || work_off(&*open, &taken)) {
                    tracing::error!(engine = self.name, %error, "no thread for an engine");
                }
            }
            orders
        })
    }

    fn broken(&self, what: String) -> EngineError {
        EngineError::Broken {
            place: self.name.to_owned(),
            what,
        }
    }
}

/// Whether somebody still waits for what an engine does.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    taken_back: Arc<AtomicBool>,
}

impl Wanted {
    /// `false` once the order was taken back, for good.
    pub fn is_wanted(&self) -> bool {
        !self.taken_back.load(Ordering::Relaxed)
    }

    /// Set once the order was taken back, for engines that look for themselves.
    pub fn taken_back(&self) -> &Arc<AtomicBool> {
        &self.taken_back
    }
}

/// Goes with the future of an order.
struct TakeBack(Wanted);

impl Drop for TakeBack {
    fn drop(&mut self) {
        self.0.taken_back.store(true, Ordering::Relaxed);
    }
}

/// One thread of an engine, until nobody can order any more.
fn work_off<E>(open: &dyn Fn() -> Result<E, String>, taken: &Mutex<Receiver<Order<E>>>) {
    priority::step_back();
    let mut engine = None;
    loop {
        // One thread waits for an order, the others for this lock.
        let order = taken.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(order) = order else {
            return;
        };
        // A panic ends the order, and the engine with it; the next order opens another one.
        let done = catch_unwind(AssertUnwindSafe(|| {
            let mut engine = engine.take().unwrap_or_else(open);
            order(&mut engine);
            engine
        }));
        engine = done.ok().filter(Result::is_ok);
    }
}
