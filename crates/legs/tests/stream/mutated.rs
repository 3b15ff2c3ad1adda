//! Messages of every dialect with something wrong in them: a call that gets them ends for a reason
//! that has a name, and no other call ends.

use std::time::Instant;

use trunkline_call::{CallEvent, EndReason, GatewayReason};
use trunkline_legs::stream::{Greeting, NONSENSE_MAX, Settings, StreamLeg};
use trunkline_legs::{Input, Leg, Output};
use trunkline_streams::dialect::STREAMS;
use trunkline_streams::{CloseCode, StreamDialect};

use crate::dialects::mutations::{Dice, altered, damaged};
use crate::dialects::{End, Entry, Message, connections, meaning};
use crate::rig::Rig;

/// Mutated messages of each dialect, and how many of them are read and mean something else.
const MUTATIONS: usize = 10_000;
const CHANGED: usize = MUTATIONS / 2;

/// A connection that mutated messages come over.
struct Victim {
    now: Instant,
    greeting: Greeting,
    leg: Option<StreamLeg>,
    /// Why the call ended, or was none.
    ends: Vec<String>,
}

impl Victim {
    fn new(dialect: &'static StreamDialect, now: Instant) -> Self {
        Self {
            now,
            greeting: Greeting::new(Some(dialect)),
            leg: None,
            ends: Vec::new(),
        }
    }

    fn hear(&mut self, message: &Message) {
        if self.leg.is_some() {
            return self.input(Input::Received(message.frame()));
        }
        match self.greeting.hear(message.frame()) {
            Err(refusal) => self.ends.push(refusal.to_string()),
            Ok(None) => {}
            Ok(Some(greeted)) => match StreamLeg::new(greeted, Settings::default(), self.now) {
                Ok(leg) => {
                    self.leg = Some(leg);
                    self.input(Input::Timeout);
                }
                Err(unsupported) => self.ends.push(unsupported.to_string()),
            },
        }
    }

    fn input(&mut self, input: Input<'_>) {
        let Some(leg) = &mut self.leg else { return };
        leg.handle_input(self.now, input);
        loop {
            match leg.poll_output() {
                Output::Timeout(_) => return,
                Output::Event(CallEvent::Ended(reason)) => {
                    self.ends.push(named(&reason).to_owned());
                }
                _ => {}
            }
        }
    }

    /// The connection breaks: why the call ended, at the latest by that.
    fn finish(mut self) -> Option<String> {
        self.input(Input::Closed(CloseCode::Abnormal));
        assert!(self.ends.len() <= 1, "{:?}", self.ends);
        assert!(self.leg.is_none() || self.ends.len() == 1);
        self.ends
            .pop()
            .inspect(|reason| assert!(!reason.is_empty()))
    }
}

/// Whatever a provider says ends a call by its own wish, or by ours for one of two reasons.
fn named(reason: &EndReason) -> &'static str {
    match reason {
        EndReason::Remote => "remote",
        EndReason::Gateway(
            reason @ (GatewayReason::StreamNonsense | GatewayReason::StreamLost),
        ) => reason.word(),
        other => panic!("nothing that was said is a reason for {other:?}"),
    }
}

/// Mutated messages, and how many of them were read and meant something else.
#[derive(Default)]
struct Tally {
    mutated: usize,
    changed: usize,
}

impl Tally {
    fn is_full(&self) -> bool {
        self.mutated >= MUTATIONS && self.changed >= CHANGED
    }

    /// Plays what the provider's end says on a connection, with its beginning mutated or some of
    /// what follows, until that ends the call or the messages do.
    fn play(
        &mut self,
        victim: &mut Victim,
        dialect: &StreamDialect,
        ups: &[&Entry],
        dice: &mut Dice,
    ) {
        let mut reader = (dialect.codec)();
        let begins = dice.roll(8) == 0;
        for entry in ups {
            let message = match begins == victim.leg.is_none() && dice.roll(2) == 0 {
                true if 2 * self.changed <= self.mutated => altered(&entry.message, dice),
                true => damaged(&entry.message, dice),
                false => entry.message.clone(),
            };
            let means = meaning(reader.as_mut(), End::Provider, message.frame());
            if message != entry.message {
                self.mutated += 1;
                let read = !means.starts_with("Nonsense");
                self.changed += usize::from(read && means != entry.meaning);
            }
            victim.hear(&message);
            if !victim.ends.is_empty() {
                return;
            }
        }
    }
}

#[test]
fn ten_thousand_mutated_messages_of_each_dialect_end_no_call_but_their_own() {
    let mut other = Rig::new();
    let mut said = 0;
    for dialect in STREAMS {
        let connections = connections(dialect);
        let (mut dice, mut tally) = (Dice(0x7472_756E), Tally::default());
        let mut calls = 0;
        while !tally.is_full() {
            let connection = dice.one_of(&connections);
            let ups = connection.iter().filter(|entry| entry.end == End::Provider);
            let ups: Vec<&Entry> = ups.collect();
            let mut victim = Victim::new(dialect, other.now);
            tally.play(&mut victim, dialect, &ups, &mut dice);
            victim.finish();
            calls += 1;
            assert!(
                calls < 10 * MUTATIONS,
                "{}: {}",
                dialect.name,
                tally.changed
            );
            if calls % 50 == 0 {
                other.caller(&[0; 160]);
                other.run(20);
                said += 1;
            }
        }
    }
    let ended = |event: &&CallEvent| matches!(event, CallEvent::Ended(_));
    assert!(!other.told().iter().any(ended), "{:?}", other.told());
    assert_eq!(other.heard().len(), said);
}

#[test]
fn a_provider_that_goes_on_with_nonsense_is_hung_up_on_for_that() {
    for dialect in STREAMS {
        let connection = connections(dialect).swap_remove(0);
        let mut victim = Victim::new(dialect, Rig::new().now);
        for entry in connection.iter().filter(|entry| entry.end == End::Provider) {
            if victim.leg.is_none() {
                victim.hear(&entry.message);
            }
        }
        assert!(victim.leg.is_some(), "{}: a call", dialect.name);
        for nonsense in [
            Message::Text("{".to_owned()),
            Message::Binary(vec![0xFF; 3]),
        ] {
            for _ in 0..NONSENSE_MAX {
                victim.hear(&nonsense);
            }
        }
        // There, all bytes are sound, and texts have no meaning.
        let takes_all = dialect.name == "mod_audio_stream";
        let ends: &[&str] = if takes_all { &[] } else { &["stream_nonsense"] };
        assert_eq!(victim.ends, ends, "{}", dialect.name);
    }
}
