//! The voice hibari: a text in, speech out.
