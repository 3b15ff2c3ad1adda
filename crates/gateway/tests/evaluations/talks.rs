//! A file of scenarios, and what the command says of an agent.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::engines::{server, utterance};
use crate::support::{InProcess, folder, sound, trunkline};

/// The scenarios of these tests; each has one defect that it is for.
const SCENARIOS: &str = "\
within: 8
quiet: 0.6
stt: {type: openai, url: \"@STT@\"}
intents:
  hours: [open, nine o'clock, nine]
  transfer: [connect, colleague]
scenarios:
  - name: hours
    steps:
      - wait_for: end
      - say: {wav: question.wav}
      - expect: {gap_ms: 1250}
      - interrupt: {wav: stop.wav, after: 0.5}
      - expect: {silence_ms: 400}
      - expect: {contains: all right}
  - name: intent
    steps:
      - wait_for: end
      - say: {wav: question.wav}
      - expect: {intent: hours, spoken_ms: 3500, pause_ms: 300}
  - name: keys
    steps:
      - wait_for: end
      - dtmf: \"42#\"
      - expect: {text: You pressed 42., regex: forty.two}
";

/// The folder of a test, with its scenarios and its recordings.
pub fn stage(name: &str) -> PathBuf {
    let folder = folder(name);
    for (file, number) in [("question.wav", 0), ("stop.wav", 1)] {
        let wav = sound::wav(16_000, &utterance(number));
        std::fs::write(folder.join(file), wav).expect("a file");
    }
    let text = SCENARIOS.replace("@STT@", &server());
    std::fs::write(folder.join("talks.yaml"), text).expect("a file");
    folder
}

/// The line of a step in [`SCENARIOS`], by its beginning, and as the command names it.
pub fn place(step: &str) -> String {
    let line = SCENARIOS.lines().position(|line| line.contains(step));
    format!("talks.yaml:{}: ", line.expect("the step") + 1)
}

/// What the command prints of one scenario, and whether it passed.
pub fn follow(folder: &Path, gateway: &InProcess, only: &str, more: &[&str]) -> (Value, bool) {
    let target = format!("sip:agent@{}", gateway.address);
    let arguments = [
        "eval",
        "talks.yaml",
        "--json",
        "--target",
        &target,
        "--only",
        only,
    ];
    let output = trunkline(folder, &[&arguments, more].concat());
    let told = String::from_utf8_lossy(&output.stdout);
    let said = String::from_utf8_lossy(&output.stderr);
    let told = serde_json::from_str(&told).unwrap_or_else(|error| panic!("{error}: {told}{said}"));
    (told, output.status.success())
}

/// What is wrong with the first conversation.
pub fn faults(told: &Value) -> Vec<String> {
    let faults = told["conversations"][0]["faults"].as_array();
    let text = |fault: &Value| {
        let text = fault["text"].as_str().unwrap_or_default();
        format!("talks.yaml:{}: {text}", fault["line"])
    };
    faults.expect("a list").iter().map(text).collect()
}
