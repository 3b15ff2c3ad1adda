//! What an application may write, and what it is told where it may not.

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
    let record = "<Record maxLength=\"30\"/>";
    assert_eq!(response(record), Ok(vec![Verb::Other("Record")]));
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
    let verbs = |count| response(&"<Hangup/>".repeat(count));
    assert_eq!(verbs(VERBS_MAX).map(|verbs| verbs.len()), Ok(VERBS_MAX));
    assert_eq!(verbs(VERBS_MAX + 1), Err(BadTwiml::TooMany));
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

fn only(inner: &str) -> Verb {
    let verbs = response(inner).unwrap();
    verbs.into_iter().next().unwrap()
}

#[test]
fn what_is_heard_says_where_it_is_and_how_often() {
    let url = "https://a.example/b.wav".to_owned();
    for (attribute, times) in [
        ("", Some(1)),
        ("loop=\"3\"", Some(3)),
        ("loop=\"0\"", None),
        ("loop=\"99999\"", Some(LOOPS_MAX)),
    ] {
        let url = url.clone();
        let written = format!("<Play {attribute}> {url} </Play>");
        assert_eq!(only(&written), Verb::Play { url, times });
    }
    let marked =
        "<Say voice=\"alice\" language=\"en-GB\">Good <break/><prosody>morning</prosody></Say>";
    let said = Verb::Say {
        text: "Good morning".to_owned(),
        voice: Some("alice".to_owned()),
        language: Some("en-GB".to_owned()),
        times: Some(1),
    };
    assert_eq!(only(marked), said);
    assert_eq!(only("<Pause/>"), Verb::Pause(1));
    assert_eq!(only("<Pause length=\"30\"/>"), Verb::Pause(30));
}

#[test]
fn a_call_is_led_on_to_a_document_or_an_application() {
    let redirect = |url: &str, is_get| Verb::Redirect {
        url: url.to_owned(),
        is_get,
    };
    let next = "<Redirect>/next.xml?a=1&amp;b=2</Redirect>";
    assert_eq!(only(next), redirect("/next.xml?a=1&b=2", false));
    let got = "<Redirect method=\"get\">https://a.example/</Redirect>";
    assert_eq!(only(got), redirect("https://a.example/", true));
    let connect = "<Connect><Stream url=\"wss://a.example/ws\">\
                   <Parameter name=\"plan\" value=\"gold\"/></Stream></Connect>";
    let connected = Verb::Connect {
        url: "wss://a.example/ws".to_owned(),
        parameters: vec![("plan".to_owned(), "gold".to_owned())],
    };
    assert_eq!(only(connect), connected);
}

#[test]
fn keys_are_asked_for_as_twilio_does_unless_it_says_otherwise() {
    let usual = Gather {
        prompts: Vec::new(),
        keys_max: KEYS_MAX,
        last_key: Some('#'),
        patience_s: 5,
        action: None,
        is_get: false,
        tells_none: false,
    };
    assert_eq!(only("<Gather/>"), Verb::Gather(usual));
    let own = "<Gather input=\"dtmf\" numDigits=\"4\" finishOnKey=\"\" timeout=\"9\" action=\"/menu\" \
               method=\"GET\" actionOnEmptyResult=\"true\"><Pause/><Say>Press one</Say></Gather>";
    let Verb::Gather(gather) = only(own) else {
        panic!("{own}");
    };
    assert_eq!(gather.prompts[0], Verb::Pause(1));
    assert!(matches!(&gather.prompts[1], Verb::Say { text, .. } if text == "Press one"));
    let told = Gather {
        prompts: Vec::new(),
        ..gather
    };
    let expected = Gather {
        prompts: Vec::new(),
        keys_max: 4,
        last_key: None,
        patience_s: 9,
        action: Some("/menu".to_owned()),
        is_get: true,
        tells_none: true,
    };
    assert_eq!(told, expected);
    for (attribute, keys) in [("numDigits=\"300\"", KEYS_MAX), ("numDigits=\"1\"", 1)] {
        let written = format!("<Gather {attribute}/>");
        assert!(
            matches!(only(&written), Verb::Gather(it) if it.keys_max == keys),
            "{written}"
        );
    }
}

#[test]
fn what_a_verb_lacks_is_said() {
    for (inner, word) in [
        ("<Play/>", "WAV"),
        ("<Play loop=\"often\">http://a/</Play>", "loop"),
        ("<Say> </Say>", "said"),
        ("<Pause length=\"-1\"/>", "length"),
        ("<Pause length=\"3601\"/>", "3600"),
        ("<Redirect/>", "URL"),
        ("<Redirect method=\"PUT\">http://a/</Redirect>", "method"),
        ("<Connect/>", "Stream"),
        ("<Connect><Stream/></Connect>", "Stream"),
        ("<Connect><Room>a</Room></Connect>", "Stream"),
        ("<Gather input=\"speech\"/>", "no speech is recognised"),
        ("<Gather input=\"dtmf speech\"/>", "write dtmf"),
        ("<Gather numDigits=\"0\"/>", "numDigits"),
        ("<Gather timeout=\"auto\"/>", "timeout"),
        ("<Gather timeout=\"601\"/>", "600"),
        ("<Gather finishOnKey=\"12\"/>", "finishOnKey"),
        (
            "<Gather actionOnEmptyResult=\"maybe\"/>",
            "actionOnEmptyResult",
        ),
        ("<Gather method=\"PUT\"/>", "<Gather method>"),
        ("<Gather><Hangup/></Gather>", "<Gather> holds"),
        ("<Gather><Play digits=\"1\"/></Gather>", "<Gather> holds"),
        ("<Gather><Play/></Gather>", "WAV"),
    ] {
        let told = response(inner).unwrap_err().to_string();
        assert!(told.contains(word), "{inner}: {told}");
    }
    let long = format!("<Say>{}</Say>", "a".repeat(SPOKEN_BYTES_MAX + 1));
    assert_eq!(response(&long), Err(BadTwiml::TooLong));
}
