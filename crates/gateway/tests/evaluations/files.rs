//! What a file of scenarios may not say, and what is told of it.

use crate::engines::{Defects, agent, server};
use crate::support::{folder, text, trunkline};

/// A file, and what is told of it: place, what is wrong, what to type.
const REFUSED: &[(&str, &[&str])] = &[
    (
        "scenarios: []\n",
        &[
            "t.yaml:1:12: scenarios: has no scenario, or more than 1000; write `- name: …` and its `steps`",
        ],
    ),
    (
        "scenarios:\n  - {name: a, steps: [{sya: hello}]}\n",
        &["t.yaml:2:24: scenarios[0].steps[0].sya: unknown key; did you mean `say`?"],
    ),
    (
        "scenarios:\n  - name: a\n    steps:\n      - {say: hello, wait_for: end}\n      - wait_for: ende\n      - pause: soon\n",
        &[
            "t.yaml:4:9: scenarios[0].steps[0]: is not one step; begin a line with `- ` for each step",
            "t.yaml:5:19: scenarios[0].steps[1].wait_for: \"ende\" is not known; did you mean `end`?",
            "t.yaml:6:16: scenarios[0].steps[2].pause: \"soon\" is out of range; write a number from 0 to 600: seconds",
        ],
    ),
    (
        "scenarios:\n  - name: a\n    steps:\n      - say: {wav: nothing.wav}\n      - expect: {silence_ms: 250}\n      - expect: {intent: hours}\n      - expect: {regex: \"(\"}\n",
        &[
            "t.yaml:4:20: scenarios[0].steps[0].say.wav: nothing.wav: No such file or directory (os error 2); name a WAV file beside this one, 16 bit, µ-law or A-law",
            "t.yaml:5:30: scenarios[0].steps[1].expect.silence_ms: nobody was interrupted before it; put it after `interrupt`",
            "t.yaml:6:26: scenarios[0].steps[2].expect.intent: the file has no intents; add `intents: {NAME: [words by which it is known]}` to the file",
            "t.yaml:7:25: scenarios[0].steps[3].expect.regex: ",
        ],
    ),
    (
        "callers: 0\nwithin: 900\nscenarios:\n  - name: a\n    steps:\n      - dtmf: 12x\n      - loss: 101\n      - expect: {gap_ms: -1}\n      - expect: {wer: 0.2}\n",
        &[
            "t.yaml:1:10: callers: \"0\" is out of range; write a whole number from 1 to 500",
            "t.yaml:2:9: within: \"900\" is out of range; write a number from 0 to 600: seconds",
            "t.yaml:6:15: scenarios[0].steps[0].dtmf: 'x' is no telephone key: they are 0-9 * # A-D; write the keys in quotes, such as \"42#\"",
            "t.yaml:7:15: scenarios[0].steps[1].loss: \"101\" is out of range; write a number from 0 to 100: packets of a hundred",
        ],
    ),
];

#[test]
fn every_mistake_in_a_file_is_told_with_its_place_and_its_remedy() {
    let folder = folder("eval-mistakes");
    for (file, told) in REFUSED {
        std::fs::write(folder.join("t.yaml"), file).expect("a file");
        let output = trunkline(&folder, &["eval", "t.yaml", "--target", "sip:a@127.0.0.1"]);
        assert_eq!(output.status.code(), Some(2), "{file}");
        let said = text(&output.stderr);
        for line in *told {
            assert!(said.contains(line), "{file}\n{said}\nwithout\n{line}");
        }
    }
}

/// Answers that are judged by words need something that hears; which a build with models has.
#[cfg(not(feature = "speech"))]
#[test]
fn a_file_that_needs_an_engine_says_what_to_type() {
    let folder = folder("eval-engines");
    let steps = "scenarios: [{name: a, steps: [{wait_for: end}, {expect: {contains: nine}}]}]\n";
    std::fs::write(folder.join("t.yaml"), steps).expect("a file");
    let output = trunkline(&folder, &["eval", "t.yaml", "--target", "sip:a@127.0.0.1"]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    let words = "`stt` is missing, and this build has no speech models; add `stt: …`, or build it \
                 with `--features speech`";
    assert!(said.contains(words), "{said}");
}

#[test]
fn a_file_without_anybody_to_call_says_so_before_it_calls() {
    let folder = folder("eval-nobody");
    let steps = "scenarios: [{name: a, steps: [{pause: 1}]}]\n";
    std::fs::write(folder.join("t.yaml"), steps).expect("a file");
    let output = trunkline(&folder, &["eval", "t.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("write `target: sip:…` or give --target"));
    let output = trunkline(&folder, &["eval", "nowhere.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("nowhere.yaml"));
}

#[test]
fn a_call_that_nobody_answers_fails_with_the_reason() {
    let folder = folder("eval-unanswered");
    // Below what the system hands out, so that nobody is given it.
    let steps = "target: sip:a@127.0.0.1:25998\nscenarios: [{name: a, steps: [{pause: 1}]}]\n";
    std::fs::write(folder.join("t.yaml"), steps).expect("a file");
    let output = trunkline(&folder, &["eval", "t.yaml"]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stdout);
    assert!(
        told.contains("t.yaml:2: the call was not answered: nobody listens at"),
        "{told}"
    );
}

/// How often the example is followed. On a machine that is busy with something else an answer may be
/// late, which says nothing of the program.
const TRIES: usize = 4;

#[test]
fn the_example_is_followed_against_an_agent_that_does_as_it_should() {
    const EXAMPLE: &str = include_str!("../../../../examples/eval/receptionist.yaml");
    let (folder, gateway) = (folder("eval-example"), agent(Defects::default()));
    std::fs::write(folder.join("receptionist.yaml"), EXAMPLE).expect("a file");
    std::fs::write(folder.join(".env"), format!("SPEECH_URL={}\n", server())).expect("a file");
    let target = format!("sip:agent@{}", gateway.address);
    let follow = || trunkline(&folder, &["eval", "receptionist.yaml", "--target", &target]);
    let mut outputs = (0..TRIES).map(|_| follow());
    let told: Vec<String> = outputs
        .by_ref()
        .take_while(|output| !output.status.success())
        .map(|output| text(&output.stdout))
        .collect();
    assert!(told.len() < TRIES, "{told:?}");
}
