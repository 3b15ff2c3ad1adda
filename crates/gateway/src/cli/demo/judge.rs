//! Whether the conversation was as it should be.

use std::time::Duration;

use trunkline_agent::engines::{EngineError, Speech, Tts, sound_of};
use trunkline_call::EndReason;
use trunkline_phone::alignment::likeness_in_order;
use trunkline_phone::caller::Conversation;
use trunkline_phone::words::{contains, word_error_rate, word_error_rate_of_beginning, words};

use super::account::Played;
use super::cast::Judge;
use super::script::{Act, Scene};

/// The longest that a caller may wait for an answer.
pub const GAP_MAX: Duration = Duration::from_millis(1_500);
/// The part of the words that may be understood wrongly.
const WER_MAX: f64 = 0.15;
/// How long an agent may go on that is interrupted.
const SILENT_WITHIN: Duration = Duration::from_millis(500);
/// How like the sound of a sentence has to be to what was on the wire. µ-law and the filters around it
/// leave 0.98 and more, another sentence has less than 0.7.
const LIKENESS_MIN: f64 = 0.75;

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
    /// The sentences that were looked for, one behind the other, and how like the sound of each is to
    /// what was on the wire, up to 1.
    Sound(Vec<(String, f64)>),
}

/// Listens to every answer once more, after the call.
///
/// # Errors
/// Where ears or voice fail.
pub async fn listen(played: &[Played], judge: &Judge) -> Result<Vec<Heard>, EngineError> {
    let mut heard = Vec::new();
    for scene in played {
        heard.push(match judge {
            Judge::Ears(ears) => {
                let text = ears.transcribe(scene.heard.clone()).await?;
                let wer = match scene.cut {
                    true => word_error_rate_of_beginning(&scene.answer, &text),
                    false => word_error_rate(&scene.answer, &text),
                };
                Heard::Words { text, wer }
            }
            Judge::Voice(voice) => Heard::Sound(sounds_like(scene, &**voice).await?),
        });
    }
    Ok(heard)
}

/// How like each sentence, said once more, is to what was on the wire: as far as it came there, and
/// whatever a caller's jitter buffer on a busy machine has made of it.
async fn sounds_like(scene: &Played, voice: &dyn Tts) -> Result<Vec<(String, f64)>, EngineError> {
    let mut sounds = Vec::new();
    for sentence in &scene.sentences {
        sounds.push(sound_of(voice, Speech::of(sentence)).await?);
    }
    if scene.cut {
        let spoken = scene
            .agent
            .map_or(0, |span| span.to.saturating_sub(span.from));
        shorten(&mut sounds, usize::try_from(spoken).unwrap_or(usize::MAX));
    }
    let parts: Vec<&[i16]> = sounds.iter().map(Vec::as_slice).collect();
    let alike = likeness_in_order(&parts, &scene.wire);
    Ok(scene.sentences.iter().cloned().zip(alike).collect())
}

/// Leaves so many samples of all.
fn shorten(sounds: &mut Vec<Vec<i16>>, samples: usize) {
    let mut left = samples;
    sounds.retain_mut(|sound| {
        sound.truncate(left);
        left -= sound.len();
        !sound.is_empty()
    });
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
            Act::Talks => format!("the answer to {:?}", scene.words().unwrap_or_default()),
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

/// Of a conversation without a script, the waits that were too long.
pub fn long_waits(played: &[Played]) -> Vec<String> {
    let fault = |scene: &Played| {
        let asked = scene.words().unwrap_or("(the greeting)");
        Some(format!("the answer to {asked:?} {}", late(scene.gap()?)?))
    };
    played.iter().filter_map(fault).collect()
}

fn late(gap: Duration) -> Option<String> {
    let (gap, most) = (gap.as_millis(), GAP_MAX.as_millis());
    (gap > most).then(|| format!("took {gap} ms, more than {most}"))
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
    of_voice(scene)
        .or_else(|| of_sound(scene, heard))
        .or_else(|| late(gap))
        .or_else(|| (!scene.met).then(|| "was not heard to its end".to_owned()))
}

/// Whether the voice was given the words of the answer, all of them unless it was interrupted.
fn of_voice(scene: &Played) -> Option<String> {
    let given = scene.sentences.join(" ");
    let (wanted, said) = (words(&scene.answer), words(&given));
    let is_said = match scene.cut {
        true => wanted.starts_with(&said),
        false => wanted == said,
    };
    let answer = &scene.answer;
    (!is_said).then(|| format!("was \"{answer}\", and the voice was given \"{given}\""))
}

/// Whether that is what was heard.
fn of_sound(scene: &Played, heard: &Heard) -> Option<String> {
    match heard {
        Heard::Words { text, wer } if *wer > WER_MAX => {
            let (wer, answer) = (wer * 100.0, &scene.answer);
            Some(format!(
                "is heard wrongly: {wer:.0} % of \"{answer}\" in {text:?}"
            ))
        }
        Heard::Words { .. } => None,
        Heard::Sound(sentences) => {
            let (unlike, alike) = sentences.iter().find(|(_, alike)| *alike < LIKENESS_MIN)?;
            Some(format!(
                "does not sound like \"{unlike}\": likeness {alike:.2} of 1, less than {LIKENESS_MIN}"
            ))
        }
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
