//! Documents in Twilio's markup that calls follow: what their verbs mean here, and the errands that
//! this takes. The order of the verbs is [`trunkline_streams::document`]'s.

mod errands;
mod fetch;
mod reach;
mod speech;

pub use errands::{Done, do_errand};
pub use reach::FetchRules;

use crate::settings::Settings;
use std::collections::VecDeque;
use std::time::Duration;
use trunkline_call::{Digit, Parameters, Target, TransferMode};
use trunkline_providers::twiml::{self, BadTwiml, Verb};
use trunkline_providers::url::joined;
use trunkline_streams::document::{Gather, Key, Method, Page, Sound, Speech, Step, Stream};

/// What a `<Play>` of a configured prompt begins with.
const PROMPT: &str = "prompt:";
/// The most keys of one `<Play digits>`.
const KEYS_MAX: usize = 128;

/// Why a document is not followed. Nothing of it was done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDocument {
    /// It is no TwiML.
    #[error(transparent)]
    Twiml(#[from] BadTwiml),
    /// A verb that we do not have.
    #[error("this gateway does not do <{0}> on a live call; {instead}", instead = instead(.0))]
    Verb(&'static str),
    /// Keys are gathered, and nothing says for whom.
    #[error("<Gather>: write action, because the document has no URL of its own")]
    NoAction,
    /// Nothing speaks.
    #[error(
        "<Say> needs a program that speaks: set speech.command in the configuration, such as \
         `speech: {{command: [espeak-ng, --stdin, --stdout]}}`"
    )]
    NoSpeech,
    /// A verb says something that cannot be.
    #[error("<{0}>: {1}")]
    Wrong(&'static str, String),
}

/// What may be written in place of a verb.
fn instead(verb: &str) -> &'static str {
    match verb {
        "Start" | "Stop" => {
            "connect the application with <Connect><Stream>, and have it pass on what it hears"
        }
        "Record" => "have the application of a <Connect><Stream> write what it hears",
        _ => {
            "it does <Say>, <Play>, <Pause>, <Gather>, <Dial>, <Refer>, <Redirect>, \
             <Connect><Stream> and <Hangup>"
        }
    }
}

/// The steps of a document. `base` is where it was fetched, for what it writes relative to that.
///
/// # Errors
/// Where one of its verbs cannot be done: then none of them is.
pub fn steps(
    document: &str,
    base: Option<&str>,
    settings: &Settings,
) -> Result<Vec<Step>, BadDocument> {
    let verbs = twiml::read(document)?;
    verbs
        .into_iter()
        .map(|verb| step(verb, base, settings))
        .collect()
}

/// The step that `Url` and `Method` of a request ask for.
///
/// # Errors
/// Where that is no URL.
pub fn page(url: &str, is_get: bool, settings: &Settings) -> Result<Step, BadDocument> {
    let redirect = Verb::Redirect {
        url: url.to_owned(),
        is_get,
    };
    step(redirect, None, settings)
}

fn step(verb: Verb, base: Option<&str>, settings: &Settings) -> Result<Step, BadDocument> {
    Ok(match verb {
        Verb::HangUp => Step::HangUp,
        Verb::Dial(whom) => Step::Move(target("Dial", &whom)?, TransferMode::Bridge),
        Verb::Refer(whom) => Step::Move(target("Refer", &whom)?, TransferMode::Refer),
        Verb::Play { url, times } => Step::Play(sound(&url, base, settings)?, times),
        Verb::PressKeys(digits) => Step::Press(keys(&digits)?),
        Verb::Say { .. } if settings.speech.is_none() => return Err(BadDocument::NoSpeech),
        Verb::Say {
            text,
            voice,
            language,
            times,
        } => {
            let speech = Speech {
                text,
                voice,
                language,
            };
            Step::Play(Sound::Speech(speech), times)
        }
        Verb::Pause(seconds) => Step::Wait(Duration::from_secs(seconds.into())),
        Verb::Redirect { url, is_get } => Step::Go(next("Redirect", &url, is_get, base, settings)?),
        Verb::Gather(asked) => Step::Gather(gather(asked, base, settings)?),
        Verb::Connect { url, parameters } => Step::Connect(stream(url, &parameters, settings)?),
        Verb::Other(name) => return Err(BadDocument::Verb(name)),
    })
}

/// A document that takes the place of this one.
fn next(
    verb: &'static str,
    url: &str,
    is_get: bool,
    base: Option<&str>,
    settings: &Settings,
) -> Result<Page, BadDocument> {
    Ok(Page {
        url: web(verb, url, base, settings)?,
        method: if is_get { Method::Get } else { Method::Post },
        keys: None,
    })
}

fn gather(
    asked: twiml::Gather,
    base: Option<&str>,
    settings: &Settings,
) -> Result<Gather, BadDocument> {
    let action = asked.action.as_deref().or(base);
    let action = action.ok_or(BadDocument::NoAction)?;
    let prompts = asked.prompts.into_iter();
    let prompts = prompts.map(|prompt| step(prompt, base, settings));
    Ok(Gather {
        prompts: prompts.collect::<Result<_, _>>()?,
        keys_max: asked.keys_max.into(),
        last_key: asked.last_key.and_then(Digit::from_char),
        patience: Duration::from_secs(asked.patience_s.into()),
        then: next("Gather", action, asked.is_get, base, settings)?,
        tells_none: asked.tells_none,
    })
}

fn target(verb: &'static str, whom: &str) -> Result<Target, BadDocument> {
    let wrong = || BadDocument::Wrong(verb, "too long, or with spaces in it".to_owned());
    Target::new(whom).ok_or_else(wrong)
}

fn sound(url: &str, base: Option<&str>, settings: &Settings) -> Result<Sound, BadDocument> {
    let Some(name) = url.strip_prefix(PROMPT) else {
        return Ok(Sound::File(web("Play", url, base, settings)?));
    };
    let prompt = settings.prompts.get(name).cloned();
    let unknown = || {
        let why = format!("no prompt is named {name:?}; add it to prompts in the configuration");
        BadDocument::Wrong("Play", why)
    };
    prompt.map(Sound::Here).ok_or_else(unknown)
}

/// A URL of HTTP that may be asked, as far as it shows that.
fn web(
    verb: &'static str,
    url: &str,
    base: Option<&str>,
    settings: &Settings,
) -> Result<String, BadDocument> {
    let url = joined(base, url);
    let url = url.ok_or_else(|| {
        BadDocument::Wrong(
            verb,
            "write a whole URL, with http:// or https://".to_owned(),
        )
    })?;
    let permitted = settings.fetch.check_written(&url);
    permitted.map_err(|why| BadDocument::Wrong(verb, why.to_string()))?;
    Ok(url)
}

fn stream(
    url: String,
    parameters: &[(String, String)],
    settings: &Settings,
) -> Result<Stream, BadDocument> {
    let wrong = |why: String| BadDocument::Wrong("Stream", why);
    if !["ws://", "wss://"].iter().any(|s| url.starts_with(s)) {
        return Err(wrong("url: write ws://host:port/path".to_owned()));
    }
    let permitted = settings.fetch.check_written(&url);
    permitted.map_err(|why| wrong(why.to_string()))?;
    let mut told = Parameters::default();
    for (name, value) in parameters {
        if !told.push(name, value) {
            return Err(wrong(format!(
                "the parameter {name:?} is too long or one too many"
            )));
        }
    }
    Ok(Stream {
        url,
        parameters: told,
    })
}

fn keys(digits: &str) -> Result<VecDeque<Key>, BadDocument> {
    let wrong = |why: String| BadDocument::Wrong("Play", why);
    if !(1..=KEYS_MAX).contains(&digits.chars().count()) {
        return Err(wrong(format!("digits: write 1 to {KEYS_MAX} keys")));
    }
    let key = |key: char| match key {
        'w' | 'W' => Ok(Key::Pause),
        key => {
            let digit = Digit::from_char(key).map(Key::Digit);
            digit.ok_or_else(|| wrong(format!("{key:?} is no key: 0-9 * # A-D, or w to wait")))
        }
    };
    digits.chars().map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn told(inner: &str) -> Result<Vec<Step>, String> {
        let mut settings = Settings::default();
        let prompt: Arc<[i16]> = vec![1].into();
        settings.prompts.insert("hello".to_owned(), prompt);
        let document = format!("<Response>{inner}</Response>");
        steps(&document, Some("https://a.example/x/y?z"), &settings).map_err(|e| e.to_string())
    }

    #[test]
    fn every_verb_becomes_a_step() {
        let all = "<Play>prompt:hello</Play><Play loop=\"0\">tone.wav</Play><Play digits=\"1w\"/>\
                   <Pause length=\"2\"/><Connect><Stream url=\"wss://bot.example/\"/></Connect>\
                   <Dial>+1</Dial><Refer><Sip>sip:a@b</Sip></Refer><Redirect>/n</Redirect><Hangup/>";
        let steps = told(all).unwrap();
        let file = Sound::File("https://a.example/x/tone.wav".to_owned());
        let next = Page {
            url: "https://a.example/n".to_owned(),
            method: Method::Post,
            keys: None,
        };
        assert_eq!(steps.len(), 9);
        assert_eq!(steps[0], Step::Play(Sound::Here(vec![1].into()), Some(1)));
        assert_eq!(steps[1], Step::Play(file, None));
        assert!(matches!(&steps[2], Step::Press(keys) if keys.len() == 2));
        assert_eq!(steps[3], Step::Wait(Duration::from_secs(2)));
        assert_eq!(steps[7], Step::Go(next));
        assert_eq!(steps[8], Step::HangUp);
    }

    #[test]
    fn keys_are_told_to_the_action_or_to_where_the_document_is_from() {
        let gathered = |inner: &str| match told(inner).map(|mut steps| steps.remove(0)) {
            Ok(Step::Gather(gather)) => gather,
            other => panic!("{other:?}"),
        };
        let own = gathered("<Gather/>");
        assert_eq!(own.then.url, "https://a.example/x/y?z");
        assert_eq!(own.last_key, Digit::from_char('#'));
        let other = gathered("<Gather action=\"menu\" method=\"GET\"><Pause/></Gather>");
        assert_eq!(other.then.url, "https://a.example/x/menu");
        assert_eq!(other.then.method, Method::Get);
        assert_eq!(other.prompts, [Step::Wait(Duration::from_secs(1))]);
        let inline = "<Response><Gather/></Response>";
        let refused = steps(inline, None, &Settings::default());
        assert_eq!(refused, Err(BadDocument::NoAction));
    }

    #[test]
    fn one_verb_that_cannot_be_done_refuses_the_whole_document() {
        for (inner, word) in [
            ("<Pause/><Say>Hi</Say>", "speech.command"),
            (
                "<Pause/><Start><Stream url=\"wss://a.example/\"/></Start>",
                "does not do <Start> on a live call; connect the application with <Connect><Stream>",
            ),
            ("<Pause/><Record/>", "does not do <Record>"),
            ("<Pause/><Enqueue>a</Enqueue>", "it does <Say>"),
            ("<Gather><Say>Hi</Say></Gather>", "speech.command"),
            ("<Gather action=\"http://127.0.0.1/\"/>", "fetch.allow"),
            ("<Play digits=\"x\"/>", "'x' is no key"),
            ("<Play>prompt:bye</Play>", "add it to prompts"),
            ("<Play>file:///etc/passwd</Play>", "http://"),
            ("<Play>http://127.0.0.1/a.wav</Play>", "fetch.allow"),
            ("<Redirect>http://[::1]:9/</Redirect>", "fetch.allow"),
            (
                "<Connect><Stream url=\"ws://10.0.0.1/\"/></Connect>",
                "fetch.allow",
            ),
            (
                "<Connect><Stream url=\"http://a.example/\"/></Connect>",
                "ws://",
            ),
        ] {
            let why = told(inner).unwrap_err();
            assert!(why.contains(word), "{inner}: {why}");
        }
    }
}
