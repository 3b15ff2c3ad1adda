//! Calls that a provider places for us. It calls somebody, and where they answer it brings the call
//! as a media stream, like any other of its calls; until then the call is awaited here.

use super::dialling::{Order, Whose};
use super::incoming::call_info;
use super::{Desk, Inner};
use crate::control::{CallView, ControlError};
use crate::providers::{self, NotDone};
use crate::settings::{PublicUrl, Trust};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::oneshot;
use tokio::time::sleep;
use trunkline_call::record::{CallRecord, rfc3339};
use trunkline_call::{CallId, CallInfo, Direction, EndReason, GatewayReason};
use trunkline_providers::Provider;
use trunkline_providers::rest::{Account, Ask, Done, Place};
use trunkline_providers::webhook::Unanswered;
use trunkline_streams::stream::Start;

/// Under which name a provider's questions and streams say which of these calls they are about.
pub const PLACED: &str = "placed";
/// How long such a call may ring, and take to get here.
const AWAITED_MAX: Duration = Duration::from_secs(150);

/// A call that a provider was asked to place.
pub struct Awaited {
    provider: Provider,
    account: Account,
    /// The provider's name for it, once that is known.
    at_provider: Option<String>,
    /// What its application will be told.
    pub info: CallInfo,
    /// What is kept of it afterwards.
    pub record: CallRecord,
    /// When it was asked for.
    pub began: Instant,
}

/// What a provider answered.
pub struct Answered {
    id: CallId,
    account: Account,
    done: Result<Done, NotDone>,
    asker: oneshot::Sender<Result<CallId, ControlError>>,
}

impl Desk {
    pub(super) fn place_at_provider(&mut self, order: Order, provider: Provider, number: String) {
        let ready = self.ready(&order, provider);
        let (account, public, from) = match ready {
            Ok(ready) => ready,
            Err(error) => return self.fail(order.whose, error),
        };
        let Whose::Asker(asker) = order.whose else {
            // Who is moved is joined with a call of ours, and this one would be the provider's.
            let error = ControlError::Incomplete("a call is not moved to a provider".to_owned());
            return self.fail(order.whose, error);
        };
        let info = call_info(
            Direction::Outbound,
            from.clone(),
            number.clone(),
            None,
            order.headers,
            order.parameters,
        );
        let (id, word) = (info.id, provider.word());
        let record = CallRecord {
            provider: Some(word.to_owned()),
            ..CallRecord::new(&info, &order.app, SystemTime::now())
        };
        let ticket = self
            .control
            .tickets()
            .issue(provider, &id.to_string(), now_s());
        let ask = Ask::Place(Place {
            to: number,
            from,
            answer_url: public.web(&format!("/sip/{word}/answer?{PLACED}={id}")),
            stream_url: public.socket(&format!("/sip/{word}/media-stream/{ticket}?{PLACED}={id}")),
            status_url: public.web(&format!("/sip/{word}/status?{PLACED}={id}")),
        });
        let awaited = Awaited {
            provider,
            account: account.clone(),
            at_provider: None,
            info,
            record,
            began: Instant::now(),
        };
        self.awaited.insert(id, awaited);
        let news = self.to_inner.clone();
        let trust = self.settings.tls.clone();
        tokio::spawn(async move {
            let done = providers::ask(&account, &ask, &trust).await;
            let answered = Answered {
                id,
                account,
                done,
                asker,
            };
            let _ = news.send(Inner::Placed(Box::new(answered))).await;
            sleep(AWAITED_MAX).await;
            let _ = news.send(Inner::AwaitedTooLong(id)).await;
        });
    }

    /// What a provider needs to be asked with.
    fn ready(
        &self,
        order: &Order,
        provider: Provider,
    ) -> Result<(Account, PublicUrl, String), ControlError> {
        let word = provider.word();
        let incomplete = |what: String| Err(ControlError::Incomplete(what));
        let account = match self.settings.providers.placing(provider) {
            Ok(account) => account,
            Err(Some(keys)) => return incomplete(format!("set {keys} to place calls at {word}")),
            Err(None) => return incomplete(format!("calls are not placed at {word} here")),
        };
        let Some(public) = self.settings.server.public_url.clone() else {
            return incomplete(format!(
                "set server.public_url, so that {word} finds its way back"
            ));
        };
        let Some(from) = order.from.clone() else {
            return incomplete(format!("from: give one of your numbers at {word}"));
        };
        if !order.headers.is_empty() {
            return incomplete(format!("headers: {word} takes none; send parameters"));
        }
        Ok((account, public, from))
    }

    /// The provider has answered.
    pub(super) fn placed(&mut self, answered: Answered) {
        let Answered {
            id,
            account,
            done,
            asker,
        } = answered;
        let told = match done {
            Ok(Done::Placed(name)) => {
                match self.awaited.get_mut(&id) {
                    Some(awaited) => awaited.at_provider = Some(name),
                    // It was given up meanwhile, unless it is here already.
                    None if self.keys.contains_key(&id) => {}
                    None => hang_up(account, name, id, self.settings.tls.clone()),
                }
                Ok(id)
            }
            Ok(_) => {
                let why = "the provider does not say which call it made";
                Err(ControlError::Unknown(why.to_owned()))
            }
            Err(error) if error.is_certain() => Err(ControlError::AtProvider(error.to_string())),
            Err(error) => Err(ControlError::Unknown(error.to_string())),
        };
        let told = told.inspect_err(|error| {
            tracing::warn!(call = %id, "{error}");
            self.awaited.remove(&id);
        });
        let _ = asker.send(told);
    }

    /// The call whose stream has begun, if we had it placed: it says so, or has the name that the
    /// provider gave it.
    pub(super) fn awaited(&self, start: &Start, provider: &str) -> Option<CallId> {
        let told = start.parameters.find(PLACED).and_then(CallId::parse);
        let named = || {
            let mut all = self.awaited.iter();
            let name = Some(start.call_id.as_str());
            let found = all.find(|(_, awaited)| awaited.at_provider.as_deref() == name);
            found.map(|(id, _)| *id)
        };
        let id = told.or_else(named)?;
        let awaited = self.awaited.get(&id)?;
        (awaited.provider.word() == provider).then_some(id)
    }

    /// The calls as an onlooker is shown them.
    pub(super) fn awaited_views(&self) -> impl Iterator<Item = CallView> {
        self.awaited.values().map(|awaited| CallView {
            id: awaited.info.id.to_string(),
            direction: awaited.info.direction.word(),
            state: "ringing",
            from: awaited.info.from.clone(),
            to: awaited.info.to.clone(),
            app: awaited.record.app.clone(),
            started: rfc3339(awaited.record.started),
            answered_s: None,
        })
    }

    /// The provider says that nobody answers.
    pub(super) fn unanswered(&mut self, id: CallId, how: Unanswered) {
        let end = EndReason::Upstream {
            code: how.code,
            text: how.text.to_owned(),
        };
        self.end_awaited(id, end);
    }

    pub(super) fn awaited_too_long(&mut self, id: CallId) {
        self.give_up_awaited(id, EndReason::Gateway(GatewayReason::NoAnswer));
    }

    /// None of them comes any more: the gateway takes no new calls.
    pub(super) fn give_up_all_awaited(&mut self) {
        let all: Vec<CallId> = self.awaited.keys().copied().collect();
        for id in all {
            self.give_up_awaited(id, EndReason::Gateway(GatewayReason::Shutdown));
        }
    }

    /// Has the provider end a call that has not come.
    pub(super) fn give_up_awaited(&mut self, id: CallId, end: EndReason) {
        let awaited = self.end_awaited(id, end);
        if let Some((account, Some(name))) = awaited {
            hang_up(account, name, id, self.settings.tls.clone());
        }
    }

    /// Keeps the record of a call that has not come; where it was placed, and its name there.
    fn end_awaited(&mut self, id: CallId, end: EndReason) -> Option<(Account, Option<String>)> {
        let awaited = self.awaited.remove(&id)?;
        let record = CallRecord {
            end,
            lasted: awaited.began.elapsed(),
            sip_call_id: awaited.at_provider.clone().unwrap_or_default(),
            ..awaited.record
        };
        self.keep(record);
        Some((awaited.account, awaited.at_provider))
    }
}

fn hang_up(account: Account, call: String, id: CallId, trust: Trust) {
    let ask = Ask::HangUp { call };
    tokio::spawn(async move {
        if let Err(error) = providers::ask(&account, &ask, &trust).await {
            tracing::warn!(call = %id, "the provider does not hang up: {error}");
        }
    });
}

/// Seconds since 1970.
fn now_s() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}
