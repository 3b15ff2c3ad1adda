//! Which calls of a shard hear each other.

use std::collections::HashMap;
use trunkline_call::{CallCommand, CallEvent};
use trunkline_legs::bridge::{Bridge, Side};

/// The joined calls of a shard, by place.
#[derive(Debug, Default)]
pub struct Bridges {
    sides: HashMap<usize, (usize, Side)>,
    bridges: HashMap<usize, Bridge>,
}

impl Bridges {
    /// Joins two places. The caller's place names the bridge.
    pub fn join(&mut self, caller: usize, callee: usize) {
        self.sides.insert(caller, (callee, Side::Caller));
        self.sides.insert(callee, (caller, Side::Callee));
        self.bridges.insert(caller, Bridge::new());
    }

    /// Whether a place hears another.
    pub fn has(&self, place: usize) -> bool {
        !self.sides.is_empty() && self.sides.contains_key(&place)
    }

    /// What the partner is to do about an event here.
    pub fn on_event<'e>(
        &mut self,
        place: usize,
        event: &'e CallEvent,
    ) -> Option<(usize, CallCommand<'e>)> {
        let &(partner, side) = self.sides.get(&place)?;
        let name = if side == Side::Caller { place } else { partner };
        let command = self.bridges.get_mut(&name)?.on_event(side, event)?;
        Some((partner, command))
    }

    /// Forgets a place that is gone. Its partner was hung up by its last event.
    pub fn part(&mut self, place: usize) {
        let Some((partner, side)) = self.sides.remove(&place) else {
            return;
        };
        let name = if side == Side::Caller { place } else { partner };
        if !self.sides.contains_key(&partner) {
            self.bridges.remove(&name);
        }
    }
}
