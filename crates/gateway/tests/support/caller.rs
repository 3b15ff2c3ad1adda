//! A softphone that calls the gateway, on a thread of its own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use trunkline_call::CallEvent;
use trunkline_phone::softphone::{self, PhoneError, Report, Script, Settings};

use super::eventually;

/// How long somebody talks of whom a second must be heard: on a busy machine it may begin late.
pub const TALK: Duration = Duration::from_secs(4);

/// A call under way, seen from the caller.
pub struct Caller {
    events: Arc<Mutex<Vec<CallEvent>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<Report, PhoneError>>>,
}

impl Caller {
    /// Calls this address and only listens.
    pub fn dial(target: &str) -> Self {
        Self::follow(target, Settings::default(), Script::new())
    }

    /// Calls this address and does what the script says once it is answered.
    pub fn follow(target: &str, settings: Settings, script: Script) -> Self {
        let (stop, target) = (Arc::clone(&settings.stop), target.to_owned());
        Self::on_a_thread(stop, move |heard| {
            softphone::call(&target, &settings, script, heard)
        })
    }

    /// Lets a telephone run, which ends its call once `stop` is set.
    pub(super) fn on_a_thread(
        stop: Arc<AtomicBool>,
        run: impl FnOnce(&mut dyn FnMut(&CallEvent)) -> Result<Report, PhoneError> + Send + 'static,
    ) -> Self {
        let events = Arc::<Mutex<Vec<CallEvent>>>::default();
        let noted = Arc::clone(&events);
        let thread = std::thread::spawn(move || {
            run(&mut |event| {
                let mut events = noted.lock().unwrap_or_else(|p| p.into_inner());
                events.push(event.clone());
            })
        });
        Self {
            events,
            stop,
            thread: Some(thread),
        }
    }

    /// Waits until the call is answered.
    pub fn wait_answered(&self) {
        self.wait_for("the caller is answered", |event| {
            matches!(event, CallEvent::Answered)
        });
    }

    /// Waits until the telephone has told this.
    pub fn wait_for(&self, what: &str, is_it: impl Fn(&CallEvent) -> bool) {
        eventually(what, || {
            let events = self.events.lock().unwrap_or_else(|p| p.into_inner());
            events.iter().any(&is_it).then_some(())
        });
    }

    /// Whether the call is over.
    pub fn is_over(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Hangs up; what came of the call.
    pub fn hang_up(self) -> Report {
        self.stop.store(true, Ordering::Relaxed);
        self.report()
    }

    /// Waits for the end of the call; what came of it.
    pub fn report(mut self) -> Report {
        eventually("the caller's call ends", || self.is_over().then_some(()));
        let thread = self
            .thread
            .take()
            .expect("taken only here and when dropped");
        let report = thread.join().expect("the telephone did not panic");
        report.expect("there was a call")
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
