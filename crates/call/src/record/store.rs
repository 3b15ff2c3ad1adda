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
    pub fn push(&mut self, record: Arc<CallRecord>) {
        self.0.truncate(RECORDS_MAX - 1);
        self.0.push_front(record);
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
