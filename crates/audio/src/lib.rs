//! Canonical audio: G.711, G.722, L16, the streaming resampler, concealment, tones and WAV.
#![forbid(unsafe_code)]
