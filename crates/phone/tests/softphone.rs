//! Two softphones call each other over the loopback interface.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

use trunkline_audio::wav;
use trunkline_call::{CallCommand, CallEvent, Digit, EndReason, GatewayReason, HangupCause};
use trunkline_media::codec::Codec;
use trunkline_phone::alignment::align;
use trunkline_phone::softphone::{self, Report, Script, Settings, Waiting};
use trunkline_sip::endpoint::Transport;

const PATIENCE: Duration = Duration::from_secs(20);
const LOOPBACK: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn speech(seconds: usize) -> Vec<i16> {
    let file = include_bytes!("../../../fixtures/speech/demo.wav");
    let samples = wav::read(file).unwrap().into_mono();
    samples.into_iter().take(seconds * 16_000).collect()
}

/// What both sides saw of a call from the first phone to the second.
fn call(
    transport: Transport,
    settings: &Settings,
    caller: Script,
    called: Script,
) -> (Report, Report) {
    let waiting = Waiting::listen(transport, LOOPBACK, Settings::default()).unwrap();
    let suffix = if transport == Transport::Tcp {
        ";transport=tcp"
    } else {
        ""
    };
    let target = format!("sip:bob@{}{suffix}", waiting.address());
    let bob = thread::spawn(move || waiting.answer(PATIENCE, called, &mut |_| {}).unwrap());
    let alice = softphone::call(&target, settings, caller, &mut |_| {}).unwrap();
    (alice, bob.join().unwrap())
}

#[test]
fn each_hears_what_the_other_says() {
    let settings = Settings {
        codecs: vec![Codec::Pcma],
        ..Settings::default()
    };
    let said = speech(3);
    let caller = Script::new().play(ms(100), &said).hang_up(ms(3_500));
    let (alice, bob) = call(Transport::Udp, &settings, caller, Script::new());
    assert_eq!(alice.end, EndReason::App(HangupCause::Normal));
    assert_eq!(bob.end, EndReason::Remote);
    assert_eq!(bob.heard.figures().codec, Some(Codec::Pcma));
    let found = align(&said, bob.heard.samples(), (0, 16_000)).unwrap();
    assert!(found.likeness > 0.95, "{found:?}");
    // Silence came back: that is no echo.
    assert_eq!(alice.round_trip(), None);
    assert!(
        alice.heard.figures().packets > 100,
        "{:?}",
        alice.heard.figures()
    );
    let texts: Vec<&str> = alice
        .ladder
        .rungs()
        .iter()
        .map(|rung| rung.text.as_str())
        .collect();
    let expected = [
        "INVITE",
        "180 Ringing",
        "200 OK (INVITE)",
        "ACK",
        "BYE",
        "200 OK (BYE)",
    ];
    let mut rest = texts.iter();
    for wanted in expected {
        assert!(
            rest.any(|text| text.starts_with(wanted)),
            "{wanted} in {texts:?}"
        );
    }
}

#[test]
fn keys_and_a_hold_reach_the_other_side_over_tcp() {
    let keys: Vec<Digit> = "159#".chars().filter_map(Digit::from_char).collect();
    let caller = Script::new()
        .press(ms(100), &keys)
        .then(ms(1_500), CallCommand::Hold)
        .then(ms(1_800), CallCommand::Resume)
        .hang_up(ms(2_300));
    let waiting = Waiting::listen(Transport::Tcp, LOOPBACK, Settings::default()).unwrap();
    let target = format!("bob@{};transport=tcp", waiting.address());
    let bob = thread::spawn(move || {
        let mut told = Vec::new();
        let mut note = |event: &CallEvent| {
            if !matches!(event, CallEvent::Dtmf { .. } | CallEvent::Audio { .. }) {
                told.push(event.clone());
            }
        };
        let report = waiting.answer(PATIENCE, Script::new(), &mut note).unwrap();
        (report, told)
    });
    softphone::call(&target, &Settings::default(), caller, &mut |_| {}).unwrap();
    let (report, told) = bob.join().unwrap();
    assert_eq!(report.keys, keys);
    use CallEvent::{Answered, Ended, Held, Resumed};
    assert_eq!(told, [Answered, Held, Resumed, Ended(EndReason::Remote)]);
}

#[test]
fn the_called_phone_is_told_that_it_has_answered() {
    let waiting = Waiting::listen(Transport::Udp, LOOPBACK, Settings::default()).unwrap();
    let target = format!("sip:bob@{}", waiting.address());
    let bob = thread::spawn(move || {
        let mut answered = 0;
        let mut note = |event: &CallEvent| {
            answered += usize::from(matches!(event, CallEvent::Answered));
        };
        waiting.answer(PATIENCE, Script::new(), &mut note).unwrap();
        answered
    });
    let caller = Script::new().hang_up(ms(100));
    softphone::call(&target, &Settings::default(), caller, &mut |_| {}).unwrap();
    assert_eq!(bob.join().unwrap(), 1);
}

/// The next message that begins so; others may come before it.
fn next_message(socket: &UdpSocket, begins: &str) -> String {
    let mut datagram = [0; 4_096];
    loop {
        let length = socket.recv(&mut datagram).expect(begins);
        let text = String::from_utf8_lossy(&datagram[..length]).into_owned();
        if text.starts_with(begins) {
            return text;
        }
    }
}

#[test]
fn who_hangs_up_before_the_ack_says_goodbye_after_it() {
    let waiting = Waiting::listen(Transport::Udp, LOOPBACK, Settings::default()).unwrap();
    let far = UdpSocket::bind(LOOPBACK).unwrap();
    far.connect(waiting.address()).unwrap();
    far.set_read_timeout(Some(PATIENCE)).unwrap();
    let here = far.local_addr().unwrap();
    let at_once = Script::new().hang_up(ms(0));
    let bob = thread::spawn(move || waiting.answer(PATIENCE, at_once, &mut |_| {}).unwrap());
    let offer = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
                 m=audio 9 RTP/AVP 0\r\n";
    let request = |method: &str, to: &str, body: &str| {
        format!(
            "{method} sip:bob@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{method}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:alice@127.0.0.1>;tag=a\r\n{to}\r\nCall-ID: one\r\n\
             CSeq: 1 {method}\r\nContact: <sip:alice@{here}>\r\nContent-Type: application/sdp\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let invite = request("INVITE", "To: <sip:bob@127.0.0.1>", offer);
    far.send(invite.as_bytes()).unwrap();
    next_message(&far, "SIP/2.0 200");
    // It comes again because there was no ACK: the phone has hung up long since, and is still there.
    let answer = next_message(&far, "SIP/2.0 200");
    let to = answer.lines().find(|line| line.starts_with("To:")).unwrap();
    far.send(request("ACK", to, "").as_bytes()).unwrap();
    let goodbye = next_message(&far, "BYE");
    let kept = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
    let kept = goodbye
        .lines()
        .filter(|line| kept.iter().any(|name| line.starts_with(name)));
    let kept: String = kept.map(|line| format!("{line}\r\n")).collect();
    let heard = format!("SIP/2.0 200 OK\r\n{kept}Content-Length: 0\r\n\r\n");
    far.send(heard.as_bytes()).unwrap();
    assert_eq!(bob.join().unwrap().end, EndReason::App(HangupCause::Normal));
}

#[test]
fn a_port_where_nobody_listens_is_noticed_at_once() {
    // Below what the system hands out, so that neither this phone nor another test is given it.
    let address = SocketAddr::from(([127, 0, 0, 1], 25_999));
    let begun = Instant::now();
    let settings = Settings::default();
    let target = format!("sip:x@{address}");
    let report = softphone::call(&target, &settings, Script::new(), &mut |_| {}).unwrap();
    assert_eq!(report.unreachable, Some(address));
    assert_eq!(
        report.end,
        EndReason::Gateway(GatewayReason::SignallingTimeout)
    );
    assert!(
        begun.elapsed() < Duration::from_secs(25),
        "32 s is what a timer would take"
    );
}

#[test]
fn a_call_can_be_stopped_from_another_thread() {
    let stop = Arc::new(AtomicBool::new(false));
    let settings = Settings {
        stop: Arc::clone(&stop),
        ..Settings::default()
    };
    let waiting = Waiting::listen(Transport::Udp, LOOPBACK, Settings::default()).unwrap();
    let target = format!("sip:bob@{}", waiting.address());
    let bob = thread::spawn(move || {
        waiting
            .answer(PATIENCE, Script::new(), &mut |_| {})
            .unwrap()
    });
    let mut stop_at_answer = |event: &CallEvent| {
        if matches!(event, CallEvent::Answered) {
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    };
    let report = softphone::call(&target, &settings, Script::new(), &mut stop_at_answer).unwrap();
    assert_eq!(report.end, EndReason::App(HangupCause::Normal));
    assert_eq!(bob.join().unwrap().end, EndReason::Remote);
}
