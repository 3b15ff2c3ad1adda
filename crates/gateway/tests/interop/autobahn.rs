//! Autobahn's test suite (`wstest`) against the WebSockets of a shard, in both roles: what it sends
//! goes back as it came, through the same upgrade, framing, limits and loop as a call's messages.

use std::collections::VecDeque;
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use trunkline::apps::{self, Asking};
use trunkline::http::upgrade::Upgrade;
use trunkline::shard::{
    self, AppStream, CallKey, NewCall, NewLine, Report, Reports, Shard, Silence, ToShard,
    websocket_config,
};
use trunkline_call::{CallId, CallInfo, Direction};
use trunkline_legs::{Input, Output};
use trunkline_streams::Frame;
use tungstenite::WebSocket;

use crate::peer::{Process, command, peers_folder, with_peer};
use crate::scripted::{Script, Scripted};
use crate::support::free_port;

/// Framing, pings, reserved bits, opcodes, fragmentation, UTF-8, closing. Left out: 9, which
/// measures, and 12 and 13, compression, which is not offered.
const CASES: [&str; 8] = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*"];
/// The whole suite, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

fn wstest() -> Result<PathBuf, String> {
    let named = std::env::var_os("TRUNKLINE_PEER_AUTOBAHN").map(PathBuf::from);
    let program = named.unwrap_or_else(|| peers_folder().join("autobahn/wstest"));
    let found = program.is_file().then_some(program);
    found.ok_or_else(|| "TRUNKLINE_PEER_AUTOBAHN does not name wstest".to_owned())
}

/// A way in that sends back every message.
#[derive(Default)]
struct Mirror {
    waiting: VecDeque<Said>,
    /// Lent by the last output.
    sent: Option<Said>,
    ended: bool,
    finished: bool,
}

enum Said {
    Text(String),
    Binary(Vec<u8>),
}

impl Script for Mirror {
    fn hear(&mut self, input: Input<'_>) {
        match input {
            Input::Received(Frame::Text(text)) => self.waiting.push_back(Said::Text(text.into())),
            Input::Received(Frame::Binary(b)) => self.waiting.push_back(Said::Binary(b.into())),
            Input::Closed(_) | Input::BrokenFraming => self.ended = true,
            _ => {}
        }
    }

    fn next(&mut self) -> Output<'_> {
        self.sent = self.waiting.pop_front();
        match &self.sent {
            Some(Said::Text(text)) => Output::Send(Frame::Text(text)),
            Some(Said::Binary(bytes)) => Output::Send(Frame::Binary(bytes)),
            None if self.ended && !std::mem::replace(&mut self.finished, true) => Output::Finished,
            None => Output::Timeout(None),
        }
    }
}

/// Puts a mirror behind an open WebSocket.
fn reflect(shard: &Shard, key: u64, socket: WebSocket<AppStream>) {
    shard.tell(ToShard::Start(Box::new(NewCall {
        key: CallKey(key),
        leg: Box::new(Scripted::new(Mirror::default())),
        wire: Box::new(Silence),
        line: NewLine::Stream(socket.into()),
    })));
}

/// Waits for a mirror to have said its last.
async fn gone(reports: &mut Reports) {
    while let Some(report) = reports.next().await {
        if matches!(report, Report::Finished(..)) {
            return;
        }
    }
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the build folder is writable");
    folder
}

fn wstest_command(program: &Path, folder: &Path, mode: &str, spec: &Value) -> Command {
    fs::write(folder.join("spec.json"), spec.to_string()).expect("the build folder is writable");
    let mut command = command(program);
    command.args(["--mode", mode, "--spec", "spec.json"]);
    command.current_dir(folder);
    command
}

/// Reads the report: some hundred cases, and not one of them failed.
fn judge(folder: &Path) {
    let text = fs::read_to_string(folder.join("report/index.json")).expect("a report");
    let report: Value = serde_json::from_str(&text).expect("a report in JSON");
    let cases = report["trunkline"].as_object().expect("our cases");
    let has_failed = |case: &Value| {
        [&case["behavior"], &case["behaviorClose"]]
            .into_iter()
            .any(|verdict| verdict == "FAILED" || verdict == "WRONG CODE" || verdict == "UNCLEAN")
    };
    let failed: Vec<_> = cases.iter().filter(|(_, case)| has_failed(case)).collect();
    println!("{} cases, {} failed", cases.len(), failed.len());
    assert!(cases.len() > 200, "{} cases", cases.len());
    assert!(failed.is_empty(), "{failed:#?}");
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}

async fn open_for_all(
    State((shard, keys)): State<(Shard, std::sync::Arc<std::sync::atomic::AtomicU64>)>,
    mut request: Request,
) -> Response {
    let upgrade = match Upgrade::of(&mut request) {
        Ok(upgrade) => upgrade,
        Err(refusal) => return refusal.into_response(),
    };
    let answer = upgrade.answer().expect("an answer");
    tokio::spawn(async move {
        if let Some(socket) = upgrade.socket(websocket_config()).await {
            let key = keys.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            reflect(&shard, key, socket);
        }
    });
    answer
}

#[test]
fn the_server_role_passes() {
    with_peer("autobahn", "server role", wstest(), |program| {
        let folder = folder("autobahn-server");
        runtime().block_on(async {
            let (to, _reports) = shard::reports();
            let (shard, _thread) = Shard::start(0, to).expect("a shard");
            let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
            let listener = listener.expect("a free port");
            let address = listener.local_addr().expect("an address");
            let keys = std::sync::Arc::default();
            let router = axum::Router::new()
                .fallback(open_for_all)
                .with_state((shard.clone(), keys));
            tokio::spawn(trunkline::http::serve(listener, router));
            let spec = json!({
                "outdir": "report",
                "servers": [{"agent": "trunkline", "url": format!("ws://{address}/")}],
                "cases": CASES,
                "exclude-cases": [],
                "exclude-agent-cases": {},
            });
            let command = wstest_command(&program, &folder, "fuzzingclient", &spec);
            let mut suite = Process::start(command, &folder.join("log"));
            let begun = Instant::now();
            while suite.status().is_none() {
                assert!(begun.elapsed() < PATIENCE, "the suite does not end");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            shard.tell(ToShard::Stop);
        });
        judge(&folder);
    });
}

#[test]
fn the_client_role_passes() {
    with_peer("autobahn", "client role", wstest(), |program| {
        let folder = folder("autobahn-client");
        let port = free_port();
        let base = format!("ws://127.0.0.1:{port}");
        let spec = json!({
            "outdir": "report",
            "url": &base,
            "cases": CASES,
            "exclude-cases": [],
            "exclude-agent-cases": {},
        });
        let command = wstest_command(&program, &folder, "fuzzingserver", &spec);
        let _suite = Process::start(command, &folder.join("log"));
        runtime().block_on(async {
            let (to, mut reports) = shard::reports();
            let (shard, _thread) = Shard::start(0, to).expect("a shard");
            let mut case = 0;
            // A case that is not there is not upgraded.
            while let Ok(socket) =
                open(&format!("{base}/runCase?case={}&agent=trunkline", case + 1)).await
            {
                case += 1;
                reflect(&shard, case, socket);
                let over = tokio::time::timeout(PATIENCE, gone(&mut reports)).await;
                over.expect("the case ends");
            }
            let socket = open(&format!("{base}/updateReports?agent=trunkline")).await;
            reflect(
                &shard,
                case + 1,
                socket.expect("the suite writes its report"),
            );
            gone(&mut reports).await;
            shard.tell(ToShard::Stop);
        });
        judge(&folder);
    });
}

/// Opens a WebSocket as an application's is opened; waits for the suite to be there.
async fn open(url: &str) -> Result<WebSocket<AppStream>, apps::OpenError> {
    let info = CallInfo {
        id: CallId::from_bytes([7; 16]),
        direction: Direction::Inbound,
        from: String::new(),
        to: String::new(),
        peer: None,
        headers: Default::default(),
        parameters: Default::default(),
        traceparent: String::new(),
    };
    let begun = Instant::now();
    loop {
        match apps::open(url, &Asking::default(), &info, |_| Ok(())).await {
            Err(apps::OpenError::Connect { .. }) if begun.elapsed() < Duration::from_secs(20) => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            outcome => return outcome,
        }
    }
}
