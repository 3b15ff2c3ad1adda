//! A voice that is a program: the text goes to its standard input, a WAV file comes out. No shell is
//! between, and nothing of the text is an argument.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::Sender;
use trunkline_call::BoxFuture;

use super::sound::Sound;
use super::{EngineError, Speech, Tts};

/// Stands for a file in a command whose program cannot write to its standard output.
const FILE: &str = "{file}";
/// How long a program may take for a text.
const SPEECH_TIME_MAX: Duration = Duration::from_secs(10);
/// The most that it may write.
const FILE_BYTES_MAX: u64 = 16 << 20;
/// Programs that run at once; further texts wait.
const PROGRAMS_MAX: usize = 8;
static ROOM: Semaphore = Semaphore::const_new(PROGRAMS_MAX);
/// What a program is told of our environment, which may hold keys.
const PASSED_ON: [&str; 4] = ["PATH", "HOME", "LANG", "TMPDIR"];

/// A program that speaks.
#[derive(Clone, Debug)]
pub struct Process {
    command: Vec<String>,
}

impl Process {
    /// The program and its arguments. It writes to its standard output, or to the file that an
    /// argument `{file}` names.
    pub fn new(command: Vec<String>) -> Self {
        Self { command }
    }

    /// Flite, where it is on PATH.
    pub fn flite() -> Option<Self> {
        Self::flite_as("slt")
    }

    /// Flite with one of its voices: slt, rms, awb, kal or kal16.
    pub fn flite_as(voice: &str) -> Option<Self> {
        let path = std::env::var_os("PATH")?;
        let mut folders = std::env::split_paths(&path);
        folders
            .any(|folder| folder.join("flite").is_file())
            .then(|| {
                let words = ["flite", "-voice", voice, "-o", FILE];
                Self::new(words.map(str::to_owned).into())
            })
    }

    async fn file(&self, speech: &Speech) -> Result<Vec<u8>, EngineError> {
        let written = Written::new();
        let argument = |word: &String| match word == FILE {
            true => written.0.clone().into_os_string(),
            false => word.into(),
        };
        let [program, arguments @ ..] = self.command.as_slice() else {
            return Err(self.broken("it is empty"));
        };
        let mut child = Command::new(program)
            .args(arguments.iter().map(argument))
            .env_clear()
            .envs(
                PASSED_ON
                    .iter()
                    .filter_map(|name| Some((name, std::env::var_os(name)?))),
            )
            .envs(speech.voice.iter().map(|voice| ("SPEECH_VOICE", voice)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| self.broken(error))?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let say = async {
            if let Some(mut input) = input {
                // A program that does not read it all has its reasons.
                let _ = input.write_all(speech.text.as_bytes()).await;
                let _ = input.write_all(b"\n").await;
            }
        };
        let hear = async {
            let mut file = Vec::new();
            if let Some(output) = output {
                let most = FILE_BYTES_MAX + 1;
                output.take(most).read_to_end(&mut file).await?;
            }
            Ok::<_, std::io::Error>(file)
        };
        let ((), file) = tokio::join!(say, hear);
        let file = self.bounded(file)?;
        let status = child.wait().await.map_err(|error| self.broken(error))?;
        if !status.success() {
            return Err(self.broken(status));
        }
        if !self.command.iter().any(|word| word == FILE) {
            return Ok(file);
        }
        let read = tokio::task::spawn_blocking(move || read(&written.0)).await;
        self.bounded(read.unwrap_or_else(|error| Err(std::io::Error::other(error))))
    }

    /// What it wrote, unless that is too much.
    fn bounded(&self, read: std::io::Result<Vec<u8>>) -> Result<Vec<u8>, EngineError> {
        let file = read.map_err(|error| self.broken(error))?;
        match file.len() as u64 {
            0..=FILE_BYTES_MAX => Ok(file),
            _ => Err(self.broken(format!("it wrote more than {FILE_BYTES_MAX} bytes"))),
        }
    }

    fn broken(&self, what: impl std::fmt::Display) -> EngineError {
        let program = self.command.first().map_or("", String::as_str);
        EngineError::Broken {
            place: format!("the program {program:?}"),
            what: what.to_string(),
        }
    }
}

impl Tts for Process {
    fn speak(
        &self,
        speech: Speech,
        sound: Sender<Vec<i16>>,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(async move {
            let _place = ROOM.acquire().await;
            let file = tokio::time::timeout(SPEECH_TIME_MAX, self.file(&speech)).await;
            let file = file.unwrap_or_else(|_| Err(self.broken("it does not end")))?;
            if !file.is_empty() && !file.starts_with(b"RIFF") {
                return Err(self.broken("it wrote no WAV file"));
            }
            let mut heard = Sound::new(trunkline_audio::SAMPLE_RATE_HZ);
            let samples = heard.push(&file).and_then(|mut samples| {
                samples.extend(heard.rest()?);
                Ok(samples)
            });
            let samples = samples.map_err(|why| self.broken(why))?;
            if samples.is_empty() {
                return Err(self.broken("no sound"));
            }
            sound.send(samples).await.map_err(|_| EngineError::Unwanted)
        })
    }
}

/// A file as far as its limit, and a byte beyond where it goes on there.
fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = Vec::new();
    let written = std::fs::File::open(path)?;
    written.take(FILE_BYTES_MAX + 1).read_to_end(&mut file)?;
    Ok(file)
}

/// A file of a program, gone with whoever reads it.
struct Written(PathBuf);

impl Written {
    fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("trunkline-speech-{}-{count}.wav", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        // Where no file was written there is none to remove.
        let _ = std::fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trunkline_audio::wav;

    async fn spoken(command: &[&str], text: &str) -> Result<Vec<i16>, String> {
        let command = command.iter().map(|word| (*word).to_owned()).collect();
        let (to, mut from) = tokio::sync::mpsc::channel(4);
        let speech = Speech {
            text: text.to_owned(),
            voice: None,
        };
        let outcome = Process::new(command).speak(speech, to).await;
        outcome.map_err(|error| error.to_string())?;
        Ok(from.recv().await.unwrap_or_default())
    }

    #[tokio::test]
    async fn a_program_gives_its_sound_by_output_or_by_file() {
        let file = std::env::temp_dir().join(format!("agent-voice-{}.wav", std::process::id()));
        std::fs::write(&file, wav::write_mono(8_000, &[900; 80])).unwrap();
        let name = file.to_str().unwrap();
        assert_eq!(spoken(&["cat", name], "x").await.unwrap().len(), 160);
        assert_eq!(spoken(&["cp", name, FILE], "x").await.unwrap().len(), 160);
        std::fs::remove_file(file).unwrap();
    }

    #[tokio::test]
    async fn a_program_that_fails_is_named() {
        for command in [
            &["false"][..],
            &["/nobody/here"],
            &["true"],
            &["true", FILE],
        ] {
            let why = spoken(command, "x").await.unwrap_err();
            assert!(why.contains(command[0]), "{why}");
        }
        let why = spoken(&["echo", "garbage"], "x").await.unwrap_err();
        assert!(why.contains("it wrote no WAV file"), "{why}");
    }

    #[tokio::test]
    async fn a_program_that_writes_too_much_is_not_read_to_its_end() {
        let into_file = r#"head -c "$0" /dev/zero > "$1""#;
        let more = (FILE_BYTES_MAX + 1).to_string();
        for command in [
            &["head", "-c", &more, "/dev/zero"][..],
            &["sh", "-c", into_file, &more, FILE],
        ] {
            let why = spoken(command, "x").await.unwrap_err();
            assert!(why.contains("more than 16777216 bytes"), "{why}");
        }
        let most = FILE_BYTES_MAX.to_string();
        let why = spoken(&["sh", "-c", into_file, &most, FILE], "x").await;
        let why = why.unwrap_err();
        assert!(why.contains("it wrote no WAV file"), "{why}");
    }

    #[tokio::test]
    async fn the_text_is_no_argument_and_our_environment_is_not_the_programs() {
        let text = "$(touch x); --help";
        let script =
            r#"read -r text; test "$text" = '$(touch x); --help' && test -z "$CARGO_MANIFEST_DIR""#;
        let why = spoken(&["sh", "-c", script], text).await.unwrap_err();
        assert!(why.contains("no sound"), "it was as expected: {why}");
    }
}
