//! A person's microphone and loudspeaker: programs that the system has for them, so that nothing of
//! its sound is linked here. Raw samples go through their pipes.

use std::io::{self, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use trunkline_audio::FRAME_SAMPLES;

/// Frames that wait on their way, at most: a fifth of a second.
const FRAMES_MAX: usize = 10;

/// 20 ms of 16 kHz.
pub type Frame = [i16; FRAME_SAMPLES];

/// Two programs and their arguments: the first writes what the microphone hears, the second plays
/// what it reads.
pub type Programs = [Vec<String>; 2];

/// ALSA's programs, which Linux has, and SoX's, which there are for macOS.
const KNOWN: [[&str; 2]; 2] = [
    [
        "arecord -q -t raw -f S16_LE -r 16000 -c 1 --buffer-time=100000",
        "aplay -q -t raw -f S16_LE -r 16000 -c 1 --buffer-time=100000",
    ],
    [
        "rec -q -t raw -e signed -b 16 -L -r 16000 -c 1 -",
        "play -q -t raw -e signed -b 16 -L -r 16000 -c 1 -",
    ],
];

/// The first pair of programs that is on PATH.
///
/// # Errors
/// Where there is none, with what to type.
pub fn programs() -> Result<Programs, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_here = |name: &str| std::env::split_paths(&path).any(|at| at.join(name).is_file());
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let mut known = KNOWN.iter().map(|pair| pair.map(words));
    let found = known.find(|pair| {
        pair.iter()
            .flat_map(|words| words.first())
            .all(|name| is_here(name))
    });
    found.ok_or_else(|| {
        "--mic: neither arecord nor rec is here; type `apt-get install alsa-utils` (macOS: \
         `brew install sox`)"
            .to_owned()
    })
}

/// Both of them, running.
pub struct Handset {
    /// What the microphone hears; closed where its program has ended.
    pub microphone: Receiver<Frame>,
    /// What the loudspeaker plays.
    pub loudspeaker: SyncSender<Frame>,
    programs: [Child; 2],
}

impl Handset {
    /// Starts these. What is said from now on waits to be heard, so they are started when it can be.
    ///
    /// # Errors
    /// Where one cannot be started.
    pub fn open([hears, plays]: &Programs) -> io::Result<Self> {
        let mut hearing = command(hears)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let playing = command(plays)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn();
        let mut playing = playing.inspect_err(|_| end(&mut hearing))?;
        let (to_us, microphone) = sync_channel(FRAMES_MAX);
        let (loudspeaker, from_us) = sync_channel(FRAMES_MAX);
        if let (Some(from), Some(to)) = (hearing.stdout.take(), playing.stdin.take()) {
            std::thread::spawn(move || read(from, &to_us));
            std::thread::spawn(move || write(to, &from_us));
        }
        Ok(Self {
            microphone,
            loudspeaker,
            programs: [hearing, playing],
        })
    }
}

impl Handset {
    /// That one of its programs has ended by itself, if so, in words.
    pub fn ended(&mut self) -> Option<String> {
        let names = ["the microphone", "the loudspeaker"].iter();
        let mut programs = names.zip(&mut self.programs);
        let (name, status) = programs.find_map(|(name, program)| {
            let status = program.try_wait().ok().flatten()?;
            Some((name, status))
        })?;
        let told = "what it said stands above; is there a sound card?";
        Some(format!(
            "the program of {name} has ended ({status}): {told}"
        ))
    }
}

impl Drop for Handset {
    fn drop(&mut self) {
        self.programs.iter_mut().for_each(end);
    }
}

fn command(words: &[String]) -> Command {
    let (program, arguments) = words.split_first().expect("a program has a name");
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

fn end(program: &mut Child) {
    // It may have ended by itself.
    let _ = program.kill();
    let _ = program.wait();
}

/// Hands on what the microphone hears, until its program ends or nobody wants it any more.
fn read(mut from: ChildStdout, to: &SyncSender<Frame>) {
    let mut bytes = [0; 2 * FRAME_SAMPLES];
    while from.read_exact(&mut bytes).is_ok() {
        let mut frame = [0; FRAME_SAMPLES];
        for (sample, pair) in frame.iter_mut().zip(bytes.as_chunks::<2>().0) {
            *sample = i16::from_le_bytes(*pair);
        }
        if to.send(frame).is_err() {
            return;
        }
    }
}

fn write(mut to: ChildStdin, from: &Receiver<Frame>) {
    for frame in from {
        let bytes: Vec<u8> = frame
            .iter()
            .flat_map(|sample| sample.to_le_bytes())
            .collect();
        if to.write_all(&bytes).and_then(|()| to.flush()).is_err() {
            return;
        }
    }
}
