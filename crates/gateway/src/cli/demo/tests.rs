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
        stay: false,
        out: std::env::temp_dir().join(name),
    }
}

#[test]
fn an_agent_that_answers_wrongly_fails_the_demonstration_by_the_answer() {
    let demo = demo("altered");
    let altered = Arc::new(Altered("nine to five", "ten to four"));
    let failure = demo.play(SHORT, Cast::typed("A test"), altered);
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
    let failure = demo.play(SHORT, cast, Arc::new(receptionist()));
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
fn to_stay_without_ears_is_refused_with_what_to_type() {
    let demo = Demo {
        stay: true,
        ..demo("stay")
    };
    let refused = demo.play(SHORT, Cast::typed("Type this"), Arc::new(receptionist()));
    let Err(Failure::Usage(why)) = refused else {
        panic!("{refused:?}");
    };
    assert!(why.contains("could not hear you. Type this"), "{why}");
}
