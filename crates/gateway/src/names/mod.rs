//! Where SIP servers are: RFC 3263 over the DNS servers of this machine, or over those that the
//! configuration names. Nothing here runs on the signalling task.

mod cache;
mod exchange;
mod message;
mod servers;
#[cfg(test)]
mod tests;

pub use servers::PORT;

use cache::Cache;
use message::{Kind, Records};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::time::timeout;
use trunkline_sip::locate::{Answer, Locator, Output, Place, Question};

/// How long all questions about one server may take.
const LOOK_UP_MAX: Duration = Duration::from_secs(5);

/// Asks DNS and remembers what it said for as long as it said.
#[derive(Debug, Default)]
pub struct Resolver {
    /// The servers of the configuration; with none, this machine's own.
    configured: Vec<SocketAddr>,
    cache: Mutex<Cache>,
}

impl Resolver {
    /// Asks these servers, or with none those that this machine asks.
    pub fn new(configured: Vec<SocketAddr>) -> Self {
        Self {
            configured,
            cache: Mutex::default(),
        }
    }

    /// The places that this leads to, as far as they are found in time; none where there is no
    /// server.
    pub async fn locate(&self, mut locator: Locator) -> Vec<Place> {
        let asking = async {
            while let Output::Ask(question) = locator.poll_output() {
                locator.handle_input(self.answer(question).await);
            }
        };
        // One server whose address nobody tells does not cost those that are found.
        let _ = timeout(LOOK_UP_MAX, asking).await;
        locator.into_places()
    }

    async fn answer(&self, question: Question) -> Answer {
        match question {
            Question::Naptr(name) => self.records(Kind::Naptr, &name).await.into(),
            Question::Srv(name) => self.records(Kind::Srv, &name).await.into(),
            Question::Addresses(name) if self.configured.is_empty() => of_this_machine(&name).await,
            Question::Addresses(name) => {
                let (v4, v6) = tokio::join!(
                    self.records(Kind::A, &name),
                    self.records(Kind::Aaaa, &name)
                );
                both(v4, v6)
            }
        }
    }

    async fn records(&self, kind: Kind, name: &str) -> Records {
        let key = (kind, name.to_ascii_lowercase());
        if let Some(known) = self.cache().find(&key, Instant::now()) {
            return known;
        }
        let servers = match self.configured.is_empty() {
            true => servers::of_this_machine().await,
            false => self.configured.clone(),
        };
        match exchange::ask(&servers, kind, name).await {
            Some((records, life)) => {
                let kept = records.clone();
                self.cache().keep(key, kept, Instant::now(), life);
                records
            }
            None => Records::Failed,
        }
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the machine's own resolver says: its files, its search list, then DNS.
async fn of_this_machine(name: &str) -> Answer {
    match tokio::net::lookup_host((name, 0)).await {
        Ok(found) => Answer::Addresses(found.map(|address| address.ip()).collect()),
        Err(_) => Answer::Failed,
    }
}

/// A and AAAA records together; one that failed does not spoil the other.
fn both(v4: Records, v6: Records) -> Answer {
    let failed = v4 == Records::Failed && v6 == Records::Failed;
    let list = |records| match records {
        Records::Addresses(list) => list,
        _ => Vec::<IpAddr>::new(),
    };
    let all = [list(v4), list(v6)].concat();
    match (failed, all.is_empty()) {
        (true, _) => Answer::Failed,
        (_, true) => Answer::Nothing,
        _ => Answer::Addresses(all),
    }
}
