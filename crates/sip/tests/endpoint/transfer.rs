//! Blind transfer, both ways (RFC 3515).

use crate::bench::{Bench, response};
use std::time::Duration;
use trunkline_sip::dialog::{TransferNotice, notify_transfer, transfer_notice};
use trunkline_sip::endpoint::{Action, DialogRequest, Event};
use trunkline_sip::{Message, Method, Name};

const NOTIFY: [&str; 3] = [
    "Event: refer",
    "Subscription-State: active",
    "Content-Type: message/sipfrag",
];

fn with_body(request: &str, body: &str) -> String {
    let length = format!("Content-Length: {}\r\n\r\n{body}", body.len());
    request.replace("Content-Length: 0\r\n\r\n", &length)
}

fn refer() -> DialogRequest {
    let headers = vec![("Refer-To".into(), "<sip:carol@10.0.0.3>".to_owned())];
    DialogRequest {
        headers,
        ..DialogRequest::new(Method::Refer)
    }
}

/// A call is up and we ask its far end to go elsewhere: our 200, and the REFER.
fn we_transfer(bench: &mut Bench) -> (Message, Message) {
    let (owner, ok) = bench.peer_is_up();
    bench.act(Action::Request {
        owner,
        request: refer(),
    });
    (ok, bench.only_sent())
}

#[test]
fn the_news_of_our_transfer_reaches_the_call_until_its_end() {
    let mut bench = Bench::new();
    let (ok, sent) = we_transfer(&mut bench);
    assert_eq!(sent.header(Name::ReferTo), Some("<sip:carol@10.0.0.3>"));
    // The first NOTIFY may overtake the 202.
    let notify = bench.in_dialog(&ok, "NOTIFY", 2, &NOTIFY);
    bench.receive(&with_body(&notify, "SIP/2.0 100 Trying\r\n"));
    bench.receive(&response(&sent, 202, "", &[]));
    let ended = NOTIFY.map(|line| line.replace("active", "terminated;reason=noresource"));
    let ended = ended.each_ref().map(String::as_str);
    let notify = bench.in_dialog(&ok, "NOTIFY", 3, &ended);
    bench.receive(&with_body(&notify, "SIP/2.0 486 Busy Here\r\n"));
    let notices: Vec<_> = bench.take_events().iter().filter_map(notice).collect();
    let told = |status, reason: &str, last| TransferNotice {
        status,
        reason: reason.into(),
        last,
    };
    assert_eq!(
        notices,
        [told(100, "Trying", false), told(486, "Busy Here", true)]
    );
    let late = bench.in_dialog(&ok, "NOTIFY", 4, &NOTIFY);
    bench.receive(&with_body(&late, "SIP/2.0 200 OK\r\n"));
    assert_eq!(
        bench.take_sent().last().and_then(Message::status),
        Some(481)
    );
}

fn notice(event: &Event) -> Option<TransferNotice> {
    match event {
        Event::Request { request, .. } => transfer_notice(request),
        _ => None,
    }
}

#[test]
fn the_news_of_a_transfer_is_taken_after_the_call_is_over() {
    let mut bench = Bench::new();
    let (ok, sent) = we_transfer(&mut bench);
    bench.receive(&response(&sent, 202, "", &[]));
    let bye = bench.in_dialog(&ok, "BYE", 2, &[]);
    bench.receive(&bye);
    let closed = |event: &Event| matches!(event, Event::Closed { .. });
    assert!(
        !bench.take_events().iter().any(closed),
        "the transfer's end is still to come"
    );
    bench.take_sent();
    let ended = ["Event: refer", "Subscription-State: terminated"];
    let notify = bench.in_dialog(&ok, "NOTIFY", 3, &ended);
    bench.receive(&with_body(&notify, "SIP/2.0 200 OK\r\n"));
    assert_eq!(bench.statuses(), [200]);
    assert!(bench.take_events().iter().any(closed));
    bench.assert_empties();
}

#[test]
fn a_transfer_that_is_never_heard_of_again_is_forgotten_a_minute_after_the_call() {
    let mut bench = Bench::new();
    let (ok, sent) = we_transfer(&mut bench);
    bench.receive(&response(&sent, 202, "", &[]));
    let bye = bench.in_dialog(&ok, "BYE", 2, &[]);
    bench.receive(&bye);
    bench.take_events();
    bench.wait(Duration::from_secs(60));
    bench.assert_closed();
    bench.assert_empties();
}

#[test]
fn a_transfer_asked_of_us_is_told_by_notify() {
    let mut bench = Bench::new();
    let (owner, ok) = bench.peer_is_up();
    let asked = bench.in_dialog(&ok, "REFER", 2, &["Refer-To: <sip:carol@10.0.0.3>"]);
    bench.receive(&asked);
    let events = bench.take_events();
    let [Event::Request { transaction, .. }] = events.as_slice() else {
        panic!("{events:?}")
    };
    bench.respond(*transaction, 202);
    assert_eq!(bench.statuses(), [202]);
    for (status, state) in [
        (100, "active;expires=60"),
        (200, "terminated;reason=noresource"),
    ] {
        bench.act(Action::Request {
            owner,
            request: notify_transfer(status, "So"),
        });
        let notify = bench.only_sent();
        assert_eq!(notify.header(Name::SubscriptionState), Some(state));
        assert_eq!(notify.body(), format!("SIP/2.0 {status} So\r\n").as_bytes());
        bench.receive(&response(&notify, 200, "", &[]));
    }
    bench.hangup(owner);
    bench.assert_empties();
}

#[test]
fn a_notify_that_nobody_asked_for_is_refused() {
    let mut bench = Bench::new();
    let (_, ok) = bench.peer_is_up();
    let notify = bench.in_dialog(&ok, "NOTIFY", 2, &NOTIFY);
    bench.receive(&notify);
    assert_eq!(bench.statuses(), [481]);
    let notify = bench.in_dialog(&ok, "NOTIFY", 3, &["Event: presence"]);
    bench.receive(&notify);
    assert_eq!(bench.statuses(), [489]);
}

#[test]
fn a_transfer_without_news_keeps_nothing_open() {
    let mut bench = Bench::new();
    let (ok, sent) = we_transfer(&mut bench);
    bench.receive(&response(&sent, 202, "", &["Refer-Sub: false"]));
    let bye = bench.in_dialog(&ok, "BYE", 2, &[]);
    bench.receive(&bye);
    assert!(matches!(
        bench.take_events().last(),
        Some(Event::Closed { .. })
    ));
    bench.assert_empties();
}

#[test]
fn a_transfer_taken_while_the_call_rings_ends_with_it() {
    let mut bench = Bench::new();
    let (owner, invite, _) = bench.peer_calls();
    bench.respond(invite, 180);
    let ringing = bench.only_sent();
    let asked = bench.in_dialog(&ringing, "REFER", 2, &["Refer-To: <sip:carol@10.0.0.3>"]);
    bench.receive(&asked);
    let events = bench.take_events();
    let [Event::Request { transaction, .. }] = events.as_slice() else {
        panic!("{events:?}")
    };
    bench.respond(*transaction, 202);
    bench.hangup(owner);
    bench.assert_empties();
    bench.assert_closed();
}
