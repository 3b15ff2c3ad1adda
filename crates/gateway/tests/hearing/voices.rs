//! Who calls: voices of this machine.

use std::path::Path;
use std::sync::Arc;

use trunkline::models::HIBARI;
use trunkline_agent::engines::{HibariTts, Process, Speech, Tts, sound_of};

/// Somebody who says sentences.
pub struct Voice {
    /// How a table calls it.
    #[allow(dead_code, reason = "only the long measurement makes one")]
    pub name: &'static str,
    engine: Arc<dyn Tts>,
}

impl Voice {
    /// The voice hibari among these models.
    pub fn hibari(models: &Path) -> Self {
        let hibari = HibariTts::new(&models.join(HIBARI), 1.0);
        let hibari = hibari.unwrap_or_else(|error| panic!("{error}"));
        Self {
            name: "hibari",
            engine: Arc::new(hibari),
        }
    }

    /// A voice of the program Flite.
    #[allow(dead_code, reason = "only the long measurement has them call")]
    pub fn flite(name: &'static str, voice: &str) -> Self {
        let flite = Process::flite_as(voice);
        let flite = flite.expect("Flite is installed (Debian: apt-get install flite)");
        Self {
            name,
            engine: Arc::new(flite),
        }
    }

    /// Says a text, at 16 kHz.
    pub fn say(&self, text: &str) -> Arc<[i16]> {
        let speaking = sound_of(&*self.engine, Speech::of(text));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let said = runtime.expect("a runtime").block_on(speaking);
        said.unwrap_or_else(|error| panic!("{error}")).into()
    }
}
