//! The commonest mistakes: each is told with what is wrong, where, and what to type.

mod support;

use std::net::{TcpListener, UdpSocket};
use support::{Gateway, folder, free_port, text, trunkline};

/// What is told of a command that fails with this exit code; nothing of a command that does not.
fn told(folder: &std::path::Path, arguments: &[&str], code: i32) -> String {
    let output = trunkline(folder, arguments);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
    told
}

fn assert_says(told: &str, all: &[&str]) {
    for words in all {
        assert!(told.contains(words), "{words:?} is not in: {told}");
    }
}

#[test]
fn a_port_that_is_taken_is_named_with_who_has_it_and_where_another_is_chosen() {
    let folder = folder("taken-port");
    let udp = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
    let udp = udp.local_addr().expect("its number").port();
    let tcp = tcp.local_addr().expect("its number").port();
    let serve = |file: String| {
        std::fs::write(folder.join("t.yaml"), file).expect("a file");
        told(&folder, &["serve", "-c", "t.yaml"], 1)
    };
    let sip = serve(format!(
        "server: {{port: 0}}\nsip: {{listen: [\"udp://127.0.0.1:{udp}\"]}}\n"
    ));
    assert_says(
        &sip,
        &[
            &format!("udp://127.0.0.1:{udp}"),
            &format!("sport = :{udp}"),
            "sip.listen",
        ],
    );
    let http = serve(format!(
        "server: {{port: {tcp}}}\nsip: {{listen: [\"udp://127.0.0.1:0\"]}}\n"
    ));
    assert_says(
        &http,
        &[
            &format!("tcp://127.0.0.1:{tcp}"),
            &format!("sport = :{tcp}"),
            "--port",
        ],
    );
    let asterisk = serve(format!(
        "server: {{port: 0}}\nsip: {{listen: [\"udp://127.0.0.1:0\"]}}\n\
         streams: {{audiosocket: \"127.0.0.1:{tcp}\"}}\n"
    ));
    assert_says(
        &asterisk,
        &["Address already in use", "streams.audiosocket"],
    );
}

#[test]
fn a_file_that_cannot_be_had_is_named_with_what_wanted_it() {
    let folder = folder("missing-files");
    std::fs::write(folder.join("text.wav"), "no sound").expect("a file");
    let nobody = format!("sip:echo@127.0.0.1:{}", free_port());
    let call = |flag: &str, file: &str| {
        let code = if flag == "--play" { 2 } else { 1 };
        told(&folder, &["call", &nobody, flag, file], code)
    };
    assert_says(
        &call("--play", "no.wav"),
        &["--play no.wav", "name a WAV file"],
    );
    assert_says(
        &call("--play", "text.wav"),
        &["--play text.wav", "not a WAV file"],
    );
    // Told before anybody is called, not after they have talked.
    let recording = call("--record", "none/both.wav");
    assert_says(
        &recording,
        &["--record none/both.wav", "in a folder that is there"],
    );
    let missing = told(&folder, &["serve", "-c", "none.yaml"], 2);
    assert_says(&missing, &["none.yaml: cannot be read", "--config FILE"]);
}

#[test]
fn a_password_that_is_wrong_or_missing_is_told_from_any_other_refusal() {
    let users = "  users: [{name: alice, password: secret}]\n";
    let gateway = Gateway::start("wrong-password", users);
    let target = gateway.uri("echo");
    let call = ["call", &target, "--from", "sip:alice@127.0.0.1"];
    let wrong = told(
        gateway.folder(),
        &[&call[..], &["--auth", "alice:guess"]].concat(),
        1,
    );
    assert_says(&wrong, &["401", "the password of --auth is wrong"]);
    let none = told(gateway.folder(), &call, 1);
    assert_says(&none, &["401", "give --auth USER:PASSWORD"]);
}

#[test]
fn whoever_is_not_there_is_named_with_what_to_look_at() {
    let folder = folder("nobody-there");
    let port = free_port();
    let place = format!("127.0.0.1:{port}");
    let call = told(&folder, &["call", &format!("sip:echo@{place}")], 1);
    assert_says(&call, &[&place, "is it running, and is the port right?"]);
    let stream = format!("ws://{place}/");
    let simulate = told(&folder, &["simulate", "twilio", "--stream", &stream], 1);
    assert_says(&simulate, &[&place, "is the server running"]);
    let target = format!("sip:echo@{place}");
    let bench = [
        "bench",
        "--target",
        &target,
        "--rate",
        "5",
        "--seconds",
        "1",
    ];
    let streams = [
        "bench",
        "--streams",
        "--target",
        &stream,
        "--calls",
        "2",
        "--seconds",
        "1",
    ];
    for bench in [&bench[..], &streams] {
        assert_says(
            &told(&folder, bench, 1),
            &["no call was answered: is the target running"],
        );
    }
    let url = format!("http://{place}");
    let calls = told(&folder, &["calls", "--url", &url], 1);
    assert_says(
        &calls,
        &[&url, "is the gateway running, and is --url right?"],
    );
    // RFC 6761 section 6.4: no name below `.invalid` exists.
    let unknown = told(&folder, &["call", "sip:bob@pbx.invalid"], 1);
    assert_says(&unknown, &["pbx.invalid", "sip:user@host"]);
}

#[test]
fn a_url_with_a_slip_is_told_with_its_line_and_one_that_is_right() {
    let folder = folder("url-slips");
    for slip in [
        "ws//127.0.0.1:7860/",
        "http://127.0.0.1:7860/",
        "ws://127.0.0.1:78600/",
    ] {
        let file = format!("apps:\n  bot: {{type: websocket, url: \"{slip}\"}}\n");
        std::fs::write(folder.join("t.yaml"), file).expect("a file");
        let refused = told(&folder, &["check", "-c", "t.yaml"], 2);
        assert_says(
            &refused,
            &[
                "t.yaml:2:31: apps.bot.url:",
                slip,
                "ws://127.0.0.1:7860/ws/sip/",
            ],
        );
    }
}

#[test]
fn a_word_that_is_not_known_is_told_with_those_that_are() {
    let folder = folder("unknown-words");
    let provider = told(
        &folder,
        &["simulate", "twillio", "--stream", "ws://127.0.0.1/"],
        2,
    );
    assert_says(&provider, &["twillio", "twilio, ", "vobiz"]);
    assert_says(&told(&folder, &["serv"], 2), &["'serve'"]);
    assert_says(&told(&folder, &["serve", "--prot", "1"], 2), &["'--port'"]);
    let gateway = Gateway::start("unknown-call", "");
    let url = format!("http://127.0.0.1:{}", gateway.http_port);
    let why = told(&folder, &["why", "42", "--url", &url], 1);
    assert_says(&why, &["32 hexadecimal digits", "`trunkline records`"]);
}
