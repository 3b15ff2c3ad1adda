//! What a live call's provider is asked to do over its REST interface.

use super::card::Way;
use super::target;
use super::{Desk, Inner};
use crate::providers;
use crate::shard::{CallKey, ToCall};
use trunkline_call::{Digit, Target};
use trunkline_legs::stream::ByRest;
use trunkline_legs::{DialNews, Wish};
use trunkline_providers::Provider;
use trunkline_providers::rest::{Account, Ask};

/// The most keys that may wait for a provider.
const KEYS_MAX: usize = 128;

impl Desk {
    /// What a provider can be asked for while its stream goes on. At Twilio to press keys would end the
    /// stream, so that is not asked there.
    pub(super) fn by_rest(&self, provider: &str) -> ByRest {
        let provider = Provider::named(provider);
        let account = provider.and_then(|provider| self.settings.providers.account(provider));
        ByRest {
            moves: account.is_some(),
            presses: account.is_some() && provider == Some(Provider::Telnyx),
        }
    }

    pub(super) fn ask_provider(&mut self, key: CallKey, wish: Wish) {
        match wish {
            Wish::HangUp => self.end_at_provider(key),
            Wish::Transfer(target) => self.move_at_provider(key, &target),
            Wish::Press(digit) => self.press_at_provider(key, digit),
        }
    }

    /// Where a call is, and its name there.
    fn at_provider(&self, key: CallKey) -> Option<(Option<Account>, String, &'static str)> {
        let Way::Stream(at) = &self.cards.get(&key)?.way else {
            return None;
        };
        let provider = Provider::named(at.dialect);
        let account = provider.and_then(|provider| self.settings.providers.account(provider));
        Some((account, at.call_id.clone(), at.dialect))
    }

    fn end_at_provider(&self, key: CallKey) {
        let Some((account, name, provider)) = self.at_provider(key) else {
            return;
        };
        let call = self.cards.get(&key).map(|card| card.info.id.to_string());
        let call = call.unwrap_or_default();
        let Some(account) = account else {
            tracing::warn!(
                %call, provider, at_provider = ?name,
                "the stream is closed, but the caller stays on the line: \
                 set providers.{provider}.api_key, so that the provider can be told to hang up"
            );
            return;
        };
        let hang_up = Ask::HangUp { call: name };
        let trust = self.settings.tls.clone();
        tokio::spawn(async move {
            match providers::ask(&account, &hang_up, &trust).await {
                Ok(_) => tracing::debug!(%call, provider, "the provider hangs up"),
                Err(error) => {
                    tracing::warn!(%call, provider, "the provider does not hang up: {error}");
                }
            }
        });
    }

    /// A provider that moves a caller dials for us, and on our account: the same rules hold.
    fn move_at_provider(&self, key: CallKey, target: &Target) {
        let denied = || self.tell(key, ToCall::Dial(DialNews::Denied));
        let Some((Some(account), name, provider)) = self.at_provider(key) else {
            return denied();
        };
        if !target::may_be_dialled_by(provider, target, &self.settings) {
            return denied();
        }
        let transfer = Ask::Transfer {
            call: name,
            to: target.as_str().to_owned(),
        };
        let (news, trust) = (self.to_inner.clone(), self.settings.tls.clone());
        tokio::spawn(async move {
            let done = providers::ask(&account, &transfer, &trust).await;
            let told = match done {
                Ok(_) => DialNews::Up,
                Err(error) => {
                    tracing::warn!(provider, "a caller is not moved: {error}");
                    let text = error.to_string();
                    DialNews::Failed { code: 503, text }
                }
            };
            let _ = news.send(Inner::Moved(key, told)).await;
        });
    }

    fn press_at_provider(&mut self, key: CallKey, digit: Digit) {
        let Some(card) = self.cards.get_mut(&key) else {
            return;
        };
        let call = card.info.id;
        if card.keys.waiting.len() >= KEYS_MAX {
            tracing::warn!(%call, "a key is not pressed: {KEYS_MAX} wait already");
            return;
        }
        card.keys.waiting.push(digit.as_char());
        if !card.keys.under_way {
            self.press_waiting(key);
        }
    }

    /// Asks for all keys that wait, and comes back for those that come meanwhile: two requests at once
    /// might be done in the wrong order.
    pub(super) fn press_waiting(&mut self, key: CallKey) {
        let at = self.at_provider(key);
        let Some(card) = self.cards.get_mut(&key) else {
            return;
        };
        let digits = std::mem::take(&mut card.keys.waiting);
        card.keys.under_way = !digits.is_empty();
        let (Some((Some(account), call, provider)), true) = (at, card.keys.under_way) else {
            card.keys.under_way = false;
            return;
        };
        let press = Ask::PressKeys {
            call,
            digits,
            // Only Twilio would come back there.
            then_url: String::new(),
        };
        let (news, trust) = (self.to_inner.clone(), self.settings.tls.clone());
        tokio::spawn(async move {
            if let Err(error) = providers::ask(&account, &press, &trust).await {
                tracing::warn!(provider, "keys are not pressed: {error}");
            }
            let _ = news.send(Inner::Pressed(key)).await;
        });
    }
}
