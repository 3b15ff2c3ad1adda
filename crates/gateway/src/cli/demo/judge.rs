//! Whether the conversation was as it should be.

use std::time::Duration;

use trunkline_agent::engines::Stt;
use trunkline_call::EndReason;
use trunkline_phone::alignment::{align, likeness};
use trunkline_phone::caller::Conversation;
use trunkline_phone::words::{contains, word_error_rate, word_error_rate_of_beginning};

use super::account::Played;
use super::script::{Act, Scene};

/// The longest that a caller may wait for an answer.
pub const GAP_MAX: Duration = Duration::from_millis(1_500);
/// The part of the words that may be understood wrongly.
const WER_MAX: f64 = 0.15;
/// How long an agent may go on that is interrupted.
const SILENT_WITHIN: Duration = Duration::from_millis(500);
/// By how much the sound of an answer may be late in what was heard: a whole wait.
const LATE_MAX: i64 = 16_000 * 4;
/// By how much two of its sentences may be further apart than the voice made them.
const WANDER_MAX: i64 = 16_000 / 2;

/// What was heard of an answer.
#[derive(Clone, Debug)]
pub enum Heard {
    /// These words, and how many of them are wrong.
    Words {
        /// As they were understood.
        text: String,
        /// Against the words of the answer.
        wer: f64,
    },
    /// Sound that is so much like that of the voice, up to 1. It is shown and judged by nobody: two
    /// sentences of a hum may be told from each other wrongly.
    Sound(f64),
}

/// Listens to every answer once more, after the call.
///
/// # Errors
/// Where the ears fail.
pub async fn listen(
    played: &[Played],
    judge: Option<&dyn Stt>,
) -> Result<Vec<Heard>, Box<dyn std::error::Error>> {
    let mut heard = Vec::new();
    for scene in played {
        heard.push(match judge {
            Some(judge) => {
                let text = judge.transcribe(scene.heard.clone()).await?;
                let wer = match scene.cut {
                    true => word_error_rate_of_beginning(&scene.answer, &text),
                    false => word_error_rate(&scene.answer, &text),
                };
                Heard::Words { text, wer }
            }
            None => Heard::Sound(sounds_like(scene)),
        });
    }
    Ok(heard)
}

/// How like what the voice said what was heard is, as far as it was heard.
fn sounds_like(scene: &Played) -> f64 {
    let Some(agent) = scene.agent else {
        return 0.0;
    };
    let length = agent.to.saturating_sub(agent.from);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let said = scene.said.get(..length.min(scene.said.len()));
    let said = said.unwrap_or_default();
    let found = align(said, &scene.heard, (0, LATE_MAX));
    found.map_or(0.0, |found| {
        likeness(said, &scene.heard, found.lag, WANDER_MAX)
    })
}

/// Everything that is not as it should be, in words.
pub fn faults(
    held: &Conversation,
    scenes: &[Scene],
    played: &[Played],
    heard: &[Heard],
) -> Vec<String> {
    let mut faults = Vec::new();
    for (number, (scene, heard)) in played.iter().zip(heard).enumerate() {
        let what = match scene.scene.act {
            Act::Listens => "the greeting".to_owned(),
            Act::Says(words) | Act::Interrupts(words) => format!("the answer to \"{words}\""),
            Act::Presses(keys) => format!("the answer to the keys {keys}"),
        };
        let found = of_scene(scene, heard);
        faults.extend(found.map(|fault| format!("turn {}: {what} {fault}", number + 1)));
    }
    if played.iter().any(|scene| scene.cut) {
        faults.extend(of_interruption(held));
    }
    if played.len() < scenes.len() {
        let (played, all) = (played.len(), scenes.len());
        faults.push(format!("the call was over after {played} of {all} turns"));
    }
    if held.report.end != EndReason::Remote {
        let end = &held.report.end;
        let (by, why) = (end.by(), end.reason());
        faults.push(format!(
            "the agent did not hang up: the call ended by {by}: {why}"
        ));
    }
    faults
}

/// The first that is wrong with an answer: the rest may only follow from it.
fn of_scene(scene: &Played, heard: &Heard) -> Option<String> {
    let Some(gap) = scene.gap() else {
        return Some("was not heard".to_owned());
    };
    let mut wanted = scene.scene.answer.iter();
    if let Some(missing) = wanted.find(|wanted| !contains(&scene.answer, wanted)) {
        let understood = scene.understood.as_deref().unwrap_or("nothing");
        let answer = &scene.answer;
        return Some(format!(
            "should have \"{missing}\" in it, and was \"{answer}\" (understood: {understood:?})"
        ));
    }
    if gap > GAP_MAX {
        let (gap, most) = (gap.as_millis(), GAP_MAX.as_millis());
        return Some(format!("took {gap} ms, more than {most}"));
    }
    match heard {
        Heard::Words { text, wer } if *wer > WER_MAX => {
            let (wer, answer) = (wer * 100.0, &scene.answer);
            Some(format!(
                "is heard wrongly: {wer:.0} % of \"{answer}\" in {text:?}"
            ))
        }
        _ if !scene.met => Some("was not heard to its end".to_owned()),
        _ => None,
    }
}

fn of_interruption(held: &Conversation) -> Option<String> {
    let Some(cut) = held.timeline.interruptions.first() else {
        return Some("nobody was interrupted: the agent was silent already".to_owned());
    };
    let silent = u128::from(cut.silence_ms());
    let most = SILENT_WITHIN.as_millis();
    (silent > most).then(|| {
        format!("the agent went on for {silent} ms when it was interrupted, more than {most}")
    })
}
