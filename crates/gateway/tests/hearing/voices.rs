//! Who calls: voices of this machine.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::mpsc::channel;
use trunkline::models::HIBARI;
use trunkline_agent::engines::{HibariTts, Process, Speech, Tts};

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
        let (to, mut from) = channel::<Vec<i16>>(16);
        let speech = Speech {
            text: text.to_owned(),
            voice: None,
        };
        let hearing = async {
            let mut all = Vec::new();
            while let Some(piece) = from.recv().await {
                all.extend(piece);
            }
            all
        };
        let speaking = async { tokio::join!(self.engine.speak(speech, to), hearing) };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let (ended, said) = runtime.expect("a runtime").block_on(speaking);
        ended.unwrap_or_else(|error| panic!("{error}"));
        said.into()
    }
}
