use proptest::prelude::*;

use super::{Arrival, BadPattern, Finding, Pattern, Routes, Rule, Source};
use crate::{Headers, Parameters};

fn pattern(text: &str) -> Pattern {
    text.parse().unwrap()
}

fn call<'a>(to: &'a str, headers: &'a Headers) -> Arrival<'a> {
    Arrival {
        to,
        from: "alice",
        trunk: None,
        user: None,
        headers,
        source: Some("192.0.2.7".parse().unwrap()),
    }
}

fn to(text: &str, app: &str) -> Rule {
    Rule {
        to: Some(pattern(text)),
        app: app.into(),
        ..Rule::default()
    }
}

#[test]
fn a_star_stands_at_either_end() {
    for (text, yes, no) in [
        ("echo", "echo", "echo2"),
        ("ech*", "echo", "xecho"),
        ("*cho", "echo", "echox"),
        ("*ch*", "echo", "eco"),
    ] {
        assert!(pattern(text).matches(yes), "{text} {yes}");
        assert!(!pattern(text).matches(no), "{text} {no}");
        assert_eq!(pattern(text).to_string(), text);
    }
    assert!(pattern("*").matches(""));
    assert_eq!(
        "a*b".parse::<Pattern>(),
        Err(BadPattern::StarInside("a*b".into()))
    );
    assert_eq!("".parse::<Pattern>(), Err(BadPattern::Empty));
}

#[test]
fn a_number_matches_however_it_is_written() {
    let ways = [
        "+15125551234",
        "15125551234",
        "0015125551234",
        "+1 (512) 555-1234",
        "+15125551234;isub=1",
    ];
    for wanted in ways {
        for text in ways {
            assert!(pattern(wanted).matches(text), "{wanted} {text}");
        }
        assert!(!pattern(wanted).matches("+15125551235"));
    }
    assert!(pattern("+1512*").matches("15125551234"));
    assert!(pattern("*5551234").matches("+1 512 555-1234"));
}

#[test]
fn extensions_are_taken_as_they_are() {
    assert!(!pattern("100").matches("00100"));
    assert!(!pattern("00").matches(""));
    assert!(!pattern("0*").matches("100"));
    assert!(!pattern("1*").matches("+"));
    assert!(pattern("1-2").matches("1-2") && !pattern("1-2").matches("12"));
}

#[test]
fn the_first_rule_that_matches_wins_and_each_verdict_is_explained() {
    let headers = Headers::default();
    let routes = Routes::new(vec![to("100", "a"), to("2*", "b"), to("*", "c")]);
    assert_eq!(routes.find(&call("200", &headers)).unwrap().app, "b");
    let verdicts = routes.explain(&call("200", &headers));
    let lines: Vec<_> = verdicts.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "rule 1 (app a): no, to is \"200\", not 100",
            "rule 2 (app b): takes the call",
            "rule 3 (app c): not asked",
        ]
    );
}

#[test]
fn every_field_of_a_rule_must_match() {
    let mut headers = Headers::default();
    headers.push("X-Team", "red");
    let rule = Rule {
        to: Some(pattern("*")),
        from: Some(pattern("alice")),
        trunk: Some(pattern("telnyx")),
        user: Some(pattern("agent*")),
        header: Some(("x-team".into(), pattern("red"))),
        source: Some("192.0.2.0/24".parse().unwrap()),
        app: "a".into(),
        parameters: Parameters::default(),
    };
    let good = Arrival {
        trunk: Some("telnyx"),
        user: Some("agent1"),
        ..call("1", &headers)
    };
    assert_eq!(rule.mismatch(&good), None);
    let none = Headers::default();
    let faults = [
        (
            Arrival {
                from: "bob",
                ..good
            },
            "from is \"bob\", not alice",
        ),
        (
            Arrival {
                trunk: None,
                ..good
            },
            "there is no trunk",
        ),
        (
            Arrival {
                user: Some("x"),
                ..good
            },
            "user is \"x\", not agent*",
        ),
        (
            Arrival {
                headers: &none,
                ..good
            },
            "there is no header x-team",
        ),
        (
            Arrival {
                source: None,
                ..good
            },
            "there is no source address",
        ),
    ];
    for (call, why) in faults {
        assert_eq!(rule.mismatch(&call).as_deref(), Some(why));
        assert!(Routes::new(vec![rule.clone()]).find(&call).is_none());
    }
}

#[test]
fn networks_hold_their_addresses_in_both_families() {
    let holds = |net: &str, address: &str| {
        net.parse::<Source>()
            .unwrap()
            .matches(address.parse().unwrap())
    };
    assert!(holds("10.0.0.0/8", "10.255.0.1") && !holds("10.0.0.0/8", "11.0.0.1"));
    assert!(holds("0.0.0.0/0", "203.0.113.9") && !holds("0.0.0.0/0", "2001:db8::1"));
    assert!(holds("192.0.2.1", "192.0.2.1") && !holds("192.0.2.1", "192.0.2.2"));
    assert!(
        holds("192.0.2.1", "::ffff:192.0.2.1"),
        "seen through an IPv6 socket"
    );
    assert!(holds("2001:db8::/32", "2001:db8:1::1") && !holds("2001:db8::/32", "2001:db9::1"));
    for bad in ["", "10.0.0.0/33", "10/8", "host", "10.0.0.0/-1"] {
        assert!(bad.parse::<Source>().is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn finding_and_explaining_agree(to_text in ".{0,20}", pattern_text in "[*]?[+0-9a-z]{1,8}[*]?") {
        let headers = Headers::default();
        let routes = Routes::new(vec![to(&pattern_text, "a")]);
        let call = call(&to_text, &headers);
        let verdicts = routes.explain(&call);
        let taken = verdicts[0].finding == Finding::Matches;
        prop_assert_eq!(routes.find(&call).is_some(), taken);
    }
}
