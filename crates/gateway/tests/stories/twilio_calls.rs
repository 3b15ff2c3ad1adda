//! An application that was written for Twilio ends and moves its call through Twilio's own path.

use serde_json::Value;
use trunkline_providers::Form;

use crate::support::{Application, Caller, Gateway, Manner};

/// Status and JSON of an update of a call.
fn update(gateway: &Gateway, call: &str, form: &[(&str, &str)]) -> (u16, Value) {
    let path = format!("/2010-04-01/Accounts/AC0/Calls/{call}.json");
    let kind = "application/x-www-form-urlencoded";
    let form: Form = form.iter().copied().collect();
    let (status, body) = gateway.post_bytes(&path, kind, form.encoded().as_bytes());
    (status, serde_json::from_str(&body).unwrap_or(Value::Null))
}

/// A call to an application, and its name as Twilio would write it.
fn a_call(gateway: &Gateway) -> (Caller, String) {
    let caller = Caller::dial(&gateway.uri("100"));
    caller.wait_answered();
    let call = gateway.calls()[0]["id"].as_str().unwrap().to_owned();
    (caller, format!("CA{call}"))
}

#[test]
fn status_completed_ends_the_call_once() {
    let application = Application::start(Manner::Silent);
    let gateway = Gateway::start_for("twilio-completed", &application);
    let (_caller, call) = a_call(&gateway);
    let (status, told) = update(&gateway, &call, &[("Status", "completed")]);
    assert_eq!(
        (status, &told["status"]),
        (200, &Value::from("completed")),
        "{told}"
    );
    assert_eq!(told["sid"], call);
    let record = gateway.only_record();
    assert_eq!(record["end"]["by"], "app", "{record}");
    let (status, told) = update(&gateway, &call, &[("Status", "completed")]);
    assert_eq!(
        (status, &told["code"]),
        (404, &Value::from(20404)),
        "{told}"
    );
    let (status, _) = update(&gateway, "CA1", &[("Status", "completed")]);
    assert_eq!(status, 404);
}

#[test]
fn what_cannot_be_done_is_said_in_twilios_shape_and_leaves_the_call_alone() {
    let application = Application::start(Manner::Silent);
    let gateway = Gateway::start_for("twilio-refused", &application);
    let (_caller, call) = a_call(&gateway);
    let say = "<Response><Say>Goodbye</Say><Hangup/></Response>";
    let gather = "<Response><Hangup/><Gather/></Response>";
    let inside = "<Response><Play>http://169.254.169.254/a.wav</Play></Response>";
    for (form, code, word) in [
        (&[("Twiml", say)][..], 21200, "speech.command"),
        (&[("Twiml", gather)], 12200, "<Gather>"),
        (&[("Twiml", inside)], 12200, "fetch.allow"),
        (&[("Twiml", "Hello")], 12200, "no XML"),
        (&[("Status", "ringing")], 21200, "completed"),
        (&[("Url", "http://localhost:9/")], 21200, "fetch.allow"),
        (&[("Url", "a.example")], 21200, "http://"),
        (&[], 21200, "missing"),
        (&[("Status", "completed"), ("Twiml", say)], 21200, "one of"),
    ] {
        let (status, told) = update(&gateway, &call, form);
        assert_eq!((status, &told["code"]), (400, &Value::from(code)), "{told}");
        assert!(told["message"].as_str().unwrap().contains(word), "{told}");
    }
    assert_eq!(gateway.calls().len(), 1);
    let hang_up = "<Response><Hangup/></Response>";
    assert_eq!(update(&gateway, &call, &[("Twiml", hang_up)]).0, 200);
    gateway.wait_for_calls(0);
}
