//! What is asked of the gateway while it runs.

use super::{Desk, Phase};
use crate::control::{ControlError, DeviceView, Figures, Question, TrunkView};
use crate::net;
use crate::settings::{AppEntry, Settings};
use crate::shard::{AppStream, CallKey, ToCall};
use std::sync::Arc;
use std::time::Instant;
use trunkline_call::{CallCommand, CallId, EndReason};
use trunkline_sip::endpoint::Action;
use tungstenite::WebSocket;

impl Desk {
    /// Answers. Who asked may have gone meanwhile, which is no concern of ours.
    pub(super) fn asked(&mut self, question: Question) {
        let now = Instant::now();
        match question {
            Question::Calls(answer) => {
                let mut cards: Vec<_> = self.cards.values().collect();
                cards.sort_by_key(|card| card.key);
                let live = cards.into_iter().map(|card| card.view(now));
                let _ = answer.send(live.chain(self.awaited_views()).collect());
            }
            Question::Devices(answer) => {
                let _ = answer.send(self.devices(now));
            }
            Question::Trunks(answer) => {
                let _ = answer.send(self.trunks());
            }
            Question::Figures(answer) => {
                let _ = answer.send(self.figures());
            }
            Question::Command(id, command, answer) => {
                let _ = answer.send(self.command(id, command));
            }
            Question::Follow(id, steps, answer) => {
                let _ = answer.send(self.follow(id, steps));
            }
            Question::Dial(request, answer) => self.dial(*request, answer),
            Question::Awaited(id, answer) => {
                let _ = answer.send(self.awaited.contains_key(&id));
            }
            Question::Unanswered(id, how) => self.unanswered(id, how),
            Question::Waits(id, answer) => {
                let _ = answer.send(self.waits(id));
            }
            Question::Take(id, socket, answer) => {
                let _ = answer.send(self.take_call(id, socket));
            }
            Question::Reload(settings, answer) => {
                let _ = answer.send(self.reload(*settings));
            }
            Question::StreamRoom(answer) => {
                let _ = answer.send(self.stream_room());
            }
            Question::Stream(stream, answer) => {
                let _ = answer.send(self.stream_begun(*stream));
            }
            Question::Drain(answer) => self.drain(answer),
            Question::Stop => self.begin_stop(),
        }
    }

    fn command(&mut self, id: CallId, command: CallCommand<'static>) -> Result<(), ControlError> {
        if let CallCommand::Hangup(cause) = command
            && self.awaited.contains_key(&id)
        {
            self.give_up_awaited(id, EndReason::App(cause));
            return Ok(());
        }
        let key = self.live(id)?;
        self.tell(key, ToCall::Command(command));
        Ok(())
    }

    /// The call of this name, if it is not at its end.
    pub(super) fn live(&self, id: CallId) -> Result<CallKey, ControlError> {
        let key = *self.keys.get(&id).ok_or(ControlError::NoSuchCall)?;
        let card = self.cards.get(&key);
        let lives = card.is_some_and(|card| card.phase != Phase::Ending);
        lives.then_some(key).ok_or(ControlError::NoSuchCall)
    }

    fn waits(&self, id: CallId) -> Result<(), ControlError> {
        let key = self.keys.get(&id).ok_or(ControlError::NoSuchCall)?;
        let card = self.cards.get(key).ok_or(ControlError::NoSuchCall)?;
        if card.waits {
            Ok(())
        } else {
            Err(ControlError::Taken)
        }
    }

    fn take_call(
        &mut self,
        id: CallId,
        socket: Box<WebSocket<AppStream>>,
    ) -> Result<(), ControlError> {
        self.waits(id)?;
        let key = *self.keys.get(&id).ok_or(ControlError::NoSuchCall)?;
        if let Some(card) = self.cards.get_mut(&key) {
            card.waits = false;
        }
        self.tell(key, ToCall::Opened(socket));
        Ok(())
    }

    /// Calls that begin from now on find other routes, applications and rules; those that live
    /// keep what they have.
    fn reload(&mut self, mut settings: Settings) -> Vec<&'static str> {
        let kept = settings.keep_what_a_start_decides(&self.settings);
        let (old, new) = (&self.settings.sip, &settings.sip);
        if (&old.users, old.open) != (&new.users, new.open) {
            let (users, open) = (new.users.clone(), new.open);
            self.act(Action::Admit { users, open });
        }
        settings.apps.values().for_each(AppEntry::start);
        self.settings = Arc::new(settings);
        self.control.set_settings(Arc::clone(&self.settings));
        kept
    }

    fn devices(&self, now: Instant) -> Vec<DeviceView> {
        let users = self.endpoint.registrar().users();
        users
            .flat_map(|(user, bindings)| bindings.iter().map(move |binding| (user, binding)))
            .map(|(user, binding)| DeviceView {
                user: user.to_owned(),
                contact: binding.contact.to_string(),
                source: binding.path.remote.to_string(),
                expires_s: binding.expires_at.saturating_duration_since(now).as_secs(),
            })
            .collect()
    }

    fn trunks(&self) -> Vec<TrunkView> {
        self.settings
            .trunks
            .keys()
            .map(|name| TrunkView {
                name: name.clone(),
                standing: self.registrations.standing(name),
            })
            .collect()
    }

    fn figures(&self) -> Figures {
        let gauges = self.endpoint.gauges();
        let counters = self.endpoint.counters();
        Figures {
            calls: self.cards.len(),
            calls_total: self.calls_total,
            calls_refused: self.calls_refused,
            ports: self.ports.taken(),
            descriptors: net::descriptors_open().unwrap_or(0),
            devices: self.endpoint.registrar().len(),
            transactions: gauges.transactions,
            malformed: counters.malformed,
            over_rate: counters.over_rate,
            retransmissions: counters.retransmissions,
            events_lost: self.reports.lost(),
            draining: self.draining,
        }
    }
}
