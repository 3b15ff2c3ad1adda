//! The registrar of RFC 3261 §10.3: which devices may be reached as which user, and where.

mod binding;

pub use binding::Binding;

use crate::endpoint::{Path, Reply};
use crate::header::{Contacts, NameAddr};
use crate::message::Message;
use crate::uri::Uri;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Devices one user may have registered at a time.
pub const BINDINGS_PER_USER_MAX: usize = 10;
/// What a Contact gets that asks for nothing (§10.2.1.1), and the most it gets.
const EXPIRES_MAX: Duration = Duration::from_secs(3_600);

/// Limits of a registrar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistrarConfig {
    /// The shortest registration granted; a shorter wish gets 423.
    pub expires_min: Duration,
    /// Bindings of all users together.
    pub bindings: usize,
}

impl Default for RegistrarConfig {
    fn default() -> Self {
        Self {
            expires_min: Duration::from_secs(60),
            bindings: 10_000,
        }
    }
}

/// What became of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It registered, or registered again from elsewhere.
    Registered {
        /// The user.
        user: String,
        /// The device's Contact.
        contact: Uri,
    },
    /// It took its registration back, or let it run out.
    Gone {
        /// The user.
        user: String,
        /// The device's Contact.
        contact: Uri,
    },
}

/// Bindings of users to devices. Whether a request may change them is decided before.
#[derive(Debug)]
pub struct Registrar {
    config: RegistrarConfig,
    users: BTreeMap<String, Vec<Binding>>,
    /// When each binding runs out: its number and user.
    expiry: BTreeMap<(Instant, u64), String>,
    next_id: u64,
}

/// A Contact of a REGISTER that has been found in order.
struct Wish {
    contact: Uri,
    expires: Duration,
    q: Option<String>,
}

impl Registrar {
    pub(crate) fn new(config: RegistrarConfig) -> Self {
        Self {
            config,
            users: BTreeMap::new(),
            expiry: BTreeMap::new(),
            next_id: 0,
        }
    }

    /// Where a user's devices are, the latest first.
    pub fn bindings(&self, user: &str) -> impl Iterator<Item = &Binding> {
        self.users.get(user).into_iter().flatten().rev()
    }

    /// Every user with their devices.
    pub fn users(&self) -> impl Iterator<Item = (&str, &[Binding])> {
        self.users
            .iter()
            .map(|(user, bindings)| (user.as_str(), bindings.as_slice()))
    }

    /// How many bindings there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.expiry.len()
    }

    /// Whether nobody is registered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.expiry.is_empty()
    }

    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        self.expiry.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes out what has run out.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<Change> {
        let mut changes = Vec::new();
        while let Some(entry) = self
            .expiry
            .first_entry()
            .filter(|entry| entry.key().0 <= now)
        {
            let ((_, id), user) = entry.remove_entry();
            let gone = self.take(&user, |binding| binding.id == id);
            changes.extend(gone.map(|gone| Change::Gone {
                user,
                contact: gone.contact,
            }));
        }
        changes
    }

    /// Takes out every binding of the users that `which` picks.
    pub(crate) fn forget_users(&mut self, which: impl Fn(&str) -> bool) -> Vec<Change> {
        let entries: Vec<_> = self
            .expiry
            .extract_if(.., |_, user| which(user))
            .map(|((_, id), user)| (id, user))
            .collect();
        let gone = entries.into_iter().filter_map(|(id, user)| {
            let gone = self.take(&user, |binding| binding.id == id)?;
            Some(Change::Gone {
                user,
                contact: gone.contact,
            })
        });
        gone.collect()
    }

    /// Answers a REGISTER of a user who may register (§10.3 from step 5 on). All of it is done, or
    /// nothing.
    pub(crate) fn answer(
        &mut self,
        now: Instant,
        user: &str,
        request: &Message,
        path: Path,
    ) -> (Reply, Vec<Change>) {
        let mut changes = self.expire(now);
        let outcome = match request.contacts() {
            Ok(Contacts::All) => self.remove_all(user, request),
            Ok(Contacts::List(list)) => self.wishes(&list, request).and_then(|wishes| {
                self.check(user, request, &wishes)?;
                let keep = |wish| self.apply(now, user, request, path, wish);
                Ok(wishes.into_iter().filter_map(keep).collect())
            }),
            Err(_) => Err(Reply::new(400)),
        };
        match outcome {
            Ok(more) => {
                changes.extend(more);
                (self.list(now, user), changes)
            }
            Err(refusal) => (refusal, changes),
        }
    }

    /// `Contact: *`, which says nothing but "remove all" and only with `Expires: 0` (§10.3 step 6).
    fn remove_all(&mut self, user: &str, request: &Message) -> Result<Vec<Change>, Reply> {
        if !matches!(request.expires(), Ok(Some(0))) {
            return Err(Reply::new(400));
        }
        self.check_order(user, request, |_| true)?;
        let mut changes = Vec::new();
        while let Some(gone) = self.take(user, |_| true) {
            self.expiry.remove(&(gone.expires_at, gone.id));
            changes.push(Change::Gone {
                user: user.to_owned(),
                contact: gone.contact,
            });
        }
        Ok(changes)
    }

    fn wishes(&self, list: &[NameAddr<'_>], request: &Message) -> Result<Vec<Wish>, Reply> {
        let header = request.expires().ok().flatten();
        let mut wishes = Vec::with_capacity(list.len());
        for contact in list {
            let seconds = contact.expires().or(header);
            let wanted = seconds.map_or(EXPIRES_MAX, |s| Duration::from_secs(u64::from(s)));
            let least = self.config.expires_min;
            if !wanted.is_zero() && wanted < least {
                let least = least.as_secs().to_string();
                return Err(Reply::new(423).header("Min-Expires", least));
            }
            let uri = contact.uri();
            if !uri.is_sip() {
                return Err(Reply::new(400));
            }
            let q = contact.params.get("q").map(|q| q.into_owned());
            wishes.push(Wish {
                contact: uri,
                expires: wanted.min(EXPIRES_MAX),
                q,
            });
        }
        Ok(wishes)
    }

    /// Nothing older than what is known, and nothing beyond the limits.
    fn check(&self, user: &str, request: &Message, wishes: &[Wish]) -> Result<(), Reply> {
        let named = |binding: &Binding| {
            wishes
                .iter()
                .any(|wish| wish.contact.is_equivalent(&binding.contact))
        };
        self.check_order(user, request, named)?;
        let known: Vec<_> = self.bindings(user).collect();
        let more = wishes.iter().filter(|wish| {
            let known = known
                .iter()
                .any(|binding| binding.contact.is_equivalent(&wish.contact));
            !known && !wish.expires.is_zero()
        });
        let more = more.count();
        let too_many = known.len() + more > BINDINGS_PER_USER_MAX;
        if more > 0 && (too_many || self.len() + more > self.config.bindings) {
            return Err(Reply::new(503).header("Retry-After", "60"));
        }
        Ok(())
    }

    /// A request that overtook an earlier one of the same Call-ID aborts the update (§10.3 step 7).
    fn check_order(
        &self,
        user: &str,
        request: &Message,
        touched: impl Fn(&Binding) -> bool,
    ) -> Result<(), Reply> {
        let call_id = request.call_id().unwrap_or_default();
        let number = request.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let stale = |binding: &&Binding| {
            touched(binding) && binding.call_id == call_id && number <= binding.cseq
        };
        match self.bindings(user).find(stale) {
            Some(_) => Err(Reply::new(500)),
            None => Ok(()),
        }
    }

    fn apply(
        &mut self,
        now: Instant,
        user: &str,
        request: &Message,
        path: Path,
        wish: Wish,
    ) -> Option<Change> {
        let before = self.take(user, |binding| binding.contact.is_equivalent(&wish.contact));
        if let Some(before) = &before {
            self.expiry.remove(&(before.expires_at, before.id));
        }
        if wish.expires.is_zero() {
            let contact = before?.contact;
            return Some(Change::Gone {
                user: user.to_owned(),
                contact,
            });
        }
        self.next_id += 1;
        let (id, expires_at) = (self.next_id, now + wish.expires);
        let binding = Binding {
            id,
            contact: wish.contact.clone(),
            expires_at,
            q: wish.q,
            path,
            call_id: request.call_id().unwrap_or_default().to_owned(),
            cseq: request.cseq().map(|cseq| cseq.number).unwrap_or_default(),
            user_agent: request.header("User-Agent").map(str::to_owned),
        };
        self.expiry.insert((expires_at, id), user.to_owned());
        self.users.entry(user.to_owned()).or_default().push(binding);
        let moved = before.is_none_or(|before| before.path.remote != path.remote);
        moved.then(|| Change::Registered {
            user: user.to_owned(),
            contact: wish.contact,
        })
    }

    /// Takes the first binding of a user that `which` picks.
    fn take(&mut self, user: &str, which: impl Fn(&Binding) -> bool) -> Option<Binding> {
        let bindings = self.users.get_mut(user)?;
        let taken = bindings
            .iter()
            .position(which)
            .map(|at| bindings.remove(at));
        if bindings.is_empty() {
            self.users.remove(user);
        }
        taken
    }

    /// 200 with all that is bound now (§10.3 step 8).
    fn list(&self, now: Instant, user: &str) -> Reply {
        let contacts = self.bindings(user).map(|binding| binding.header(now));
        contacts.fold(Reply::new(200), |reply, contact| {
            reply.header("Contact", contact)
        })
    }
}
