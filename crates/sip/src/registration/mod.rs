//! Being registered elsewhere: the client of RFC 3261 §10.2.
//!
//! The machine decides how long to ask for and when to ask again; the
//! [`Endpoint`](crate::endpoint::Endpoint) sends, answers challenges and keeps the time.

use crate::digest::Account;
use crate::endpoint::Path;
use crate::header::{Name, NameAddr};
use crate::message::Message;
use crate::uri::Uri;
use std::time::Duration;

/// The first wait after a failure; each further one doubles it (RFC 5626 §4.5).
const BACK_OFF_MIN: Duration = Duration::from_secs(30);
/// The longest wait after a failure.
const BACK_OFF_MAX: Duration = Duration::from_secs(1_800);
/// What a registrar may ask us to wait or to register for at most.
const PATIENCE_MAX: Duration = Duration::from_secs(86_400);

/// What to register, and where.
#[derive(Debug, Clone)]
pub struct RegistrationConfig {
    /// Where the registrar is.
    pub path: Path,
    /// The registrar's domain: `sip:sip.example.com`.
    pub registrar: Uri,
    /// The address of record as header text without a tag: `<sip:alice@example.com>`.
    pub aor: String,
    /// The user part of our Contact.
    pub contact_user: Option<String>,
    /// Preloaded Route set (an outbound proxy).
    pub route: Vec<String>,
    /// How long to ask for; the registrar may shorten it.
    pub expires: Duration,
    /// What a challenge is answered with.
    pub credentials: Option<Account>,
}

/// How a registration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Registered; refreshed before this has passed.
    Registered {
        /// What the registrar granted.
        expires: Duration,
    },
    /// The registrar said no.
    Refused {
        /// With this status.
        status: u16,
        /// When it is asked again.
        retry_in: Duration,
    },
    /// No answer came.
    Unreachable {
        /// When it is tried again.
        retry_in: Duration,
    },
    /// Taken back, as asked.
    Unregistered,
}

#[derive(Debug)]
pub(crate) struct Registration {
    wanted: Duration,
    leaving: bool,
    failures: u32,
    standing: Standing,
    next: Option<Duration>,
}

impl Registration {
    pub fn new(wanted: Duration) -> Self {
        let standing = Standing::Unregistered;
        Self {
            wanted,
            leaving: false,
            failures: 0,
            standing,
            next: None,
        }
    }

    /// The next request takes the registration back.
    pub fn leave(&mut self) {
        self.leaving = true;
    }

    /// What to ask for in the next request.
    pub fn expires(&self) -> Duration {
        if self.leaving {
            Duration::ZERO
        } else {
            self.wanted
        }
    }

    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// When to send the next request; `None` when there is none to send.
    pub fn next(&self) -> Option<Duration> {
        self.next
    }

    /// A final response; `contact` is the one we sent.
    pub fn answered(&mut self, response: &Message, contact: &str) {
        let status = response.status().unwrap_or_default();
        if self.leaving {
            return self.left();
        }
        match status {
            200..=299 => {
                let expires = self.granted(response, contact);
                self.failures = 0;
                self.standing = Standing::Registered { expires };
                // Early enough for a retransmission or two, late enough to be no burden.
                self.next = Some((expires * 3 / 4).max(Duration::from_secs(1)));
            }
            423 if self.lengthen(response) => {
                let retry_in = Duration::ZERO;
                self.standing = Standing::Refused { status, retry_in };
                self.next = Some(retry_in);
            }
            _ => {
                let asked = response.header(Name::RetryAfter).and_then(leading_seconds);
                let retry_in = self
                    .back_off()
                    .max(asked.unwrap_or_default())
                    .min(PATIENCE_MAX);
                self.standing = Standing::Refused { status, retry_in };
                self.next = Some(retry_in);
            }
        }
    }

    /// No response came.
    pub fn failed(&mut self) {
        if self.leaving {
            return self.left();
        }
        let retry_in = self.back_off();
        self.standing = Standing::Unreachable { retry_in };
        self.next = Some(retry_in);
    }

    /// Whatever the registrar says, we have left: what it keeps runs out by itself.
    fn left(&mut self) {
        self.standing = Standing::Unregistered;
        self.next = None;
    }

    /// Takes a longer time to ask for from a 423 (§10.2.8); false when it names none.
    fn lengthen(&mut self, response: &Message) -> bool {
        let least = response.min_expires().ok().flatten();
        let least = least.map(|seconds| Duration::from_secs(u64::from(seconds)));
        match least.filter(|least| *least > self.wanted && *least <= PATIENCE_MAX) {
            Some(least) => {
                self.wanted = least;
                true
            }
            None => false,
        }
    }

    /// What the registrar granted: our own Contact's `expires`, else the header, else what we
    /// asked for (§10.2.4).
    fn granted(&self, response: &Message, contact: &str) -> Duration {
        let sent = NameAddr::parse(contact).ok().map(|contact| contact.uri());
        let contacts = response.contacts().ok();
        let ours = contacts.as_ref().and_then(|contacts| {
            let same = |have: &&NameAddr<'_>| {
                sent.as_ref()
                    .is_some_and(|sent| have.uri().is_equivalent(sent))
            };
            contacts
                .list()
                .iter()
                .find(same)
                .and_then(NameAddr::expires)
        });
        let seconds = ours.or(response.expires().ok().flatten());
        let granted = seconds.map(|seconds| Duration::from_secs(u64::from(seconds)));
        granted.unwrap_or(self.wanted).min(PATIENCE_MAX)
    }

    fn back_off(&mut self) -> Duration {
        let wait = BACK_OFF_MIN * 2_u32.saturating_pow(self.failures.min(8));
        self.failures = self.failures.saturating_add(1);
        wait.min(BACK_OFF_MAX)
    }
}

/// `18000;duration=3600` or `120 (busy)`: the seconds a Retry-After begins with (§20.33).
fn leading_seconds(text: &str) -> Option<Duration> {
    let digits = text.split(|letter: char| !letter.is_ascii_digit()).next()?;
    digits.parse().ok().map(Duration::from_secs)
}
