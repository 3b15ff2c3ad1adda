//! The command line of the real binary: what it refuses, how it stops, what it prints.

mod support;

use serde_json::Value;
use std::process::{Command, Stdio};
use support::{Caller, Gateway, eventually, folder, free_port, get, text, trunkline};
use trunkline_call::EndReason;

/// A file, and what is told of it: place, what is wrong, what to type.
const REFUSED: &[(&str, &[&str])] = &[
    (
        "sip: {lisen: [\"udp://0.0.0.0:5060\"]}\n",
        &["t.yaml:1:7: sip.lisen: unknown key; did you mean `listen`?"],
    ),
    (
        "sip:\n  listen: [\"0.0.0.0:5060\", \"udp://0.0.0.0\", \"tls://0.0.0.0:5061\"]\n",
        &[
            "t.yaml:2:12: sip.listen[0]: \"0.0.0.0:5060\" is no place to listen; write transport and \
             address, such as udp://0.0.0.0:5060 or tcp://[::]:5060",
            "t.yaml:2:28: sip.listen[1]: \"udp://0.0.0.0\" has no port; add `:5060`; an IPv6 address \
             stands in brackets",
            "t.yaml:2:45: sip.listen[2]: \"tls://0.0.0.0:5061\" asks for a transport that this build \
             does not have yet; write udp:// or tcp://",
        ],
    ),
    (
        "sip:\n  codecs: [opus, pcmu]\n",
        &[
            "t.yaml:2:12: sip.codecs[0]: this build does not have the codec opus yet; this build has: \
           g722, pcmu, pcma",
        ],
    ),
    (
        "sip: {rtp_ports: 20000-10000}\n",
        &[
            "t.yaml:1:18: sip.rtp_ports: the range ends at 10000, before its start 20000; write \
           10000-20000",
        ],
    ),
    (
        "sip: {rtp_ports: 10000-10003}\n",
        &[
            "t.yaml:1:18: sip.rtp_ports: 10000-10003 are 4 ports; at least 10 are needed; write first \
           and last, such as 10000-20000; a call takes two",
        ],
    ),
    (
        "server:\n  port: ${NOT_SET_ANYWHERE}\n",
        &[
            "t.yaml:2:9: the environment variable NOT_SET_ANYWHERE is not set; set it, or add a line \
           `NOT_SET_ANYWHERE=…` to the `.env` beside this file",
        ],
    ),
    (
        "server: {api_tokens: [{name: ops, token: secret, role: root}]}\n",
        &[
            "t.yaml:1:42: server.api_tokens[0].token: has fewer than 16 characters, or some that HTTP \
             cannot carry; make one with `openssl rand -hex 32`",
            "t.yaml:1:56: server.api_tokens[0].role: \"root\" is not known; write one of: admin, viewer",
        ],
    ),
    (
        "routes:\n  - {to: \"1*2\", app: desk}\n  - {to: x, app: sales}\n  - {to: x}\napps: {dest: {type: echo}}\n",
        &[
            "t.yaml:2:10: routes[0].to: \"1*2\": `*` may stand at the start or at the end only; write a \
             text with `*` at either end or none, such as \"+1*\"",
            "t.yaml:2:22: routes[0].app: no application is named \"desk\"; did you mean `dest`?",
            "t.yaml:3:18: routes[1].app: no application is named \"sales\"; add it under `apps`",
            "t.yaml:4:5: routes[2]: `app` is missing; add `app: …`",
        ],
    ),
    (
        "apps:\n  a: {type: websocket}\n  b: {type: websocket, role: server, url: \"ws://x/\"}\n  c: {type: agent, tts: {type: command, command: [x]}}\n",
        &[
            "t.yaml:2:6: apps.a: `url` is missing; add `url: …`",
            "t.yaml:3:43: apps.b.url: an application with `role: server` comes to us; remove the url; \
             it connects to /ws/sip/{call_id}",
            "t.yaml:4:6: apps.c: `stt` is missing, and this build has no speech models; add `stt: …`, or build it with `--features speech`",
        ],
    ),
    (
        "trunks: {telco: {host: \"sip:x\", register: true}}\n",
        &[
            "t.yaml:1:24: trunks.telco.host: \"sip:x\" is no host; write a name or an address alone; the \
           port has a key of its own",
        ],
    ),
    (
        "store: \"sqlite:trunkline.db\"\n",
        &["t.yaml:1:1: store: this build cannot do that yet; remove the key"],
    ),
    (
        "sip: {open: true}\nsip: {open: false}\n",
        &["t.yaml:2:1: `sip` is written twice, first on line 1; keep one of them"],
    ),
];

#[test]
fn a_bad_configuration_is_refused_with_place_and_remedy() {
    let folder = folder("refused");
    for (file, told) in REFUSED {
        std::fs::write(folder.join("t.yaml"), file).expect("a file");
        let output = trunkline(&folder, &["check", "-c", "t.yaml"]);
        let lines: Vec<String> = text(&output.stderr).lines().map(str::to_owned).collect();
        let expected: Vec<String> = told
            .iter()
            .map(|line| format!("trunkline: {line}"))
            .collect();
        assert_eq!(lines, expected, "of {file}");
        assert_eq!(output.status.code(), Some(2), "of {file}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn serve_refuses_the_same_and_binds_nothing() {
    let folder = folder("serve-refused");
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its number").port();
    let file = format!("sip: {{listen: [\"udp://127.0.0.1:{port}\"], codecs: [opus]}}\n");
    std::fs::write(folder.join("trunkline.yaml"), file).expect("a file");
    let output = trunkline(&folder, &["serve"]);
    assert_eq!(
        output.status.code(),
        Some(2),
        "2, not the 1 of a port that is taken"
    );
    assert!(text(&output.stderr).contains("opus"));
}

#[test]
fn a_configuration_is_found_where_it_may_be() {
    let folder = folder("found");
    let file = || text(&trunkline(&folder, &["check", "--json"]).stdout);
    let found = || serde_json::from_str::<Value>(&file()).expect("JSON")["file"].clone();
    assert_eq!(found(), Value::Null, "none is needed");
    for (place, name) in [
        (".vibecode/sip_config.yaml", None),
        (".config/trunkline/trunkline.yaml", None),
        ("trunkline.yaml", Some("trunkline.yaml")),
    ] {
        let path = folder.join(place);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, "{}").expect("a file");
        let expected = name.map_or_else(|| path.display().to_string(), str::to_owned);
        assert_eq!(found(), Value::from(expected));
    }
    let missing = trunkline(&folder, &["check", "-c", "missing.yaml"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).starts_with("trunkline: missing.yaml: cannot be read"));
}

#[test]
fn secrets_may_stand_in_a_file_beside_the_configuration() {
    let folder = folder("dot-env");
    std::fs::write(
        folder.join("trunkline.yaml"),
        "server: {port: ${TEST_HTTP_PORT}}",
    )
    .expect("a file");
    assert_eq!(trunkline(&folder, &["check"]).status.code(), Some(2));
    std::fs::write(folder.join(".env"), "TEST_HTTP_PORT=8123\n").expect("a file");
    assert_eq!(trunkline(&folder, &["check"]).status.code(), Some(0));
}

#[test]
fn what_is_wrong_can_be_had_as_json() {
    let folder = folder("json");
    std::fs::write(folder.join("t.yaml"), "sip: {opne: true}").expect("a file");
    let output = trunkline(&folder, &["check", "-c", "t.yaml", "--json"]);
    assert_eq!(output.status.code(), Some(2));
    let told: Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert_eq!(told["valid"], false);
    let problem = &told["problems"][0];
    assert_eq!(
        (&problem["line"], &problem["column"]),
        (&1.into(), &7.into())
    );
    assert_eq!(problem["remedy"], "did you mean `open`?");
}

#[test]
fn bad_arguments_have_exit_code_2_and_a_gateway_that_is_not_there_1() {
    let folder = folder("arguments");
    for arguments in [
        &["serve", "--prot", "1"][..],
        &["serve", "--sip-port", "70000"],
        &["nonsense"],
        &["calls", "--url", "ftp://x"],
        &["serve", "--ws-url", "http://x"],
    ] {
        let output = trunkline(&folder, arguments);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{arguments:?}: {}",
            text(&output.stderr)
        );
    }
    let nobody = format!("http://127.0.0.1:{}", support::free_port());
    let output = trunkline(&folder, &["calls", "--url", &nobody]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("is the gateway running"));
}

#[test]
fn a_running_gateway_is_asked_from_the_command_line() {
    let gateway = Gateway::start("asked", "");
    let url = format!("http://127.0.0.1:{}", gateway.http_port);
    let ask = |arguments: &[&str]| {
        let all = [arguments, &["--url", &url]].concat();
        let output = trunkline(gateway.folder(), &all);
        (
            output.status.code(),
            text(&output.stdout),
            text(&output.stderr),
        )
    };
    let (code, told, _) = ask(&["route", "+15125551234"]);
    assert_eq!((code, told.as_str()), (Some(0), "the call goes to echo\n"));
    let (code, told, _) = ask(&["calls", "--json"]);
    assert_eq!((code, told.as_str()), (Some(0), ""), "no calls, no lines");
    let (code, _, why) = ask(&["hangup", &"0".repeat(32)]);
    assert_eq!(code, Some(1));
    assert!(why.contains("no call has this id now"), "{why}");
    let (code, told, _) = ask(&["devices"]);
    assert_eq!((code, told.starts_with("USER")), (Some(0), true), "{told}");
}

#[test]
fn the_doctor_names_what_is_taken_and_fails() {
    let folder = folder("doctor");
    let port = support::free_port();
    let taken = std::net::UdpSocket::bind(("127.0.0.1", port)).expect("a free port");
    let file = format!(
        "server: {{port: 0}}\nsip: {{listen: [\"udp://127.0.0.1:{port}\"], rtp_ports: 12000-13000}}\n\
         limits: {{calls: 10}}\n"
    );
    std::fs::write(folder.join("trunkline.yaml"), file).expect("a file");
    let output = trunkline(&folder, &["doctor", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let findings: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON object a line"))
        .collect();
    let wrong: Vec<&Value> = findings
        .iter()
        .filter(|f| f["verdict"] == "wrong")
        .collect();
    assert_eq!(wrong.len(), 1, "{findings:?}");
    assert_eq!(wrong[0]["check"], "sip");
    drop(taken);
    let output = trunkline(&folder, &["doctor"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
}

#[test]
fn a_page_and_completions_are_made_from_the_arguments() {
    let folder = folder("manual");
    let page = text(&trunkline(&folder, &["man"]).stdout);
    assert!(page.contains(".TH trunkline 1"), "{page}");
    for shell in ["bash", "zsh", "fish"] {
        let output = trunkline(&folder, &["completions", shell]);
        assert!(text(&output.stdout).contains("doctor"), "{shell}");
    }
}

#[test]
fn an_interrupt_is_heard_like_an_order_to_terminate() {
    let mut gateway = Gateway::start("interrupted", "");
    let talking = Caller::dial(&gateway.uri("echo"));
    talking.wait_answered();
    gateway.signal("INT");
    let ready = || get(gateway.http_port, "/ready").map_or(0, |(status, _)| status);
    eventually("it takes no new calls", || (ready() == 503).then_some(()));
    assert!(!talking.is_over(), "the live call goes on");
    gateway.signal("INT");
    assert_eq!(gateway.wait_until_gone().code(), Some(0));
    assert_eq!(
        talking.report().end,
        EndReason::Remote,
        "it was told with a BYE"
    );
}

#[test]
fn the_page_on_http_lists_what_the_description_has() {
    let described: Value =
        serde_json::from_str(include_str!("../../../docs/openapi.json")).expect("JSON");
    let described = described["paths"].as_object().expect("paths").iter();
    let mut described: Vec<String> = described
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().expect("methods").keys();
            methods
                .filter(|method| ["get", "post", "delete"].contains(&method.as_str()))
                .map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let page = include_str!("../../../docs/http-api.md").lines();
    let rows = page.filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    // A table of fields names no method.
    let rows = rows.filter(|row| row.contains(" /"));
    let mut listed: Vec<String> = rows.map(str::to_owned).collect();
    described.sort();
    listed.sort();
    assert_eq!(listed, described);
}

#[test]
fn the_older_name_serves_and_its_variables_are_about_http() {
    let folder = folder("older-name");
    let program = folder.join("sip-voice-server");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_trunkline"), &program).expect("a link");
    let (sip, http) = (free_port(), free_port());
    let listen = format!("sip: {{listen: [\"udp://127.0.0.1:{sip}\"], rtp_ports: 12000-19999}}\n");
    let numbers = "dids: {+15125551234: {user_id: a}, +15125559999: {user_id: b}}\n";
    std::fs::write(folder.join("bot.yaml"), listen + numbers).expect("a file");
    let mut server = Command::new(&program)
        .args(["-c", "bot.yaml", "--log-level", "WARNING"])
        .current_dir(&folder)
        .env("SIP_SERVER_PORT", http.to_string())
        .env("OLLAMA_HOST", format!("127.0.0.1:{}", free_port()))
        .stdout(Stdio::null())
        .spawn()
        .expect("the binary under test starts");
    let health = eventually("it serves HTTP where the variable says", || {
        let (status, body) = get(http, "/health").ok()?;
        (status == 200).then_some(body)
    });
    let health: Value = serde_json::from_str(&health).expect("JSON");
    assert_eq!(
        (&health["status"], &health["dids"]),
        (&Value::from("ok"), &Value::from(2))
    );
    assert_eq!(health["ollama"], false, "nobody listens there");
    server.kill().expect("it runs");
    server.wait().expect("it ends");
    let help = Command::new(&program)
        .arg("--help")
        .output()
        .expect("it starts");
    let help = text(&help.stdout);
    assert!(
        help.contains("Usage: sip-voice-server") && help.contains("--config"),
        "{help}"
    );
}
