//! Weights of a model that somebody has put into the folder: converted, or refused in words.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trunkline_speech::ggml;

fuzz_target!(|input: (&[u8], &str)| {
    let (weights, vocabulary) = input;
    let mut converted = Vec::new();
    let _ = ggml::convert(weights, vocabulary, &mut converted);
});
