//! TwiML that an application sends us, as it would send it to Twilio: what is to become of its call.

mod gather;
#[cfg(test)]
mod tests;

pub use gather::{Gather, KEYS_MAX, PATIENCE_S_MAX};

use roxmltree::{Document, Node, ParsingOptions};

/// The longest document; Twilio's own limit.
pub const BYTES_MAX: usize = 64 * 1024;
/// The most elements, attributes and texts of a document.
const NODES_MAX: u32 = 1_000;
/// The most verbs of a document.
pub const VERBS_MAX: usize = 100;
/// The longest text that is spoken at once; Twilio's own limit.
pub const SPOKEN_BYTES_MAX: usize = 4_096;
/// The longest `<Pause>`: an hour.
pub const PAUSE_S_MAX: u32 = 3_600;
/// How often something is heard at most, where it is not heard without end; Twilio's own limit.
pub const LOOPS_MAX: u32 = 1_000;

/// One verb.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `<Hangup/>`, and `<Reject/>`.
    HangUp,
    /// `<Dial>` with a number or a SIP URI: call it, and join it with the caller.
    Dial(String),
    /// `<Refer>` with a SIP URI: have the caller's end call it.
    Refer(String),
    /// `<Play>` of a URL, so many times; `None`: without end.
    Play {
        /// Where the sound is.
        url: String,
        /// How often.
        times: Option<u32>,
    },
    /// `<Play digits="…"/>`.
    PressKeys(String),
    /// `<Say>`.
    Say {
        /// What is said.
        text: String,
        /// In whose voice.
        voice: Option<String>,
        /// In which language.
        language: Option<String>,
        /// How often; `None`: without end.
        times: Option<u32>,
    },
    /// `<Pause>`, in seconds.
    Pause(u32),
    /// `<Redirect>`.
    Redirect {
        /// Where the next document is.
        url: String,
        /// `GET` or `POST`.
        is_get: bool,
    },
    /// `<Connect><Stream>`.
    Connect {
        /// The application's WebSocket.
        url: String,
        /// Its `<Parameter>`s, names and values.
        parameters: Vec<(String, String)>,
    },
    /// `<Gather>`.
    Gather(Gather),
    /// Any other verb that Twilio has, by its name.
    Other(&'static str),
}

/// Twilio's verbs that are not read any further.
const OTHERS: [&str; 8] = [
    "Start", "Stop", "Stream", "Record", "Enqueue", "Leave", "Pay", "Prompt",
];

/// Why a text is no TwiML.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTwiml {
    /// No XML, or too much of it.
    #[error("the document is no XML, or larger than {BYTES_MAX} bytes")]
    Xml,
    /// It begins with something else.
    #[error("the document is no <Response>")]
    NoResponse,
    /// More than [`VERBS_MAX`].
    #[error("the document has more than {VERBS_MAX} verbs")]
    TooMany,
    /// A verb that Twilio does not have either.
    #[error("<{0}> is no verb")]
    NoVerb(String),
    /// A verb without what it is about.
    #[error("<{0}> does not say whom to call; write one number or one SIP URI in it")]
    Nobody(&'static str),
    /// A verb without what is to be heard or fetched.
    #[error("<{0}> is empty; write {1} in it")]
    Empty(&'static str, &'static str),
    /// An attribute that means nothing.
    #[error("<{0} {1}>: write {2}")]
    Attribute(&'static str, &'static str, &'static str),
    /// A text that is too long to be spoken.
    #[error("<Say> has more than {SPOKEN_BYTES_MAX} bytes of text; cut it in two")]
    TooLong,
    /// Something that is not to be heard while keys are gathered.
    #[error("<Gather> holds something else than <Say>, <Play> of a URL and <Pause>")]
    NoPrompt,
    /// A connection to something else than a stream.
    #[error("<Connect> holds something else than one <Stream url>")]
    NoStream,
}

/// Reads a document.
///
/// # Errors
/// Where it is no TwiML.
pub fn read(text: &str) -> Result<Vec<Verb>, BadTwiml> {
    if text.len() > BYTES_MAX {
        return Err(BadTwiml::Xml);
    }
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: NODES_MAX,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options).map_err(|_| BadTwiml::Xml)?;
    let root = document.root_element();
    if !root.has_tag_name("Response") {
        return Err(BadTwiml::NoResponse);
    }
    let verbs = root.children().filter(Node::is_element);
    if verbs.clone().count() > VERBS_MAX {
        return Err(BadTwiml::TooMany);
    }
    verbs.map(|node| verb(&node)).collect()
}

fn verb(node: &Node<'_, '_>) -> Result<Verb, BadTwiml> {
    match node.tag_name().name() {
        "Hangup" | "Reject" => Ok(Verb::HangUp),
        "Dial" => called(node, &["Number", "Sip"])
            .map(Verb::Dial)
            .ok_or(BadTwiml::Nobody("Dial")),
        "Refer" => called(node, &["Sip"])
            .map(Verb::Refer)
            .ok_or(BadTwiml::Nobody("Refer")),
        "Play" => play(node),
        "Say" => say(node),
        "Pause" => pause(node),
        "Redirect" => redirect(node),
        "Connect" => connect(node),
        "Gather" => gather::read(node).map(Verb::Gather),
        name => {
            let known = OTHERS.into_iter().find(|known| *known == name);
            known.map(Verb::Other).ok_or_else(|| {
                let name = name.chars().take(40).collect();
                BadTwiml::NoVerb(name)
            })
        }
    }
}

/// The text of the only noun in a verb, or of the verb itself.
fn called(verb: &Node<'_, '_>, nouns: &[&str]) -> Option<String> {
    let mut within = verb.children().filter(Node::is_element);
    let text = match (within.next(), within.next()) {
        (None, _) => verb.text(),
        (Some(noun), None) if nouns.contains(&noun.tag_name().name()) => noun.text(),
        _ => None,
    };
    let text = text.unwrap_or_default().trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn play(node: &Node<'_, '_>) -> Result<Verb, BadTwiml> {
    if let Some(digits) = node.attribute("digits") {
        return Ok(Verb::PressKeys(digits.to_owned()));
    }
    let url = called(node, &[]).ok_or(BadTwiml::Empty("Play", "the URL of a WAV file"))?;
    let times = times(node, "Play")?;
    Ok(Verb::Play { url, times })
}

fn say(node: &Node<'_, '_>) -> Result<Verb, BadTwiml> {
    // What SSML marks up is said without its marks.
    let texts = node.descendants().filter(Node::is_text);
    let text: Vec<&str> = texts.filter_map(|node| node.text()).collect();
    let text = text.concat().trim().to_owned();
    if text.is_empty() {
        return Err(BadTwiml::Empty("Say", "what is to be said"));
    }
    if text.len() > SPOKEN_BYTES_MAX {
        return Err(BadTwiml::TooLong);
    }
    let attribute = |name| node.attribute(name).map(str::to_owned);
    Ok(Verb::Say {
        text,
        voice: attribute("voice"),
        language: attribute("language"),
        times: times(node, "Say")?,
    })
}

/// `loop`: once without it, without end where it is 0.
fn times(node: &Node<'_, '_>, verb: &'static str) -> Result<Option<u32>, BadTwiml> {
    let Some(text) = node.attribute("loop") else {
        return Ok(Some(1));
    };
    match text.trim().parse() {
        Ok(0) => Ok(None),
        Ok(times) => Ok(Some(LOOPS_MAX.min(times))),
        Err(_) => Err(BadTwiml::Attribute(verb, "loop", "how often, 0 for always")),
    }
}

fn pause(node: &Node<'_, '_>) -> Result<Verb, BadTwiml> {
    let text = node.attribute("length").unwrap_or("1").trim();
    let length = text.parse().ok().filter(|length| *length <= PAUSE_S_MAX);
    let remedy = "whole seconds, at most 3600";
    let bad = BadTwiml::Attribute("Pause", "length", remedy);
    length.map(Verb::Pause).ok_or(bad)
}

fn redirect(node: &Node<'_, '_>) -> Result<Verb, BadTwiml> {
    let url = called(node, &[]).ok_or(BadTwiml::Empty("Redirect", "the URL of a document"))?;
    let is_get = method(node, "Redirect")?;
    Ok(Verb::Redirect { url, is_get })
}

/// `method`: whether it is GET.
fn method(node: &Node<'_, '_>, verb: &'static str) -> Result<bool, BadTwiml> {
    let method = node.attribute("method").unwrap_or("POST");
    is_get(method).ok_or(BadTwiml::Attribute(verb, "method", "GET or POST"))
}

/// Whether a method is GET, where it is GET or POST.
pub fn is_get(method: &str) -> Option<bool> {
    match method {
        _ if method.eq_ignore_ascii_case("GET") => Some(true),
        _ if method.eq_ignore_ascii_case("POST") => Some(false),
        _ => None,
    }
}

fn connect(node: &Node<'_, '_>) -> Result<Verb, BadTwiml> {
    let mut within = node.children().filter(Node::is_element);
    let stream = match (within.next(), within.next()) {
        (Some(stream), None) if stream.has_tag_name("Stream") => stream,
        _ => return Err(BadTwiml::NoStream),
    };
    let url = stream.attribute("url").unwrap_or_default().trim();
    if url.is_empty() {
        return Err(BadTwiml::NoStream);
    }
    let parameters = stream.children().filter(|n| n.has_tag_name("Parameter"));
    let parameters = parameters.map(|parameter| {
        let of = |name| parameter.attribute(name).unwrap_or_default().to_owned();
        (of("name"), of("value"))
    });
    Ok(Verb::Connect {
        url: url.to_owned(),
        parameters: parameters.collect(),
    })
}
