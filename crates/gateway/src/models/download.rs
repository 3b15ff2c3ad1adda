//! Gets a wheel over the network: from where an earlier attempt broke off, and proven at its end.

use super::catalogue::Wheel;
use super::news::News;
use super::store::{CannotStore, Store, hexadecimal};
use super::web::{Answer, Get, Unanswered, Web};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{self, Read, Seek, Write};
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::sleep;

/// How often in a row nothing may come before a source is given up.
const STALLS_MAX: u32 = 4;
/// How often a source is asked for the same wheel, however much comes each time.
const ATTEMPTS_MAX: u32 = 200;
/// How long a server is left alone before it is asked again.
const PAUSE: Duration = Duration::from_millis(300);

/// Why a wheel is not here.
#[derive(Debug)]
pub enum Refused {
    /// This source does not give it, in words; another one may.
    Here(String),
    /// This source gives nothing at all, in words.
    Away(String),
    /// It cannot be kept.
    Disk(CannotStore),
}

/// Why an attempt came to an end before the wheel did.
enum Ended {
    /// The next one may go on.
    Broke(String),
    /// There is no next one.
    Refused(Refused),
}

impl From<Refused> for Ended {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<Unanswered> for Ended {
    fn from(error: Unanswered) -> Self {
        match error {
            Unanswered::Connect { .. } | Unanswered::Broken { .. } => {
                Self::Broke(error.to_string())
            }
            error => Self::Refused(Refused::Here(error.to_string())),
        }
    }
}

/// Gets a wheel from a URL that was found on the page at another one, and returns where it lies.
pub async fn download(
    web: &Web,
    (url, led_by): (&str, &str),
    wheel: &Wheel,
    store: &Store,
    tell: &mut dyn FnMut(&News<'_>),
) -> Result<PathBuf, Refused> {
    let mut part = Part::open(store, wheel)?;
    let (mut stalls, mut attempts) = (0, 0);
    loop {
        // What an earlier attempt has left may be anything.
        let is_continued = part.len > 0;
        while part.len < wheel.bytes {
            let before = part.len;
            let get = Get {
                url,
                accept: "*/*",
                from: part.len,
                led_by,
            };
            let why = match attempt(web, get, &mut part, tell).await {
                Ok(()) => break,
                Err(Ended::Broke(why)) => why,
                Err(Ended::Refused(refused)) => return Err(refused),
            };
            stalls = if part.len > before { 0 } else { stalls + 1 };
            attempts += 1;
            if stalls == STALLS_MAX || attempts == ATTEMPTS_MAX {
                return Err(Refused::Away(why));
            }
            tell(&News::Continues { why: &why });
            sleep(PAUSE).await;
        }
        let found = hexadecimal(part.hash.clone());
        if found == wheel.sha256 {
            return Ok(store.part(wheel.file));
        }
        part.begin_anew()?;
        if !is_continued {
            let why = format!("it sends a file with the SHA-256 {found}, not the one we know");
            return Err(Refused::Here(why));
        }
        let why = "what had come before is not of this file";
        tell(&News::Continues { why });
    }
}

/// Asks once, and takes what comes.
async fn attempt(
    web: &Web,
    get: Get<'_>,
    part: &mut Part<'_>,
    tell: &mut dyn FnMut(&News<'_>),
) -> Result<(), Ended> {
    let mut answer = web.get(get).await?;
    judge(&answer, part)?;
    loop {
        tell(&News::Has {
            wheel: part.wheel.file,
            done: part.len,
            of: part.wheel.bytes,
        });
        let Some(piece) = answer.piece().await? else {
            break;
        };
        part.add(&piece)?;
    }
    match part.len < part.wheel.bytes {
        true => Err(Ended::Broke(format!("it ended after {} bytes", part.len))),
        false => Ok(()),
    }
}

/// Whether the body continues what is there; where it begins anew, so does the part.
fn judge(answer: &Answer, part: &mut Part<'_>) -> Result<(), Ended> {
    match answer.status {
        206 if answer.begins_at() == Some(part.len) => Ok(()),
        200 => Ok(part.begin_anew()?),
        // It has another range than was asked for, or none.
        206 | 416 => {
            part.begin_anew()?;
            Err(Ended::Broke("it cannot go on from there".to_owned()))
        }
        status @ (408 | 429 | 500..=599) => Err(Ended::Broke(format!("it answers {status}"))),
        status => Err(Refused::Here(format!("it answers {status}")).into()),
    }
}

/// What has come of a wheel so far.
struct Part<'a> {
    store: &'a Store,
    wheel: &'a Wheel,
    file: fs::File,
    len: u64,
    hash: Sha256,
}

impl<'a> Part<'a> {
    fn open(store: &'a Store, wheel: &'a Wheel) -> Result<Self, Refused> {
        let path = store.part(wheel.file);
        let cannot = |source| Refused::Disk(store.cannot_write(&path, source));
        let mut options = fs::OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut part = Self {
            store,
            wheel,
            file: options.open(&path).map_err(cannot)?,
            len: 0,
            hash: Sha256::new(),
        };
        let len = part.file.metadata().map_err(cannot)?.len();
        if len > wheel.bytes {
            part.begin_anew()?;
        } else {
            let mut there = (&part.file).take(len);
            part.len = io::copy(&mut there, &mut part.hash).map_err(cannot)?;
        }
        Ok(part)
    }

    fn add(&mut self, piece: &[u8]) -> Result<(), Refused> {
        if self.len + piece.len() as u64 > self.wheel.bytes {
            self.begin_anew()?;
            let known = self.wheel.bytes;
            let why = format!("it sends more than the {known} bytes of the file that we know");
            return Err(Refused::Here(why));
        }
        let written = self.file.write_all(piece);
        written.map_err(|error| self.cannot_write(error))?;
        self.len += piece.len() as u64;
        self.hash.update(piece);
        Ok(())
    }

    fn begin_anew(&mut self) -> Result<(), Refused> {
        let emptied = self.file.set_len(0).and_then(|()| self.file.rewind());
        emptied.map_err(|error| self.cannot_write(error))?;
        self.len = 0;
        self.hash = Sha256::new();
        Ok(())
    }

    fn cannot_write(&self, source: io::Error) -> Refused {
        let path = self.store.part(self.wheel.file);
        Refused::Disk(self.store.cannot_write(&path, source))
    }
}
