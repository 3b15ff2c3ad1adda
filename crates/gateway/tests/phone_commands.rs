//! The commands that stand on the other side of a call: demo, call and bench of the real binary.

mod support;

use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::{Gateway, folder, trunkline};
use trunkline_audio::wav;

const SPEECH: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../fixtures/speech/demo.wav"
);

/// The JSON a command printed, and whether it said that all went well.
fn json(output: &Output) -> (Value, bool) {
    let printed = String::from_utf8_lossy(&output.stdout);
    let said = String::from_utf8_lossy(&output.stderr);
    let value = serde_json::from_str(&printed);
    let value = value.unwrap_or_else(|error| panic!("{error}: {printed}{said}"));
    (value, output.status.success())
}

/// Whether the texts of a ladder's rungs begin with these, in this order.
fn has_rungs(ladder: &Value, wanted: &[&str]) -> bool {
    let rungs = ladder.as_array().expect("a ladder is a list").iter();
    let mut texts = rungs.filter_map(|rung| rung["text"].as_str());
    wanted
        .iter()
        .all(|wanted| texts.any(|text| text.starts_with(wanted)))
}

/// How often a call is placed until it is good. On a machine that is busy with something else one may
/// be late and patchy, which says nothing of the program.
const TRIES: usize = 5;

/// The first call that is good, or the last.
fn good_call(place: impl Fn() -> Output, is_good: impl Fn(&Value) -> bool) -> (Value, bool) {
    let mut calls = (0..TRIES).map(|_| json(&place()));
    let mut last = calls.next().expect("one try at least");
    while !is_good(&last.0)
        && let Some(next) = calls.next()
    {
        last = next;
    }
    last
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

#[test]
fn the_demonstration_is_a_good_conversation_and_leaves_all_that_is_known_of_it() {
    let folder = folder("demo");
    let demo = || trunkline(&folder, &["demo", "--json"]);
    let (shown, good) = good_call(demo, |shown| shown["good"] == true);
    assert!(good && shown["good"] == true, "{shown}");
    assert!(has_rungs(
        &shown["ladder"],
        &["INVITE sip:desk@", "200 OK (INVITE)", "ACK", "BYE", "200"]
    ));
    let turns = shown["turns"].as_array().expect("turns");
    assert_eq!(turns.len(), 8, "{shown}");
    // Nobody thinks of the greeting; of the others some may be answered before they are sure to be over.
    let split = |turn: &&Value| turn["stages"].as_array().is_some_and(|it| !it.is_empty());
    let split: Vec<&Value> = turns.iter().skip(1).filter(split).collect();
    assert!(split.len() >= 4, "{shown}");
    for turn in split {
        let stages = turn["stages"].as_array().expect("stages").iter();
        let stages: f64 = stages.map(|stage| number(&stage["tookMs"])).sum();
        let gap = number(&turn["gapMs"]);
        let off = (stages - gap).abs();
        // What is heard is placed by packets, what was done by the clock.
        assert!(off < 30.0, "the stages are the wait: {turn}");
    }
    let kinds = shown["marks"].as_array().expect("marks").iter();
    let mut kinds: Vec<_> = kinds.filter_map(|mark| mark["kind"].as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["function", "interruption", "keys"], "{shown}");
    let said = shown["said"].as_array().expect("what was said");
    let cut: Vec<&Value> = said.iter().filter(|said| said["cut"] == true).collect();
    assert_eq!(cut.len(), 1, "{shown}");
    let told = shown["engines"].as_str().expect("who hears and speaks");
    assert!(told.contains("as text"), "{told}");
    let page = std::fs::read_to_string(folder.join("trunkline-demo.html")).expect("a page");
    assert!(
        page.contains("You have an appointment on Thursday"),
        "{page}"
    );
    let timeline = std::fs::read(folder.join("trunkline-demo.json")).expect("a timeline");
    let timeline: Value = serde_json::from_slice(&timeline).expect("JSON");
    assert_eq!(timeline["turns"], shown["turns"]);
    let file = std::fs::read(folder.join("trunkline-demo.wav")).expect("a recording");
    let recording = wav::read(&file).expect("a WAV file");
    assert_eq!((recording.rate_hz, recording.channels), (16_000, 2));
    for side in 0..2 {
        let loudest = recording.samples.iter().skip(side).step_by(2).max();
        assert!(loudest > Some(&5_000), "side {side}: {loudest:?}");
    }
}

#[test]
fn a_call_proves_its_password_plays_presses_and_records() {
    let users = "  users: [{name: alice, password: secret}]\n";
    let gateway = Gateway::start("call-with-a-password", users);
    let target = gateway.uri("echo");
    let from = format!("sip:alice@127.0.0.1:{}", gateway.sip_port);
    let place = |auth: &str| {
        let arguments = [
            "call",
            &target,
            "--from",
            &from,
            "--auth",
            auth,
            "--play",
            SPEECH,
            "--dtmf",
            "12#",
            "--duration",
            "3",
            "--record",
            "heard.wav",
            "--json",
        ];
        trunkline(gateway.folder(), &arguments)
    };
    let sounds_alike = |call: &Value| number(&call["likeness"]) > 0.8;
    let (call, went_well) = good_call(|| place("alice:secret"), sounds_alike);
    assert!(went_well && call["ok"] == true, "{call}");
    assert!(has_rungs(
        &call["ladder"],
        &["INVITE", "401", "INVITE", "200"]
    ));
    assert!(sounds_alike(&call), "{call}");
    assert!(gateway.folder().join("heard.wav").is_file());
    let (call, went_well) = json(&place("alice:wrong"));
    assert!(!went_well);
    assert_eq!(call["end"]["code"], 401, "{call}");
}

#[test]
fn a_call_to_nobody_says_so_at_once() {
    let folder = folder("call-to-nobody");
    let begun = Instant::now();
    let target = format!("sip:x@127.0.0.1:{}", support::free_port());
    let call = trunkline(&folder, &["call", &target]);
    assert_eq!(call.status.code(), Some(1));
    let said = String::from_utf8_lossy(&call.stderr);
    assert!(said.contains("nobody listens at 127.0.0.1"), "{said}");
    assert!(
        begun.elapsed() < Duration::from_secs(25),
        "32 s is what a timer would take"
    );
    let wrong = trunkline(&folder, &["call", "tel:+15125551234"]);
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn bench_measures_calls_through_an_application_and_set_up() {
    let port = support::free_port().to_string();
    let gateway = Gateway::leading_to("bench", &format!("ws://127.0.0.1:{port}/"));
    let (target, pid) = (gateway.uri("x"), gateway.pid().to_string());
    let bench = |load: [&str; 4]| {
        let common = ["bench", "--json", "--target", &target, "--pid", &pid];
        let arguments = [&common[..], &["--app-port", &port], &load].concat();
        // On a busy machine it says that the run is void; what was counted is there all the same.
        json(&trunkline(gateway.folder(), &arguments)).0
    };
    let report = bench(["--calls", "5", "--seconds", "2"]);
    assert_eq!(report["failed"], 0, "{report}");
    assert!(number(&report["received"]) > 400.0, "{report}");
    assert!(number(&report["delayMs"]["count"]) > 0.0, "{report}");
    assert!(number(&report["cpuMsPerCallSecond"]) > 0.0, "{report}");
    let report = bench(["--rate", "20", "--seconds", "1"]);
    assert_eq!(
        (&report["calls"], &report["failed"]),
        (&20.into(), &0.into())
    );
    assert_eq!(report["answeredMs"]["count"], 20, "{report}");
}

#[test]
fn bench_measures_media_streams_of_a_provider() {
    let gateway = Gateway::start("bench-streams", "");
    let target = format!("ws://127.0.0.1:{}/sip/media-stream", gateway.http_port);
    let pid = gateway.pid().to_string();
    let bench = |provider: &str, target: &str| {
        let common = ["bench", "--json", "--pid", &pid, "--target", target];
        let load = ["--calls", "5", "--seconds", "3", "--streams", provider];
        trunkline(gateway.folder(), &[&common[..], &load].concat())
    };
    for provider in ["twilio", "telnyx", "plivo"] {
        // On a busy machine it says that the run is void; what was counted is there all the same.
        let report = json(&bench(provider, &target)).0;
        assert_eq!(report["failed"], 0, "{report}");
        assert_eq!(report["unheard"], 0, "{report}");
        assert!(number(&report["lossByPulses"]) < f64::EPSILON, "{report}");
        assert!(number(&report["delayMs"]["count"]) >= 10.0, "{report}");
        assert!(number(&report["cpuMsPerCallSecond"]) > 0.0, "{report}");
    }
    let refused = json(&bench("twilio", &target.replace("media-stream", "nothing"))).0;
    assert_eq!(refused["failed"], 5, "{refused}");
    assert_eq!(refused["lastFailure"], "HTTP/1.1 404 Not Found");
    let unfit = bench("vonage", &target);
    assert_eq!(unfit.status.code(), Some(2));
    let said = String::from_utf8_lossy(&unfit.stderr);
    assert!(said.contains("write one of: twilio, telnyx"), "{said}");
}
