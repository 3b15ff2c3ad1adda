//! Requests that go out: by which transport, under which branch, with which credentials.

use super::client::{ClientEntry, Purpose};
use super::draft::DATAGRAM_BYTES_MAX;
use super::{Draft, Endpoint, OwnerId, Path, TransactionId, Transport};
use crate::message::{Message, Method};
use crate::transaction::{Client, Link};
use std::net::SocketAddr;
use std::time::Instant;

/// A request to be made.
pub(super) struct Ask {
    pub owner: OwnerId,
    pub draft: Box<Draft>,
    pub path: Path,
    pub purpose: Purpose,
    /// How many challenges it answers.
    pub challenges: u8,
    /// Whether its size may move it to TCP.
    pub may_move: bool,
    /// The other places to try, the next one first.
    pub elsewhere: Vec<Path>,
}

/// A request ready to go.
struct Prepared {
    request: Message,
    path: Path,
    /// What its responses are found by.
    branch: String,
    draft: Option<Box<Draft>>,
    fallback: Option<Path>,
    elsewhere: Vec<Path>,
    challenges: u8,
}

impl Endpoint {
    pub(super) fn start_client(
        &mut self,
        now: Instant,
        owner: OwnerId,
        draft: Draft,
        path: Path,
        purpose: Purpose,
    ) -> TransactionId {
        let draft = Box::new(draft);
        self.ask(
            now,
            Ask {
                owner,
                draft,
                path,
                purpose,
                challenges: 0,
                may_move: true,
                elsewhere: Vec::new(),
            },
        )
    }

    pub(super) fn ask(&mut self, now: Instant, ask: Ask) -> TransactionId {
        let Ask {
            owner,
            draft,
            mut path,
            purpose,
            challenges,
            may_move,
            elsewhere,
        } = ask;
        let branch = self.new_branch();
        let mut request = draft.build(&path, &branch, &self.product);
        let mut fallback = None;
        let large = request.as_bytes().len() > DATAGRAM_BYTES_MAX;
        if let (true, Transport::Udp, Some(port)) =
            (large && may_move, path.transport, self.config.tcp_port)
        {
            fallback = Some(path);
            path = Path::tcp(SocketAddr::new(path.local.ip(), port), path.remote);
            request = draft.build(&path, &branch, &self.product);
        }
        if challenges > 0 {
            let digest = self.digest_of(owner, purpose);
            request = digest
                .and_then(|digest| digest.authorize(&request))
                .unwrap_or(request);
        }
        let draft = Some(draft);
        let prepared = Prepared {
            request,
            path,
            branch,
            draft,
            fallback,
            elsewhere,
            challenges,
        };
        self.run_client(now, owner, purpose, prepared)
    }

    /// A CANCEL has the branch of its INVITE and a transaction of its own (§9.1).
    pub(super) fn start_cancel(
        &mut self,
        now: Instant,
        owner: OwnerId,
        request: Message,
        path: Path,
    ) {
        let branch = cancel_key(&branch_of(&request));
        let prepared = Prepared {
            request,
            path,
            branch,
            draft: None,
            fallback: None,
            elsewhere: Vec::new(),
            challenges: 0,
        };
        self.run_client(now, owner, Purpose::Cancel, prepared);
    }

    fn run_client(
        &mut self,
        now: Instant,
        owner: OwnerId,
        purpose: Purpose,
        prepared: Prepared,
    ) -> TransactionId {
        let id = self.new_transaction();
        let Prepared {
            request,
            path,
            branch,
            draft,
            fallback,
            elsewhere,
            challenges,
        } = prepared;
        let link = Link {
            reliable: path.transport.is_reliable(),
            timing: self.config.timing,
        };
        let invite = request.method() == Some(&Method::Invite);
        let mut effects = std::mem::take(&mut self.effects);
        let machine = Client::start(invite, now, link, &mut effects);
        let branch: Box<str> = branch.into();
        self.by_branch.insert(branch.clone(), id);
        let waiting = self
            .calls
            .get_mut(&owner)
            .filter(|_| purpose != Purpose::Cancel);
        let counted = waiting.map(|call| call.pending += 1).is_some();
        let (shown, acks) = (false, Vec::new());
        let entry = ClientEntry {
            machine,
            request,
            path,
            owner,
            purpose,
            draft,
            branch,
            fallback,
            elsewhere,
            challenges,
            counted,
            shown,
            acks,
        };
        self.clients.insert(id, Box::new(entry));
        self.client_effects(now, id, effects, None);
        id
    }

    pub(super) fn new_branch(&mut self) -> String {
        format!("z9hG4bK{}", self.random.token())
    }
}

pub(super) fn branch_of(message: &Message) -> String {
    let branch = message.top_via().ok().and_then(|via| via.branch());
    branch.unwrap_or_default().to_owned()
}

pub(super) fn cancel_key(branch: &str) -> String {
    format!("CANCEL {branch}")
}
