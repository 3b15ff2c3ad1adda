//! What the voice agent hears with the models of a build with `--features speech`: words over SIP and
//! G.711, intents, and what it makes of everything that is no speech.

use std::process::Stdio;

use super::write_page;
use crate::peers;
use crate::workspace::{Failure, cargo, on_path, output};

const LEAD: &str = "\
Generated voices call a gateway by the softphone of this project, each sentence in a call of its own and seven calls at once:
over SIP and RTP with G.711 (PCMU), on sockets and by the clock. In the gateway the voice agent detects the speech, Whisper
tiny.en (q8_0, greedy, one thread for an utterance) hears the words in the same process, and the scripted receptionist's answer
tells whether the caller was understood. The losses are those that the gateway counted. A word that is wrong, missing or too many counts; how a number is written
does not. The sentences are in [`sentences.rs`](../../crates/gateway/tests/hearing/sentences.rs), the sounds without words are
made by [`noises.rs`](../../crates/gateway/tests/hearing/noises.rs), one to eight seconds of each. What is heard has no end where
it repeats a phrase three times in a row, or has more words than could be said in its time; what the agent does
not take for speech is given to Whisper straight, so that it hears every one of them.
";
const WITH_SPEECH: [&str; 6] = [
    "run",
    "--quiet",
    "--package",
    "trunkline",
    "--features",
    "speech",
];

/// Has everything heard and writes the page. A gate that is missed fails the run.
pub fn run(arguments: &[&str]) -> Result<(), Failure> {
    let is_quick = match arguments {
        [] => false,
        ["--quick"] => true,
        _ => return Err("usage: cargo xtask evidence speech [--quick]".into()),
    };
    if on_path("flite").is_none() {
        peers::apt_install(&["flite"])?;
    }
    output(cargo().args(WITH_SPEECH).args(["--", "models", "fetch"]))?;
    let mut hearing = cargo();
    hearing
        .args(WITH_SPEECH)
        .args(["--example", "hearing", "--"]);
    let body = output(hearing.args(arguments).stderr(Stdio::inherit()))?;
    print!("{body}");
    if !is_quick {
        write_page(
            "speech",
            "What the voice agent hears",
            &format!("{LEAD}\n{body}"),
        )?;
    }
    match body.contains("MISSED") {
        true => Err("a figure is not what it should be: see MISSED above".into()),
        false => Ok(()),
    }
}
