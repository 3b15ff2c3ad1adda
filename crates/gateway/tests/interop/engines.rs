//! The voice agent's engines against servers by other people: llama.cpp's with a small model, for
//! streaming and for taking an answer back, not for wit; and one made with Wyoming's own package.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::mpsc::channel;
use trunkline_agent::engines::{
    Delta, Llm, OpenAiLlm, Question, Server, Speech, Stt, Tcp, Tts, WyomingStt, WyomingTts,
    sound_of,
};
use trunkline_agent::{Message, Settings};

use crate::peer::{command, peers_folder, with_peer};
use crate::support::sound;

const PEER: &str = "engines";
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/engines");
/// How long a server may take to say where it listens, on a busy machine.
const STARTS_WITHIN: Duration = Duration::from_secs(120);

/// Python in the environment that has the servers.
fn python() -> Result<PathBuf, String> {
    let named = std::env::var_os("TRUNKLINE_PEER_ENGINES").map(PathBuf::from);
    let environment = named.unwrap_or_else(|| peers_folder().join(PEER));
    let python = environment.join("bin/python");
    let has = Command::new(&python)
        .args(["-c", "import xllamacpp, wyoming"])
        .stderr(Stdio::null())
        .status();
    match has.is_ok_and(|status| status.success()) {
        true => Ok(python),
        false => Err("`cargo xtask peers` installs it".to_owned()),
    }
}

/// A server of a script, ended with this.
struct Running {
    child: Child,
    url: String,
}

impl Running {
    fn start(python: &PathBuf, script: &str) -> Self {
        let mut command = command(python);
        let mut child = command
            .arg(format!("{SCRIPTS}/{script}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Python starts");
        let said = BufReader::new(child.stdout.take().expect("its output"));
        let (to, from) = std::sync::mpsc::channel();
        // llama.cpp says more than that, which must be read lest it waits.
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                let _ = to.send(line);
            }
        });
        let deadline = Instant::now() + STARTS_WITHIN;
        let url = loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = from.recv_timeout(left).expect("it says where it listens");
            if line.contains("://127.0.0.1:") {
                break line.trim().to_owned();
            }
        };
        Self { child, url }
    }

    fn at(&self, path: &str) -> Server {
        Server::new(&format!("{}{path}", self.url), Arc::new(Tcp)).expect("a URL")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

fn question(text: &str) -> Question {
    Question {
        messages: vec![
            Message::System("Answer in many sentences.".to_owned()),
            Message::User(text.to_owned()),
        ],
        tools: [].into(),
        model: None,
    }
}

fn llama(running: &Running) -> OpenAiLlm {
    OpenAiLlm {
        server: running.at("/v1"),
        model: "smollm2".to_owned(),
    }
}

#[test]
fn an_answer_of_llama_cpp_comes_word_by_word() {
    let test = "an_answer_of_llama_cpp_comes_word_by_word";
    with_peer(PEER, test, python(), |python| {
        let running = Running::start(&python, "llama.py");
        let llm = llama(&running);
        runtime().block_on(async {
            let (to, mut from) = channel(4);
            let mut times = Vec::new();
            let reading = async {
                while let Some(Delta::Words(words)) = from.recv().await {
                    assert!(!words.is_empty());
                    times.push(Instant::now());
                }
            };
            let asked = question("Count to ten, in words.");
            let (ended, ()) = tokio::join!(llm.reply(asked, to), reading);
            ended.expect("it ends as it should");
            assert!(times.len() >= 5, "{} pieces", times.len());
            let (first, last) = (times[0], times[times.len() - 1]);
            assert!(last - first >= Duration::from_millis(20), "not all at once");
        });
    });
}

#[test]
fn an_answer_of_llama_cpp_can_be_taken_back_and_the_next_one_is_not_kept_waiting() {
    let test = "an_answer_of_llama_cpp_can_be_taken_back_and_the_next_one_is_not_kept_waiting";
    with_peer(PEER, test, python(), |python| {
        let running = Running::start(&python, "llama.py");
        let llm = llama(&running);
        runtime().block_on(async {
            for _ in 0..3 {
                let (to, mut from) = channel(4);
                let order = llm.reply(question("Tell me the whole history of Rome."), to);
                let first = tokio::select! {
                    ended = order => panic!("it was to be long: {ended:?}"),
                    first = from.recv() => first,
                };
                assert!(matches!(first, Some(Delta::Words(_))), "{first:?}");
            }
            // A server that still worked on those would come to this one much later.
            let (to, mut from) = channel(64);
            let order = llm.reply(question("Hi."), to);
            let begins = async {
                tokio::select! {
                    ended = order => panic!("it said nothing: {ended:?}"),
                    first = from.recv() => first,
                }
            };
            let begun = tokio::time::timeout(Duration::from_secs(20), begins).await;
            assert!(matches!(begun, Ok(Some(Delta::Words(_)))), "{begun:?}");
        });
    });
}

#[test]
fn llama_cpp_is_told_of_functions_and_refuses_what_it_cannot_do() {
    let test = "llama_cpp_is_told_of_functions_and_refuses_what_it_cannot_do";
    with_peer(PEER, test, python(), |python| {
        let running = Running::start(&python, "llama.py");
        runtime().block_on(async {
            let (to, mut from) = channel(64);
            let mut asked = question("Say hello.");
            asked.tools = Settings::default().tools_told().into();
            let llm = llama(&running);
            let reading = async { while from.recv().await.is_some() {} };
            let (ended, ()) = tokio::join!(llm.reply(asked, to), reading);
            // What a model this small makes of functions is its own affair; it is told of them.
            ended.expect("functions are no error");
            let nowhere = OpenAiLlm {
                server: running.at("/v2"),
                model: "smollm2".to_owned(),
            };
            let (to, _from) = channel(4);
            let ended = nowhere.reply(question("Hi."), to).await;
            let error = ended.expect_err("there is no such path").to_string();
            assert!(error.contains("404"), "{error}");
        });
    });
}

#[test]
fn a_server_of_wyomings_own_hears_all_of_an_utterance() {
    let test = "a_server_of_wyomings_own_hears_all_of_an_utterance";
    with_peer(PEER, test, python(), |python| {
        let running = Running::start(&python, "wyoming_server.py");
        let stt = WyomingStt {
            server: running.at(""),
            language: Some("en".to_owned()),
        };
        let heard = runtime().block_on(stt.transcribe(vec![900; 24_000]));
        assert_eq!(heard.expect("words"), "24000 samples at 16000 Hz in en");
    });
}

#[test]
fn a_server_of_wyomings_own_is_heard_at_our_rate() {
    let test = "a_server_of_wyomings_own_is_heard_at_our_rate";
    with_peer(PEER, test, python(), |python| {
        let running = Running::start(&python, "wyoming_server.py");
        let tts = WyomingTts {
            server: running.at(""),
            voice: None,
        };
        runtime().block_on(async {
            let heard = sound_of(&tts, Speech::of("Good day to you.")).await;
            let heard = heard.expect("it ends as it should");
            assert!((25_400..=25_600).contains(&heard.len()), "{}", heard.len());
            assert!(sound::share_at(1_000.0, 16_000, &heard[8_000..16_000]) > 0.9);
            let nobody = Speech {
                text: "Hm.".to_owned(),
                voice: Some("nobody".to_owned()),
            };
            let (to, _from) = channel(4);
            let error = tts.speak(nobody, to).await.expect_err("no such voice");
            assert!(error.to_string().contains("no such voice"), "{error}");
        });
    });
}
