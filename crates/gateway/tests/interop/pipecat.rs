//! A bot of Pipecat's, run by Pipecat's own runner, answers calls in every dialect it reads:
//! `pipecat/bot.py` says back what it hears, and takes orders by key.

use std::path::{Path, PathBuf};
use std::time::Duration;

use trunkline_call::{Digit, EndReason};
use trunkline_phone::softphone::{Script, Settings};

use crate::peer::{self, Process, peers_folder, with_peer};
use crate::support::{Caller, Gateway, eventually, folder, free_port, get, sound};

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
        let process = Process::start(python, &folder.join("log"));
        let bot = Self {
            _process: process,
            folder,
            port,
        };
        eventually("Pipecat's runner is ready", || {
            let ready = get(port, "/status").is_ok_and(|(status, _)| status == 200);
            ready.then_some(())
        });
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

/// The caller talks and is heard; key 1 has the bot speak for a minute, key 2 stops it, and key #
/// ends the call.
fn the_bot_talks_and_hangs_up(bot: &Bot, gateway: &Gateway) {
    let key = |key| Digit::from_char(key).expect("a key");
    let second = Duration::from_secs(1);
    let script = Script::new()
        .play(
            Duration::ZERO,
            &sound::tone(SAID_HZ, RATE_HZ, 4 * RATE_HZ as usize),
        )
        .press(5 * second, &[key('1')])
        .press(9 * second, &[key('2')])
        .press(14 * second, &[key('#')]);
    let caller = Caller::follow(&gateway.uri("bot"), Settings::default(), script);
    caller.wait_answered();
    bot.wait_for("key #", 1);
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
    assert!(
        spoken < 500,
        "key 2 stops the bot's minute: {spoken} frames"
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
