//! A softphone that calls the gateway, on a thread of its own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use trunkline_call::CallEvent;
use trunkline_phone::softphone::{self, PhoneError, Report, Script, Settings};

use super::{eventually, sound};

/// How long somebody talks who is to be heard, whenever the machine has time for it.
pub const TALK: usize = 120;

/// A script that says a tone for so long.
pub fn says(hz: f64) -> Script {
    Script::new().play(Duration::ZERO, &sound::tone(hz, 16_000, TALK * 16_000))
}

/// What a telephone has told so far.
#[derive(Default)]
struct Told {
    events: Vec<CallEvent>,
    /// What it hears, as its ears do: after the jitter buffer.
    samples: Vec<i16>,
}

/// A call under way, seen from the caller.
pub struct Caller {
    told: Arc<Mutex<Told>>,
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
        let told = Arc::<Mutex<Told>>::default();
        let noted = Arc::clone(&told);
        let thread = std::thread::spawn(move || {
            run(&mut |event| {
                let mut told = noted.lock().unwrap_or_else(|p| p.into_inner());
                match event {
                    CallEvent::Audio { frame, .. } => told.samples.extend(frame.samples()),
                    event => told.events.push(event.clone()),
                }
            })
        });
        Self {
            told,
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
        eventually(what, || self.told().events.iter().any(&is_it).then_some(()));
    }

    /// Waits until the telephone has heard so many 20 ms frames of a tone.
    pub fn wait_for_tone(&self, hz: f64, frames: usize) {
        eventually(
            &format!("the caller hears {frames} frames of {hz} Hz"),
            || {
                let heard = sound::frames_of_tone(hz, 16_000, &self.told().samples);
                (heard >= frames).then_some(())
            },
        );
    }

    /// How many samples the telephone has heard.
    pub fn heard(&self) -> usize {
        self.told().samples.len()
    }

    /// Whether the telephone has heard anything but silence and its noise.
    pub fn has_heard_sound(&self) -> bool {
        let told = self.told();
        told.samples
            .iter()
            .any(|sample| sample.unsigned_abs() > 300)
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(|p| p.into_inner())
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
