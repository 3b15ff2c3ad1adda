//! Messages that went wrong on the way, or were made wrong on purpose: a codec says nonsense and
//! goes on.

mod dialects;
mod rig;

use dialects::mutations::{Dice, altered, damaged};
use dialects::{End, Entry, Message, connections};
use rig::{Out, Rig};
use serde_json::Value;
use trunkline_call::{CallEvent, Direction, GatewayReason};
use trunkline_streams::dialect::STREAMS;
use trunkline_streams::stream::StreamCodec;
use trunkline_streams::{AppInput, Frame, StreamApp, StreamDialect, WireOptions};

const MUTATIONS: usize = 10_000;

type Codec = Box<dyn StreamCodec>;

/// Whatever a message was read as, what we write for that is read without complaint.
fn pass(dialect: &StreamDialect, ends: [&mut Codec; 2], end: End, frame: Frame<'_>) {
    let ([provider, server], mut third) = (ends, (dialect.codec)());
    let again = match end {
        End::Provider => server.read_up(frame).ok().and_then(|up| {
            let written = provider.write_up(&up)?;
            Some((format!("{written:?}"), third.read_up(written).err()))
        }),
        End::Server => provider.read_down(frame).ok().and_then(|down| {
            let written = server.write_down(&down)?;
            Some((format!("{written:?}"), third.read_down(written).err()))
        }),
    };
    if let Some((written, Some(nonsense))) = again {
        panic!("{}: {nonsense}: {written}", dialect.name);
    }
}

/// Plays a connection with one message mutated.
fn play(dialect: &StreamDialect, connection: &[Entry], at: usize, mutated: &Message) {
    let (mut provider, mut server) = ((dialect.codec)(), (dialect.codec)());
    for (number, entry) in connection.iter().enumerate() {
        let message = if number == at {
            mutated
        } else {
            &entry.message
        };
        pass(
            dialect,
            [&mut provider, &mut server],
            entry.end,
            message.frame(),
        );
    }
    // Whatever was read, the codec still reads and writes what is good.
    for entry in connection {
        if let (End::Provider, Ok(up)) = (entry.end, server.read_up(entry.message.frame())) {
            provider.write_up(&up);
        }
    }
    for entry in connection {
        if let (End::Server, Ok(down)) = (entry.end, provider.read_down(entry.message.frame())) {
            server.write_down(&down);
        }
    }
}

#[test]
fn ten_thousand_mutated_messages_of_each_dialect_never_panic() {
    for dialect in STREAMS {
        let connections = connections(dialect);
        let mut dice = Dice(0x7472_756E);
        for number in 0..MUTATIONS {
            let connection = dice.one_of(&connections);
            let at = dice.roll(connection.len());
            let message = &connection[at].message;
            let mutated = if number % 2 == 0 {
                altered(message, &mut dice)
            } else {
                damaged(message, &mut dice)
            };
            play(dialect, connection, at, &mutated);
        }
    }
}

#[test]
fn altered_messages_are_still_json() {
    let mut dice = Dice(1);
    for dialect in STREAMS {
        for entry in connections(dialect).iter().flatten() {
            let Message::Text(text) = &entry.message else {
                continue;
            };
            if serde_json::from_str::<Value>(text).is_err() {
                continue;
            }
            for _ in 0..20 {
                let Message::Text(text) = altered(&entry.message, &mut dice) else {
                    panic!("a text became bytes");
                };
                assert!(serde_json::from_str::<Value>(&text).is_ok());
            }
        }
    }
}

#[test]
fn ten_thousand_mutated_messages_of_an_application_end_its_call_with_a_reason_or_not_at_all() {
    for dialect in STREAMS {
        let connections = connections(dialect);
        let mut dice = Dice(0x6170_7073);
        let (mut mutated, mut calls) = (0, 0);
        while mutated < MUTATIONS {
            let options = WireOptions::default();
            let wire = StreamApp::new(dialect, rig::info(Direction::Inbound), options);
            let (mut rig, _) = Rig::of(Box::new(wire));
            rig.input(AppInput::Opened);
            rig.event(&CallEvent::Answered);
            let mut ended = Vec::new();
            for entry in connections
                .iter()
                .flatten()
                .filter(|entry| entry.end == End::Server)
            {
                let message = match mutated % 2 {
                    0 => altered(&entry.message, &mut dice),
                    _ => damaged(&entry.message, &mut dice),
                };
                mutated += 1;
                let outs = rig.input(AppInput::Received(message.frame()));
                ended.extend(outs.into_iter().filter_map(|out| match out {
                    Out::End(reason) => Some(reason),
                    _ => None,
                }));
            }
            assert!(ended.len() <= 1, "{}: {ended:?}", dialect.name);
            let nonsense = |reason: &GatewayReason| *reason == GatewayReason::AppNonsense;
            assert!(ended.iter().all(nonsense), "{}: {ended:?}", dialect.name);
            calls += 1;
            assert!(
                calls <= MUTATIONS,
                "{} has messages of a server",
                dialect.name
            );
        }
    }
}
