//! SIPp's own caller, in numbers: what it counts itself must hold no failure and nothing unexpected.

use std::path::Path;
use std::time::Duration;

use crate::peer::{self, may_unshare, on_path, with_peer, with_program};
use crate::support::{Gateway, folder, free_port, has_ipv6, within};

/// What SIPp's statistics say at the end of a run.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    successful: u64,
    failed: u64,
    unexpected: u64,
    /// Messages for no call of its own, or for one that is over.
    stray: u64,
    retransmitted: u64,
}

/// One run of SIPp's built-in caller.
struct Run<'a> {
    name: &'static str,
    target: String,
    calls: u64,
    per_second: u32,
    more: &'a [&'a str],
}

impl Run<'_> {
    /// Runs it to its end and reads its statistics.
    fn outcome(&self, sipp: &Path) -> Outcome {
        let folder = folder(&format!("sipp-{}", self.name));
        let (statistics, errors) = (folder.join("statistics.csv"), folder.join("errors"));
        let done = peer::command(sipp)
            .args(["-sn", "uac", "-s", "echo", &self.target])
            .args(["-m", &self.calls.to_string()])
            .args(["-r", &self.per_second.to_string(), "-l", "3000"])
            .args(["-p", &free_port().to_string()])
            // The end of a run is the number of its calls; calls that hang are failures of it.
            .args(["-nostdin", "-timeout", "120s", "-timeout_error"])
            .args(["-trace_stat", "-fd", "1", "-stf"])
            .arg(&statistics)
            .args(["-trace_err", "-error_file"])
            .arg(&errors)
            .args(self.more)
            .current_dir(&folder)
            .output()
            .expect("setpriv is part of util-linux");
        let errors = std::fs::read_to_string(errors).unwrap_or_default();
        let first: String = errors.lines().take(20).collect::<Vec<_>>().join("\n");
        assert!(done.status.success(), "SIPp: {}\n{first}", done.status);
        read_statistics(&std::fs::read_to_string(&statistics).expect("SIPp wrote its statistics"))
    }
}

/// Reads the last line of SIPp's statistics by the names in the first.
fn read_statistics(csv: &str) -> Outcome {
    let mut lines = csv.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split(';').collect();
    let values: Vec<&str> = lines.next_back().unwrap_or_default().split(';').collect();
    let count = |name: &str| -> u64 {
        let at = names.iter().position(|known| *known == name);
        let value = at
            .and_then(|at| values.get(at))
            .and_then(|value| value.parse().ok());
        value.unwrap_or_else(|| panic!("SIPp's statistics have no {name}"))
    };
    Outcome {
        successful: count("SuccessfulCall(C)"),
        failed: count("FailedCall(C)"),
        unexpected: count("FailedUnexpectedMessage(C)"),
        stray: count("OutOfCallMsgs(C)") + count("DeadCallMsgs(C)"),
        retransmitted: count("Retransmissions(C)"),
    }
}

/// Checks that every call succeeded, and that none is left in the gateway.
fn check(outcome: &Outcome, gateway: &Gateway, calls: u64) {
    let counts = (outcome.successful, outcome.failed, outcome.unexpected);
    assert_eq!(counts, (calls, 0, 0), "{outcome:?}");
    // A BYE that SIPp sends again, being served late, is answered again, and so is its INVITE: the
    // second answer may find the call over. Where nothing was sent twice, nothing is stray.
    let repeated = outcome.retransmitted + gateway.figure("sip_retransmissions_total");
    assert!(
        outcome.stray <= repeated,
        "{outcome:?}, {repeated} repeated"
    );
    check_nothing_is_left(gateway, calls);
}

/// What a call may outlive SIPp's by where packets are lost: the 64 · T1 for which a 200 waits for
/// its ACK (RFC 3261 §13.3.1.4), and as much for a BYE of ours that nobody answers.
const LINGER_MAX: Duration = Duration::from_secs(70);

/// Waits until the gateway holds nothing of its calls any more, by its own count.
fn check_nothing_is_left(gateway: &Gateway, calls: u64) {
    assert_eq!(gateway.figure("calls_started_total"), calls);
    let gone = within(LINGER_MAX, || {
        let live = ["calls", "rtp_ports"].map(|name| gateway.figure(name));
        (live == [0, 0]).then_some(())
    });
    assert!(
        gone.is_some(),
        "the gateway still holds calls {LINGER_MAX:?} after SIPp's last"
    );
}

/// Has SIPp call a gateway of its own; every call must succeed.
fn all_succeed(sipp: &Path, name: &'static str, (calls, per_second): (u64, u32), more: &[&str]) {
    let gateway = Gateway::start(&format!("sipp-{name}-gateway"), "");
    let host = match name {
        "ipv6" => "[::1]",
        _ => "127.0.0.1",
    };
    let run = Run {
        name,
        target: format!("{host}:{}", gateway.sip_port),
        calls,
        per_second,
        more,
    };
    check(&run.outcome(sipp), &gateway, calls);
}

#[test]
fn five_thousand_calls_at_two_hundred_a_second_succeed() {
    with_program("sipp", "5,000 calls at 200/s", |sipp| {
        all_succeed(sipp, "udp", (5000, 200), &["-i", "127.0.0.1"]);
    });
}

#[test]
fn calls_over_tcp_succeed() {
    with_program("sipp", "1,000 calls over TCP", |sipp| {
        let over_tcp = ["-i", "127.0.0.1", "-t", "t1"];
        all_succeed(sipp, "tcp", (1000, 100), &over_tcp);
    });
}

#[test]
fn calls_over_ipv6_succeed() {
    let found = match on_path("sipp") {
        None => Err("no sipp on PATH".to_owned()),
        Some(_) if !has_ipv6() => Err("no IPv6 on loopback".to_owned()),
        Some(sipp) => Ok(sipp),
    };
    with_peer("sipp", "1,000 calls over IPv6", found, |sipp| {
        all_succeed(&sipp, "ipv6", (1000, 100), &["-i", "::1"]);
    });
}

/// Says that this process already runs inside the lossy network.
const INSIDE: &str = "TRUNKLINE_TEST_INSIDE_LOSSY_NETWORK";

/// Drops 5 of 100 UDP packets on loopback, whichever way they go.
const LOSS: &str = "table inet lossy { chain in { type filter hook input priority 0; \
                    meta l4proto udp numgen random mod 100 < 5 drop; }; }";

#[test]
fn no_call_fails_where_a_twentieth_of_all_packets_is_lost() {
    if std::env::var_os(INSIDE).is_some() {
        return a_thousand_calls_through_loss();
    }
    let tools = ["sipp", "nft", "ip"]
        .iter()
        .all(|tool| on_path(tool).is_some());
    let found = match tools && may_unshare(&["--net", "--pid", "--fork"]) {
        true => Ok(()),
        false => Err("needs sipp, nft, ip and a network namespace of its own".to_owned()),
    };
    let name = "1,000 calls through 5 % loss";
    with_peer("nft", name, found, |()| rerun_in_lossy_network());
}

/// Runs this test alone, in a network namespace of its own that ends with it.
fn rerun_in_lossy_network() {
    let inner = std::env::current_exe().expect("a test program knows itself");
    let script = "ip link set lo up && nft \"$0\" && exec \"$@\"";
    let done = peer::command("unshare")
        .args(["--net", "--pid", "--fork", "--kill-child"])
        .args(["sh", "-c", script, LOSS])
        .arg(inner)
        .args([
            "--exact",
            "sipp::no_call_fails_where_a_twentieth_of_all_packets_is_lost",
        ])
        .env(INSIDE, "1")
        .output()
        .expect("unshare starts");
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&done.stderr)
    );
    assert!(
        said.contains("1 passed"),
        "the inner test did not run: {said}"
    );
}

fn a_thousand_calls_through_loss() {
    with_program("sipp", "1,000 calls through 5 % loss", |sipp| {
        let gateway = Gateway::start("sipp-loss-gateway", "");
        let run = Run {
            name: "loss",
            target: format!("127.0.0.1:{}", gateway.sip_port),
            calls: 1000,
            per_second: 50,
            more: &["-i", "127.0.0.1"],
        };
        let outcome = run.outcome(sipp);
        let counts = (outcome.successful, outcome.failed);
        assert_eq!(counts, (1000, 0), "{outcome:?}");
        // About one message in twenty is sent again; none would say that nothing was lost.
        assert!(outcome.retransmitted >= 50, "{outcome:?}");
        check_nothing_is_left(&gateway, 1000);
    });
}

#[test]
fn statistics_are_read_by_name_from_the_last_line() {
    let csv = "A;SuccessfulCall(C);FailedCall(C);FailedUnexpectedMessage(C);OutOfCallMsgs(C);\
               DeadCallMsgs(C);Retransmissions(C);\nx;1;0;0;0;0;0;\nx;7;2;1;0;3;9;\n";
    let expected = Outcome {
        successful: 7,
        failed: 2,
        unexpected: 1,
        stray: 3,
        retransmitted: 9,
    };
    assert_eq!(read_statistics(csv), expected);
}
