mod agent;
mod document;
mod hostile;
mod on_lost;
mod protocols;
mod providers;
mod python;
mod routes;
mod secrets;
mod tls;

use super::*;
use crate::settings::{AppEntry, AppRole, Listen};
use std::time::Duration;
use trunkline_media::codec::Codec;
use trunkline_sip::endpoint::Transport;

fn variables(pairs: &[(&str, &str)]) -> Variables {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

fn proven(text: &str, pairs: &[(&str, &str)]) -> Settings {
    let proven = prove(text, None, &variables(pairs), &Overrides::default());
    let proven = proven.unwrap_or_else(|refused| panic!("{refused}"));
    proven.settings
}

fn refused(text: &str, pairs: &[(&str, &str)]) -> String {
    let file = Path::new("t.yaml");
    let proven = prove(text, Some(file), &variables(pairs), &Overrides::default());
    proven.expect_err("the configuration is wrong").to_string()
}

#[test]
fn no_file_and_an_empty_file_are_the_defaults() {
    for text in ["", "\n", "# nothing\n", "{}", "sip:\nserver: ~\n"] {
        let settings = proven(text, &[]);
        assert_eq!(settings.sip.rtp_ports, 10_000..=20_000, "{text:?}");
        assert_eq!(settings.server.listen.to_string(), "127.0.0.1:8000");
        assert_eq!(settings.sip.listen.len(), 2);
    }
}

const EVERYTHING: &str = r#"
server:
  host: "::1"
  port: 8080
  api_tokens: [{name: ops, token: "${OPS}", role: admin}]
sip:
  listen: ["udp://[::]:5062", "tcp://127.0.0.1:5062"]
  rtp_ports: 30000-30100
  external_address: 203.0.113.7
  codecs: [PCMA, g722]
  open: true
  users: [{name: agent001, password: 0123}]
  dns: [192.0.2.53, "[2001:db8::53]:5353"]
  rtp_timeout: 20
  ring_timeout: 30
streams: {audiosocket: "127.0.0.1:9092"}
dial: {allow: ["sip:*@pbx.example.com", +1*]}
trunks: {telco: {host: sip.example.com, port: 5070, transport: tcp, register: true, username: u, password: p}}
routes:
  - {to: +15125551234, trunk: telco, header: {X-Tenant: "acme*"}, source: 10.0.0.0/8, app: desk,
     parameters: {queue: sales}}
  - {app: echo}
apps:
  desk: {type: websocket, role: server, sample_rate: 8000, answer: manual}
  bot: {type: websocket, url: "ws://127.0.0.1:7860/{call_id}", protocol: trunkline}
limits: {calls: 10, call_duration: 3600, app_deaf: 25, requests_per_source: 5}
records: {file: calls.jsonl}
shards: 2
"#;

#[test]
fn an_application_may_be_silent_for_ever_where_that_is_said() {
    let deaf_after = |text: &str| proven(text, &[]).limits.app_deaf;
    assert_eq!(deaf_after("limits: {app_deaf: 0}"), None);
    assert_eq!(deaf_after("limits: {}"), Some(Duration::from_secs(10)));
}

#[test]
fn everything_that_is_written_is_taken() {
    let settings = proven(EVERYTHING, &[("OPS", "0123456789abcdef")]);
    assert_eq!(settings.server.listen.to_string(), "[::1]:8080");
    assert_eq!(settings.server.api_tokens[0].token, "0123456789abcdef");
    let sip = &settings.sip;
    assert_eq!(
        sip.listen,
        [
            Listen {
                transport: Transport::Udp,
                address: "[::]:5062".parse().unwrap()
            },
            Listen {
                transport: Transport::Tcp,
                address: "127.0.0.1:5062".parse().unwrap()
            },
        ]
    );
    assert_eq!(sip.codecs, [Codec::Pcma, Codec::G722]);
    assert_eq!(
        sip.users[0].password, "0123",
        "a nought is part of a password"
    );
    let dns: Vec<String> = sip.dns.iter().map(ToString::to_string).collect();
    assert_eq!(dns, ["192.0.2.53:53", "[2001:db8::53]:5353"]);
    assert_eq!(sip.rtp_timeout, Duration::from_secs(20));
    let audiosocket = settings.streams.audiosocket.map(|at| at.to_string());
    assert_eq!(audiosocket.as_deref(), Some("127.0.0.1:9092"));
    assert_eq!(settings.dial.allow.len(), 2);
    assert_eq!(settings.trunks["telco"].port, Some(5070));
    let rule = &settings.routes.rules()[0];
    assert!(
        rule.to.as_ref().unwrap().to_string() == "+15125551234",
        "a plus is part of a number"
    );
    assert_eq!(rule.parameters.find("queue"), Some("sales"));
    let AppEntry::WebSocket(desk) = &settings.apps["desk"] else {
        panic!("desk is a WebSocket application");
    };
    assert!(matches!(desk.role, AppRole::Server));
    assert_eq!(
        settings.limits.call_duration,
        Some(Duration::from_secs(3600))
    );
    assert_eq!(settings.limits.app_deaf, Some(Duration::from_secs(25)));
    assert_eq!(settings.limits.requests_per_source.get(), 5);
    assert_eq!(settings.shards, 2);
    assert!(settings.apps.contains_key("echo"), "echo is always there");
}

#[test]
fn variables_stand_anywhere_and_never_become_structure() {
    let text = "server: {port: ${PORT}}\nsip:\n  users: [{name: a, password: ${PW}}]\n";
    let settings = proven(text, &[("PORT", "8123"), ("PW", "x, name: y} # ${PORT}")]);
    assert_eq!(settings.server.listen.port(), 8123);
    assert_eq!(settings.sip.users[0].password, "x, name: y} # ${PORT}");
}

#[test]
fn an_unset_variable_is_named_with_its_place() {
    let told = refused("server:\n  port: ${HTTP}\n", &[]);
    assert_eq!(
        told,
        "t.yaml:2:9: the environment variable HTTP is not set; \
         set it, or add a line `HTTP=…` to the `.env` beside this file"
    );
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let told = refused(
        "sip:\n  codec: [opus]\n  open: yes\nserver: {port: 70000}\n",
        &[],
    );
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(
        lines,
        [
            "t.yaml:2:3: sip.codec: unknown key; did you mean `codecs`?",
            "t.yaml:3:9: sip.open: \"yes\" is neither; write true or false",
            "t.yaml:4:16: server.port: \"70000\" is out of range; write a whole number from 0 to 65535",
        ]
    );
}

#[test]
fn one_mistake_is_told_once() {
    let text = "routes: [{app: bot}]\napps: {bot: {type: websocket, url: x}}\n";
    assert_eq!(refused(text, &[]).lines().count(), 1);
}

#[test]
fn variables_of_earlier_bots_are_understood() {
    let pairs = [
        ("SIP_SERVER_HOST", "127.0.0.1"),
        ("SIP_SERVER_PORT", "6060"),
        ("SIP_RTP_PORT_RANGE", "10000-15000"),
    ];
    let settings = proven("", &pairs);
    assert_eq!(settings.sip.listen[0].address.to_string(), "127.0.0.1:6060");
    assert_eq!(settings.sip.rtp_ports, 10_000..=15_000);
    let settings = proven("sip: {rtp_ports: 40000-40100}", &pairs);
    assert_eq!(
        settings.sip.rtp_ports,
        40_000..=40_100,
        "the file goes first"
    );
    let settings = proven("server_host: 0.0.0.0\nlog_level: INFO\n", &pairs);
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:6060");
    assert_eq!(settings.sip.listen[0].address.port(), 5060);
}

#[test]
fn under_the_older_name_the_variables_are_about_http() {
    let pairs = variables(&[("SIP_SERVER_PORT", "8080")]);
    let overrides = Overrides {
        older: Some(Older {
            public_url: "wss://voice.example.com/sip/media-stream".parse().ok(),
        }),
        ..Overrides::default()
    };
    let settings = prove("", None, &pairs, &overrides).unwrap().settings;
    assert_eq!(settings.server.listen.port(), 8080);
    let public = settings.server.public_url.map(|url| url.web("/x"));
    assert_eq!(public.as_deref(), Some("https://voice.example.com/x"));
    assert_eq!(settings.sip.listen[0].address.port(), 5060);
}

#[test]
fn the_example_of_variables_is_read_and_told_of() {
    let example = include_str!("../../../../../.env.example");
    let document = include_str!("../../../../../docs/configuration.md");
    let report = Report::on(Some(Path::new(".env.example")));
    let without_marks: String = example
        .lines()
        .map(|line| {
            line.strip_prefix("# ")
                .filter(|l| l.contains('='))
                .unwrap_or(line)
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    let mut read = Variables::default();
    read.add_file(&without_marks, &report);
    report.proven(()).unwrap();
    let names: Vec<&str> = without_marks
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('=').map(|(name, _)| name))
        .collect();
    assert!(names.contains(&"SIP_SERVER_PORT"));
    for name in names {
        assert!(read.value(name).is_some(), "{name}");
        assert!(
            document.contains(&format!("`{name}`")),
            "{name} is in the document"
        );
    }
    prove("", None, &read, &Overrides::default()).unwrap();
}

#[test]
fn a_port_range_of_an_earlier_bot_is_checked() {
    for (range, told) in [
        (
            "15000-10000",
            "ends at 10000, before its start 15000; write 10000-15000",
        ),
        (
            "10000-10008",
            "10000-10008 are 9 ports; at least 10 are needed",
        ),
        ("10000", "is no range of ports"),
        ("0-100", "is no range of ports"),
        ("10000-99999", "is no range of ports"),
    ] {
        let all = refused("", &[("SIP_RTP_PORT_RANGE", range)]);
        assert!(
            all.starts_with("SIP_RTP_PORT_RANGE: ") && all.contains(told),
            "{all}"
        );
    }
    proven("", &[("SIP_RTP_PORT_RANGE", "10000-10009")]);
}

#[test]
fn no_port_is_wanted_twice() {
    let told = refused("sip: {rtp_ports: 5000-6000}", &[]);
    assert!(
        told.contains("port 5060 is for SIP and lies among the RTP ports"),
        "{told}"
    );
    let told = refused("server: {port: 5060}", &[]);
    assert!(
        told.contains("TCP port 5060 is wanted for SIP and for HTTP"),
        "{told}"
    );
    let there =
        "server: {host: 192.0.2.1, port: 5060}\nsip: {listen: [\"tcp://127.0.0.1:5060\"]}\n";
    proven(there, &[]);
}

#[test]
fn a_text_that_is_no_yaml_has_a_place_too() {
    for (text, place) in [
        ("a: [1", "t.yaml:1:"),
        ("sip: {}\n---\nsip: {}\n", "t.yaml:2:1:"),
        ("sip: *nothing\n", "t.yaml:1:"),
        ("? [a]\n: b\n", "t.yaml:1:"),
    ] {
        let told = refused(text, &[]);
        assert!(told.starts_with(place), "{text:?}: {told}");
    }
}

#[test]
fn an_alias_repeats_a_value_and_cannot_blow_up() {
    let settings = proven("sip: {rtp_timeout: &t 9, ring_timeout: *t}", &[]);
    assert_eq!(settings.sip.ring_timeout, Duration::from_secs(9));
    let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for n in 1..12 {
        let repeated = vec![format!("*a{}", n - 1); 10].join(",");
        bomb.push_str(&format!("a{n}: &a{n} [{repeated}]\n"));
    }
    let told = refused(&bomb, &[]);
    assert!(
        told.contains("more values than any configuration needs"),
        "{told}"
    );
}
