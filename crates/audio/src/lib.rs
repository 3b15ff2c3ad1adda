//! Canonical audio: G.711, G.722, L16, Opus, the streaming resampler, concealment, tones and WAV.
//!
//! Everything inside Trunkline is 16 kHz, 16 bit, mono, cut into 20 ms frames ([`AudioFrame`]).
//! Codecs work at their own rate; [`Resampler`] joins them to 16 kHz. Nothing here but Opus
//! allocates once it is built, and nothing reads a clock or does I/O, so all of it may run in the
//! media path.
//!
//! ```
//! use trunkline_audio::{Resampler, g711::ulaw};
//!
//! let packet = [0xFF_u8; 160]; // 20 ms of PCMU silence
//! let mut narrow = [0_i16; 160];
//! ulaw::decode_slice(&packet, &mut narrow);
//! let mut wide = [0_i16; 320];
//! let mut up = Resampler::new(8_000, 16_000)?;
//! assert_eq!(up.process(&narrow, &mut wide), 320);
//! # Ok::<(), trunkline_audio::UnsupportedRates>(())
//! ```
#![forbid(unsafe_code)]

pub mod conceal;
pub mod frame;
pub mod g711;
pub mod g722;
pub mod l16;
pub mod opus;
pub mod resample;
pub mod speech;
pub mod tone;
pub mod wav;

pub use conceal::Concealer;
pub use frame::{AudioFrame, FRAME_SAMPLES, FramePool, SAMPLE_RATE_HZ};
pub use resample::{Resampler, UnsupportedRates};
pub use speech::{SpeechDetector, SpeechEvent};
