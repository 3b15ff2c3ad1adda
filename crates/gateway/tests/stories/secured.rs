//! Applications behind TLS: a call hears its own as over plain TCP, and one whose application cannot
//! be believed, does not answer or breaks off ends by itself, with the reason in its record.

use std::io::Write;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::version::{TLS12, TLS13};
use serde_json::{Value, json};
use socket2::SockRef;
use trunkline_call::EndReason;
use trunkline_testkit::{Authority, Validity};

use crate::support::{
    Caller, Door, Gateway, Lobby, Steady, eventually, folder, free_port, sound, talk, trunkline,
};

/// The file that makes a gateway believe this authority.
fn ca_file(name: &str, authority: &Authority) -> PathBuf {
    let file = folder(&format!("{name}-ca")).join("ca.pem");
    std::fs::write(&file, authority.pem()).expect("the build folder is writable");
    file
}

/// A gateway with one media thread that believes this authority and gives calls to the
/// applications at these URLs by their names.
fn gateway(name: &str, authority: &Authority, apps: &[(&str, String)]) -> Gateway {
    let routes = apps
        .iter()
        .map(|(app, _)| format!("{{to: {app}, app: {app}}}"));
    let entries = apps
        .iter()
        .map(|(app, url)| format!("  {app}: {{type: websocket, url: \"{url}\"}}\n"));
    let more = format!(
        "shards: 1\ntls: {{ca_file: \"{}\"}}\nroutes: [{}]\napps:\n{}",
        ca_file(name, authority).display(),
        routes.collect::<Vec<_>>().join(", "),
        entries.collect::<String>(),
    );
    Gateway::start(name, &more)
}

#[test]
fn a_call_and_an_application_behind_tls_hear_each_other() {
    let authority = Authority::new("ours");
    let lobby = Lobby::open();
    let named = authority.certificate(&["localhost"], Validity::Now);
    let addressed = authority.certificate(&["127.0.0.1"], Validity::Now);
    let named = Door::before(lobby.address(), named.server(&[&TLS13]));
    let addressed = Door::before(lobby.address(), addressed.server(&[&TLS12]));
    let apps = [
        ("by-name", named.url("localhost")),
        ("by-address", addressed.url("127.0.0.1")),
    ];
    let gateway = gateway("secured-both-ways", &authority, &apps);
    talk::both_hear_each_other(&gateway, &lobby, "by-name");
    talk::both_hear_each_other(&gateway, &lobby, "by-address");
    // The second handshake of a client resumes the first.
    talk::both_hear_each_other(&gateway, &lobby, "by-name");
    assert_eq!((named.passed(), addressed.passed()), (2, 1));
}

#[test]
fn a_bot_for_twilio_is_reached_behind_tls() {
    let authority = Authority::new("ours");
    let lobby = Lobby::open();
    let door = Door::before(lobby.address(), authority.server(&["localhost"]));
    let name = "secured-twilio";
    let more = format!(
        "tls: {{ca_file: \"{}\"}}\nroutes: [{{app: bot}}]\n\
         apps: {{bot: {{type: websocket, protocol: twilio, url: \"{}\"}}}}\n",
        ca_file(name, &authority).display(),
        door.url("localhost")
    );
    let gateway = Gateway::start(name, &more);
    let caller = Caller::dial(&gateway.uri("alice"));
    let mut session = lobby.accept();
    let frames = |session: &crate::support::Session| {
        let events = session.events.iter();
        events.filter(|event| event["event"] == "media").count()
    };
    session.until("the caller is heard", |session| {
        (frames(session) >= 50).then_some(())
    });
    assert_eq!(session.events[1]["event"], "start");
    session.close(Some(1_000));
    assert_eq!(caller.report().end, EndReason::Remote);
}

/// Calls an application that cannot be opened; what the record says of it.
fn why_not_open(gateway: &Gateway, to: &str) -> String {
    let report = Caller::dial(&gateway.uri(to)).report();
    let end = report.end;
    assert!(
        matches!(end, EndReason::Upstream { code: 503, .. }),
        "{to}: {end:?}"
    );
    let record = gateway.wait_for_record("to", to);
    assert_eq!(record["end"]["reason"], "app_unreachable", "{record}");
    record["end"]["detail"]
        .as_str()
        .expect("a detail")
        .to_owned()
}

#[test]
fn an_application_that_cannot_be_believed_costs_its_call_alone() {
    let (authority, stranger) = (Authority::new("ours"), Authority::new("another"));
    let lobby = Lobby::open();
    let behind = |config: Arc<ServerConfig>| Door::before(lobby.address(), config);
    let shown = |names: &[&str], validity| {
        let certificate = authority.certificate(names, validity);
        behind(certificate.server(rustls::ALL_VERSIONS))
    };
    let unknown = behind(stranger.server(&["localhost"]));
    // Made anew, as an authority of one's own is whose key was lost.
    let renewed = behind(Authority::new("ours").server(&["localhost"]));
    let expired = shown(&["localhost"], Validity::Expired);
    let early = shown(&["localhost"], Validity::NotYet);
    let misnamed = shown(&["bot.example.com", "192.0.2.7"], Validity::Now);
    let plain = format!("wss://{}/", lobby.address());
    // Connections wait in its backlog for ever.
    let mute = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let mute_address = mute.local_addr().expect("a bound address");
    let mut steady = Steady::new();
    let apps = [
        ("steady", steady.url()),
        ("unknown", unknown.url("localhost")),
        ("renewed", renewed.url("localhost")),
        ("expired", expired.url("localhost")),
        ("early", early.url("localhost")),
        ("misnamed", misnamed.url("localhost")),
        ("plain", plain),
        ("mute", format!("wss://{mute_address}/")),
    ];
    let gateway = gateway("secured-refused", &authority, &apps);
    steady.begin(&gateway);
    for (to, reason, remedy) in [
        (
            "unknown",
            "signed by nobody whom this machine",
            "tls.ca_file",
        ),
        ("renewed", "did not sign it", "tls.ca_file"),
        ("expired", "its certificate has expired", "date -u"),
        ("early", "its certificate is not valid yet", "date -u"),
        (
            "misnamed",
            "for bot.example.com, 192.0.2.7 and not for localhost",
            "write in the URL",
        ),
        ("mute", "not open within 5 s", "the TLS handshake"),
    ] {
        let detail = why_not_open(&gateway, to);
        let url = &apps.iter().find(|(app, _)| *app == to).expect("an app").1;
        let place = url.split("/ws/").next().expect("a URL");
        for part in [place, reason, remedy] {
            assert!(detail.contains(part), "{to}: {detail}");
        }
    }
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut stream = lobby.accept_tcp();
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        });
        let detail = why_not_open(&gateway, "plain");
        assert!(detail.contains("does not speak TLS"), "{detail}");
    });
    for door in [&unknown, &renewed, &expired, &early, &misnamed] {
        assert_eq!(door.passed(), 0, "no word was said to it");
    }
    drop(mute);
    steady.end_unharmed(&gateway);
}

#[test]
fn an_application_that_breaks_off_in_the_middle_of_a_record_is_lost() {
    let authority = Authority::new("ours");
    let lobby = Lobby::open();
    let door = Door::before(lobby.address(), authority.server(&["localhost"]));
    let mut steady = Steady::new();
    let apps = [("steady", steady.url()), ("victim", door.url("localhost"))];
    let gateway = gateway("secured-cut", &authority, &apps);
    steady.begin(&gateway);
    let caller = Caller::dial(&gateway.uri("victim"));
    let mut session = lobby.accept();
    session.wait_for("answered");
    session.listen(10);
    door.cut(true);
    session.say(&sound::tone(1_000.0, 16_000, 320));
    assert_eq!(caller.report().end, EndReason::Remote);
    let record = gateway.wait_for_record("to", "victim");
    assert_eq!(record["end"]["by"], "gateway", "{record}");
    assert_eq!(record["end"]["reason"], "app_lost", "{record}");
    steady.end_unharmed(&gateway);
}

#[test]
fn an_application_behind_tls_that_does_not_read_loses_the_oldest_sound() {
    let authority = Authority::new("ours");
    let lobby = Lobby::open();
    let socket = SockRef::from(lobby.listener());
    socket.set_recv_buffer_size(4 * 1024).expect("a buffer");
    let door = Door::narrow(lobby.address(), authority.server(&["localhost"]));
    let mut steady = Steady::new();
    let apps = [("steady", steady.url()), ("slow", door.url("localhost"))];
    let gateway = gateway("secured-slow", &authority, &apps);
    steady.begin(&gateway);
    talk::does_not_read(&gateway, &lobby, &steady, "slow", 16_000);
    steady.end_unharmed(&gateway);
}

#[test]
fn an_authority_that_is_added_is_believed_from_the_next_call_on() {
    let authority = Authority::new("ours");
    let lobby = Lobby::open();
    let door = Door::before(lobby.address(), authority.server(&["localhost"]));
    let gateway = Gateway::leading_to("secured-reload", &door.url("localhost"));
    let report = Caller::dial(&gateway.uri("before")).report();
    assert!(matches!(report.end, EndReason::Upstream { code: 503, .. }));
    let file = gateway.folder().join("trunkline.yaml");
    let text = std::fs::read_to_string(&file).expect("its configuration");
    let ca = ca_file("secured-reload", &authority);
    let more = format!("tls: {{ca_file: \"{}\"}}\n", ca.display());
    std::fs::write(&file, text + &more).expect("a configuration");
    gateway.signal("HUP");
    eventually("the configuration is taken", || {
        let view = gateway.get("/v1/configuration");
        (view["reloads"].as_u64() >= Some(1)).then_some(())
    });
    talk::both_hear_each_other(&gateway, &lobby, "after");
}

#[test]
fn an_application_that_is_lost_comes_back_over_tls() {
    let authority = Authority::new("ours");
    let lobby = Lobby::open();
    let door = Door::before(lobby.address(), authority.server(&["localhost"]));
    let name = "secured-back";
    let more = format!(
        "tls: {{ca_file: \"{}\"}}\nroutes: [{{app: bot}}]\n\
         apps: {{bot: {{type: websocket, url: \"{}\", on_lost: {{within: 30}}}}}}\n",
        ca_file(name, &authority).display(),
        door.url("localhost")
    );
    let gateway = Gateway::start(name, &more);
    let caller = Caller::dial(&gateway.uri("bot"));
    let mut session = lobby.accept();
    session.wait_for("answered");
    session.listen(5);
    door.cut(true);
    session.say(&sound::tone(1_000.0, 16_000, 320));
    session.wait_closed();
    door.cut(false);
    let mut again = lobby.accept();
    let start = again.wait_for("start");
    assert_eq!(start["customParameters"], json!({"resumed": "1"}));
    again.listen(10);
    again.say(&sound::tone(1_000.0, 16_000, 16_000));
    again.send(&json!({"type": "mark", "data": {"name": "said"}}));
    again.wait_for("mark");
    let report = caller.hang_up();
    assert_eq!(again.wait_for("stop")["by"], "remote");
    let heard = sound::frames_of_tone(1_000.0, 16_000, report.heard.samples());
    assert!(heard >= 49, "{heard} frames of 50");
}

#[test]
fn the_doctor_shakes_hands_with_applications() {
    let authority = Authority::new("ours");
    let lobby = Lobby::open();
    let door = Door::before(lobby.address(), authority.server(&["localhost"]));
    let folder = folder("secured-doctor");
    let ca = folder.join("ca.pem");
    std::fs::write(&ca, authority.pem()).expect("the build folder is writable");
    let finding = |trust: &str| -> Value {
        let file = folder.join("trunkline.yaml");
        let text = format!(
            "server: {{port: {}}}\nsip: {{listen: [\"udp://127.0.0.1:{}\"]}}\n{trust}\
             apps: {{bot: {{type: websocket, url: \"{}\"}}}}\n",
            free_port(),
            free_port(),
            door.url("localhost")
        );
        std::fs::write(&file, text).expect("a configuration");
        let file = file.to_str().expect("a path of letters");
        let checked = trunkline(&folder, &["check", "--config", file]);
        assert!(checked.status.success(), "{checked:?}");
        let output = trunkline(&folder, &["doctor", "--config", file, "--json"]);
        let told = String::from_utf8_lossy(&output.stdout);
        let findings = told.lines().map(serde_json::from_str);
        let mut findings = findings.map(|finding| finding.expect("a finding a line"));
        let found = findings.find(|finding: &Value| finding["check"] == "apps");
        found.unwrap_or_else(|| panic!("{told}"))
    };
    let good = finding(&format!("tls: {{ca_file: \"{}\"}}\n", ca.display()));
    assert_eq!(good["verdict"], "good", "{good}");
    let proven = good["message"].as_str().expect("a message");
    assert!(
        proven.contains("proves by its certificate to be localhost"),
        "{good}"
    );
    let wrong = finding("");
    assert_eq!(wrong["verdict"], "wrong", "{wrong}");
    let remedy = wrong["remedy"].as_str().expect("a remedy");
    assert!(remedy.contains("tls.ca_file"), "{wrong}");
    eventually("the door was passed once", || {
        (door.passed() >= 1).then_some(())
    });
}

#[test]
fn a_provider_is_simulated_over_tls() {
    let authority = Authority::new("ours");
    let secret = "providers: {twilio: {auth_token: \"12345\"}}\nroutes: [{app: echo}]\n";
    let public = "https://voice.example.com";
    let gateway = Gateway::start_public("secured-simulated", public, secret);
    let inner = ([127, 0, 0, 1], gateway.http_port).into();
    let door = Door::before(inner, authority.server(&["localhost"]));
    let ca = ca_file("secured-simulated", &authority);
    let ca = ca.to_str().expect("a path of letters");
    let webhook = format!("https://localhost:{}/sip/twilio/answer", door.port());
    let call = [
        "simulate",
        "twilio",
        "--webhook",
        &webhook,
        "--public-url",
        public,
        "--auth-token",
        "12345",
        "--duration",
        "2",
        "--json",
    ];
    let believed = trunkline(gateway.folder(), &[&call[..], &["--ca-file", ca]].concat());
    assert!(believed.status.success(), "{believed:?}");
    let shown: Value = serde_json::from_slice(&believed.stdout).expect("one JSON object");
    let stream = shown["stream"].as_str().expect("its stream");
    assert!(stream.starts_with("wss://localhost:"), "{shown}");
    assert_eq!(door.passed(), 2, "the webhook and the stream");
    let refused = trunkline(gateway.folder(), &call);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(
        said.contains("signed by nobody whom this machine"),
        "{said}"
    );
    assert_eq!(door.passed(), 2);
}
