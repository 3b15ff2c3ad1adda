//! The fixtures of a dialect; `crates/streams/fixtures/README.md` says how they are written.
#![allow(dead_code, reason = "each test file uses a part")]

pub mod mutations;

use std::path::{Path, PathBuf};

use trunkline_streams::{Frame, StreamDialect};

/// A message, owned.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    Text(String),
    Binary(Vec<u8>),
}

impl Message {
    pub fn frame(&self) -> Frame<'_> {
        match self {
            Self::Text(text) => Frame::Text(text),
            Self::Binary(bytes) => Frame::Binary(bytes),
        }
    }

    pub fn of(frame: Frame<'_>) -> Self {
        match frame {
            Frame::Text(text) => Self::Text(text.to_owned()),
            Frame::Binary(bytes) => Self::Binary(bytes.to_vec()),
            Frame::Ping => panic!("codecs do not ping"),
        }
    }

    /// Texts that are JSON are the same where they are the same JSON.
    pub fn same(&self, other: &Self) -> bool {
        let json = |message: &Self| match message {
            Self::Text(text) => serde_json::from_str::<serde_json::Value>(text).ok(),
            Self::Binary(_) => None,
        };
        match (json(self), json(other)) {
            (Some(one), Some(two)) => one == two,
            _ => self == other,
        }
    }
}

/// Who says it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    Provider,
    Server,
}

/// Whether we write a message as it stands in the fixture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Written {
    Exactly,
    Otherwise,
    Never,
}

#[derive(Clone, Debug)]
pub struct Entry {
    /// File and line.
    pub place: String,
    pub end: End,
    pub message: Message,
    pub written: Written,
    /// As Rust prints it.
    pub meaning: String,
}

/// The connections of a dialect, a file each.
pub fn connections(dialect: &StreamDialect) -> Vec<Vec<Entry>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../streams/fixtures")
        .join(dialect.name);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a folder that can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} has no fixtures", dialect.name);
    files.iter().map(|file| connection(file)).collect()
}

fn connection(file: &Path) -> Vec<Entry> {
    let text = std::fs::read_to_string(file).expect("a fixture that can be read");
    let lines = text.lines().zip(1..);
    let mut lines = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
    let mut entries = Vec::new();
    while let Some((line, number)) = lines.next() {
        let place = format!("{}:{number}", file.display());
        let (end, message) = message(line).unwrap_or_else(|| panic!("{place}: no message"));
        let meaning = lines.next().map_or("", |(line, _)| line);
        let (sign, meaning) = meaning.split_once(' ').unwrap_or_default();
        let written = match sign {
            "=" => Written::Exactly,
            "~" => Written::Otherwise,
            "-" => Written::Never,
            _ => panic!("{place}: a message without its meaning"),
        };
        let meaning = meaning.to_owned();
        entries.push(Entry {
            place,
            end,
            message,
            written,
            meaning,
        });
    }
    entries
}

fn message(line: &str) -> Option<(End, Message)> {
    let (sign, content) = line.split_once(' ')?;
    let text = || Message::Text(content.to_owned());
    Some(match sign {
        ">" => (End::Provider, text()),
        "<" => (End::Server, text()),
        ">x" => (End::Provider, binary(content)?),
        "<x" => (End::Server, binary(content)?),
        _ => return None,
    })
}

fn binary(digits: &str) -> Option<Message> {
    let digits: Vec<char> = digits.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = digits.chunks(2).map(|pair| {
        let pair: String = pair.iter().collect();
        u8::from_str_radix(&pair, 16).ok()
    });
    bytes.collect::<Option<_>>().map(Message::Binary)
}

/// What a message means to a codec, as Rust prints it.
pub fn meaning(
    codec: &mut dyn trunkline_streams::stream::StreamCodec,
    end: End,
    frame: Frame<'_>,
) -> String {
    match end {
        End::Provider => match codec.read_up(frame) {
            Ok(up) => format!("{up:?}"),
            Err(nonsense) => format!("{nonsense:?}"),
        },
        End::Server => match codec.read_down(frame) {
            Ok(down) => format!("{down:?}"),
            Err(nonsense) => format!("{nonsense:?}"),
        },
    }
}
