//! Messages that come in another order than they were sent.

/// How far ahead a message may come, in messages: 100 ms where each has 20.
pub const WINDOW: usize = 5;

/// Puts messages back into the order of their numbers. A number that does not come is waited for
/// until the window behind it is full.
#[derive(Debug, Default)]
pub(super) struct Reorder {
    /// The number that is due; `None` before the first.
    next: Option<u64>,
    /// Those that came early, in no order. Their buffers are kept.
    early: [Slot; WINDOW],
    /// Messages that came twice, or after their turn.
    pub(super) late: u64,
}

#[derive(Debug, Default)]
struct Slot {
    number: Option<u64>,
    payload: Vec<u8>,
}

impl Reorder {
    /// Takes a message; `hear` gets every payload whose turn has come.
    pub(super) fn push(&mut self, number: u64, payload: &[u8], mut hear: impl FnMut(&[u8])) {
        let next = *self.next.get_or_insert(number);
        if number < next || self.early.iter().any(|slot| slot.number == Some(number)) {
            self.late += 1;
            return;
        }
        if number == next {
            hear(payload);
            self.next = number.checked_add(1);
        } else {
            self.keep(number, payload, &mut hear);
        }
        self.catch_up(&mut hear);
    }

    /// Keeps an early message; without room, the ones before it are given up.
    fn keep(&mut self, number: u64, payload: &[u8], hear: &mut impl FnMut(&[u8])) {
        while self.early.iter().all(|slot| slot.number.is_some()) {
            self.next = self.early.iter().filter_map(|slot| slot.number).min();
            self.catch_up(hear);
        }
        if self.next == Some(number) {
            hear(payload);
            self.next = number.checked_add(1);
        } else if let Some(slot) = self.early.iter_mut().find(|slot| slot.number.is_none()) {
            slot.number = Some(number);
            slot.payload.clear();
            slot.payload.extend_from_slice(payload);
        }
    }

    /// Gives what is no longer early.
    fn catch_up(&mut self, hear: &mut impl FnMut(&[u8])) {
        let due = |slot: &&mut Slot, next| slot.number.is_some() && slot.number == next;
        while let Some(slot) = self.early.iter_mut().find(|slot| due(slot, self.next)) {
            hear(&slot.payload);
            self.next = slot.number.take().and_then(|number| number.checked_add(1));
        }
    }
}
