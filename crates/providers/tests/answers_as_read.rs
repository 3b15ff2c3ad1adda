//! What is written as an answer is read as the provider would read it, and what a provider could do
//! nothing with is named.

use trunkline_providers::Provider;
use trunkline_providers::answer::{
    Answered, BadAnswer, Connection, Stream, TexmlCodec, connect, read, refuse,
};

fn connection() -> Connection {
    let url = "wss://voice.example.com/stream/t".to_owned();
    Connection {
        texml_codec: TexmlCodec::L16,
        ..Connection::of_call(url, "+15551230000", "a,b&c=\"d\"")
    }
}

fn stream(provider: Provider, text: &str) -> Stream {
    match read(provider, text) {
        Ok(Answered::Stream(stream)) => stream,
        other => panic!("{provider:?}: {other:?}"),
    }
}

#[test]
fn every_document_that_connects_is_read_with_its_parameters() {
    for provider in Provider::ALL {
        let document = connect(provider, &connection());
        let stream = stream(provider, &document.body);
        let (bare, query) = stream.url.split_once('?').unwrap_or((&stream.url, ""));
        assert_eq!(bare, "wss://voice.example.com/stream/t");
        if matches!(provider, Provider::Plivo | Provider::Vobiz) {
            // Its own parameters could not carry these.
            assert_eq!(query, "from=%2B15551230000&to=a%2Cb%26c%3D%22d%22");
        } else if provider != Provider::Exotel {
            let find = |wanted| {
                let mut all = stream.parameters.iter();
                all.find_map(|(name, value)| (name == wanted).then_some(value.as_str()))
            };
            assert_eq!(find("from_number"), Some("+15551230000"), "{provider:?}");
            assert_eq!(find("to_number"), Some("a,b&c=\"d\""), "{provider:?}");
        }
    }
}

#[test]
fn formats_are_those_that_the_document_asks_for() {
    let formats = |provider| {
        let stream = stream(provider, &connect(provider, &connection()).body);
        (stream.sends, stream.takes)
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(formats(Provider::Twilio), (None, None));
    let l16 = (text("L16;rate=16000"), text("L16;rate=16000"));
    assert_eq!(formats(Provider::Telnyx), l16);
    assert_eq!(
        formats(Provider::Plivo),
        (text("audio/x-l16;rate=16000"), None)
    );
    assert_eq!(
        formats(Provider::Vonage),
        (text("audio/l16;rate=16000"), None)
    );
    assert_eq!(formats(Provider::Exotel), (text("raw;rate=16000"), None));
}

#[test]
fn a_refusal_is_read_as_its_verbs() {
    for provider in Provider::ALL {
        let Some(document) = refuse(provider) else {
            continue;
        };
        let verbs = match read(provider, &document.body) {
            Ok(Answered::Other(verbs)) => verbs,
            other => panic!("{provider:?}: {other:?}"),
        };
        let first = ["Say", "Speak", "talk"];
        assert!(first.contains(&verbs[0].as_str()), "{verbs:?}");
    }
}

#[test]
fn what_a_provider_cannot_use_is_named() {
    let twiml = |stream: &str| read(Provider::Twilio, &format!("<Response>{stream}</Response>"));
    let query = "<Connect><Stream url=\"wss://a/b?c=1\"/></Connect>";
    assert_eq!(twiml(query), Err(BadAnswer::Query));
    let http = "<Connect><Stream url=\"https://a/b\"/></Connect>";
    assert_eq!(twiml(http), Err(BadAnswer::NoUrl));
    let start = "<Start><Stream url=\"wss://a/b\"/></Start>";
    assert!(matches!(twiml(start), Err(BadAnswer::OneWay(_))));
    let mp3 = "<Response><Connect><Stream url=\"wss://a/b\"/></Connect></Response>";
    assert!(matches!(
        read(Provider::Telnyx, mp3),
        Err(BadAnswer::OneWay(_))
    ));
    let one_way = "<Response><Stream>wss://a/b</Stream></Response>";
    assert!(matches!(
        read(Provider::Plivo, one_way),
        Err(BadAnswer::OneWay(_))
    ));
    assert!(matches!(
        read(Provider::Twilio, "{}"),
        Err(BadAnswer::Xml(_))
    ));
    let html = read(Provider::Twilio, "<html/>");
    assert_eq!(html, Err(BadAnswer::NoResponse("html".to_owned())));
    assert!(matches!(
        read(Provider::Vonage, "{}"),
        Err(BadAnswer::Json(_))
    ));
    assert!(matches!(
        read(Provider::Exotel, "[]"),
        Err(BadAnswer::Json(_))
    ));
}
