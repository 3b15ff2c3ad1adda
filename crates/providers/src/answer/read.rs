//! Answer documents as the provider reads them.

use roxmltree::{Document, Node, ParsingOptions};
use serde_json::Value;

use crate::form::Form;
use crate::provider::Provider;
use crate::url::Url;

/// The longest document; Twilio's own limit.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// The most elements, attributes and texts of a document.
const NODES_MAX: u32 = 1_000;

/// What the provider is to do with the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// Connect it to a media stream that goes both ways.
    Stream(Stream),
    /// Anything else: the verbs of the document.
    Other(Vec<String>),
}

/// A media stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    /// Where it is opened.
    pub url: String,
    /// What `start` says along.
    pub parameters: Vec<(String, String)>,
    /// What the provider sends, as a media type or a codec's name with `;rate=` behind it.
    pub sends: Option<String>,
    /// What it takes, where that is said apart.
    pub takes: Option<String>,
}

/// Why an answer is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAnswer {
    /// More than the provider reads.
    #[error("the answer has more than {ANSWER_BYTES_MAX} bytes")]
    TooLong,
    /// No XML.
    #[error("the answer is no XML: {0}")]
    Xml(String),
    /// It begins with something else.
    #[error("the answer is <{0}>, where <Response> is read")]
    NoResponse(String),
    /// No JSON of the provider's shape.
    #[error("the answer is not the JSON that this provider reads: {0}")]
    Json(&'static str),
    /// A stream to nowhere.
    #[error("the stream has no URL that begins with ws:// or wss://")]
    NoUrl,
    /// Twilio refuses such a URL.
    #[error("the URL of the stream has a query, which Twilio does not open: send <Parameter>s")]
    Query,
    /// The server could say nothing on it.
    #[error("the stream goes one way only: {0}")]
    OneWay(&'static str),
}

/// Reads what a webhook was answered.
///
/// # Errors
/// Where the provider could do nothing with it.
pub fn read(provider: Provider, text: &str) -> Result<Answered, BadAnswer> {
    if text.len() > ANSWER_BYTES_MAX {
        return Err(BadAnswer::TooLong);
    }
    let answered = match provider {
        Provider::Vonage => ncco(text)?,
        Provider::Exotel => exotel(text)?,
        Provider::Twilio | Provider::Telnyx | Provider::Plivo | Provider::Vobiz => {
            markup(provider, text)?
        }
    };
    if let Answered::Stream(stream) = &answered {
        check_url(provider, &stream.url)?;
    }
    Ok(answered)
}

fn check_url(provider: Provider, text: &str) -> Result<(), BadAnswer> {
    let url = Url::parse(text).ok_or(BadAnswer::NoUrl)?;
    match (url.scheme, provider, url.query) {
        ("ws" | "wss", Provider::Twilio, Some(_)) => Err(BadAnswer::Query),
        ("ws" | "wss", ..) => Ok(()),
        _ => Err(BadAnswer::NoUrl),
    }
}

fn markup(provider: Provider, text: &str) -> Result<Answered, BadAnswer> {
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: NODES_MAX,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options)
        .map_err(|error| BadAnswer::Xml(error.to_string()))?;
    let root = document.root_element();
    if !root.has_tag_name("Response") {
        let name = root.tag_name().name().chars().take(40).collect();
        return Err(BadAnswer::NoResponse(name));
    }
    let found = root.descendants().find(|node| node.has_tag_name("Stream"));
    let Some(node) = found else {
        return Ok(Answered::Other(verbs(&root)));
    };
    match provider {
        Provider::Plivo | Provider::Vobiz => plivo(&node),
        _ => twilio_and_telnyx(provider, &node),
    }
}

fn verbs(root: &Node<'_, '_>) -> Vec<String> {
    let verbs = root.children().filter(Node::is_element);
    verbs
        .map(|verb| verb.tag_name().name().to_owned())
        .collect()
}

fn twilio_and_telnyx(provider: Provider, node: &Node<'_, '_>) -> Result<Answered, BadAnswer> {
    let verb = node.parent_element();
    let starts = verb.is_some_and(|verb| verb.has_tag_name("Start"));
    if provider == Provider::Twilio && starts {
        return Err(BadAnswer::OneWay("write <Connect><Stream>, not <Start>"));
    }
    let parameters = node
        .children()
        .filter(|child| child.has_tag_name("Parameter"));
    let parameters = parameters.filter_map(|parameter| {
        let value = parameter.attribute("value").unwrap_or_default();
        Some((parameter.attribute("name")?.to_owned(), value.to_owned()))
    });
    let (sends, takes) = match provider {
        Provider::Telnyx => texml_formats(node)?,
        _ => (None, None),
    };
    Ok(Answered::Stream(Stream {
        url: node.attribute("url").unwrap_or_default().to_owned(),
        parameters: parameters.collect(),
        sends,
        takes,
    }))
}

/// What Telnyx sends is what the call has unless `codec` says otherwise; what it takes is µ-law at
/// 8000 unless that is said apart.
fn texml_formats(node: &Node<'_, '_>) -> Result<(Option<String>, Option<String>), BadAnswer> {
    if node.attribute("bidirectionalMode") != Some("rtp") {
        let remedy = "without bidirectionalMode=\"rtp\" Telnyx plays MP3 files, and no samples";
        return Err(BadAnswer::OneWay(remedy));
    }
    let sends = node.attribute("codec").filter(|codec| *codec != "default");
    let sends = sends.map(|codec| {
        // Linear audio is 16 kHz there.
        let rate = if codec == "L16" { 16_000 } else { 8_000 };
        format!("{codec};rate={rate}")
    });
    let takes = node.attribute("bidirectionalCodec").unwrap_or("PCMU");
    let rate = node.attribute("bidirectionalSamplingRate");
    let takes = format!("{takes};rate={}", rate.unwrap_or("8000"));
    Ok((sends, Some(takes)))
}

fn plivo(node: &Node<'_, '_>) -> Result<Answered, BadAnswer> {
    if node.attribute("bidirectional") != Some("true") {
        return Err(BadAnswer::OneWay("write bidirectional=\"true\""));
    }
    let headers = node.attribute("extraHeaders").unwrap_or_default();
    // Written with commas or semicolons between, and escaped as in a URL.
    let headers = headers.replace([',', ';'], "&");
    let headers = Form::parse(headers.as_bytes()).unwrap_or_default();
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    Ok(Answered::Stream(Stream {
        url: node.text().unwrap_or_default().trim().to_owned(),
        parameters: headers.iter().map(owned).collect(),
        sends: node.attribute("contentType").map(str::to_owned),
        takes: None,
    }))
}

fn ncco(text: &str) -> Result<Answered, BadAnswer> {
    let document: Value =
        serde_json::from_str(text).map_err(|_| BadAnswer::Json("it is no JSON"))?;
    let actions = document
        .as_array()
        .ok_or(BadAnswer::Json("an NCCO is an array of actions"))?;
    let endpoint = actions
        .iter()
        .filter(|action| action["action"] == "connect")
        .filter_map(|action| action["endpoint"].get(0))
        .find(|endpoint| endpoint["type"] == "websocket");
    let Some(endpoint) = endpoint else {
        let names = actions
            .iter()
            .filter_map(|action| action["action"].as_str());
        return Ok(Answered::Other(names.map(str::to_owned).collect()));
    };
    let headers = endpoint["headers"].as_object().into_iter().flatten();
    let headers = headers.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.into())));
    Ok(Answered::Stream(Stream {
        url: endpoint["uri"].as_str().unwrap_or_default().to_owned(),
        parameters: headers.collect(),
        sends: endpoint["content-type"].as_str().map(str::to_owned),
        takes: None,
    }))
}

fn exotel(text: &str) -> Result<Answered, BadAnswer> {
    let document: Value =
        serde_json::from_str(text).map_err(|_| BadAnswer::Json("it is no JSON"))?;
    let url = document["url"].as_str();
    let url = url.ok_or(BadAnswer::Json("it has no `url`"))?;
    let query = Url::parse(url).and_then(|url| url.query);
    let query = Form::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let rate = query.get("sample-rate").unwrap_or("8000");
    Ok(Answered::Stream(Stream {
        url: url.to_owned(),
        parameters: Vec::new(),
        sends: Some(format!("raw;rate={rate}")),
        takes: None,
    }))
}
