//! Two negotiations against each other: whatever happens, both ends mean the same call.

use std::cell::Cell;
use std::net::SocketAddr;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use trunkline_media::codec::Codec;
use trunkline_media::negotiation::{Agreed, Change, Negotiation, NegotiationError};
use trunkline_media::sdp::{Direction, SessionDescription};

use crate::capabilities;

const STEPS: usize = 100;
const SEQUENCES: u32 = 100;

/// What happens next between the two ends.
#[derive(Debug, Clone)]
enum Step {
    /// One end offers and the other answers or refuses.
    Exchange { from: usize, change: Change },
    /// The offer is lost or refused for a reason outside the negotiation.
    Refused { from: usize, change: Change },
    /// Both offer at once; both refuse with 491.
    Glare([Change; 2]),
}

struct End {
    negotiation: Negotiation,
    /// Where it receives, as agreed.
    media: SocketAddr,
    /// The last description it sent.
    sent: Option<SessionDescription>,
}

fn change() -> impl Strategy<Value = Change> {
    let direction = prop_oneof![
        Just(Direction::SendRecv),
        Just(Direction::SendOnly),
        Just(Direction::RecvOnly),
        Just(Direction::Inactive),
    ];
    let media = (1_u8..9, 2_000_u16..60_000).prop_map(|(host, port)| ([192, 0, 2, host], port));
    let codecs = prop::sample::subsequence(Codec::ALL.to_vec(), 1..=3).prop_shuffle();
    let option = |of_ten: f64| prop::option::weighted(of_ten, Just(()));
    (
        direction,
        media,
        codecs,
        option(0.5),
        option(0.2),
        option(0.2),
    )
        .prop_map(|(direction, media, codecs, turns, moves, recodes)| Change {
            direction: turns.map(|()| direction),
            media: moves.map(|()| media.into()),
            codecs: recodes.map(|()| codecs),
        })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0_usize..2, change()).prop_map(|(from, change)| Step::Exchange { from, change }),
        1 => (0_usize..2, change()).prop_map(|(from, change)| Step::Refused { from, change }),
        1 => [change(), change()].prop_map(Step::Glare),
    ]
}

impl End {
    fn new(media: &str) -> Self {
        let local = capabilities(media);
        Self {
            media: local.media,
            negotiation: Negotiation::new(local),
            sent: None,
        }
    }

    /// Checks that a version names one text and never runs back.
    fn note(&mut self, text: &str) {
        let next = crate::read(text);
        let number = |description: &SessionDescription| {
            let origin = description.origin.clone().expect("an origin");
            origin.session_version.parse::<u64>().expect("a number")
        };
        if let Some(sent) = &self.sent {
            let raised = u64::from(*sent != next);
            assert_eq!(number(&next), number(sent) + raised, "{sent}\n{next}");
        }
        self.sent = Some(next);
    }

    fn offer(&mut self, change: &Change) -> String {
        let text = self.negotiation.offer(change).expect("an offer");
        self.note(&text);
        text
    }
}

/// Takes a step and returns whether the ends came to a new agreement.
fn run(step: &Step, ends: &mut [End; 2]) -> bool {
    match step {
        Step::Exchange { from, change } => return exchange(*from, change, ends),
        Step::Refused { from, change } => {
            ends[*from].offer(change);
            ends[*from].negotiation.handle_refusal();
        }
        Step::Glare(changes) => {
            let offers = [ends[0].offer(&changes[0]), ends[1].offer(&changes[1])];
            for (end, offer) in ends.iter_mut().zip([&offers[1], &offers[0]]) {
                let crossed = end.negotiation.handle_offer(offer.as_bytes());
                assert_eq!(crossed, Err(NegotiationError::Glare));
                end.negotiation.handle_refusal();
            }
        }
    }
    false
}

fn exchange(from: usize, change: &Change, ends: &mut [End; 2]) -> bool {
    let offer = ends[from].offer(change);
    let answer = match ends[1 - from].negotiation.handle_offer(offer.as_bytes()) {
        Ok(answer) => answer,
        Err(error) => {
            assert_eq!(error.status(), 488, "{error}");
            ends[from].negotiation.handle_refusal();
            return false;
        }
    };
    ends[1 - from].note(&answer.text);
    let taken = ends[from].negotiation.handle_answer(answer.text.as_bytes());
    taken.expect("an answer to our own offer is acceptable");
    ends[from].media = change.media.unwrap_or(ends[from].media);
    true
}

fn assert_agreement(ends: &[End; 2]) {
    let agreed: [Option<&Agreed>; 2] = [ends[0].negotiation.agreed(), ends[1].negotiation.agreed()];
    let [Some(a), Some(b)] = agreed else {
        assert_eq!(agreed, [None, None], "one end alone has an agreement");
        return;
    };
    assert_eq!(a.codec, b.codec);
    assert_eq!(a.direction, b.direction.mirrored());
    assert_eq!(
        (a.payload.send, a.payload.receive),
        (b.payload.receive, b.payload.send)
    );
    assert_eq!(
        a.dtmf.map(|types| types.send),
        b.dtmf.map(|types| types.receive)
    );
    assert_eq!((a.ptime_ms, a.rtcp_mux), (b.ptime_ms, b.rtcp_mux));
    assert_eq!((a.remote, b.remote), (ends[1].media, ends[0].media));
    for end in [a, b] {
        assert_eq!(end.receive_codec(end.payload.receive), Some(end.codec));
        assert!(!(end.held_by_peer && end.may_send()));
    }
}

/// 100 sequences of 100 steps from a fixed seed: 10,000 steps.
#[test]
fn both_ends_agree_after_every_step() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let config = Config {
        cases: SEQUENCES,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, rng);
    let exchanges = Cell::new(0);
    let outcome = runner.run(&vec(step(), STEPS), |steps| {
        let mut ends = [End::new("192.0.2.100:4000"), End::new("192.0.2.200:4000")];
        for step in &steps {
            let before = ends.each_ref().map(|end| end.negotiation.agreed().cloned());
            if run(step, &mut ends) {
                exchanges.set(exchanges.get() + 1);
            } else {
                let after = ends.each_ref().map(|end| end.negotiation.agreed().cloned());
                assert_eq!(after, before, "a refused offer leaves no trace");
            }
            assert_agreement(&ends);
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    let steps = STEPS * SEQUENCES as usize;
    let succeeded = exchanges.get();
    assert!(
        (steps / 2..steps * 9 / 10).contains(&succeeded),
        "{succeeded} of {steps} succeeded"
    );
}
