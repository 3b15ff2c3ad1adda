//! A gateway whose calls the voice agent takes, and callers who talk with it: over SIP and RTP with
//! G.711, on sockets and by the clock. Whisper hears and the scripted receptionist thinks, both under
//! observation; what is said is a short hum, as nobody listens to it.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use trunkline::models::WHISPER;
use trunkline::settings::AppEntry;
use trunkline_agent::engines::{Receptionist, WhisperStt};
use trunkline_agent::{Agent, Engines, Settings};
use trunkline_call::record::CallRecord;
use trunkline_call::routes::Routes;
use trunkline_call::{EndReason, Target};
use trunkline_media::codec::Codec;
use trunkline_phone::caller::{self, Progress, Step};
use trunkline_phone::softphone;

use super::in_process::{self, InProcess};
use super::observed::{Brain, Ears, Hum, Log, Nothing, Seen};
use super::sentences::HOURS;

/// Callers say nothing at first: from so long, each so much longer than the one before, up to twice
/// as long. The network's losses, the same in every call, fall on other words then.
const FIRST_MS: u64 = 500;
const LONGER_MS: u64 = 140;
/// The agent has answered or will not, where it has done nothing for so long: longer than the silence
/// that ends a turn.
const IDLE: Duration = Duration::from_millis(1_200);
/// A caller whom nobody has answered hangs up.
const PATIENCE: Duration = Duration::from_secs(30);
/// A gateway takes no calls while its machine has too much other work: who is refused calls again so
/// much later, and so often.
const RETRY_AFTER: Duration = Duration::from_secs(2);
const CALLS_FAILED_MAX: usize = 60;
/// Nobody tries again after so many apologies.
const APOLOGIES_MAX: usize = 5;
/// How long the gateway may take to write down a call that is over.
const RECORD_MAX: Duration = Duration::from_secs(10);

/// The gateway. Each of its lines has an agent of its own, and one caller at a time.
pub struct Desk {
    gateway: InProcess,
    lines: Vec<Arc<Log>>,
    calls: AtomicUsize,
}

/// What came of a call.
pub struct Talk {
    /// What the agent heard, thought and said.
    pub seen: Seen,
    /// What the gateway wrote down.
    pub record: Arc<CallRecord>,
}

impl Desk {
    /// A gateway with so many lines, who hear with Whisper among these models.
    pub fn open(models: &Path, lines: usize) -> Self {
        let whisper = WhisperStt::new(&models.join(WHISPER));
        let whisper = whisper.unwrap_or_else(|error| panic!("{error}"));
        let lines: Vec<Arc<Log>> = (0..lines).map(|_| Arc::default()).collect();
        let mut settings = in_process::settings();
        for (number, log) in lines.iter().enumerate() {
            let app = AppEntry::Rust(Arc::new(agent(&whisper, log)));
            settings.apps.insert(name(number), app);
        }
        let rules = (0..lines.len()).map(|number| in_process::rule_to(&name(number)));
        settings.routes = Routes::from(rules.collect::<Vec<_>>());
        Self {
            gateway: InProcess::start(settings),
            lines,
            calls: AtomicUsize::new(0),
        }
    }

    /// Has every line work off these jobs, one after the other. The results are in their order.
    pub fn work_off<J: Sync, T: Send>(
        &self,
        jobs: &[J],
        work: impl Fn(usize, &J) -> T + Sync,
    ) -> Vec<T> {
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for line in 0..self.lines.len() {
                let (next, done, work) = (&next, &done, &work);
                scope.spawn(move || {
                    while let number = next.fetch_add(1, Ordering::Relaxed)
                        && let Some(job) = jobs.get(number)
                    {
                        let came = work(line, job);
                        let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                        done.push((number, came));
                    }
                });
            }
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|(number, _)| *number);
        done.into_iter().map(|(_, came)| came).collect()
    }

    /// Somebody calls on this line, says this while the network loses this share of the packets, and
    /// hangs up once the agent has nothing more to do. Who is told that it did not work tries again:
    /// on a machine with other work Whisper may take longer than anybody waits.
    pub fn call(&self, line: usize, sound: &Arc<[i16]>, loss: f64) -> Talk {
        let mut apologies = 0;
        let mut failed = 0;
        loop {
            let Ok(mut talk) = self.call_once(line, sound, loss) else {
                failed += 1;
                assert!(failed < CALLS_FAILED_MAX, "{failed} calls came to nothing");
                std::thread::sleep(RETRY_AFTER);
                continue;
            };
            apologies += talk.seen.apologies;
            if talk.seen.apologies == 0 || apologies >= APOLOGIES_MAX {
                talk.seen.apologies = apologies;
                return talk;
            }
        }
    }

    /// A call, or why there was none.
    fn call_once(&self, line: usize, sound: &Arc<[i16]>, loss: f64) -> Result<Talk, EndReason> {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let log = &self.lines[line];
        let _ = log.take();
        let stop = Arc::new(AtomicBool::new(false));
        let user = format!("caller-{number}");
        let phone = softphone::Settings {
            codecs: vec![Codec::Pcmu],
            from: Some(format!("<sip:{user}@127.0.0.1>")),
            stop: Arc::clone(&stop),
            ..softphone::Settings::default()
        };
        let later = number as u64 * LONGER_MS % FIRST_MS;
        let steps = vec![
            Step::Lose(loss),
            Step::Pause(Duration::from_millis(FIRST_MS + later)),
            Step::Say(Arc::clone(sound)),
            Step::Pause(PATIENCE),
            Step::HangUp,
        ];
        let mut spoken = None;
        let target = format!("sip:{}@{}", name(line), self.gateway.address);
        let called = caller::call(&target, &phone, steps, &mut |progress| match progress {
            Progress::Step(3) => spoken = Some(Instant::now()),
            Progress::Event(_) if spoken.is_some_and(|at| log.is_idle(at, IDLE)) => {
                stop.store(true, Ordering::Relaxed);
            }
            _ => {}
        });
        let called = called.unwrap_or_else(|error| panic!("{error}"));
        if called.report.answered_after.is_none() {
            return Err(called.report.end);
        }
        Ok(Talk {
            record: self.record(&user),
            seen: log.take(),
        })
    }

    /// What the gateway wrote down of this caller, once it has.
    fn record(&self, user: &str) -> Arc<CallRecord> {
        let given_up = Instant::now() + RECORD_MAX;
        loop {
            let known = self.gateway.control.records();
            if let Some(record) = known.iter().find(|record| record.from == user) {
                return Arc::clone(record);
            }
            drop(known);
            assert!(Instant::now() < given_up, "no record of {user}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn name(line: usize) -> String {
    format!("line-{line}")
}

fn agent(whisper: &WhisperStt, log: &Arc<Log>) -> Agent {
    let reception = Target::new("sip:reception@127.0.0.1:9").expect("an address");
    let settings = Settings {
        greeting: String::new(),
        // Nobody asks a silent line whether somebody is there.
        silence: 10 * PATIENCE,
        transfers: vec![("reception".to_owned(), reception)],
        ..Settings::default()
    };
    let clock = Arc::new(|| "half past two".to_owned());
    let engines = Engines {
        stt: Arc::new(Ears::new(whisper, log)),
        llm: Arc::new(Brain::new(Receptionist::new(clock, HOURS), log)),
        tts: Arc::new(Hum::new(log)),
        tools: Arc::new(Nothing),
    };
    Agent::new(settings, engines)
}
