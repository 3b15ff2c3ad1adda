//! The configuration is changed while the gateway runs, by its file and by a signal.

use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trunkline_media::codec::Codec;
use trunkline_phone::softphone::{Script, Settings};
use trunkline_sip::Message;
use trunkline_sip::digest::{Account, DigestClient};

use crate::support::{Caller, Events, Gateway, PATIENCE, RawSip, TALK, eventually, numbered};

/// A gateway whose calls to `support` go to the application `first`.
const FIRST: &str = "routes: [{to: support, app: first}]\n\
                     apps: {first: {type: echo}, second: {type: echo}}\n";

/// Replaces text in the gateway's file, as an editor saves: a new file takes the old one's place.
fn edit(gateway: &Gateway, from: &str, to: &str) {
    let file = file_of(gateway);
    let text = std::fs::read_to_string(&file).expect("the gateway's file");
    assert!(text.contains(from), "{from:?} is not in {text}");
    let new = gateway.folder().join("trunkline.yaml.new");
    std::fs::write(&new, text.replace(from, to)).expect("a new file");
    std::fs::rename(&new, &file).expect("it takes the place");
}

fn file_of(gateway: &Gateway) -> PathBuf {
    gateway.folder().join("trunkline.yaml")
}

fn status(gateway: &Gateway) -> Value {
    gateway.get("/v1/configuration")
}

fn wait_for(gateway: &Gateway, key: &str, count: u64) -> Value {
    eventually(&format!("{key} are {count}"), || {
        Some(status(gateway)).filter(|status| status[key] == count)
    })
}

/// The application that answers a call to `support`, and the caller, still on the line.
fn answered_by(gateway: &Gateway) -> (Value, Caller) {
    let before = gateway.calls().len();
    let caller = Caller::dial(&gateway.uri("support"));
    caller.wait_answered();
    let calls = gateway.calls();
    assert_eq!(calls.len(), before + 1, "{calls:?}");
    (calls[before]["app"].clone(), caller)
}

#[test]
fn a_changed_file_counts_for_the_next_call_and_a_broken_one_not_at_all() {
    let gateway = Gateway::start("reload-file", FIRST);
    let mut events = Events::listen(gateway.http_port);
    let (app, live) = answered_by(&gateway);
    assert_eq!(app, "first");
    edit(&gateway, "app: first}]", "app: second}]");
    wait_for(&gateway, "reloads", 1);
    events.wait_for("configuration.reloaded");
    let (app, second) = answered_by(&gateway);
    assert_eq!(app, "second");

    edit(&gateway, "app: second}]", "app: sekond}]");
    let refused = wait_for(&gateway, "refusals", 1);
    let told = "no application is named \"sekond\"; did you mean `second`?";
    let problem = &refused["problems"][0];
    let says = |key: &str| problem[key].as_str().unwrap_or_default().to_owned();
    let message = format!("{}; {}", says("message"), says("remedy"));
    assert_eq!(message, format!("routes[0].app: {told}"));
    assert_eq!(problem["line"], json!(line_of(&gateway, "sekond")));
    let said = events.wait_for("configuration.refused");
    assert_eq!(&said["problems"][0], problem);
    let line = format!("trunkline.yaml:{}:", problem["line"]);
    eventually("the log names the line and the key", || {
        let log = gateway.log();
        let mut lines = log.lines().filter(|text| text.contains(&line));
        lines
            .any(|text| text.contains("routes[0].app") && text.contains(told))
            .then_some(())
    });
    let figures = ["configuration_refusals_total", "configuration_current"];
    assert_eq!(figures.map(|name| gateway.figure(name)), [1, 0]);
    let (app, third) = answered_by(&gateway);
    assert_eq!(app, "second", "what ran runs on");

    edit(&gateway, "app: sekond}]", "app: first}]");
    let mended = wait_for(&gateway, "reloads", 2);
    assert_eq!(mended["problems"], json!([]));
    assert_eq!(gateway.figure("configuration_current"), 1);
    assert_eq!(answered_by(&gateway).0, "first");
    for caller in [live, second, third] {
        assert!(!caller.is_over(), "no call has noticed anything");
    }
}

/// The line of the gateway's file that holds a text, from 1.
fn line_of(gateway: &Gateway, text: &str) -> usize {
    let file = std::fs::read_to_string(file_of(gateway)).expect("the gateway's file");
    1 + file
        .lines()
        .position(|line| line.contains(text))
        .expect("the text")
}

#[test]
fn a_signal_has_the_file_and_the_variables_beside_it_read_again() {
    let gateway = Gateway::start("reload-signal", FIRST);
    gateway.signal("HUP");
    wait_for(&gateway, "reloads", 1);
    // Whether the watch or the signal is faster: the variable of the new file is known.
    std::fs::write(gateway.folder().join(".env"), "WHO=second\n").expect("a .env");
    edit(&gateway, "app: first}]", "app: \"${WHO}\"}]");
    gateway.signal("HUP");
    eventually("the next call goes to the second", || {
        (gateway.ask_json(&["route", "support"])["app"] == "second").then_some(())
    });
    std::fs::write(gateway.folder().join(".env"), "WHO=first\n").expect("a .env");
    eventually("the .env alone is enough", || {
        (gateway.ask_json(&["route", "support"])["app"] == "first").then_some(())
    });
    assert_eq!(status(&gateway)["refusals"], 0);
}

#[test]
fn what_only_a_start_can_change_is_named_and_stays() {
    let gateway = Gateway::start("reload-ports", FIRST);
    edit(
        &gateway,
        "app: first}]",
        "app: second}]\nlimits: {calls: 7}\nshards: 3",
    );
    let status = wait_for(&gateway, "reloads", 1);
    assert_eq!(status["waiting"], json!(["limits.calls", "shards"]));
    let told = "limits.calls: the change waits for the next start";
    eventually("the log says so", || {
        gateway.log().contains(told).then_some(())
    });
    assert_eq!(answered_by(&gateway).0, "second", "the rest is taken");
}

/// What a REGISTER of this user with the password `correct` is answered with.
fn registers(gateway: &Gateway, name: &str) -> u16 {
    let phone = RawSip::toward(gateway.sip_port);
    let first = phone.request("REGISTER", name, name, "", "");
    let challenge = phone.ask(&first);
    if challenge.status() != Some(401) {
        return challenge.status().expect("a status");
    }
    let account = Account {
        username: name.to_owned(),
        password: "correct".to_owned(),
        realm: None,
    };
    let mut digest = DigestClient::new(account, [7; 32]);
    digest
        .take_challenge(&challenge, false)
        .expect("a challenge");
    let second = phone.request("REGISTER", name, name, "", "");
    let second = Message::parse(second.as_bytes()).expect("a request");
    let second = digest.authorize(&second).expect("credentials");
    phone
        .ask(&String::from_utf8_lossy(second.as_bytes()))
        .status()
        .expect("a status")
}

#[test]
fn users_come_and_go() {
    let users = "  users: [{name: alice, password: correct}]\n";
    let gateway = Gateway::start("reload-users", users);
    let both = |gateway: &Gateway| ["alice", "bob"].map(|name| registers(gateway, name));
    assert_eq!(both(&gateway), [200, 401]);
    assert_eq!(devices(&gateway), ["alice"]);
    edit(&gateway, "name: alice", "name: bob");
    wait_for(&gateway, "reloads", 1);
    assert!(devices(&gateway).is_empty(), "alice is none of the users");
    assert_eq!(both(&gateway), [401, 200]);
}

fn devices(gateway: &Gateway) -> Vec<String> {
    let devices = gateway.get("/v1/devices");
    let devices = devices["devices"].as_array().expect("a list");
    let user = |device: &Value| device["user"].as_str().expect("a name").to_owned();
    devices.iter().map(user).collect()
}

/// Calls that run while the configuration is read again and again, and how often that is, with
/// as many rests between.
const CALLS: usize = 100;
const RELOADS: u64 = 1_000;
const RESTS: u64 = 10;
/// How long a rest lasts, in frames that the first caller hears.
const REST: usize = 75;
/// For how many frames an echo is on its way: what disturbs it is heard so much later.
const LATER: usize = 10;

/// What each caller has heard of, from one frame to another.
struct Span {
    is_rest: bool,
    frames: Vec<Range<usize>>,
}

/// Lets all callers hear something meanwhile.
fn span(is_rest: bool, callers: &[Caller], meanwhile: impl FnOnce()) -> Span {
    let heard = || {
        callers
            .iter()
            .map(|caller| caller.heard() / numbered::FRAME)
    };
    let from: Vec<usize> = heard().collect();
    meanwhile();
    let frames = from.into_iter().zip(heard());
    let frames = frames.map(|(from, to)| from + LATER..to + LATER).collect();
    Span { is_rest, frames }
}

/// Has the configuration read again, which puts another application in place of the first.
fn reload(gateway: &Gateway, number: u64) {
    let (from, to) = match number % 2 {
        1 => ("app: first}]", "app: second}]"),
        _ => ("app: second}]", "app: first}]"),
    };
    edit(gateway, from, to);
    gateway.signal("HUP");
    let deadline = Instant::now() + PATIENCE;
    while status(gateway)["reloads"].as_u64() < Some(number) {
        assert!(Instant::now() < deadline, "reload {number} never came");
        std::thread::yield_now();
    }
}

#[test]
fn no_call_notices_a_thousand_reloads() {
    let gateway = Gateway::start("reload-often", FIRST);
    // The codec that costs least: so many telephones on a small machine are late by themselves.
    let settings = || Settings {
        codecs: vec![Codec::Pcmu],
        ..Settings::default()
    };
    let said = Script::new().play(Duration::ZERO, &numbered::speech(0..TALK * 50));
    let callers: Vec<Caller> = (0..CALLS)
        .map(|_| Caller::follow(&gateway.uri("support"), settings(), said.clone()))
        .collect();
    callers.iter().for_each(Caller::wait_answered);
    let rest = || {
        let enough = callers[0].heard() + REST * numbered::FRAME;
        eventually("the callers rest", || {
            (callers[0].heard() >= enough).then_some(())
        });
    };
    // Their jitter buffers find their length.
    rest();
    let mut spans = Vec::new();
    let mut reloads = 1..=RELOADS;
    for _ in 0..RESTS {
        spans.push(span(true, &callers, rest));
        let burst = reloads.by_ref().take((RELOADS / RESTS) as usize);
        let burst = || burst.for_each(|number| reload(&gateway, number));
        spans.push(span(false, &callers, burst));
    }
    assert_eq!(status(&gateway)["refusals"], 0);
    let follows: Vec<Vec<bool>> = callers
        .into_iter()
        .map(|caller| {
            assert!(!caller.is_over(), "every call goes on");
            let report = caller.hang_up();
            assert_eq!(report.heard.figures().lost, 0);
            numbered::continuous(report.heard.samples())
        })
        .collect();
    let [resting, reloading] = [true, false].map(|is_rest| broken(is_rest, &spans, &follows));
    // A machine that is busy with other things breaks sound by itself, in the rests as well.
    assert!(
        reloading <= 1.5 * resting + 0.005,
        "{reloading} of what was heard is broken during reloads, {resting} between them"
    );
    println!("broken: {resting} at rest, {reloading} during reloads");
    let records = eventually("every call has its record", || {
        Some(gateway.records()).filter(|records| records.len() == CALLS)
    });
    for record in records {
        assert_eq!(
            (&record["app"], &record["end"]["by"]),
            (&json!("first"), &json!("remote"))
        );
        assert_eq!(record["media"]["packetsLost"], 0, "{record}");
    }
}

/// The share of frames that do not follow the one before them, in all rests or all bursts of all
/// callers.
fn broken(is_rest: bool, spans: &[Span], follows: &[Vec<bool>]) -> f64 {
    let spans = spans.iter().filter(|span| span.is_rest == is_rest);
    let heard = spans.flat_map(|span| span.frames.iter().zip(follows));
    let (mut all, mut broken) = (0, 0);
    for (range, follows) in heard {
        let heard = range.start..range.end.min(follows.len());
        let frames = follows.get(heard).unwrap_or_default();
        all += frames.len();
        broken += frames.iter().filter(|follows| !**follows).count();
    }
    assert!(all > CALLS * 100, "{all} frames were looked at");
    broken as f64 / all as f64
}
