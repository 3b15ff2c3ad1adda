//! Answer documents say what they are meant to, whatever text a caller brings along.

use proptest::prelude::*;
use roxmltree::{Document, Node};
use serde_json::{Value, json};
use trunkline_providers::answer::{Connection, REFUSAL, TexmlCodec, connect, refuse};
use trunkline_providers::{Form, Provider};

const URL: &str = "wss://voice.example.com/sip/twilio/media-stream/abc";

fn connection() -> Connection {
    Connection::of_call(URL.to_owned(), "+15551230000", "+15559990000")
}

fn find<'a>(document: &'a Document<'_>, name: &str) -> Node<'a, 'a> {
    let found = document.descendants().find(|node| node.has_tag_name(name));
    found.unwrap_or_else(|| panic!("there is no <{name}>"))
}

/// Names of the verbs below `<Response>`, in their order.
fn verbs(document: &Document<'_>) -> Vec<String> {
    let verbs = document.root_element().children();
    verbs
        .map(|verb| verb.tag_name().name().to_owned())
        .collect()
}

fn parameters(document: &Document<'_>) -> Vec<(String, String)> {
    let nodes = document.descendants();
    let parameters = nodes.filter(|node| node.has_tag_name("Parameter"));
    let attribute = |node: &Node<'_, '_>, name| node.attribute(name).unwrap().to_owned();
    parameters
        .map(|node| (attribute(&node, "name"), attribute(&node, "value")))
        .collect()
}

#[test]
fn twiml_connects_and_hangs_up_after_the_stream() {
    let document = connect(Provider::Twilio, &connection());
    assert_eq!(
        document.body,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Connect>\
         <Stream url=\"wss://voice.example.com/sip/twilio/media-stream/abc\">\
         <Parameter name=\"from_number\" value=\"+15551230000\"/>\
         <Parameter name=\"to_number\" value=\"+15559990000\"/>\
         <Parameter name=\"caller_id\" value=\"+15551230000\"/>\
         <Parameter name=\"did\" value=\"+15559990000\"/>\
         </Stream></Connect><Hangup/></Response>"
    );
    assert!(document.content_type.starts_with("text/xml"));
}

#[test]
fn texml_sets_codec_and_rate_of_both_directions() {
    let stream_of = |texml_codec| {
        let connection = Connection {
            texml_codec,
            ..connection()
        };
        let body = connect(Provider::Telnyx, &connection).body;
        let document = Document::parse(&body).unwrap();
        let stream = find(&document, "Stream");
        let attributes = [
            "bidirectionalMode",
            "codec",
            "bidirectionalCodec",
            "bidirectionalSamplingRate",
        ];
        attributes.map(|name| stream.attribute(name).unwrap().to_owned())
    };
    assert_eq!(stream_of(TexmlCodec::Pcmu), ["rtp", "PCMU", "PCMU", "8000"]);
    assert_eq!(stream_of(TexmlCodec::G722), ["rtp", "G722", "G722", "8000"]);
    assert_eq!(stream_of(TexmlCodec::L16), ["rtp", "L16", "L16", "16000"]);
}

#[test]
fn plivos_stream_is_linear_both_ways_and_keeps_the_call() {
    let body = connect(Provider::Vobiz, &connection()).body;
    let document = Document::parse(&body).unwrap();
    let stream = find(&document, "Stream");
    let url = format!("{URL}?from=%2B15551230000&to=%2B15559990000");
    assert_eq!(stream.text(), Some(&*url));
    assert_eq!(stream.attribute("extraHeaders"), None);
    for (name, value) in [
        ("bidirectional", "true"),
        ("keepCallAlive", "true"),
        ("audioTrack", "inbound"),
        ("contentType", "audio/x-l16;rate=16000"),
    ] {
        assert_eq!(stream.attribute(name), Some(value));
    }
    assert_eq!(verbs(&document), ["Stream", "Hangup"]);
}

#[test]
fn an_ncco_connects_to_a_websocket() {
    let document = connect(Provider::Vonage, &connection());
    assert_eq!(document.content_type, "application/json");
    let ncco: Value = serde_json::from_str(&document.body).unwrap();
    let endpoint = json!({
        "type": "websocket",
        "uri": URL,
        "content-type": "audio/l16;rate=16000",
        "headers": {
            "from_number": "+15551230000",
            "to_number": "+15559990000",
            "caller_id": "+15551230000",
            "did": "+15559990000",
        },
    });
    assert_eq!(ncco, json!([{"action": "connect", "endpoint": [endpoint]}]));
}

#[test]
fn exotel_is_told_a_url_with_its_rate() {
    let document: Value =
        serde_json::from_str(&connect(Provider::Exotel, &connection()).body).unwrap();
    assert_eq!(document, json!({"url": format!("{URL}?sample-rate=16000")}));
}

#[test]
fn an_unknown_number_is_told_so_and_the_call_ends() {
    for (provider, verb) in [
        (Provider::Twilio, "Say"),
        (Provider::Telnyx, "Say"),
        (Provider::Plivo, "Speak"),
    ] {
        let body = refuse(provider).unwrap().body;
        let document = Document::parse(&body).unwrap();
        assert_eq!(verbs(&document), [verb, "Hangup"]);
        assert_eq!(find(&document, verb).text(), Some(REFUSAL));
    }
    let talk = refuse(Provider::Vonage).unwrap().body;
    assert_eq!(
        talk,
        r#"[{"action":"talk","text":"This number is not configured."}]"#
    );
    assert_eq!(refuse(Provider::Exotel), None);
}

/// What XML cannot carry becomes the replacement character.
fn carried(text: &str) -> String {
    let carriable = |c: char| match c {
        '\t' | '\n' | '\r' => c,
        '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        _ => c,
    };
    text.chars().map(carriable).collect()
}

#[test]
fn a_long_parameter_is_cut_between_letters() {
    let long = "\u{fc}".repeat(400);
    let body = connect(
        Provider::Twilio,
        &Connection::of_call(URL.to_owned(), &long, "+1"),
    )
    .body;
    let document = Document::parse(&body).unwrap();
    let (name, value) = &parameters(&document)[0];
    assert!(name.len() + value.len() < 500);
    assert!(value.len() > 480 && long.starts_with(value.as_str()));
}

proptest! {
    #[test]
    fn whatever_text_comes_the_document_parses_and_carries_it(
        from in prop_oneof![any::<String>(), "[<>&\"'\\]\\[!-]{0,40}", Just("\"/><Dial>+1900".to_owned())],
        to in any::<String>(),
    ) {
        prop_assume!(from.len() < 480 && to.len() < 480);
        let connection = Connection::of_call(URL.to_owned(), &from, &to);
        for provider in [Provider::Twilio, Provider::Telnyx] {
            let body = connect(provider, &connection).body;
            let document = Document::parse(&body).unwrap();
            prop_assert_eq!(verbs(&document), ["Connect", "Hangup"]);
            let parameters = parameters(&document);
            prop_assert_eq!(&parameters[0].1, &carried(&from));
            prop_assert_eq!(&parameters[3].1, &carried(&to));
        }
        let body = connect(Provider::Plivo, &connection).body;
        let document = Document::parse(&body).unwrap();
        let (_, query) = find(&document, "Stream").text().unwrap().split_once('?').unwrap();
        let query = Form::parse(query.as_bytes()).unwrap();
        prop_assert_eq!(query.get("from"), Some(from.as_str()));
        prop_assert_eq!(query.get("to"), Some(to.as_str()));
    }

    #[test]
    fn an_ncco_carries_what_fits_and_is_json(from in any::<String>()) {
        let body = connect(Provider::Vonage, &Connection::of_call(URL.to_owned(), &from, "+1")).body;
        let ncco: Value = serde_json::from_str(&body).unwrap();
        let headers = ncco[0]["endpoint"][0]["headers"].as_object().unwrap();
        let length = serde_json::to_string(headers).unwrap().len();
        prop_assert!(length <= 512);
        prop_assert!(headers.contains_key("to_number"));
        if let Some(carried) = headers.get("from_number") {
            prop_assert_eq!(carried, &Value::from(from));
        }
    }
}
