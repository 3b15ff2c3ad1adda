use proptest::prelude::*;

use super::{
    Arrival, BadPattern, Did, Dids, Finding, Party, PartyPattern, Pattern, Routes, Rule, Source,
};
use crate::numbers::Country;
use crate::{Headers, Parameters};

fn pattern(text: &str) -> Pattern {
    text.parse().unwrap()
}

/// Whether a pattern means a party, both read in a country, or in none.
fn means(pattern: &str, party: &str, country: &str) -> bool {
    let country: Option<Country> = country.parse().ok();
    let pattern = PartyPattern::read(pattern, country.as_ref()).unwrap();
    pattern.matches(&Party::read(party, country.as_ref()))
}

fn call<'a>(to: &'a str, headers: &'a Headers) -> Arrival<'a> {
    Arrival {
        to,
        from: "alice",
        trunk: None,
        provider: None,
        user: None,
        headers,
        source: Some("192.0.2.7".parse().unwrap()),
        at: "mon 12:00".parse().unwrap(),
    }
}

fn to(text: &str, app: &str) -> Rule {
    Rule {
        to: PartyPattern::read(text, None).ok(),
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
fn a_number_is_meant_however_it_is_written() {
    let everywhere = ["+15125551234", "+1 (512) 555-1234", "+15125551234;isub=1"];
    let in_us = [
        "5125551234",
        "1 512 555 1234",
        "0115125551234",
        "01115125551234",
    ];
    for wanted in everywhere {
        for text in everywhere {
            assert!(means(wanted, text, ""), "{wanted} {text}");
        }
        for text in in_us {
            let differs = text == "0115125551234";
            assert_eq!(means(wanted, text, "US"), !differs, "{wanted} {text}");
            assert!(!means(wanted, text, ""), "{text} is of no country");
        }
        assert!(!means(wanted, "+15125551235", "US"));
    }
    assert!(
        means("512-555-1234", "5125551234", ""),
        "national on both sides"
    );
    assert!(means("(512) 555-1234", "+15125551234", "US"));
    assert!(
        !means("+5125551234", "5125551234", ""),
        "Peru is not Austin"
    );
}

#[test]
fn a_pattern_is_a_beginning_or_an_end_of_a_number() {
    assert!(means("+1512*", "+1 512 555-1234", ""));
    assert!(means("+1 512*", "5125551234", "US"));
    assert!(means("0049*", "030 901820", "DE") && !means("0049*", "030 901820", ""));
    assert!(means("0049*", "004930901820", ""), "as written");
    assert!(means("*555-1234", "+15125551234", "") && means("*512 555*", "+15125551234", ""));
    assert!(
        !means("1*", "+15125551234", "US"),
        "extensions begin with a 1"
    );
    assert!(means("030*", "030 901820", "DE"), "as written");
}

#[test]
fn extensions_and_names_are_taken_as_they_are() {
    assert!(!means("100", "00100", "US"));
    assert!(!means("00", "", "DE") && !means("0*", "100", "DE"));
    assert!(!means("1*", "+", "") && !means("+*", "anonymous", "US"));
    assert!(means("1-2", "1-2", "") && !means("1-2", "12", ""));
    assert!(means("anonymous", "anonymous", "US"));
}

#[test]
fn the_first_rule_that_matches_wins_and_each_verdict_is_explained() {
    let headers = Headers::default();
    let routes = Routes::from(vec![to("100", "a"), to("2*", "b"), to("*", "c")]);
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
        to: PartyPattern::read("*", None).ok(),
        from: PartyPattern::read("alice", None).ok(),
        trunk: Some(pattern("telnyx")),
        provider: Some(pattern("twilio")),
        user: Some(pattern("agent*")),
        header: Some(("x-team".into(), pattern("red"))),
        source: Some("192.0.2.0/24".parse().unwrap()),
        time: Some("mon-fri 09:00-17:00".parse().unwrap()),
        app: "a".into(),
        parameters: Parameters::default(),
    };
    let good = Arrival {
        trunk: Some("telnyx"),
        provider: Some("twilio"),
        user: Some("agent1"),
        ..call("1", &headers)
    };
    let routes = Routes::from(vec![rule]);
    assert_eq!(routes.find(&good).unwrap().app, "a");
    let none = Headers::default();
    type Change<'a> = fn(&mut Arrival<'a>);
    let faults: [(Change<'_>, &str); 6] = [
        (|call| call.from = "bob", "from is \"bob\", not alice"),
        (|call| call.trunk = None, "there is no trunk"),
        (|call| call.provider = None, "there is no provider"),
        (|call| call.user = Some("x"), "user is \"x\", not agent*"),
        (|call| call.source = None, "there is no source address"),
        (
            |call| call.at = "sat 12:00".parse().unwrap(),
            "time is sat 12:00, not mon-fri 09:00-17:00",
        ),
    ];
    for (change, why) in faults {
        let mut call = good;
        change(&mut call);
        assert_eq!(why_not(&routes, &call), why);
    }
    let bare = Arrival {
        headers: &none,
        ..good
    };
    assert_eq!(why_not(&routes, &bare), "there is no header x-team");
}

/// Why the only rule does not take a call.
fn why_not(routes: &Routes, call: &Arrival<'_>) -> String {
    assert!(routes.find(call).is_none());
    match &routes.explain(call)[0].finding {
        Finding::Differs(why) => why.clone(),
        finding => panic!("{finding:?}"),
    }
}

fn did(number: &str, app: Option<&str>, name: &str) -> Did {
    let mut parameters = Parameters::default();
    assert!(parameters.push("display_name", name));
    Did {
        number: number.into(),
        app: app.map(str::to_owned),
        parameters,
    }
}

fn with_dids(rules: Vec<Rule>) -> Routes {
    let us: Option<Country> = "US".parse().ok();
    let mut dids = Dids::default();
    for entry in [
        did("(512) 555-1234", Some("agent"), "David"),
        did("+15125559999", None, "Lobby"),
        did("100", Some("desk"), "Desk"),
    ] {
        assert_eq!(dids.insert(entry, us.as_ref()), Ok(()));
    }
    let again = did("+15125551234", None, "again");
    let taken = dids.insert(again, us.as_ref()).unwrap_err();
    assert_eq!(taken.number, "(512) 555-1234");
    assert_eq!(dids.len(), 3);
    Routes::new(dids, rules, us)
}

#[test]
fn a_numbers_entry_goes_before_the_rules() {
    let headers = Headers::default();
    let mut queue = to("*", "support");
    assert!(queue.parameters.push("queue", "red") && queue.parameters.push("display_name", "x"));
    let routes = with_dids(vec![queue]);
    for (number, app, name) in [
        ("15125551234", "agent", Some("David")),
        ("sip:+15125551234@192.0.2.1", "agent", Some("David")),
        ("5125559999", "support", Some("Lobby")),
        ("100", "desk", Some("Desk")),
        ("5125550000", "support", Some("x")),
    ] {
        let decision = routes.find(&call(number, &headers)).unwrap();
        assert_eq!(decision.app, app, "{number}");
        assert_eq!(decision.parameters.find("display_name"), name, "{number}");
        let asked_rule = decision.parameters.find("queue").is_some();
        assert_eq!(asked_rule, app == "support", "{number}");
    }
}

#[test]
fn entries_without_rules_take_their_own_calls_alone() {
    let headers = Headers::default();
    let routes = with_dids(Vec::new());
    let app = |number| {
        routes
            .find(&call(number, &headers))
            .map(|d| d.app.to_owned())
    };
    assert_eq!(
        app("+15125559999").as_deref(),
        Some("echo"),
        "it names no app"
    );
    assert_eq!(app("+15125550000"), None);
    let nothing = Routes::from(Vec::new());
    assert_eq!(nothing.find(&call("1", &headers)).unwrap().app, "echo");
}

#[test]
fn the_explanation_begins_with_the_entries() {
    let headers = Headers::default();
    let routes = with_dids(vec![to("*", "support")]);
    let told = |number| {
        let verdicts = routes.explain(&call(number, &headers));
        let lines: Vec<String> = verdicts.iter().map(ToString::to_string).collect();
        lines.join("\n")
    };
    assert_eq!(
        told("5125551234"),
        "did (512) 555-1234 (app agent): takes the call\nrule 1 (app support): not asked"
    );
    assert_eq!(
        told("5125559999"),
        "did +15125559999: adds its parameters and leaves the call to the rules\n\
         rule 1 (app support): takes the call"
    );
    assert_eq!(
        told("5125550000"),
        "dids: no, there is no entry for \"+15125550000\"\nrule 1 (app support): takes the call"
    );
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
        let routes = Routes::from(vec![to(&pattern_text, "a")]);
        let call = call(&to_text, &headers);
        let verdicts = routes.explain(&call);
        let taken = verdicts[0].finding == Finding::Takes;
        prop_assert_eq!(routes.find(&call).is_some(), taken);
    }
}
