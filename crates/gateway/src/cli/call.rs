//! `trunkline call`: places a call, as a softphone would.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use serde_json::json;
use trunkline_audio::SAMPLE_RATE_HZ;
use trunkline_call::{CallEvent, Digit, EndReason};
use trunkline_phone::softphone::{self, PhoneError, Report, Script, Settings};
use trunkline_sip::digest::Account;

use super::Failure;
use super::client::GatewayArgs;
use super::measure::{in_ms, rounded};
use super::print::{cell, lines};
use super::sound::{self, Recording};

/// The first word or key comes this long after answer, and the call goes on as long after the last.
const PAUSE: Duration = Duration::from_millis(500);

/// See [`super::Command::Call`].
#[derive(Debug, Args)]
pub struct Call {
    /// Whom to call: sip:user@host or sip:user@host:port, with ;transport=tcp for TCP; with --app also
    /// a number of a trunk or provider, such as +15551230000@twilio.
    target: String,
    /// Who calls: sip:user@host; with --app a number of ours at the provider.
    #[arg(long, value_name = "URI")]
    from: Option<String>,
    /// Answers a challenge.
    #[arg(long, value_name = "USER:PASSWORD", value_parser = account)]
    auth: Option<Account>,
    /// Plays a WAV file once the call is answered.
    #[arg(long, value_name = "WAV")]
    play: Option<PathBuf>,
    /// Records both sides: left what was sent, right what was heard.
    #[arg(long, value_name = "WAV")]
    record: Option<PathBuf>,
    /// Presses these keys once the call is answered.
    #[arg(long, value_name = "KEYS", value_parser = keys)]
    dtmf: Option<Keys>,
    /// Hangs up this many seconds after answer; otherwise after what is played and pressed, or
    /// where there is nothing of that, when the far end does.
    #[arg(long, value_name = "S", value_parser = seconds)]
    duration: Option<Duration>,
    /// Has a running gateway place the call, for this application of its configuration.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["auth", "play", "record", "dtmf", "duration"])]
    app: Option<String>,
    #[command(flatten)]
    gateway: GatewayArgs,
    /// Print one JSON object instead of the drawing.
    #[arg(long)]
    json: bool,
}

/// Keys to press.
#[derive(Clone, Debug)]
pub(super) struct Keys(pub(super) Vec<Digit>);

pub(super) fn keys(text: &str) -> Result<Keys, String> {
    let key = |key| {
        let named = Digit::from_char(key);
        named.ok_or_else(|| format!("{key:?} is no telephone key: they are 0-9 * # A-D"))
    };
    text.chars().map(key).collect::<Result<_, _>>().map(Keys)
}

pub(super) fn account(text: &str) -> Result<Account, String> {
    let (username, password) = text.split_once(':').ok_or("write USER:PASSWORD")?;
    Ok(Account {
        username: username.to_owned(),
        password: password.to_owned(),
        realm: None,
    })
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds")?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "not a time from now on".to_owned())
}

impl Call {
    /// Places the call; it fails where it was not answered or did not end well.
    pub fn run(self) -> Result<(), Failure> {
        if let Some(app) = &self.app {
            return self.place(app);
        }
        let script = self.script()?;
        let recording = Recording::begin(self.record.as_deref())?;
        let settings = Settings {
            from: self.from.clone().map(as_header),
            account: self.auth.clone(),
            stop: stop_on_interrupt(),
            ..Settings::default()
        };
        let show = !self.json && std::io::stderr().is_terminal();
        let report = softphone::call(&self.target, &settings, script, &mut |event| {
            if let (true, Some(news)) = (show, news(event)) {
                eprintln!("{news}");
            }
        });
        let report = report.map_err(|error| match error {
            PhoneError::Target(_) => Failure::Usage(error.to_string()),
            _ => Failure::of(error),
        })?;
        recording.write(&report.stereo())?;
        let recorded = self.record.as_deref();
        if self.json {
            println!("{}", as_json(&report, recorded));
        } else {
            print!("{}", as_text(&report, &self.target, recorded));
        }
        if went_well(&report) {
            return Ok(());
        }
        let end = end_in_words(&report);
        let remedy = self.remedy(&report).unwrap_or_default();
        let told = format!("the call did not go well: {end}{remedy}");
        Err(Failure::Failed(told))
    }

    /// What to type where the call was refused for a reason that one can mend here.
    fn remedy(&self, report: &Report) -> Option<&'static str> {
        if report.unreachable.is_some() {
            return Some("; is it running, and is the port right?");
        }
        match (report.end.code()?, &self.auth) {
            (401 | 407, Some(_)) => Some("; the name or the password of --auth is wrong"),
            (401 | 407, None) => Some("; it wants a password: give --auth USER:PASSWORD"),
            _ => None,
        }
    }

    /// Asks a running gateway. The call goes on without this command.
    fn place(&self, app: &str) -> Result<(), Failure> {
        let order = json!({"to": self.target, "from": self.from, "app": app});
        let placed = self.gateway.post("/v1/calls", &order)?;
        match self.json {
            true => lines([placed]),
            false => lines([cell(&placed["id"])]),
        }
    }

    fn script(&self) -> Result<Script, Failure> {
        let speech = match &self.play {
            Some(file) => sound::played(file)?,
            None => Vec::new(),
        };
        let keys = self.dtmf.as_ref().map_or(&[][..], |keys| &keys.0);
        let spoken = Duration::from_secs_f64(speech.len() as f64 / f64::from(SAMPLE_RATE_HZ));
        let busy = spoken.max(Script::time_to_press(keys.len()));
        let script = Script::new().play(PAUSE, &speech).press(PAUSE, keys);
        let own_end = (busy > Duration::ZERO).then_some(busy + 2 * PAUSE);
        Ok(match self.duration.or(own_end) {
            Some(end) => script.hang_up(end),
            None => script,
        })
    }
}

/// A URI as the From header wants it.
fn as_header(uri: String) -> String {
    if uri.contains('<') {
        uri
    } else {
        format!("<{uri}>")
    }
}

/// Set by the first Ctrl-C: the call is then ended as one ends a call.
pub(super) fn stop_on_interrupt() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&stop);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        // Without it Ctrl-C ends the process, as it does anywhere.
        if let Ok(runtime) = runtime
            && runtime.block_on(tokio::signal::ctrl_c()).is_ok()
        {
            set.store(true, Ordering::Relaxed);
        }
    });
    stop
}

fn news(event: &CallEvent) -> Option<String> {
    Some(match event {
        CallEvent::Ringing => "ringing".to_owned(),
        CallEvent::Answered => "answered".to_owned(),
        CallEvent::Dtmf { digit, .. } => format!("the far end pressed {}", digit.as_char()),
        CallEvent::Held => "the far end holds the call".to_owned(),
        CallEvent::Resumed => "the far end resumed the call".to_owned(),
        _ => return None,
    })
}

fn went_well(report: &Report) -> bool {
    let ended_well = matches!(report.end, EndReason::App(_) | EndReason::Remote);
    report.answered_after.is_some() && ended_well && report.refused.is_empty()
}

/// How the call ended, for people.
pub(super) fn end_in_words(report: &Report) -> String {
    if let Some(address) = report.unreachable {
        return format!("nobody listens at {address}");
    }
    match &report.end {
        EndReason::App(_) => "we hung up".to_owned(),
        EndReason::Remote => "the far end hung up".to_owned(),
        EndReason::Upstream { code, text } => format!("refused: {code} {text}"),
        EndReason::Gateway(reason) => reason.word().replace('_', " "),
    }
}

fn as_text(report: &Report, target: &str, recorded: Option<&Path>) -> String {
    let target = target.escape_debug().to_string();
    let mut lines = vec![report.ladder.draw("phone", &target)];
    lines.push(format!("end          {}", end_in_words(report)));
    if report.answered_after.is_some() {
        let heard = report.heard.figures();
        lines.push(format!(
            "lasted       {:.1} s from the answer",
            report.lasted.as_secs_f64()
        ));
        lines.push(format!(
            "heard        {} packets, {} lost, jitter {:.1} ms",
            heard.packets,
            heard.lost,
            in_ms(heard.jitter)
        ));
        if let Some(trip) = report.round_trip() {
            lines.push(format!(
                "echo         after {:.1} ms, likeness {:.3} of 1",
                in_ms(trip.delay),
                trip.likeness
            ));
        }
    }
    if !report.keys.is_empty() {
        let keys: String = report.keys.iter().map(|key| key.as_char()).collect();
        lines.push(format!("keys         {keys}"));
    }
    for (command, why) in &report.refused {
        lines.push(format!("refused      {}: {}", command.word(), why.word()));
    }
    if let Some(file) = recorded {
        lines.push(format!(
            "recording    {}: left what was sent, right what was heard",
            file.display()
        ));
    }
    lines.join("\n") + "\n"
}

fn as_json(report: &Report, recorded: Option<&Path>) -> serde_json::Value {
    let (sent, heard) = (report.sent.figures(), report.heard.figures());
    let trip = report.round_trip();
    let refused = report.refused.iter();
    json!({
        "ok": went_well(report),
        "end": {
            "by": report.end.by(),
            "reason": report.end.reason(),
            "code": report.end.code(),
            "text": report.end.text(),
            "unreachable": report.unreachable,
        },
        "rangMs": report.rang_after.map(|after| rounded(in_ms(after))),
        "answeredMs": report.answered_after.map(|after| rounded(in_ms(after))),
        "lastedMs": rounded(in_ms(report.lasted)),
        "codec": heard.codec.map(|codec| codec.name()),
        "sent": {"packets": sent.packets},
        "heard": {
            "packets": heard.packets,
            "lost": heard.lost,
            "duplicates": heard.duplicates,
            "jitterMs": rounded(in_ms(heard.jitter)),
        },
        "roundTripMs": trip.map(|trip| rounded(in_ms(trip.delay))),
        "likeness": trip.map(|trip| rounded(trip.likeness)),
        "keys": report.keys.iter().map(|key| key.as_char()).collect::<String>(),
        "refused": refused
            .map(|(command, why)| json!({"command": command.word(), "why": why.word()}))
            .collect::<Vec<_>>(),
        "recording": recorded,
        "ladder": report.ladder.rungs(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_wrong_is_said_with_what_is_right() {
        assert!(keys("12x").unwrap_err().contains("0-9 * # A-D"));
        assert_eq!(keys("1#").unwrap().0.len(), 2);
        assert!(account("alice").is_err());
        assert_eq!(account("alice:a:b").unwrap().password, "a:b");
        assert!(seconds("-1").is_err());
        assert!(seconds("1e300").is_err());
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
    }
}
