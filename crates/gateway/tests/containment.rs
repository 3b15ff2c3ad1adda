//! A defect in the code of one call ends that call, and no other on its thread.

mod support;

use std::time::{Duration, Instant};

use support::{Caller, InProcess, eventually, in_process, sound};
use trunkline::settings::{AppEntry, AppRole, WebSocketApp};
use trunkline_call::record::CallRecord;
use trunkline_call::routes::Routes;
use trunkline_call::{AppStats, CallEvent, EndReason, GatewayReason};
use trunkline_phone::softphone::{Script, Settings};
use trunkline_streams::dialect::Open;
use trunkline_streams::{AppInput, AppOutput, AppWire, Dialect, Echo, WireOptions};

/// A dialect with a defect.
const DEFECTIVE: Dialect = Dialect {
    name: "defective",
    open: Open::Wire(|info, _| Box::new(Defective(Echo::new(info.direction)))),
};

/// An echo that cannot bear a key.
struct Defective(Echo);

impl AppWire for Defective {
    fn handle_input(&mut self, now: Instant, input: AppInput<'_>) {
        assert!(
            !matches!(input, AppInput::Event(CallEvent::Dtmf { .. })),
            "a defect, put in by a test"
        );
        self.0.handle_input(now, input);
    }

    fn poll_output(&mut self) -> AppOutput<'_> {
        self.0.poll_output()
    }

    fn stats(&self) -> AppStats {
        self.0.stats()
    }
}

fn gateway() -> InProcess {
    let mut settings = in_process::settings();
    settings.routes = Routes::from(vec![
        in_process::rule_to("echo"),
        in_process::rule_to("defective"),
    ]);
    let defective = AppEntry::WebSocket(WebSocketApp {
        role: AppRole::Server,
        dialect: DEFECTIVE,
        options: WireOptions::default(),
        on_lost: None,
    });
    settings.apps.insert("defective".to_owned(), defective);
    InProcess::start(settings)
}

fn call(gateway: &InProcess, to: &str, script: Script) -> Caller {
    let uri = format!("sip:{to}@{}", gateway.address);
    let caller = Caller::follow(&uri, Settings::default(), script);
    caller.wait_answered();
    caller
}

fn record(gateway: &InProcess, to: &str) -> CallRecord {
    eventually(&format!("the call to {to} has a record"), || {
        let records = gateway.control.records();
        let found = records.iter().find(|record| record.to == to);
        found.map(|record| CallRecord::clone(record))
    })
}

#[test]
fn a_panic_ends_its_own_call_alone() {
    let gateway = gateway();
    let said = Script::new().play(Duration::ZERO, &sound::tone(700.0, 16_000, 60 * 16_000));
    let other = call(&gateway, "echo", said);
    let key = trunkline_call::Digit::from_char('1').expect("a digit");
    let pressing = Script::new().press(Duration::from_millis(100), &[key]);
    let victim = call(&gateway, "defective", pressing);
    assert_eq!(victim.report().end, EndReason::Remote, "told with a BYE");
    let end = record(&gateway, "defective").end;
    assert_eq!(end, EndReason::Gateway(GatewayReason::Internal));
    // The thread goes on: for the call it had, and for new ones.
    assert!(!other.is_over());
    let after = call(&gateway, "echo", Script::new());
    after.hang_up();
    let report = other.hang_up();
    assert_eq!(report.heard.figures().lost, 0);
    let media = record(&gateway, "echo").media.expect("it was heard");
    assert_eq!(media.packets_lost, 0);
}
