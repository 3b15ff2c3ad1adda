//! Every key a file of scenarios may have.

use crate::config::keys::Keys;

macro_rules! keys {
    ($($name:ident $mapping:literal [$($known:literal)*];)*) => {
        $(
            pub const $name: Keys = Keys {
                mapping: $mapping,
                known: &[$($known),*],
                later: &[],
            };
        )*
        /// Every mapping.
        #[cfg(test)]
        pub const ALL: &[&Keys] = &[$(&$name),*];
    };
}

keys! {
    FILE "" ["target" "callers" "within" "quiet" "stt" "tts" "intents" "scenarios"];
    SCENARIO "scenarios[]" ["name" "target" "steps"];
    STEP "scenarios[].steps[]" [
        "say" "interrupt" "wait_for" "dtmf" "noise" "echo" "loss" "pause" "expect"
    ];
    SAY "scenarios[].steps[].say" ["text" "voice" "wav"];
    INTERRUPT "scenarios[].steps[].interrupt" ["text" "voice" "wav" "after"];
    NOISE "scenarios[].steps[].noise" ["wav" "level_db"];
    ECHO "scenarios[].steps[].echo" ["level_db"];
    EXPECT "scenarios[].steps[].expect" [
        "text" "wer" "contains" "regex" "intent" "gap_ms" "silence_ms" "spoken_ms" "pause_ms" "keys"
    ];
}
