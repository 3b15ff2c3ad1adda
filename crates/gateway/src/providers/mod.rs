//! Asks providers for things over their REST interfaces.

mod http;
#[cfg(test)]
mod tests;

pub use http::{Answer, CannotSend, Fetch, ask_webhook, fetch};

use crate::random;
use crate::tls::Trust;
use std::time::Duration;
use tokio::sync::Semaphore;
use trunkline_providers::rest::{Account, Ask, Done, Failed};

/// How long we wait before each further attempt.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// Requests under way at once; further ones wait.
const ASKS_MAX: usize = 64;
static ROOM: Semaphore = Semaphore::const_new(ASKS_MAX);

/// Why something asked was not done.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// The provider said so.
    #[error(transparent)]
    Failed(#[from] Failed),
    /// It could not be asked.
    #[error(transparent)]
    CannotSend(#[from] CannotSend),
}

impl NotDone {
    /// Whether nothing of it was done, for certain.
    pub fn is_certain(&self) -> bool {
        match self {
            // Too many requests are refused before they are looked at.
            Self::Failed(Failed::Refused { .. } | Failed::Later { status: 429 }) => true,
            Self::Failed(Failed::Later { .. } | Failed::Nonsense { .. }) => false,
            Self::CannotSend(cannot) => cannot.is_before_sending(),
        }
    }
}

/// Asks, and asks again where that may help and can do no harm: where the provider says that it
/// cannot now, where it was not reached at all, and, for what does no more when it is sent twice,
/// where its answer was lost. Credentials are in no error and in no log.
///
/// # Errors
/// The last reason.
pub async fn ask(account: &Account, ask: &Ask, trust: &Trust) -> Result<Done, NotDone> {
    let _place = ROOM.acquire().await;
    ask_with_pauses(account, ask, trust, &PAUSES).await
}

async fn ask_with_pauses(
    account: &Account,
    ask: &Ask,
    trust: &Trust,
    pauses: &[Duration],
) -> Result<Done, NotDone> {
    let request = account.request(ask, &random::id());
    let mut pauses = pauses.iter();
    loop {
        let failed = match http::post(&request, trust).await {
            Ok((status, body)) => match account.read(ask, status, &body) {
                Ok(done) => return Ok(done),
                Err(failed) => NotDone::from(failed),
            },
            Err(cannot) => NotDone::from(cannot),
        };
        let may_help = match &failed {
            NotDone::Failed(Failed::Refused { .. } | Failed::Nonsense { .. }) => false,
            NotDone::Failed(Failed::Later { .. }) | NotDone::CannotSend(_) => {
                failed.is_certain() || request.is_repeatable
            }
        };
        let pause = pauses.next().filter(|_| may_help);
        let Some(pause) = pause else {
            return Err(failed);
        };
        tracing::debug!("a provider is asked again in {pause:?}: {failed}");
        tokio::time::sleep(*pause).await;
    }
}
