use super::*;
use tokio::sync::mpsc::Sender;
use trunkline_agent::engines::{Delta, EngineError, Question, Speech, Tts};
use trunkline_call::BoxFuture;

/// A short conversation: greeted, answered, left.
const SHORT: &[Scene] = &[SCENES[0], SCENES[1], SCENES[7]];

/// A receptionist whose answers are altered on their way.
struct Altered(&'static str, &'static str);

impl Llm for Altered {
    fn reply(
        &self,
        question: Question,
        answer: Sender<Delta>,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(async move {
            let (to, mut from) = tokio::sync::mpsc::channel(16);
            let receptionist = receptionist();
            let passing = async {
                while let Some(mut delta) = from.recv().await {
                    if let Delta::Words(words) = &mut delta {
                        *words = words.replace(self.0, self.1);
                    }
                    answer
                        .send(delta)
                        .await
                        .map_err(|_| EngineError::Unwanted)?;
                }
                Ok(())
            };
            let (ended, passed) = tokio::join!(receptionist.reply(question, to), passing);
            ended.and(passed)
        })
    }
}

/// A voice that says something else in place of a sentence.
struct Misspoken {
    voice: Arc<dyn Tts>,
    wanted: &'static str,
    said: &'static str,
}

impl Tts for Misspoken {
    fn speak(
        &self,
        speech: Speech,
        sound: Sender<Vec<i16>>,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        let text = speech.text.replace(self.wanted, self.said);
        self.voice.speak(Speech { text, ..speech }, sound)
    }
}

fn demo(name: &str) -> Demo {
    let name = format!("trunkline-{name}-{}", std::process::id());
    Demo {
        json: true,
        yes: false,
        mic: false,
        stay: false,
        out: std::env::temp_dir().join(name),
    }
}

#[test]
fn an_agent_that_answers_wrongly_fails_the_demonstration_by_the_answer() {
    let demo = demo("altered");
    let altered = Arc::new(Altered("nine to five", "ten to four"));
    let failure = demo.play(Caller::Script(SHORT), Cast::typed("A test"), altered);
    let page = std::fs::read_to_string(demo.out.join("trunkline-demo.html"));
    std::fs::remove_dir_all(&demo.out).expect("the folder was made");
    let Err(Failure::Failed(why)) = failure else {
        panic!("{failure:?}");
    };
    let said = "turn 2: the answer to \"My name is Peter Hughes, and I would like to know when you are \
                open.\" should have \"nine to five\" in it, and was \"Nice to meet you, Peter Hughes. \
                We are open from ten to four";
    assert!(why.contains(said), "{why}");
    assert!(page.expect("a page").contains("ten to four"), "it is shown");
}

#[test]
fn a_voice_that_says_another_sentence_fails_the_demonstration_without_ears_by_its_sound() {
    let demo = demo("misspoken");
    let mut cast = Cast::typed("A test");
    cast.agent = Arc::new(Misspoken {
        voice: Arc::clone(&cast.agent),
        wanted: "We are open from nine to five, Monday to Friday.",
        said: "Nobody here knows, but somebody might tell you.",
    });
    let failure = demo.play(Caller::Script(SHORT), cast, Arc::new(receptionist()));
    std::fs::remove_dir_all(&demo.out).expect("the folder was made");
    let Err(Failure::Failed(why)) = failure else {
        panic!("{failure:?}");
    };
    let said = "when you are open.\" does not sound like \"We are open from nine to five, Monday to \
                Friday.\": likeness 0.";
    assert!(why.contains(said), "{why}");
    let other = "\"Nice to meet you, Peter Hughes.\": likeness";
    assert!(!why.contains(other), "what is right is found: {why}");
}

#[test]
fn where_the_agent_is_deaf_nobody_is_asked_to_talk_to_it() {
    for (stay, mic, argument) in [(true, false, "--stay"), (false, true, "--mic")] {
        let demo = Demo {
            stay,
            mic,
            ..demo("stay")
        };
        let refused = demo.refused(&Cast::typed("Type this"));
        let why = refused.expect("nobody hears");
        let told = format!("{argument}: the agent could not hear you. Type this");
        assert!(why.starts_with(&told), "{why}");
    }
    assert_eq!(demo("script").refused(&Cast::typed("Type this")), None);
}

#[test]
fn what_a_microphone_hears_is_answered_and_drawn_as_any_other_conversation() {
    let demo = demo("mic");
    std::fs::create_dir_all(&demo.out).expect("a folder");
    let (said, heard) = (demo.out.join("said.raw"), demo.out.join("heard.raw"));
    let sound = trunkline_phone::murmur::murmur("Thank you, that is all, goodbye.", 120.0);
    let bytes: Vec<u8> = sound
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect();
    std::fs::write(&said, bytes).expect("a file");
    // The greeting is heard to its end.
    let hears = format!("sleep 7; cat '{}'; exec sleep 60", said.display());
    let plays = format!("exec cat >'{}'", heard.display());
    let shell = |does: String| vec!["sh".to_owned(), "-c".to_owned(), does];
    let programs = [shell(hears), shell(plays)];
    let cast = Cast::typed("A test");
    cast.prompter.tell("Thank you, that is all, goodbye.");
    // On a busy machine the wait may be too long.
    let _ = demo.play(Caller::Person(programs), cast, Arc::new(receptionist()));
    let timeline = std::fs::read(demo.out.join("trunkline-demo.json")).expect("a timeline");
    let heard = std::fs::read(&heard).expect("a file");
    std::fs::remove_dir_all(&demo.out).expect("the folder was made");
    let timeline: Value = serde_json::from_slice(&timeline).expect("JSON");
    let said = timeline["said"].as_array().expect("what was said").iter();
    let texts: Vec<&str> = said.filter_map(|said| said["text"].as_str()).collect();
    assert_eq!(
        texts,
        [
            script::GREETING,
            "Thank you, that is all, goodbye.",
            "Thank you for calling. Goodbye."
        ],
        "{timeline}"
    );
    assert_eq!(
        timeline["turns"].as_array().map(Vec::len),
        Some(2),
        "{timeline}"
    );
    let loud = heard
        .as_chunks::<2>()
        .0
        .iter()
        .map(|pair| i16::from_le_bytes(*pair));
    assert!(loud.max() > Some(3_000), "the agent is heard");
}
