//! Who takes which call, as the file says it.

use super::*;
use trunkline_call::Headers;
use trunkline_call::routes::Arrival;

/// The application that a call goes to, and the value of a parameter it is told.
fn taken(settings: &Settings, to: &str, parameter: &str) -> Option<(String, Option<String>)> {
    let call = Arrival {
        to,
        from: "anonymous",
        trunk: None,
        provider: None,
        user: None,
        headers: &Headers::default(),
        source: None,
        at: "mon 12:00".parse().unwrap(),
    };
    let decision = settings.routes.find(&call)?;
    let value = decision.parameters.find(parameter).map(str::to_owned);
    Some((decision.app.to_owned(), value))
}

fn to_agent(value: &str) -> Option<(String, Option<String>)> {
    Some(("agent".to_owned(), Some(value.to_owned())))
}

const DIDS: &str = "
default_country: US
apps: {agent: {type: echo}}
dids:
  +15125551234: {app: agent, user_id: david, llm_model: 'llama3.2:3b', system_prompt: \"Be brief.\\nBe kind.\"}
  (512) 555-9999: {app: agent, display_name: Lobby, tts_voice: ~, tools: [weather, {name: clock}]}
  0042: {app: agent, floor: 007}
";

#[test]
fn a_number_has_an_entry_however_its_key_is_written() {
    let settings = proven(DIDS, &[]);
    let prompt = "Be brief.\nBe kind.";
    for to in ["+15125551234", "5125551234", "sip:15125551234@192.0.2.1"] {
        assert_eq!(
            taken(&settings, to, "system_prompt"),
            to_agent(prompt),
            "{to}"
        );
    }
    let entry = |parameter| taken(&settings, "+15125559999", parameter).unwrap().1;
    assert_eq!(entry("display_name").as_deref(), Some("Lobby"));
    assert_eq!(entry("tts_voice"), None, "an empty value is no value");
    let kept = r#"["weather",{"name":"clock"}]"#;
    assert_eq!(entry("tools").as_deref(), Some(kept), "other keys are kept");
    assert_eq!(taken(&settings, "0042", "floor"), to_agent("007"));
    assert_eq!(
        taken(&settings, "+5125551234", "user_id"),
        None,
        "that is Peru"
    );
    assert_eq!(taken(&settings, "+", "user_id"), None);
}

#[test]
fn an_entry_that_is_wrong_is_told_with_its_place() {
    let text = "
default_country: USA
dids:
  +15125551234: {app: agnt}
  +1 (512) 555-1234: {user_id: again}
  +1512*: {app: echo}
  anonymous: echo
  +15125550000: {app: echo, system_prompt: ${PROMPT}}
apps: {agent: {type: echo}}
";
    let told = refused(text, &[]);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(
        lines,
        [
            "t.yaml:2:18: default_country: no country has the code \"USA\"; \
             write the two letters of ISO 3166, such as US or DE",
            "t.yaml:4:23: dids.+15125551234.app: no application is named \"agnt\"; did you mean `agent`?",
            "t.yaml:5:22: dids.+1 (512) 555-1234: is the same number as +15125551234; keep one of them",
            "t.yaml:6:11: dids.+1512*: \"+1512*\" is no number; \
             write one number for each entry, such as +15125551234",
            "t.yaml:7:14: dids.anonymous: is no mapping; write `name: value` lines below it",
            "t.yaml:8:44: the environment variable PROMPT is not set; \
             set it, or add a line `PROMPT=…` to the `.env` beside this file",
        ]
    );
}

#[test]
fn the_command_line_leads_every_call_to_one_application_and_keeps_what_is_told_it() {
    let overrides = Overrides {
        ws_url: Some("ws://127.0.0.1:1/".to_owned()),
        ..Overrides::default()
    };
    let loaded = prove(DIDS, None, &Variables::default(), &overrides).unwrap();
    let settings = loaded.settings;
    let (app, user) = taken(&settings, "5125551234", "user_id").unwrap();
    assert_eq!(
        (app.as_str(), user.as_deref()),
        ("application", Some("david"))
    );
    assert!(taken(&settings, "100", "user_id").is_some());
}

#[test]
fn a_country_is_known_to_routes_and_to_what_may_be_dialled() {
    let text =
        "default_country: DE\ndial: {allow: [+49*]}\nroutes: [{to: 030 901820, app: echo}]\n";
    let settings = proven(text, &[]);
    assert!(
        settings.dial.allow_number("030 901821") && !settings.dial.allow_number("0031 1234567")
    );
    assert!(!settings.dial.allow_uri("sip:+4930901821@elsewhere.example"));
    assert!(taken(&settings, "+4930901820", "").is_some());
}

#[test]
fn a_rule_has_hours_in_a_time_zone() {
    let text = "time_zone: Europe/Berlin\nroutes: [{time: mon-fri 09:00-17:00, app: echo}]\n";
    let settings = proven(text, &[]);
    assert_eq!(format!("{:?}", settings.clock), "Europe/Berlin");
    assert!(
        taken(&settings, "100", "").is_some(),
        "asked on Monday at noon"
    );
    let weekend = text.replace("mon-fri", "sat-sun");
    assert!(taken(&proven(&weekend, &[]), "100", "").is_none());
    let text = "time_zone: Europe/Bonn\nroutes: [{time: 9-17, app: echo}]\n";
    let told = refused(text, &[]);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(
        lines,
        [
            "t.yaml:1:12: time_zone: no time zone is named \"Europe/Bonn\"; \
             write a name of the IANA database, such as Europe/Berlin",
            "t.yaml:2:17: routes[0].time: \"9-17\" is neither days nor hours; \
             write days, hours or both, such as \"mon-fri 09:00-17:00\"",
        ]
    );
}
