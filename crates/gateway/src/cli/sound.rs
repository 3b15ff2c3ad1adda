//! The files of a call's sound: what is played to it, and where it is recorded.

use super::Failure;
use crate::sound::samples;
use std::fs;
use std::path::Path;

/// What a caller says who was given nothing to say.
pub const SPEECH: &[u8] = include_bytes!("../../../../fixtures/speech/demo.wav");

/// What `--play` names, as 16 kHz mono.
pub fn played(file: &Path) -> Result<Vec<i16>, Failure> {
    read(file).map_err(|why| Failure::Usage(format!("--play {}: {why}", file.display())))
}

fn read(file: &Path) -> Result<Vec<i16>, String> {
    let bytes = fs::read(file).map_err(|error| format!("{error}; name a WAV file"))?;
    samples(&bytes).map_err(|why| {
        format!("{why}; convert the file, for instance with `sox IN -r 16000 OUT.wav`")
    })
}

/// What `--record` names. It is made before the call, so that nobody talks for an hour into a file
/// that cannot be written.
pub struct Recording<'f> {
    file: Option<&'f Path>,
}

impl<'f> Recording<'f> {
    /// Makes the file, where one is wanted.
    pub fn begin(file: Option<&'f Path>) -> Result<Self, Failure> {
        let recording = Self { file };
        recording.write(&[])?;
        Ok(recording)
    }

    /// Writes the whole of it.
    pub fn write(&self, wav: &[u8]) -> Result<(), Failure> {
        let Some(file) = self.file else {
            return Ok(());
        };
        let remedy = "name a file in a folder that is there";
        fs::write(file, wav).map_err(|error| {
            Failure::Failed(format!("--record {}: {error}; {remedy}", file.display()))
        })
    }
}
