//! The four machines, step by step beside their figures in RFC 3261 and RFC 6026.

// Tests need some instant to count from.
#![allow(clippy::disallowed_methods)]

use super::*;

const UDP: bool = false;
const TCP: bool = true;

fn link(reliable: bool) -> Link {
    Link {
        reliable,
        timing: Timing::default(),
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// Runs a step and returns its effects.
fn step(run: impl FnOnce(&mut Effects)) -> Effects {
    let mut effects = Effects::new();
    run(&mut effects);
    effects
}

/// What an effect arms, and after how long.
fn armed(effects: &Effects, start: Instant) -> Vec<(Timer, Duration)> {
    let arm = |effect: &Effect| match effect {
        Effect::Arm(timer, at) => Some((*timer, *at - start)),
        _ => None,
    };
    effects.iter().filter_map(arm).collect()
}

#[test]
fn an_invite_is_repeated_at_doubling_intervals_and_given_up_after_32_seconds() {
    let start = Instant::now();
    let mut effects = Effects::new();
    let mut machine = ClientInvite::start(start, link(UDP), &mut effects);
    assert_eq!(effects[0], Effect::Send);
    assert_eq!(
        armed(&effects, start),
        [(Timer::A, seconds(0.5)), (Timer::B, seconds(32.0))]
    );
    for (at, next) in [
        (0.5, 1.5),
        (1.5, 3.5),
        (3.5, 7.5),
        (7.5, 15.5),
        (15.5, 31.5),
    ] {
        let effects = step(|out| machine.timer(start + seconds(at), Timer::A, out));
        assert_eq!(effects[0], Effect::Send);
        assert_eq!(armed(&effects, start), [(Timer::A, seconds(next))]);
    }
    let effects = step(|out| machine.timer(start + seconds(32.0), Timer::B, out));
    assert!(effects.ends_with(&[Effect::TimedOut, Effect::Done]));
}

#[test]
fn over_a_reliable_transport_nothing_is_repeated() {
    let start = Instant::now();
    let effects = step(|out| {
        ClientInvite::start(start, link(TCP), out);
    });
    assert_eq!(armed(&effects, start), [(Timer::B, seconds(32.0))]);
    let effects = step(|out| {
        ClientOther::start(start, link(TCP), out);
    });
    assert_eq!(armed(&effects, start), [(Timer::F, seconds(32.0))]);
}

#[test]
fn a_provisional_response_ends_the_repeats_and_starts_the_limit_of_ringing() {
    let start = Instant::now();
    let mut machine = ClientInvite::start(start, link(UDP), &mut Effects::new());
    let effects = step(|out| machine.response(start, 180, out));
    assert_eq!(
        armed(&effects, start),
        [(Timer::C, Timing::default().ringing)]
    );
    assert!(effects.contains(&Effect::Disarm(Timer::A)));
    assert!(effects.contains(&Effect::Disarm(Timer::B)));
    assert!(effects.contains(&Effect::Deliver));
    assert_eq!(step(|out| machine.timer(start, Timer::A, out)), []);
    // A second 100 says nothing new; a second 180 says that it still rings.
    let effects = step(|out| machine.response(start + seconds(9.0), 100, out));
    assert_eq!(effects, [Effect::Deliver]);
    let effects = step(|out| machine.response(start + seconds(60.0), 180, out));
    assert_eq!(armed(&effects, start), [(Timer::C, seconds(241.0))]);
    let effects = step(|out| machine.timer(start + seconds(241.0), Timer::C, out));
    assert_eq!(effects, [Effect::RangTooLong]);
}

#[test]
fn each_2xx_is_delivered_until_timer_m_and_no_refusal_after_one() {
    let start = Instant::now();
    let mut machine = ClientInvite::start(start, link(UDP), &mut Effects::new());
    let effects = step(|out| machine.response(start, 200, out));
    assert_eq!(armed(&effects, start), [(Timer::M, seconds(32.0))]);
    assert!(effects.contains(&Effect::Deliver));
    assert_eq!(
        step(|out| machine.response(start, 200, out)),
        [Effect::Deliver]
    );
    assert_eq!(step(|out| machine.response(start, 486, out)), []);
    assert_eq!(
        step(|out| machine.timer(start, Timer::M, out)),
        [Effect::Done]
    );
    assert_eq!(step(|out| machine.response(start, 200, out)), []);
}

#[test]
fn a_refusal_is_delivered_once_and_acknowledged_each_time() {
    let start = Instant::now();
    let mut machine = ClientInvite::start(start, link(UDP), &mut Effects::new());
    let effects = step(|out| machine.response(start, 486, out));
    assert!(effects.contains(&Effect::SendAck) && effects.contains(&Effect::Deliver));
    assert_eq!(armed(&effects, start), [(Timer::D, seconds(32.0))]);
    assert_eq!(
        step(|out| machine.response(start, 486, out)),
        [Effect::SendAck]
    );
    assert_eq!(step(|out| machine.response(start, 200, out)), []);
    assert_eq!(
        step(|out| machine.timer(start, Timer::D, out)),
        [Effect::Done]
    );
}

#[test]
fn other_requests_are_repeated_at_most_every_four_seconds() {
    let start = Instant::now();
    let mut machine = ClientOther::start(start, link(UDP), &mut Effects::new());
    let mut at = seconds(0.5);
    let mut sent = vec![at.as_secs_f64()];
    while sent.len() < 7 {
        let effects = step(|out| machine.timer(start + at, Timer::E, out));
        at = armed(&effects, start)[0].1;
        sent.push(at.as_secs_f64());
    }
    assert_eq!(sent, [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5]);
}

#[test]
fn a_provisional_response_slows_other_requests_down_but_does_not_stop_them() {
    let start = Instant::now();
    let mut machine = ClientOther::start(start, link(UDP), &mut Effects::new());
    assert_eq!(
        step(|out| machine.response(start, 100, out)),
        [Effect::Deliver]
    );
    let effects = step(|out| machine.timer(start + seconds(0.5), Timer::E, out));
    assert_eq!(armed(&effects, start), [(Timer::E, seconds(4.5))]);
    let effects = step(|out| machine.timer(start + seconds(32.0), Timer::F, out));
    assert!(effects.ends_with(&[Effect::TimedOut, Effect::Done]));
}

#[test]
fn the_final_response_to_another_request_is_delivered_once() {
    let start = Instant::now();
    for (reliable, linger) in [(UDP, seconds(5.0)), (TCP, Duration::ZERO)] {
        let mut machine = ClientOther::start(start, link(reliable), &mut Effects::new());
        let effects = step(|out| machine.response(start, 200, out));
        assert_eq!(armed(&effects, start), [(Timer::K, linger)]);
        assert!(effects.contains(&Effect::Deliver));
        assert_eq!(step(|out| machine.response(start, 200, out)), []);
        assert_eq!(
            step(|out| machine.timer(start, Timer::K, out)),
            [Effect::Done]
        );
    }
}

#[test]
fn an_invite_that_nobody_answers_gets_its_100_after_200_milliseconds_or_when_repeated() {
    let start = Instant::now();
    let mut effects = Effects::new();
    let mut machine = ServerInvite::start(start, link(UDP), &mut effects);
    assert_eq!(armed(&effects, start), [(Timer::Trying, seconds(0.2))]);
    assert_eq!(step(|out| machine.repeated(out)), [Effect::SendTrying]);
    assert_eq!(
        step(|out| machine.timer(start, Timer::Trying, out)),
        [Effect::SendTrying]
    );
}

#[test]
fn a_ringing_invite_repeats_its_180_each_minute_and_whenever_asked() {
    let start = Instant::now();
    let mut machine = ServerInvite::start(start, link(UDP), &mut Effects::new());
    let effects = step(|out| assert!(machine.respond(start, 180, out)));
    assert_eq!(armed(&effects, start), [(Timer::Ringing, seconds(60.0))]);
    assert_eq!(step(|out| machine.repeated(out)), [Effect::Send]);
    let effects = step(|out| machine.timer(start + seconds(60.0), Timer::Ringing, out));
    assert_eq!(effects[0], Effect::Send);
    assert_eq!(armed(&effects, start), [(Timer::Ringing, seconds(120.0))]);
}

#[test]
fn an_accepted_invite_is_absorbed_until_timer_l() {
    let start = Instant::now();
    let mut machine = ServerInvite::start(start, link(UDP), &mut Effects::new());
    let effects = step(|out| assert!(machine.respond(start, 200, out)));
    assert_eq!(armed(&effects, start), [(Timer::L, seconds(32.0))]);
    assert_eq!(step(|out| machine.repeated(out)), []);
    assert!(
        !machine.acknowledged(start, &mut Effects::new()),
        "that ACK is the dialog's"
    );
    assert!(
        !machine.respond(start, 486, &mut Effects::new()),
        "it has its answer"
    );
    assert_eq!(
        step(|out| machine.timer(start, Timer::L, out)),
        [Effect::Done]
    );
}

#[test]
fn a_refusal_is_repeated_until_its_ack_and_given_up_after_32_seconds() {
    let start = Instant::now();
    let mut machine = ServerInvite::start(start, link(UDP), &mut Effects::new());
    let effects = step(|out| assert!(machine.respond(start, 486, out)));
    assert_eq!(
        armed(&effects, start),
        [(Timer::G, seconds(0.5)), (Timer::H, seconds(32.0))]
    );
    assert_eq!(step(|out| machine.repeated(out)), [Effect::Send]);
    for (at, next) in [
        (0.5, 1.5),
        (1.5, 3.5),
        (3.5, 7.5),
        (7.5, 11.5),
        (11.5, 15.5),
    ] {
        let effects = step(|out| machine.timer(start + seconds(at), Timer::G, out));
        assert_eq!(armed(&effects, start), [(Timer::G, seconds(next))]);
    }
    let effects = step(|out| machine.timer(start + seconds(32.0), Timer::H, out));
    assert!(effects.ends_with(&[Effect::TimedOut, Effect::Done]));
}

#[test]
fn the_ack_of_a_refusal_ends_the_repeats_and_lingers() {
    let start = Instant::now();
    for (reliable, linger) in [(UDP, seconds(5.0)), (TCP, Duration::ZERO)] {
        let mut machine = ServerInvite::start(start, link(reliable), &mut Effects::new());
        machine.respond(start, 486, &mut Effects::new());
        let effects = step(|out| assert!(machine.acknowledged(start, out)));
        assert_eq!(armed(&effects, start), [(Timer::I, linger)]);
        assert!(effects.contains(&Effect::Disarm(Timer::G)));
        assert!(
            machine.acknowledged(start, &mut Effects::new()),
            "a repeated ACK ends here too"
        );
        assert_eq!(step(|out| machine.repeated(out)), []);
        assert_eq!(
            step(|out| machine.timer(start, Timer::I, out)),
            [Effect::Done]
        );
    }
}

#[test]
fn another_request_is_answered_again_whenever_it_comes_again() {
    let start = Instant::now();
    let mut machine = ServerOther::start(start, link(UDP), &mut Effects::new());
    assert_eq!(
        step(|out| machine.repeated(out)),
        [],
        "there is nothing to repeat yet"
    );
    let effects = step(|out| assert!(machine.respond(start, 200, out)));
    assert_eq!(effects[0], Effect::Send);
    assert_eq!(armed(&effects, start), [(Timer::J, seconds(32.0))]);
    assert_eq!(step(|out| machine.repeated(out)), [Effect::Send]);
    assert!(!machine.respond(start, 500, &mut Effects::new()));
    assert_eq!(step(|out| machine.timer(Timer::J, out)), [Effect::Done]);
}

#[test]
fn a_request_whose_user_never_answers_is_forgotten_when_its_client_has_given_up() {
    let start = Instant::now();
    let mut effects = Effects::new();
    let mut machine = ServerOther::start(start, link(UDP), &mut effects);
    assert_eq!(armed(&effects, start), [(Timer::J, seconds(32.0))]);
    assert_eq!(step(|out| machine.timer(Timer::J, out)), [Effect::Done]);
}
