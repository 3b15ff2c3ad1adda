//! What happened on a call, in plain words, and what to do about it.

use std::time::Duration;

use super::{CallRecord, MediaRecord, rfc3339};
use crate::turns::{Stages, Turns};
use crate::{Direction, EndReason, GatewayReason, HangupCause};

/// A call shorter than this says nothing about missing sound.
const TALK_MIN: Duration = Duration::from_secs(2);
/// From here on, loss is heard.
const LOSS_PERCENT: f32 = 1.0;
/// From here on, a jitter buffer has to add delay that is noticed.
const JITTER_MS: f32 = 30.0;
/// Below this, listeners complain (ITU-T G.107: "many users dissatisfied" begins at 3.6).
const MOS: f32 = 3.6;
/// From here on, callers begin to ask whether somebody is there.
const TURN_MS: u32 = 1_500;
/// From here on, callers think that they are not heard.
const YIELD_MS: u32 = 500;

/// Sentences about one call, the most important first.
pub fn why(record: &CallRecord) -> Vec<String> {
    let mut told = vec![story(record)];
    told.extend(end(record));
    told.extend(
        record
            .detail
            .iter()
            .map(|detail| format!("In its own words: {}.", tidy(detail))),
    );
    if let Some(media) = &record.media {
        told.extend(missing_sound(record, media));
        told.extend(quality(media));
    }
    told.extend(application(record));
    if told.len() == 1 {
        told.push("Nothing unusual was seen.".to_owned());
    }
    told
}

/// Text of a far end, without what would mislead a terminal or break a line.
fn tidy(text: &str) -> String {
    text.trim_end_matches('.')
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

fn story(record: &CallRecord) -> String {
    let (from, to) = (tidy(&record.from), tidy(&record.to));
    let way = match (&record.trunk, &record.provider) {
        (Some(trunk), _) => format!(" by trunk {}", tidy(trunk)),
        (None, Some(provider)) => format!(" by a stream of {}", tidy(provider)),
        (None, None) => String::new(),
    };
    let answer = match record.answered_after {
        Some(after) => {
            let talked = seconds(record.talked());
            format!("was answered after {} and lasted {talked}", seconds(after))
        }
        None => format!(
            "was never answered and ended after {}",
            seconds(record.lasted)
        ),
    };
    let who = match (&record.end, record.direction) {
        (EndReason::App(_), _) => "the application".to_owned(),
        (EndReason::Remote, Direction::Inbound) => "the caller".to_owned(),
        (EndReason::Remote, Direction::Outbound) => "the called side".to_owned(),
        (EndReason::Gateway(_), _) => "the gateway".to_owned(),
        (EndReason::Upstream { code, text }, _) => {
            format!("the far end with {code} {}", tidy(text))
        }
    };
    let (app, started) = (&record.app, rfc3339(record.started));
    format!("{from} called {to}{way} at {started}; app {app}; the call {answer}, ended by {who}.")
}

fn end(record: &CallRecord) -> Option<String> {
    let sentence = match &record.end {
        EndReason::Gateway(reason) => gateway(*reason),
        EndReason::Upstream { code, .. } => upstream(*code),
        EndReason::App(HangupCause::Error) => {
            "The application ended the call because of an error of its own: see its log."
        }
        EndReason::App(HangupCause::NotFound) => {
            "The application knows nobody of the called name: check the number or the route."
        }
        EndReason::Remote if record.answered_after.is_none() => {
            "The caller gave up before anybody answered."
        }
        EndReason::App(_) | EndReason::Remote => return None,
    };
    Some(sentence.to_owned())
}

fn gateway(reason: GatewayReason) -> &'static str {
    match reason {
        GatewayReason::AppUnreachable => {
            "The application could not be reached: start it, and check its url under `apps` with \
             `trunkline doctor`."
        }
        GatewayReason::AppLost => {
            "The connection to the application broke, or it stopped reading or answering pings: \
             look for a crash or a blocked event loop in its log."
        }
        GatewayReason::AppNonsense => {
            "The application broke the protocol too often: check its messages against \
             docs/protocol.schema.json and its `protocol` under `apps`."
        }
        GatewayReason::AppTimeout => {
            "No application took the call in time: connect one to /ws/sip/{call_id}, or send \
             `answer` where the app's entry says `answer: manual`."
        }
        GatewayReason::RtpTimeout => {
            "The far end's sound stopped without a goodbye: it lost its network, or a firewall \
             closed the way; check that UDP to `sip.rtp_ports` stays open."
        }
        GatewayReason::StreamLost => {
            "The provider's media stream broke off without a goodbye: look for the call in the \
             provider's own log, and for a proxy or tunnel in between that was restarted."
        }
        GatewayReason::StreamNonsense => {
            "The provider's media stream broke its dialect too often: check that the address it \
             dials, /sip/{provider}/media-stream, names the right provider."
        }
        GatewayReason::NoAck => {
            "Our 200 was never acknowledged: the far end cannot reach the address in our Contact; \
             set `sip.external_address` and check NAT and firewall."
        }
        GatewayReason::SignallingTimeout => {
            "The far end did not answer our requests: check its address and that its port can be \
             reached from here."
        }
        GatewayReason::NoAnswer => "Nobody picked up in time.",
        GatewayReason::NoCommonCodec => {
            "The two sides have no codec in common (488): add one that the far end offers to \
             `sip.codecs`, or allow pcmu and pcma there."
        }
        GatewayReason::Denied => {
            "No rule allows this call: add a user, a trunk or a route for calls that come in, and \
             an entry under `dial.allow` for calls that go out; `trunkline route TO` explains."
        }
        GatewayReason::Overload => {
            "The gateway had no room for the call: widen `sip.rtp_ports`, raise the descriptor \
             limit, or add a machine."
        }
        GatewayReason::DurationLimit => "The call reached the longest permitted duration.",
        GatewayReason::Shutdown => "The gateway was being stopped.",
        GatewayReason::Internal => {
            "The gateway's own code failed on this call: please report it with its log line."
        }
    }
}

fn upstream(code: u16) -> &'static str {
    match code {
        401 | 403 | 407 => "The far end did not accept us: check username, password and caller.",
        404 | 484 | 604 => "The far end knows no such number: check how it wants numbers written.",
        408 | 480 => "The far end could not be reached: its telephone is off or not registered.",
        486 | 600 => "The called side is busy.",
        487 => "The call was taken back before it was answered.",
        488 | 606 => "The far end takes none of our codecs: compare `sip.codecs` with its own.",
        603 => "The called side declined.",
        500..600 => "The far end has a problem of its own: try again, or ask its operator.",
        _ => "The far end refused the call.",
    }
}

fn missing_sound(record: &CallRecord, media: &MediaRecord) -> Option<String> {
    if record.talked() < TALK_MIN {
        return None;
    }
    let MediaRecord {
        packets_sent: sent,
        packets_received: received,
        ..
    } = media;
    match (sent, received) {
        (0, 0) => Some("No sound went either way: no media address was agreed.".to_owned()),
        (_, 0) if media.packets_rejected > 0 => Some(format!(
            "One-way audio: of what reached our media port, all {} packets were rejected, since \
             they were no RTP of this call: check codec and encryption at the far end.",
            media.packets_rejected
        )),
        (_, 0) => Some(format!(
            "One-way audio: we sent {sent} packets and received none. The far end sends to an \
             address that does not reach us: set `sip.external_address`, and open `sip.rtp_ports` \
             for UDP."
        )),
        (0, _) => Some(format!(
            "One-way audio: we received {received} packets and sent none; the far end had us on \
             hold or named no address to send to."
        )),
        _ => None,
    }
}

fn quality(media: &MediaRecord) -> Vec<String> {
    let mut told = Vec::new();
    let loss = media.loss_percent();
    if loss >= LOSS_PERCENT {
        let lost = media.packets_lost;
        told.push(format!(
            "{loss:.1} % of the far end's packets ({lost}) were lost on the way to us."
        ));
    }
    if let Some(loss) = media.far_loss_percent.filter(|loss| *loss >= LOSS_PERCENT) {
        told.push(format!(
            "The far end says it lost {loss:.1} % of our packets."
        ));
    }
    if media.jitter_ms >= JITTER_MS {
        let jitter = media.jitter_ms;
        told.push(format!(
            "Packets came unevenly: {jitter:.0} ms of jitter, which adds delay."
        ));
    }
    if let Some(mos) = media.mos.filter(|mos| *mos < MOS) {
        told.push(format!(
            "What we heard is estimated at MOS {mos:.1}: it sounded poor."
        ));
    }
    told
}

fn application(record: &CallRecord) -> Vec<String> {
    let mut told = Vec::new();
    let stats = &record.application;
    if stats.frames_dropped > 0 {
        let lost = Duration::from_millis(stats.frames_dropped.saturating_mul(20));
        told.push(format!(
            "The application was too slow to hear {} of the caller; it must read without pausing.",
            seconds(lost)
        ));
    }
    if stats.nonsense > 0 {
        let count = stats.nonsense;
        told.push(format!("The application broke the protocol {count} times."));
    }
    if stats.unknown > 0 {
        let count = stats.unknown;
        told.push(format!(
            "The application sent {count} messages of a type unknown here."
        ));
    }
    if stats.samples_received == 0 && record.talked() >= TALK_MIN {
        told.push("The application never said anything.".to_owned());
    }
    told.extend(turns(&record.turns));
    told
}

fn turns(turns: &Turns) -> Vec<String> {
    let mut told = Vec::new();
    if let Some(deaf) = turns.deaf() {
        let at = Duration::from_millis(deaf.at_ms);
        let silent = Duration::from_millis(deaf.silent_ms);
        told.push(format!(
            "The application was deaf: the caller had spoken by {} into the call, and {} later \
             nothing had been said; look whether it hears what it is sent and whether what it \
             says reaches us.",
            seconds(at),
            seconds(silent)
        ));
    }
    if let Some(median) = turns.median_ms().filter(|median| *median >= TURN_MS) {
        told.push(format!(
            "The caller waited {:.1} s for each answer (median of {} turns){}.",
            in_seconds(median),
            turns.count(),
            longest_stage(turns)
        ));
    }
    if turns.unyielding() > 0 {
        told.push(format!(
            "The application talked on when the caller interrupted it, {} of {} times.",
            turns.unyielding(),
            turns.interrupted()
        ));
    }
    if let Some(median) = turns.yield_median_ms().filter(|median| *median >= YIELD_MS) {
        told.push(format!(
            "When interrupted, it was heard for another {:.1} s (median).",
            in_seconds(median)
        ));
    }
    told
}

/// The stage that takes most of the time, as the end of a sentence.
fn longest_stage(turns: &Turns) -> String {
    let stages = turns.stages_median_ms().unwrap_or_default();
    let stages = Stages::NAMES.into_iter().zip(stages);
    stages
        .max_by_key(|(_, ms)| *ms)
        .map_or_else(String::new, |(name, ms)| {
            format!(", {:.1} s of it {}", in_seconds(ms), place(name))
        })
}

fn in_seconds(ms: u32) -> f64 {
    f64::from(ms) / 1_000.0
}

/// Where the time of a stage is spent.
fn place(stage: &str) -> &'static str {
    match stage {
        "packet" => "until the caller's packets were full",
        "jitter_buffer" => "in the jitter buffer",
        "application" => "in the application",
        "queue" => "in the queue of what the application had said",
        _ => "in filters",
    }
}
