//! Every message in the fixtures of every dialect reads as it should, and what is written for its
//! meaning reads the same again.

mod dialects;

use dialects::{End, Entry, Message, Written, connections, meaning};
use trunkline_streams::StreamDialect;
use trunkline_streams::dialect::STREAMS;
use trunkline_streams::stream::{Detected, OPENING_MESSAGES_MAX, StreamCodec, detect};

/// The codecs of one connection, and one more that reads what was written.
struct Bench {
    provider: Box<dyn StreamCodec>,
    server: Box<dyn StreamCodec>,
    mirror: Box<dyn StreamCodec>,
}

impl Bench {
    fn new(dialect: &StreamDialect) -> Self {
        Self {
            provider: (dialect.codec)(),
            server: (dialect.codec)(),
            mirror: (dialect.codec)(),
        }
    }

    /// What a message means, and what is written for that.
    fn pass(&mut self, entry: &Entry) -> (String, Option<Message>) {
        let frame = entry.message.frame();
        match entry.end {
            End::Provider => match self.server.read_up(frame) {
                Ok(up) => {
                    let written = self.provider.write_up(&up);
                    (format!("{up:?}"), written.map(Message::of))
                }
                Err(nonsense) => (format!("{nonsense:?}"), None),
            },
            End::Server => match self.provider.read_down(frame) {
                Ok(down) => {
                    let written = self.mirror.write_down(&down);
                    (format!("{down:?}"), written.map(Message::of))
                }
                Err(nonsense) => (format!("{nonsense:?}"), None),
            },
        }
    }

    fn reread(&mut self, end: End, message: &Message) -> String {
        let codec = match end {
            End::Provider => &mut self.mirror,
            End::Server => &mut self.provider,
        };
        meaning(codec.as_mut(), end, message.frame())
    }
}

#[test]
fn every_message_reads_as_expected_and_what_is_written_reads_back_the_same() {
    for dialect in STREAMS {
        for connection in connections(dialect) {
            let mut bench = Bench::new(dialect);
            for entry in &connection {
                let place = &entry.place;
                let (meant, written) = bench.pass(entry);
                assert_eq!(meant, entry.meaning, "{place}");
                match (entry.written, &written) {
                    (Written::Never, None) => continue,
                    (Written::Never, Some(written)) => panic!("{place}: wrote {written:?}"),
                    (_, None) => panic!("{place}: nothing was written"),
                    (Written::Exactly, Some(written)) => {
                        assert!(written.same(&entry.message), "{place}: wrote {written:?}");
                    }
                    (Written::Otherwise, Some(written)) => {
                        assert!(!written.same(&entry.message), "{place}: write = here");
                    }
                }
                let again = written.map(|written| bench.reread(entry.end, &written));
                assert_eq!(again.as_ref(), Some(&entry.meaning), "{place}, read again");
            }
        }
    }
}

/// FreeSWITCH begins with whatever the dialplan says, so nothing in it tells the module.
const TOLD_BY_PATH_ALONE: [&str; 1] = ["mod_audio_stream"];

#[test]
fn the_first_messages_of_every_connection_tell_its_dialect() {
    let told = |dialect: &&StreamDialect| !TOLD_BY_PATH_ALONE.contains(&dialect.name);
    for dialect in STREAMS.iter().filter(told) {
        for connection in connections(dialect) {
            let opening: Vec<_> = connection
                .iter()
                .filter(|entry| entry.end == End::Provider)
                .take(OPENING_MESSAGES_MAX)
                .map(|entry| entry.message.frame())
                .collect();
            match detect(&opening) {
                Ok(Detected::Dialect(found)) => assert_eq!(found.name, dialect.name),
                other => panic!("{}: {other:?}", dialect.name),
            }
        }
    }
}

#[test]
fn names_and_aliases_are_nobody_elses() {
    let mut names: Vec<_> = STREAMS
        .iter()
        .flat_map(|dialect| [&[dialect.name], dialect.aliases].concat())
        .collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}
