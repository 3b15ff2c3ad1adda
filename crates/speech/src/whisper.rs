//! Whisper: speech in, words out.
