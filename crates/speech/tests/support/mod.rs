//! Models of this machine, and recorded voices.
#![allow(dead_code, reason = "each file of tests uses its own part")]

use std::path::PathBuf;

use trunkline_audio::g711::ulaw;
use trunkline_audio::{FRAME_SAMPLES, Resampler, wav};

/// A model in the folder that `TRUNKLINE_MODELS` names.
pub fn model(name: &str) -> PathBuf {
    let folder = std::env::var_os("TRUNKLINE_MODELS").map(PathBuf::from);
    let model = folder.map(|folder| folder.join(name));
    let model = model.filter(|model| model.exists());
    model.unwrap_or_else(|| {
        panic!("no {name}; set TRUNKLINE_MODELS to what `trunkline models fetch` filled")
    })
}

/// A recording of `fixtures/speech`.
pub fn voice(name: &str) -> Vec<i16> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/speech");
    let file = std::fs::read(format!("{folder}/{name}.wav")).expect("the fixture");
    wav::read(&file).expect("a WAV file").into_mono()
}

/// What a telephone line leaves of it: 8 kHz, in the steps of µ-law.
pub fn over_the_line(samples: &[i16]) -> Vec<i16> {
    let mut down = Resampler::new(16_000, 8_000).expect("it knows these rates");
    let mut up = Resampler::new(8_000, 16_000).expect("it knows these rates");
    let mut heard = Vec::with_capacity(samples.len());
    for frame in samples.as_chunks::<FRAME_SAMPLES>().0 {
        let mut narrow = [0; FRAME_SAMPLES / 2];
        down.process(frame, &mut narrow);
        for sample in &mut narrow {
            *sample = ulaw::decode(ulaw::encode(*sample));
        }
        let mut wide = [0; FRAME_SAMPLES];
        up.process(&narrow, &mut wide);
        heard.extend(wide);
    }
    heard
}
