//! Makes the steps of a caller of those of a scenario.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use trunkline_agent::engines::{EngineError, Speech, Tts, sound_of};
use trunkline_phone::caller::Step;

use super::scenario::{Action, Awaited, Expectation, Scenario, Scenarios, Utterance};

/// What a caller does in a scenario.
pub struct Script {
    /// The caller's steps.
    pub steps: Vec<Step>,
    /// Which of them each step of the scenario became.
    pub places: Vec<Range<usize>>,
}

/// Everything that is said in a file, spoken once.
#[derive(Default)]
pub struct Voices(BTreeMap<Utterance, Arc<[i16]>>);

impl Voices {
    /// Has every text spoken.
    ///
    /// # Errors
    /// Why one of them was not.
    pub async fn speak(file: &Scenarios) -> Result<Self, EngineError> {
        let mut spoken = BTreeMap::new();
        let Some(voice) = &file.tts else {
            return Ok(Self(spoken));
        };
        // A voice that is still being read when it is to speak counts as dead, and another stands in.
        voice.load().await;
        let steps = file.scenarios.iter().flat_map(|scenario| &scenario.steps);
        for said in steps.filter_map(|step| step.action.utterance()) {
            if let Utterance::Text { text, voice: by } = said
                && !spoken.contains_key(said)
            {
                let speech = Speech {
                    text: text.clone(),
                    voice: by.clone(),
                };
                let samples = sound_of(voice.as_ref(), speech).await?;
                spoken.insert(said.clone(), samples.into());
            }
        }
        Ok(Self(spoken))
    }

    fn sound(&self, said: &Utterance) -> Arc<[i16]> {
        match said {
            Utterance::Sound(samples) => Arc::clone(samples),
            Utterance::Text { .. } => self.0.get(said).map_or_else(|| Arc::from([]), Arc::clone),
        }
    }
}

impl Script {
    /// The script of a scenario.
    pub fn of(scenario: &Scenario, file: &Scenarios, voices: &Voices) -> Self {
        let mut script = Self {
            steps: Vec::new(),
            places: Vec::new(),
        };
        let mut keys = 0;
        for step in &scenario.steps {
            let from = script.steps.len();
            match &step.action {
                Action::Expect(wanted) => script.wait(wanted, file, &mut keys),
                action => script.steps.push(simple(action, file, voices)),
            }
            script.places.push(from..script.steps.len());
        }
        script
    }

    /// The waits of an expectation. `keys` were expected before it.
    fn wait(&mut self, wanted: &Expectation, file: &Scenarios, keys: &mut usize) {
        let within = file.within;
        if !wanted.keys.is_empty() {
            *keys += wanted.keys.len();
            let count = *keys;
            self.steps.push(Step::WaitForKeys { count, within });
        }
        if wanted.is_about_all_of_it() {
            self.steps.push(wait_for_end(file));
        } else if wanted.gap_ms.is_some() {
            self.steps.push(Step::WaitForSpeech { within });
        }
    }
}

fn wait_for_end(file: &Scenarios) -> Step {
    Step::WaitForEnd {
        quiet: file.quiet,
        within: file.within,
    }
}

/// A step that is one of the caller's too.
fn simple(action: &Action, file: &Scenarios, voices: &Voices) -> Step {
    let within = file.within;
    match action {
        Action::Say(said) => Step::Say(voices.sound(said)),
        Action::Interrupt { after, speech } => Step::Interrupt {
            after: *after,
            speech: voices.sound(speech),
            within,
        },
        Action::WaitFor(Awaited::Speech) => Step::WaitForSpeech { within },
        Action::WaitFor(Awaited::End) => wait_for_end(file),
        Action::WaitFor(Awaited::HangUp) => Step::WaitForHangUp { within },
        Action::Press(keys) => Step::Press(keys.clone()),
        Action::Noise(samples) => Step::Noise(Arc::clone(samples)),
        Action::Echo(level) => Step::Echo(*level),
        Action::Lose(share) => Step::Lose(*share),
        Action::Pause(length) => Step::Pause(*length),
        Action::Expect(_) => Step::Pause(Duration::ZERO),
    }
}
