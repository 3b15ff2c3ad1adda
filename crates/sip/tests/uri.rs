//! URIs: the examples of RFC 3261 §19.1 and RFC 3966, and properties of any URI.

use proptest::prelude::*;
use trunkline_sip::Uri;
use trunkline_sip::uri::{PARAMS_MAX, Scheme, escape_param, escape_user, unescape};

fn uri(text: &str) -> Uri {
    Uri::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn the_examples_of_rfc_3261_19_1_3_are_read() {
    let alice = uri("sip:alice:secretword@atlanta.com;transport=tcp");
    assert_eq!(alice.user().unwrap(), "alice");
    assert_eq!(alice.password_raw(), Some("secretword"));
    assert_eq!(alice.param("transport").unwrap(), "tcp");

    let headers = uri("sips:alice@atlanta.com?subject=project%20x&priority=urgent");
    assert_eq!(headers.scheme(), Scheme::Sips);
    assert_eq!(headers.header("subject").unwrap(), "project x");

    let phone = uri("sip:+1-212-555-1212:1234@gateway.com;user=phone");
    assert_eq!(phone.user().unwrap(), "+1-212-555-1212");
    assert_eq!(uri("sips:1212@gateway.com").host(), "gateway.com");
    assert_eq!(
        uri("sip:alice@192.0.2.4").host_ip(),
        "192.0.2.4".parse().ok()
    );

    let method = uri("sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com");
    assert_eq!(method.user(), None);
    assert_eq!(method.header("to").unwrap(), "alice@atlanta.com");

    let odd = uri("sip:alice;day=tuesday@atlanta.com");
    assert_eq!(odd.user().unwrap(), "alice;day=tuesday");
    assert_eq!(odd.params().count(), 0);
}

#[test]
fn equivalent_examples_of_rfc_3261_19_1_4_are_equivalent() {
    let equal = [
        (
            "sip:%61lice@atlanta.com;transport=TCP",
            "sip:alice@AtLanTa.CoM;Transport=tcp",
        ),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        (
            "sip:carol@chicago.com;newparam=5",
            "sip:carol@chicago.com;security=on",
        ),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("sip:[2001:db8::1]", "sip:[2001:DB8:0::1]"),
    ];
    for (a, b) in equal {
        assert!(uri(a).is_equivalent(&uri(b)), "{a} {b}");
        assert!(uri(b).is_equivalent(&uri(a)), "{b} {a}");
    }
}

#[test]
fn different_examples_of_rfc_3261_19_1_4_are_different() {
    let different = [
        (
            "SIP:ALICE@AtLanTa.CoM;Transport=udp",
            "sip:alice@AtLanTa.CoM;Transport=UDP",
        ),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        (
            "sip:bob@biloxi.com",
            "sip:bob@biloxi.com:6000;transport=tcp",
        ),
        (
            "sip:carol@chicago.com",
            "sip:carol@chicago.com?Subject=next%20meeting",
        ),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        (
            "sip:carol@chicago.com;security=off",
            "sip:carol@chicago.com;security=on",
        ),
        ("sip:bob@biloxi.com", "sips:bob@biloxi.com"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;maddr=192.0.2.1"),
        ("sip:bob@biloxi.com", "sip:biloxi.com"),
        ("sip:a%3Bb@biloxi.com", "sip:a;b@biloxi.com"),
    ];
    for (a, b) in different {
        assert!(!uri(a).is_equivalent(&uri(b)), "{a} {b}");
        assert!(!uri(b).is_equivalent(&uri(a)), "{b} {a}");
    }
}

#[test]
fn of_a_parameter_that_stands_twice_the_first_counts() {
    let twice = uri("sip:bob@biloxi.com;x=1;X=2");
    assert_eq!(twice.param("x").unwrap(), "1");
    assert!(twice.is_equivalent(&twice));
    assert!(twice.is_equivalent(&uri("sip:bob@biloxi.com;x=1")));
    assert!(!twice.is_equivalent(&uri("sip:bob@biloxi.com;x=2")));
}

#[test]
fn tel_uris_are_compared_without_their_separators() {
    let plain = uri("tel:+12015550123");
    assert_eq!(plain.scheme(), Scheme::Tel);
    assert!(plain.is_equivalent(&uri("tel:+1-(201)-555.0123")));
    assert!(!plain.is_equivalent(&uri("tel:+12015550124")));
    let local = uri("tel:7042;phone-context=example.com");
    assert_eq!(local.param("phone-context").unwrap(), "example.com");
    assert!(local.is_equivalent(&uri("TEL:7042;phone-context=EXAMPLE.com")));
    assert!(!local.is_equivalent(&uri("tel:7042;phone-context=example.net")));
    assert!(!local.is_equivalent(&uri("tel:7042")));
}

#[test]
fn other_schemes_are_kept_as_they_are() {
    let opaque = uri("nobodyKnowsThisScheme:totallyopaquecontent");
    assert_eq!(
        (opaque.scheme(), opaque.scheme_str()),
        (Scheme::Other, "nobodyKnowsThisScheme")
    );
    assert_eq!(uri("urn:service:sos").to_string(), "urn:service:sos");
}

#[test]
fn what_is_no_uri_is_refused() {
    let wrong = [
        "",
        "sip",
        "sip:",
        "sip:@host",
        "sip:a b@host",
        "sip:<a@host>",
        "sip:a@b@host",
        "sip:host:",
        "sip:host:65536",
        "sip:host:5x",
        "sip:2001:db8::1",
        "sip:[2001:db8::1",
        "sip:[::1]x",
        "sip:[x]",
        "sip:a%4@host",
        "sip:a%zz@host",
        "sip:host;",
        "sip:host;=x",
        "sip:host?",
        "sip:host?a",
        "tel:",
        "tel:+",
        "tel:alice",
        "1x:y",
        "x:",
        "sip:ho\u{0}st",
        "sip:hö.example",
    ];
    for text in wrong {
        assert!(Uri::parse(text).is_err(), "{text:?}");
    }
    let params = |count: usize| format!("sip:host{}", ";a".repeat(count));
    assert!(Uri::parse(&params(PARAMS_MAX)).is_ok());
    assert!(Uri::parse(&params(PARAMS_MAX + 1)).is_err());
}

#[test]
fn parameters_are_added_changed_and_taken_away() {
    let base = uri("sip:bob@biloxi.com;lr;x=1?a=b");
    assert_eq!(
        base.with_param("x", Some("a b")).as_str(),
        "sip:bob@biloxi.com;lr;x=a%20b?a=b"
    );
    assert_eq!(
        base.without_param("LR").as_str(),
        "sip:bob@biloxi.com;x=1?a=b"
    );
    assert_eq!(
        base.without_param("lr").without_param("x").as_str(),
        "sip:bob@biloxi.com?a=b"
    );
    assert_eq!(base.without_headers().as_str(), "sip:bob@biloxi.com;lr;x=1");
    assert_eq!(uri("sip:h").with_param("ob", None).as_str(), "sip:h;ob");
}

proptest! {
    #[test]
    fn any_text_is_a_uri_or_an_error(text in "\\PC{0,80}") {
        if let Ok(uri) = Uri::parse(&text) {
            prop_assert_eq!(uri.as_str(), &text);
            prop_assert!(uri.is_equivalent(&uri));
        }
    }

    #[test]
    fn any_user_and_parameter_survive(user in "\\PC{1,20}", value in "\\PC{1,20}") {
        let uri = Uri::sip(Some(&user), "example.com", Some(5060)).unwrap();
        let uri = uri.with_param("p", Some(&value));
        let again = Uri::parse(uri.as_str()).unwrap();
        prop_assert_eq!(again.user().unwrap(), user);
        prop_assert_eq!(again.param("p").unwrap(), value);
        prop_assert_eq!(again.host(), "example.com");
    }

    #[test]
    fn escaping_is_undone_by_unescaping(text in "\\PC{0,40}") {
        let (user, param) = (escape_user(&text), escape_param(&text));
        prop_assert_eq!(unescape(&user), text.as_str());
        prop_assert_eq!(unescape(&param), text.as_str());
    }

    #[test]
    fn uris_made_of_their_grammar_are_read(
        text in "(sip|sips):([a-z0-9.;=%41]{1,8}@)?([a-z]{1,8}|\\[2001:db8::[1-9]\\])(:[1-9][0-9]{0,3})?(;[a-z]{1,4}(=[a-z0-9]{1,4})?){0,3}(\\?[a-z]{1,3}=[a-z]{0,3})?"
    ) {
        // A `%` of the class may stand alone, which no URI allows.
        let whole = text.replace("%41", "A").contains('%');
        prop_assume!(!whole);
        prop_assert!(Uri::parse(&text).is_ok(), "{}", text);
    }
}
