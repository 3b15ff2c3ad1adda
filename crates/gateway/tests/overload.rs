//! A media thread that cannot keep its deadlines takes no further calls until it can.

mod support;

use std::time::{Duration, Instant};

use serde_json::json;
use support::{Caller, InProcess, RawSip, eventually, in_process, post};
use trunkline::settings::{AppEntry, AppRole, WebSocketApp};
use trunkline_call::routes::Routes;
use trunkline_call::{AppStats, CallEvent};
use trunkline_streams::dialect::Open;
use trunkline_streams::{AppInput, AppOutput, AppWire, Dialect, Echo, WireOptions};

/// A dialect that holds its thread up.
const PONDEROUS: Dialect = Dialect {
    name: "ponderous",
    open: Open::Wire(|info, _| {
        Box::new(Ponderous {
            echo: Echo::new(info.direction),
            turn: None,
        })
    }),
};

/// How long it takes for each turn in which it hears something: five frames of 20 ms.
const PONDERS: Duration = Duration::from_millis(100);

/// An echo that thinks about what it hears.
struct Ponderous {
    echo: Echo,
    /// The time of the last turn; a turn may bring several frames.
    turn: Option<Instant>,
}

impl AppWire for Ponderous {
    fn handle_input(&mut self, now: Instant, input: AppInput<'_>) {
        let hears = matches!(input, AppInput::Event(CallEvent::Audio { .. }));
        if hears && self.turn.replace(now) != Some(now) {
            // What a thread does that has more to do than there is time for, whatever the machine.
            std::thread::sleep(PONDERS);
        }
        self.echo.handle_input(now, input);
    }

    fn poll_output(&mut self) -> AppOutput<'_> {
        self.echo.poll_output()
    }

    fn stats(&self) -> AppStats {
        self.echo.stats()
    }
}

fn gateway() -> InProcess {
    let mut settings = in_process::settings();
    let names = ["echo", "ponderous"];
    settings.routes = Routes::from(names.map(in_process::rule_to).to_vec());
    let ponderous = AppEntry::WebSocket(WebSocketApp {
        role: AppRole::Server,
        dialect: PONDEROUS,
        options: WireOptions::default(),
        on_lost: None,
    });
    settings.apps.insert("ponderous".to_owned(), ponderous);
    InProcess::start(settings)
}

#[test]
fn a_call_that_would_come_to_a_late_thread_is_asked_to_come_later() {
    let gateway = gateway();
    let phone = RawSip::toward(gateway.address.port());
    // Whether there is room is asked before who takes the call: nobody takes this one.
    let answer = || phone.ask(&phone.invite("late", "nobody", ""));
    assert_eq!(answer().status(), Some(404));
    let heavy = Caller::dial(&format!("sip:ponderous@{}", gateway.address));
    heavy.wait_answered();
    let refused = eventually("the thread counts as late", || {
        Some(answer()).filter(|answer| answer.status() == Some(503))
    });
    assert_eq!(refused.header("Retry-After"), Some("5"));
    let echo = phone.invite("late", "echo", "");
    assert_eq!(phone.ask(&echo).status(), Some(503));
    let order = json!({"to": "sip:bob@127.0.0.1", "app": "echo"});
    let (status, told) = post(gateway.http_port, "/v1/calls", &order).expect("an answer");
    assert_eq!((status, told.contains("overloaded")), (503, true), "{told}");
    // With the call that was too much for it goes the lateness.
    heavy.hang_up();
    eventually("there is room again", || {
        (answer().status() == Some(404)).then_some(())
    });
    let caller = Caller::dial(&format!("sip:echo@{}", gateway.address));
    caller.wait_answered();
    caller.hang_up();
}
