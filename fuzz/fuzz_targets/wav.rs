//! A sound file: what was accepted has as many samples as its channels ask for, and is read the
//! same after it was written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trunkline_audio::wav;

fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = wav::read(bytes) else {
        return;
    };
    assert!(file.samples.len() <= bytes.len());
    assert_eq!(file.samples.len() % usize::from(file.channels), 0);
    let mono = file.clone().into_mono();
    assert_eq!(mono.len(), file.samples.len() / usize::from(file.channels));
});
