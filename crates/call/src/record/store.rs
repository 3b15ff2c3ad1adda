//! The records of the last calls, in memory.

use std::collections::VecDeque;
use std::sync::Arc;

use super::CallRecord;
use crate::CallId;

/// How many are kept.
pub const RECORDS_MAX: usize = 500;

/// The last [`RECORDS_MAX`] calls.
#[derive(Clone, Debug, Default)]
pub struct Records(VecDeque<Arc<CallRecord>>);

impl Records {
    /// Keeps a record; the oldest makes room for it.
    ///
    /// It is written over the oldest. New memory for each would lie where a busy minute had its
    /// calls, and the allocator could never give that minute's memory back.
    pub fn push(&mut self, mut record: CallRecord) {
        if self.0.len() < RECORDS_MAX {
            record.make_room();
            self.0.push_front(Arc::new(record));
            return;
        }
        self.0.rotate_right(1);
        let Some(oldest) = self.0.front_mut() else {
            return;
        };
        match Arc::get_mut(oldest) {
            Some(place) => place.overwrite(record),
            // Somebody still reads it.
            None => *oldest = Arc::new(record),
        }
    }

    /// Every record, newest first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<CallRecord>> {
        self.0.iter()
    }

    /// The record of one call.
    pub fn find(&self, id: CallId) -> Option<&Arc<CallRecord>> {
        self.0.iter().find(|record| record.id == id)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
