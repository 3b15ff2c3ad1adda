//! Has a program speak a text: it reads the text from its standard input and writes a WAV file to its
//! standard output. No shell is between, and nothing of the text is an argument.

use crate::sound::WAV_BYTES_MAX;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use trunkline_streams::document::Speech;

/// How long a program may take for one text.
const SPEECH_TIME_MAX: Duration = Duration::from_secs(10);
/// Programs that run at once; further texts wait.
const SPEAKERS_MAX: usize = 8;
static ROOM: Semaphore = Semaphore::const_new(SPEAKERS_MAX);
/// What a program is told of our environment, which may hold credentials.
const PASSED_ON: [&str; 4] = ["PATH", "HOME", "LANG", "TMPDIR"];

/// The WAV file of a spoken text.
///
/// # Errors
/// In words: what the program did instead.
pub async fn speak(command: &[String], speech: &Speech) -> Result<Vec<u8>, String> {
    let (program, arguments) = command.split_first().ok_or("speech.command is empty")?;
    let _place = ROOM.acquire().await;
    let wrong = |what: String| format!("speech.command ({program}): {what}");
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(environment(speech))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| wrong(error.to_string()))?;
    let (input, output) = (child.stdin.take(), child.stdout.take());
    let exchange = async {
        let (_, file) = tokio::join!(say(input, &speech.text), hear(output));
        let file = file.map_err(|error| error.to_string())?;
        if file.len() > WAV_BYTES_MAX {
            return Err(format!("more than {WAV_BYTES_MAX} bytes"));
        }
        let status = child.wait().await.map_err(|error| error.to_string())?;
        match status.success() {
            true => Ok(file),
            false => Err(status.to_string()),
        }
    };
    let limit = SPEECH_TIME_MAX.as_secs();
    let spoken = timeout(SPEECH_TIME_MAX, exchange).await;
    let spoken = spoken.unwrap_or_else(|_| Err(format!("not done within {limit} s")));
    spoken.map_err(wrong)
}

/// The text, and the end of it. A program that does not read it all has its reasons.
async fn say(input: Option<tokio::process::ChildStdin>, text: &str) {
    if let Some(mut input) = input {
        let _ = input.write_all(text.as_bytes()).await;
        let _ = input.write_all(b"\n").await;
    }
}

async fn hear(output: Option<tokio::process::ChildStdout>) -> std::io::Result<Vec<u8>> {
    let mut file = Vec::new();
    if let Some(output) = output {
        let most = WAV_BYTES_MAX as u64 + 1;
        output.take(most).read_to_end(&mut file).await?;
    }
    Ok(file)
}

/// Voice and language go there, so that a text can never be an option.
fn environment(speech: &Speech) -> Vec<(&'static str, String)> {
    let passed = PASSED_ON.iter();
    let mut all: Vec<(&'static str, String)> = passed
        .filter_map(|name| Some((*name, std::env::var(name).ok()?)))
        .collect();
    for (name, value) in [
        ("SPEECH_VOICE", &speech.voice),
        ("SPEECH_LANGUAGE", &speech.language),
    ] {
        let clean = value.iter().filter(|v| !v.chars().any(char::is_control));
        all.extend(clean.map(|value| (name, value.clone())));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Speech {
        Speech {
            text: text.to_owned(),
            language: Some("en".to_owned()),
            voice: None,
        }
    }

    fn command(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[tokio::test]
    async fn the_text_goes_in_and_what_comes_out_is_taken() {
        let text = "$(reboot); `x` --help";
        let heard = speak(&command(&["cat"]), &said(text)).await;
        assert_eq!(heard, Ok(format!("{text}\n").into_bytes()));
        let language = command(&["sh", "-c", "printf %s \"$SPEECH_LANGUAGE\""]);
        assert_eq!(speak(&language, &said("x")).await, Ok(b"en".to_vec()));
    }

    #[tokio::test]
    async fn our_environment_is_not_the_programs() {
        let own = "CARGO_MANIFEST_DIR";
        assert!(std::env::var(own).is_ok(), "cargo sets it for tests");
        let environment = speak(&command(&["env"]), &said("x")).await.unwrap();
        assert!(!String::from_utf8_lossy(&environment).contains(own));
    }

    #[tokio::test]
    async fn a_program_that_fails_or_never_ends_its_sound_is_told_of() {
        let why = speak(&command(&["false"]), &said("x")).await.unwrap_err();
        assert!(why.contains("speech.command (false)"), "{why}");
        let why = speak(&command(&["/nobody/here"]), &said("x"))
            .await
            .unwrap_err();
        assert!(why.contains("/nobody/here"), "{why}");
        let endless = command(&["sh", "-c", "exec yes"]);
        let why = speak(&endless, &said("x")).await.unwrap_err();
        assert!(why.contains("bytes"), "{why}");
    }

    #[tokio::test]
    async fn a_program_too_many_waits_for_another_to_end() {
        let echo = command(&["cat"]);
        let all = ROOM
            .acquire_many(u32::try_from(SPEAKERS_MAX).unwrap())
            .await
            .unwrap();
        let moment = Duration::from_millis(50);
        assert!(timeout(moment, speak(&echo, &said("x"))).await.is_err());
        drop(all);
        assert_eq!(speak(&echo, &said("x")).await, Ok(b"x\n".to_vec()));
    }
}
