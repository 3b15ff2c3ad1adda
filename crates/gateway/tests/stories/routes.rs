//! Which application takes a call: by whom is called, who calls, from where, and what they say.

use serde_json::{Value, json};
use trunkline_phone::softphone::{Script, Settings};
use trunkline_sip::digest::Account;

use crate::support::{Application, Caller, Gateway, Manner, RawSip};

const ROUTES: &str = "  users: [{name: agent001, password: correct}]\n\
routes:
  - {to: support, app: by-to}
  - {from: \"+49*\", app: by-from}
  - {user: agent001, app: by-user}
  - {header: {X-Tenant: \"acme*\"}, app: by-header}
  - {to: \"*00\", source: 127.0.0.0/8, app: by-source}
  - {to: \"*\", source: 10.0.0.0/8, app: by-to}
apps:
  by-to: {type: echo}
  by-from: {type: echo}
  by-user: {type: echo}
  by-header: {type: echo}
  by-source: {type: echo}
";

/// The application in the record of a call that was answered.
fn taken_by(gateway: &Gateway, to: &str, from: &str, account: Option<Account>) -> Value {
    let settings = Settings {
        from: Some(format!("<sip:{from}@127.0.0.1>")),
        account,
        ..Settings::default()
    };
    let caller = Caller::follow(&gateway.uri(to), settings, Script::new());
    caller.wait_answered();
    caller.hang_up();
    gateway.wait_for_record("to", to)["app"].clone()
}

/// The application that `trunkline route` names.
fn explained(gateway: &Gateway, arguments: &[&str]) -> Value {
    let all = [&["route"], arguments].concat();
    gateway.ask_json(&all)["app"].clone()
}

#[test]
fn a_call_goes_where_the_explanation_says() {
    let gateway = Gateway::start("routes", ROUTES);
    let here = ["--source", "127.0.0.1"];
    for (to, from, app) in [
        ("support", "alice", Some("by-to")),
        ("sales", "+491234", Some("by-from")),
        ("100", "alice", Some("by-source")),
    ] {
        let question = [&[to, "--from", from][..], &here].concat();
        assert_eq!(explained(&gateway, &question), Value::from(app));
        assert_eq!(taken_by(&gateway, to, from, None), Value::from(app));
    }
    let question = ["sales", "--from", "agent001", "--user", "agent001"];
    assert_eq!(explained(&gateway, &question), "by-user");
    let account = Account {
        username: "agent001".to_owned(),
        password: "correct".to_owned(),
        realm: None,
    };
    assert_eq!(
        taken_by(&gateway, "reception", "agent001", Some(account)),
        "by-user"
    );
}

#[test]
fn a_header_decides_where_nothing_else_does() {
    let gateway = Gateway::start("routes-header", ROUTES);
    let phone = RawSip::toward(gateway.sip_port);
    let without = phone.invite("alice", "sales", "");
    assert_eq!(phone.ask(&without).status(), Some(404));
    let other = phone.invite("alice", "sales", "X-Tenant: other\r\n");
    assert_eq!(phone.ask(&other).status(), Some(404));
    let with = phone.invite("alice", "sales", "X-Tenant: acme-7\r\n");
    assert_eq!(phone.ask(&with).status(), Some(200));
    assert_eq!(gateway.calls()[0]["app"], "by-header");
}

#[test]
fn the_explanation_says_of_each_rule_why_it_is_passed_over() {
    let gateway = Gateway::start("routes-explained", ROUTES);
    let told = gateway.ask(&["route", "sales", "--from", "alice", "--source", "192.0.2.1"]);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 7, "six rules and the decision: {told}");
    assert!(
        told.ends_with("nobody takes the call: it is answered with 404\n"),
        "{told}"
    );
    let told = gateway.ask(&["route", "support"]);
    assert!(told.ends_with("the call goes to by-to\n"), "{told}");
}

/// A gateway on which one number leads to an application, and another number is unknown.
fn with_dids(name: &str, url: &str) -> Gateway {
    let more = format!(
        "default_country: US
dids:
  +15125551234: {{app: agent, user_id: david, system_prompt: \"Be brief.\\nBe kind.\", floor: 7}}
apps: {{agent: {{type: websocket, url: \"{url}\"}}}}
"
    );
    Gateway::start(name, &more)
}

#[test]
fn a_numbers_entry_reaches_the_application() {
    let application = Application::start(Manner::Silent);
    let gateway = with_dids("dids", &application.url());
    let caller = Caller::dial(&gateway.uri("5125551234"));
    caller.wait_answered();
    let start = application.wait_for("start");
    let told = json!({"user_id": "david", "system_prompt": "Be brief.\nBe kind.", "floor": "7"});
    assert_eq!(start["customParameters"], told);
    assert_eq!(start["to"], "5125551234", "as it was called");
    caller.hang_up();
    assert_eq!(gateway.wait_for_record("to", "5125551234")["app"], "agent");
}

#[test]
fn a_number_without_an_entry_is_not_taken_and_the_explanation_says_so() {
    let gateway = with_dids("dids-unknown", "ws://127.0.0.1:1/");
    let phone = RawSip::toward(gateway.sip_port);
    // Peru, which is what the digits of the entry would be with a mere plus before them.
    for unknown in ["%2B5125551234", "100", "anonymous"] {
        let invite = phone.invite("alice", unknown, "");
        assert_eq!(phone.ask(&invite).status(), Some(404), "{unknown}");
    }
    let told = gateway.ask(&["route", "(512) 555-1234"]);
    let expected = "did +15125551234 (app agent): takes the call\nthe call goes to agent\n";
    assert_eq!(told, expected);
    let told = gateway.ask(&["route", "+5125551234"]);
    let expected = "dids: no, there is no entry for \"+5125551234\"\n\
                    nobody takes the call: it is answered with 404\n";
    assert_eq!(told, expected);
    let asked = gateway.ask_json(&["route", "15125551234"]);
    assert_eq!(asked["number"], "+15125551234");
    assert_eq!(asked["parameters"]["user_id"], "david");
}

#[test]
fn hours_decide_and_the_explanation_can_ask_for_another_time() {
    let rules = "time_zone: Europe/Berlin
routes:
  - {time: \"mon-fri 09:00-17:00\", app: desk}
  - {app: machine}
apps: {desk: {type: echo}, machine: {type: echo}}
";
    let gateway = Gateway::start("routes-hours", rules);
    let at = |time: &str| explained(&gateway, &["100", "--at", time]);
    assert_eq!(
        (at("mon 09:00"), at("mon 17:00")),
        (json!("desk"), json!("machine"))
    );
    let told = gateway.ask(&["route", "100", "--at", "sun 12:00"]);
    let first = told.lines().next();
    let expected = "rule 1 (app desk): no, time is sun 12:00, not mon-fri 09:00-17:00";
    assert_eq!(first, Some(expected));
    assert!(
        ["desk", "machine"]
            .map(Value::from)
            .contains(&explained(&gateway, &["100"]))
    );
}

#[test]
fn a_trunk_that_calls_the_name_we_have_there_leads_to_the_number_that_was_called() {
    let more = "trunks: {telco: {host: 127.0.0.1, port: 9, username: line1}}
dids: {+15125551234: {app: echo}}
";
    let gateway = Gateway::start("routes-line", more);
    let phone = RawSip::toward(gateway.sip_port);
    let asserted = "P-Asserted-Identity: <sip:+15125550001@127.0.0.1>\r\n";
    let invite = phone.invite("anonymous", "line1", asserted);
    assert_eq!(phone.ask(&invite).status(), Some(404), "no number is named");
    let invite = phone.invite("anonymous", "line1", asserted);
    let to = format!("To: <sip:line1@127.0.0.1:{}>", gateway.sip_port);
    assert!(invite.contains(&to), "{invite}");
    let invite = invite.replace(&to, "To: <sip:+15125551234@127.0.0.1>");
    assert_eq!(phone.ask(&invite).status(), Some(200));
    let call = &gateway.calls()[0];
    assert_eq!(
        (&call["from"], &call["to"]),
        (&json!("+15125550001"), &json!("+15125551234"))
    );
}
