//! G.711, exactly as the ITU-T G.191 Software Tools Library has it.
//!
//! G.711 itself defines the laws on 14 bit (µ) and 13 bit (A) uniform PCM. G.191 says how 16 bit
//! samples map onto them, and that is what both directions follow for all 65,536 inputs and 256
//! codes:
//!
//! * A negative sample's magnitude is its one's complement, so −1 is a "negative zero": µ-law −1 to
//!   −4 give `0x7F`, which decodes to 0 like `0xFF`. A-law has no zero at all; 0 gives `0xD5` (+8)
//!   and −1 gives `0x55` (−8).
//! * µ-law saturates: from ±32,636 on the code is that of the largest step, ±32,124. A-law reaches
//!   the full range and its largest values are ±32,256.
//!
//! Other implementations take the two's complement instead, which differs where a negative sample
//! sits on a decision level: CPython's `audioop.lin2ulaw` parts from G.191 in 508 of 65,536 inputs.
//! G.191 is the reference here.

pub mod alaw;
mod table;
pub mod ulaw;

#[cfg(test)]
mod tests;
