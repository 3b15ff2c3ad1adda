//! Peers and users that do anything, in any order: whatever they do, nothing panics, nothing
//! stays behind, and each owner has its one last event.

use crate::bench::{Bench, request, response};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;
use trunkline_sip::endpoint::{Event, Gauges, OwnerId, TransactionId};
use trunkline_sip::{Message, Method};

const METHODS: [&str; 11] = [
    "INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "UPDATE", "INFO", "REFER", "NOTIFY", "REGISTER",
    "PRACK",
];
const STATUSES: [u16; 10] = [100, 180, 183, 200, 202, 401, 481, 486, 487, 491];
const ASKED: [Method; 6] = [
    Method::Invite,
    Method::Update,
    Method::Info,
    Method::Refer,
    Method::Notify,
    Method::Bye,
];

/// One thing that a peer or a user does. Numbers choose among what there is.
#[derive(Debug, Clone)]
enum Deed {
    Ask {
        method: usize,
        branch: u8,
        tag: u8,
        known: bool,
        call: u8,
        cseq: u32,
    },
    Answer {
        which: usize,
        status: usize,
        tag: u8,
    },
    Respond {
        which: usize,
        status: usize,
    },
    Request {
        which: usize,
        method: usize,
    },
    Hangup {
        which: usize,
    },
    Call,
    Wait {
        milliseconds: u64,
    },
}

fn deed() -> impl Strategy<Value = Deed> {
    let number = any::<usize>();
    prop_oneof![
        6 => (0..METHODS.len(), 0..6_u8, 0..2_u8, any::<bool>(), 0..2_u8, 1..6_u32).prop_map(
            |(method, branch, tag, known, call, cseq)| Deed::Ask {
                method, branch, tag, known, call, cseq
            }
        ),
        4 => (number, 0..STATUSES.len(), 0..3_u8)
            .prop_map(|(which, status, tag)| Deed::Answer { which, status, tag }),
        4 => (number, 0..STATUSES.len()).prop_map(|(which, status)| Deed::Respond { which, status }),
        3 => (number, 0..ASKED.len()).prop_map(|(which, method)| Deed::Request { which, method }),
        2 => number.prop_map(|which| Deed::Hangup { which }),
        1 => Just(Deed::Call),
        3 => (0..9_000_u64).prop_map(|milliseconds| Deed::Wait { milliseconds }),
    ]
}

/// What a run has seen, for its deeds to choose from.
#[derive(Default)]
struct Seen {
    requests: Vec<Message>,
    transactions: Vec<TransactionId>,
    owners: Vec<OwnerId>,
    /// Our end with its tag, of the latest dialog.
    local: Option<String>,
    closed: BTreeMap<OwnerId, u32>,
}

impl Seen {
    fn look(&mut self, bench: &mut Bench) {
        for message in bench.take_sent() {
            if let Some(to) = message
                .header("To")
                .filter(|_| message.status() > Some(100))
            {
                self.local = Some(to.to_owned());
            }
            if message.is_request() {
                self.requests.push(message);
            }
        }
        for event in bench.take_events() {
            let owner = event
                .owner()
                .filter(|_| !matches!(event, Event::Closed { .. }));
            if let Some(owner) = owner {
                assert!(
                    !self.closed.contains_key(&owner),
                    "{event:?} after the last"
                );
            }
            match event {
                Event::Invite {
                    owner, transaction, ..
                } => {
                    self.owners.push(owner);
                    self.transactions.push(transaction);
                }
                Event::Request { transaction, .. } => self.transactions.push(transaction),
                Event::Closed { owner } => *self.closed.entry(owner).or_default() += 1,
                _ => {}
            }
        }
    }
}

fn choose<T: Clone>(list: &[T], which: usize) -> Option<T> {
    list.get(which.checked_rem(list.len())?).cloned()
}

fn perform(bench: &mut Bench, seen: &mut Seen, deed: Deed) {
    match deed {
        Deed::Ask {
            method,
            branch,
            tag,
            known,
            call,
            cseq,
        } => {
            let from = format!("<sip:alice@10.0.0.2>;tag=peer{tag}");
            let to = seen.local.clone().filter(|_| known);
            let to = to.unwrap_or_else(|| "<sip:bob@10.0.0.1>".to_owned());
            let branch = format!("z9hG4bK{branch}");
            let call_id = format!("call-{call}");
            let text = request(METHODS[method], &branch, &from, &to, &call_id, cseq, &[]);
            bench.receive(&text);
        }
        Deed::Answer { which, status, tag } => {
            if let Some(asked) = choose(&seen.requests, which) {
                let contact = "Contact: <sip:alice@10.0.0.2>";
                let tag = format!("fork{tag}");
                bench.receive(&response(&asked, STATUSES[status], &tag, &[contact]));
            }
        }
        Deed::Respond { which, status } => {
            if let Some(transaction) = choose(&seen.transactions, which) {
                bench.respond(transaction, STATUSES[status]);
            }
        }
        Deed::Request { which, method } => {
            if let Some(owner) = choose(&seen.owners, which) {
                bench.ask(owner, ASKED[method].clone());
            }
        }
        Deed::Hangup { which } => {
            if let Some(owner) = choose(&seen.owners, which) {
                bench.hangup(owner);
            }
        }
        Deed::Call => {
            let (owner, invite) = bench.we_call();
            seen.owners.push(owner);
            seen.requests.push(invite);
        }
        Deed::Wait { milliseconds } => bench.wait(Duration::from_millis(milliseconds)),
    }
    seen.look(bench);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..Default::default() })]

    #[test]
    fn whatever_peers_and_users_do_nothing_stays_behind(deeds in prop::collection::vec(deed(), 1..60)) {
        let mut bench = Bench::new();
        let mut seen = Seen::default();
        for deed in deeds {
            perform(&mut bench, &mut seen, deed);
        }
        // The users go home: whatever still waits for them is answered and ended.
        for transaction in std::mem::take(&mut seen.transactions) {
            bench.respond(transaction, 486);
        }
        for owner in seen.owners.clone() {
            bench.hangup(owner);
        }
        bench.wait(Duration::from_secs(600));
        seen.look(&mut bench);
        prop_assert_eq!(bench.endpoint.gauges(), Gauges::default());
        for owner in &seen.owners {
            prop_assert_eq!(seen.closed.get(owner), Some(&1), "{:?}", owner);
        }
    }
}
