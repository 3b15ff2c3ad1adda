//! A media thread allocates nothing while its calls talk.

mod support;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use support::{Application, Caller, InProcess, Manner, Provider, eventually, sound};
use trunkline::settings::{AppEntry, AppRole, Settings, WebSocketApp};
use trunkline_media::codec::Codec;
use trunkline_phone::softphone::{self, Script};
use trunkline_streams::WireOptions;
use trunkline_streams::trunkline::DIALECT;
use trunkline_testkit::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting::by(count);

/// The thread that is watched, by its number in the system; 0 watches none.
static WATCHED: AtomicI32 = AtomicI32::new(0);
/// What it has allocated.
static COUNTED: AtomicU64 = AtomicU64::new(0);

fn count() {
    let watched = WATCHED.load(Ordering::Relaxed);
    if watched != 0 && watched == this_thread() {
        COUNTED.fetch_add(1, Ordering::Relaxed);
    }
}

#[allow(unsafe_code)]
fn this_thread() -> i32 {
    // SAFETY: gettid takes nothing and cannot fail (gettid(2)).
    unsafe { libc::gettid() }
}

/// The number of this process's thread of this name.
fn thread_named(name: &str) -> i32 {
    let threads = std::fs::read_dir("/proc/self/task").expect("Linux lists threads");
    let mut threads = threads.flatten().filter(|thread| {
        let given = std::fs::read_to_string(thread.path().join("comm"));
        given.is_ok_and(|given| given.trim() == name)
    });
    let thread = threads.next().expect("the gateway has this thread");
    let number = thread.file_name();
    let number = number.to_str().and_then(|number| number.parse().ok());
    number.expect("threads are named by numbers")
}

/// One media thread, and a route to each of these applications by its name.
fn settings(applications: &[(Codec, Application)]) -> Settings {
    let mut settings = support::in_process::settings();
    let names = applications.iter().map(|(codec, _)| codec.name());
    settings.routes = names
        .map(support::in_process::rule_to)
        .collect::<Vec<_>>()
        .into();
    settings.apps = applications
        .iter()
        .map(|(codec, application)| (codec.name().to_owned(), entry(application)))
        .collect::<BTreeMap<_, _>>();
    settings
}

fn entry(application: &Application) -> AppEntry {
    AppEntry::WebSocket(WebSocketApp {
        role: AppRole::Client {
            url: application.url(),
        },
        dialect: DIALECT,
        options: WireOptions::default(),
        on_lost: None,
    })
}

/// A caller who speaks one codec and never stops.
fn caller(gateway: &InProcess, codec: Codec) -> Caller {
    let settings = softphone::Settings {
        codecs: vec![codec],
        ..softphone::Settings::default()
    };
    let said = sound::tone(TONE_HZ, 16_000, SECONDS * 16_000);
    let script = Script::new().play(Duration::ZERO, &said);
    let uri = format!("sip:{}@{}", codec.name(), gateway.address);
    Caller::follow(&uri, settings, script)
}

const TONE_HZ: f64 = 700.0;
/// How long the callers can talk.
const SECONDS: usize = 120;
/// Packets each way that must pass without an allocation.
const PACKETS: usize = 1_000;
/// They are looked at in stretches of this many: 5 s. What is allocated for each packet, or for
/// one in a hundred, leaves no stretch quiet.
const STRETCH: usize = 250;
/// Stretches within which enough must be quiet. On a quiet machine the first are; each hiccup of
/// a busy one may let a queue grow to a length it never had.
const STRETCHES_MAX: usize = 16;

/// Counts until so many packets have passed without an allocation, or too many have not; what
/// each stretch allocated.
fn stretches(applications: &[(Codec, Application)]) -> Vec<u64> {
    let mut counted = Vec::new();
    while quiet_packets(&counted) < PACKETS && counted.len() < STRETCHES_MAX {
        let before = COUNTED.load(Ordering::Relaxed);
        wait_for_more(applications, STRETCH);
        counted.push(COUNTED.load(Ordering::Relaxed) - before);
    }
    counted
}

fn quiet_packets(counted: &[u64]) -> usize {
    counted.iter().filter(|&&count| count == 0).count() * STRETCH
}

/// Waits until each application has heard so many further frames of 20 ms.
fn wait_for_more(applications: &[(Codec, Application)], frames: usize) {
    let heard = |(_, application): &(Codec, Application)| application.heard();
    let before: Vec<usize> = applications.iter().map(heard).collect();
    for (application, before) in applications.iter().zip(before) {
        eventually(&format!("{} is heard", application.0.name()), || {
            (heard(application) >= before + frames * 320).then_some(())
        });
    }
}

/// Held by the test that watches: there is one counter.
static WATCHING: Mutex<()> = Mutex::new(());

#[test]
fn a_media_thread_allocates_nothing_while_a_providers_stream_talks() {
    let _watching = WATCHING.lock().unwrap_or_else(PoisonError::into_inner);
    // No route: `echo` answers.
    let gateway = InProcess::start(support::in_process::settings());
    let mut provider = Provider::call(gateway.http_port, "+15550001", "+15550002");
    let mut talk = |frames| provider.converse(TONE_HZ, frames);
    talk(STRETCH);
    WATCHED.store(thread_named("media-0"), Ordering::Relaxed);
    let mut counted = Vec::new();
    while quiet_packets(&counted) < PACKETS && counted.len() < STRETCHES_MAX {
        let before = COUNTED.load(Ordering::Relaxed);
        talk(STRETCH);
        counted.push(COUNTED.load(Ordering::Relaxed) - before);
    }
    let at_the_end = COUNTED.load(Ordering::Relaxed);
    provider.stop();
    provider.wait_closed();
    eventually(
        "the end of a call allocates, so that it counts at all",
        || (COUNTED.load(Ordering::Relaxed) > at_the_end).then_some(()),
    );
    WATCHED.store(0, Ordering::Relaxed);
    let enough = quiet_packets(&counted) >= PACKETS;
    assert!(enough, "allocations in each {STRETCH} frames: {counted:?}");
}

#[test]
fn a_media_thread_allocates_nothing_while_calls_talk() {
    let _watching = WATCHING.lock().unwrap_or_else(PoisonError::into_inner);
    let applications = Codec::ALL.map(|codec| (codec, Application::start(Manner::Echo)));
    let gateway = InProcess::start(settings(&applications));
    let callers = Codec::ALL.map(|codec| caller(&gateway, codec));
    wait_for_more(&applications, 1);
    WATCHED.store(thread_named("media-0"), Ordering::Relaxed);
    let counted = stretches(&applications);
    let at_the_end = COUNTED.load(Ordering::Relaxed);
    // That it counts at all: the end of a call allocates for its messages and its record.
    let reports = callers.map(Caller::hang_up);
    let with_the_end = COUNTED.load(Ordering::Relaxed);
    WATCHED.store(0, Ordering::Relaxed);
    let enough = quiet_packets(&counted) >= PACKETS;
    assert!(enough, "allocations in each {STRETCH} packets: {counted:?}");
    assert!(with_the_end > at_the_end, "nothing is counted");
    for report in reports {
        let heard = report.heard.figures();
        assert!(heard.packets >= (PACKETS - 50) as u64, "{heard:?}");
        let tones = sound::frames_of_tone(TONE_HZ, 16_000, report.heard.samples());
        assert!(tones >= PACKETS - 100, "{tones} frames of the echo");
    }
}
