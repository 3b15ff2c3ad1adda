//! TwiML that an application sends us, as it would send it to Twilio: what is to become of its call.

use roxmltree::{Document, Node, ParsingOptions};

/// The longest document; Twilio's own limit.
pub const BYTES_MAX: usize = 64 * 1024;
/// The most elements, attributes and texts of a document.
const NODES_MAX: u32 = 1_000;
/// The most verbs of a document.
pub const VERBS_MAX: usize = 100;

/// One verb.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `<Hangup/>`, and `<Reject/>`.
    HangUp,
    /// `<Dial>` with a number or a SIP URI: call it, and join it with the caller.
    Dial(String),
    /// `<Refer>` with a SIP URI: have the caller's end call it.
    Refer(String),
    /// `<Play digits="…"/>`.
    PressKeys(String),
    /// Any other verb that Twilio has, by its name.
    Other(&'static str),
}

/// Twilio's verbs that are not read any further.
const OTHERS: [&str; 14] = [
    "Say", "Play", "Pause", "Redirect", "Connect", "Start", "Stop", "Stream", "Gather", "Record",
    "Enqueue", "Leave", "Pay", "Prompt",
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
        "Play" if node.has_attribute("digits") => {
            let digits = node.attribute("digits").unwrap_or_default();
            Ok(Verb::PressKeys(digits.to_owned()))
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn response(inner: &str) -> Result<Vec<Verb>, BadTwiml> {
        read(&format!(
            "<?xml version=\"1.0\"?><Response>{inner}</Response>"
        ))
    }

    #[test]
    fn verbs_are_read_in_their_order() {
        let verbs = response(
            "<Play digits=\"1w2\"/> <Dial timeout=\"9\"><Number>+15551230000</Number></Dial><Hangup/>",
        );
        let expected = vec![
            Verb::PressKeys("1w2".to_owned()),
            Verb::Dial("+15551230000".to_owned()),
            Verb::HangUp,
        ];
        assert_eq!(verbs, Ok(expected));
        assert_eq!(
            response("<Dial> +1 </Dial>"),
            Ok(vec![Verb::Dial("+1".to_owned())])
        );
        let refer = response("<Refer><Sip>sip:a@b.example?x=1&amp;y=2</Sip></Refer>");
        assert_eq!(
            refer,
            Ok(vec![Verb::Refer("sip:a@b.example?x=1&y=2".to_owned())])
        );
        assert_eq!(response("<Say>Hello</Say>"), Ok(vec![Verb::Other("Say")]));
        assert_eq!(response(""), Ok(vec![]));
    }

    #[test]
    fn what_is_no_twiml_says_why() {
        assert_eq!(read("Hello"), Err(BadTwiml::Xml));
        assert_eq!(read("<Dial/>"), Err(BadTwiml::NoResponse));
        assert_eq!(
            response("<Dance/>"),
            Err(BadTwiml::NoVerb("Dance".to_owned()))
        );
        assert_eq!(response("<Dial/>"), Err(BadTwiml::Nobody("Dial")));
        let two = "<Dial><Number>1</Number><Number>2</Number></Dial>";
        assert_eq!(response(two), Err(BadTwiml::Nobody("Dial")));
        let queue = "<Dial><Queue>sales</Queue></Dial>";
        assert_eq!(response(queue), Err(BadTwiml::Nobody("Dial")));
        assert_eq!(response(&"<Hangup/>".repeat(101)), Err(BadTwiml::TooMany));
        let laughs = "<!DOCTYPE r [<!ENTITY a \"ha\">]><Response>&a;</Response>";
        assert_eq!(read(laughs), Err(BadTwiml::Xml));
        assert_eq!(read(&" ".repeat(BYTES_MAX + 1)), Err(BadTwiml::Xml));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_fail(text in "(<[A-Za-z/ ]{0,9}>|[a-z&;<>\"= ]){0,40}") {
            let _ = response(&text);
            let _ = read(&text);
        }
    }
}
