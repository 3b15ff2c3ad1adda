//! A defect in one call's code ends that call and no other.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a call's code; `None` where it panicked. The caller must then drop the call, whose state
/// may be anything; nothing else is shared with it but a scratch buffer that is written before
/// it is read.
pub fn contained<T>(code: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(code)).ok()
}
