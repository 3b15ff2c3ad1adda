//! A bot of Pipecat's, run by Pipecat's own runner, answers calls in every dialect it reads:
//! `pipecat/bot.py` says back what it hears, and takes orders by key.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use trunkline_call::{Digit, EndReason};
use trunkline_phone::softphone::{Report, Script, Settings};

use crate::peer::{self, Process, peers_folder, with_peer};
use crate::support::{Caller, Gateway, eventually, folder, free_port, get, sound, within};

const BOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/pipecat/bot.py");

/// What Pipecat wants to know of a provider before it takes a call; any words will do.
const CREDENTIALS: [&str; 5] = [
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",
    "TELNYX_API_KEY",
    "PLIVO_AUTH_ID",
    "PLIVO_AUTH_TOKEN",
];

/// What the caller says, and what the bot says of its own.
const SAID_HZ: f64 = 1000.0;
const TONE_HZ: f64 = 600.0;
const RATE_HZ: u32 = 16_000;
const FRAME: Duration = Duration::from_millis(20);

/// How long Pipecat may take to start: it imports a good part of Python's package index, which on a
/// busy machine has been seen to take more than a minute the first time.
const STARTS_WITHIN: Duration = Duration::from_secs(240);

/// When the caller interrupts the bot, and how soon after that it is silent: a key's way to the bot,
/// Pipecat's own time, and what is on the wire already. The bot keeps two seconds queued at least.
const INTERRUPTED_AFTER: Duration = Duration::from_secs(9);
const SILENT_WITHIN: Duration = Duration::from_secs(1);
const CLEARED_MIN: Duration = Duration::from_secs(2);

/// How a bot is reached: the dialect, the path of Pipecat's runner, and whether Pipecat reads the
/// two numbers of this dialect's `start`.
struct Reached {
    dialect: &'static str,
    path: &'static str,
    numbers: bool,
}

const fn by_telephony(dialect: &'static str, numbers: bool) -> Reached {
    Reached {
        dialect,
        path: "/ws",
        numbers,
    }
}

/// A running bot.
struct Bot {
    _process: Process,
    folder: PathBuf,
    port: u16,
}

impl Bot {
    fn start(environment: &Path, name: &str) -> Self {
        let folder = folder(&format!("pipecat-{name}"));
        let port = free_port();
        let mut python = peer::command(environment.join("bin/python"));
        python
            .arg(BOT)
            .args(["--host", "127.0.0.1", "--port", &port.to_string()])
            .envs(CREDENTIALS.map(|variable| (variable, "of-no-account")))
            .current_dir(&folder);
        let mut process = Process::start(python, &folder.join("log"));
        let ready = within(STARTS_WITHIN, || {
            assert!(process.status().is_none(), "Pipecat left at its start");
            let ready = get(port, "/status").is_ok_and(|(status, _)| status == 200);
            ready.then_some(())
        });
        let bot = Self {
            _process: process,
            folder,
            port,
        };
        assert!(
            ready.is_some(),
            "Pipecat's runner is not ready: {}",
            bot.log()
        );
        bot
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Waits until the bot has printed this so many times.
    fn wait_for(&self, words: &str, times: usize) {
        eventually(&format!("the bot says {words:?} {times} times"), || {
            let log = self.log();
            let count = log.lines().filter(|line| *line == words).count();
            (count >= times).then_some(())
        });
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the bot's log:\n{}", self.log());
        }
    }
}

fn find() -> Result<PathBuf, String> {
    let named = std::env::var_os("TRUNKLINE_PEER_PIPECAT").map(PathBuf::from);
    let environment = named.unwrap_or_else(|| peers_folder().join("pipecat"));
    if environment.join("bin/python").is_file() {
        return Ok(environment);
    }
    Err(format!(
        "no Pipecat in {}; `cargo xtask peers` installs it",
        environment.display()
    ))
}

fn a_bot_answers(reached: &Reached) {
    let dialect = reached.dialect;
    let test = format!("answers calls as {dialect}");
    with_peer("pipecat", &test, find(), |environment| {
        let bot = Bot::start(&environment, dialect);
        let app = format!(
            "routes: [{{to: \"*\", app: bot}}]\n\
             apps: {{bot: {{type: websocket, url: \"ws://127.0.0.1:{}{}\", protocol: {dialect}}}}}\n",
            bot.port, reached.path,
        );
        let gateway = Gateway::start(&format!("pipecat-{dialect}-gateway"), &app);
        the_bot_talks_and_hangs_up(&bot, &gateway);
        if reached.numbers {
            bot.wait_for("call from phone to bot", 1);
        }
        the_caller_hangs_up(&bot, &gateway);
    });
}

/// The caller talks and is heard; key 1 has the bot speak for a minute, key 2 interrupts it, and
/// key # ends the call.
fn the_bot_talks_and_hangs_up(bot: &Bot, gateway: &Gateway) {
    let key = |key| Digit::from_char(key).expect("a key");
    let second = Duration::from_secs(1);
    let script = Script::new()
        .play(
            Duration::ZERO,
            &sound::tone(SAID_HZ, RATE_HZ, 4 * RATE_HZ as usize),
        )
        .press(5 * second, &[key('1')])
        .press(INTERRUPTED_AFTER, &[key('2')])
        .press(INTERRUPTED_AFTER + 4 * second, &[key('#')]);
    let caller = Caller::follow(&gateway.uri("bot"), Settings::default(), script);
    caller.wait_answered();
    for key in ["1", "2", "#"] {
        bot.wait_for(&format!("key {key}"), 1);
    }
    let report = caller.report();
    assert_eq!(report.end, EndReason::Remote);
    let record = gateway.only_record();
    assert_eq!(record["end"]["by"], "app", "{record}");
    assert_eq!(record["application"]["nonsense"], 0, "{record}");
    bot.wait_for("the bot has ended", 1);

    let heard = report.heard.samples();
    let echoed = sound::frames_of_tone(SAID_HZ, RATE_HZ, heard);
    assert!(echoed >= 100, "the caller hears itself: {echoed} frames");
    let spoken = sound::frames_of_tone(TONE_HZ, RATE_HZ, heard);
    assert!(spoken >= 50, "the caller hears the bot: {spoken} frames");
    the_interruption_cleared_what_was_queued(&report, &record);
}

/// At the caller's the bot falls silent at once, although the gateway had seconds of it queued.
fn the_interruption_cleared_what_was_queued(report: &Report, record: &Value) {
    let heard = report.heard.samples();
    let first = |hz| sound::frames_that_are(hz, RATE_HZ, heard).next();
    let last = sound::frames_that_are(TONE_HZ, RATE_HZ, heard).last();
    let (began, ended) = first(SAID_HZ).zip(last).expect("it was heard");
    // The caller's own tape begins at the answer.
    let (answered, origin) = report
        .sent
        .origin()
        .zip(report.heard.origin())
        .expect("tapes");
    let ended_after = (origin + FRAME * (ended as u32 + 1)).duration_since(answered);
    let given = record["application"]["samplesReceived"].as_u64();
    let given = Duration::from_secs(given.expect("a count")) / RATE_HZ;
    let played = FRAME * (ended - began) as u32;
    let cleared = given.saturating_sub(played);
    println!(
        "interrupted after {INTERRUPTED_AFTER:?}, silent after {ended_after:?}, cleared {cleared:?}"
    );
    assert!(
        ended_after < INTERRUPTED_AFTER + SILENT_WITHIN,
        "interrupted after {INTERRUPTED_AFTER:?}, the bot was heard until {ended_after:?}"
    );
    assert!(
        cleared > CLEARED_MIN,
        "of {given:?} the caller heard {played:?}: {record}"
    );
}

fn the_caller_hangs_up(bot: &Bot, gateway: &Gateway) {
    let script = Script::new().hang_up(Duration::from_secs(2));
    let caller = Caller::follow(&gateway.uri("bot"), Settings::default(), script);
    caller.report();
    bot.wait_for("the caller is gone", 1);
    bot.wait_for("the bot has ended", 2);
    eventually("the gateway keeps two records", || {
        let records = gateway.records();
        (records.len() == 2).then_some(())
    });
    assert_eq!(gateway.records()[0]["end"]["by"], "remote");
}

#[test]
fn a_bot_answers_as_if_twilio_called() {
    a_bot_answers(&by_telephony("twilio", true));
}

#[test]
fn a_bot_answers_as_if_telnyx_called() {
    a_bot_answers(&by_telephony("telnyx", true));
}

#[test]
fn a_bot_answers_as_if_plivo_called() {
    a_bot_answers(&by_telephony("plivo", false));
}

#[test]
fn a_bot_answers_as_if_exotel_called() {
    a_bot_answers(&by_telephony("exotel", true));
}

#[test]
fn a_bot_answers_in_pipecats_own_frames() {
    a_bot_answers(&Reached {
        dialect: "pipecat",
        path: "/ws-client",
        numbers: false,
    });
}
