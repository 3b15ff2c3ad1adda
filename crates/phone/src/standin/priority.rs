//! The generator goes first: it may share its core with a stand-in, and its ticks must not wait for
//! one.

/// Lowers the calling thread by one step where it has real-time priority; an ordinary thread has
/// none to give up.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
pub fn step_back() {
    let mut priority = libc::sched_param { sched_priority: 0 };
    // SAFETY: both calls are about the calling thread (0) and a live local, which the first one
    // writes and the second one reads.
    unsafe {
        if libc::sched_getparam(0, &raw mut priority) == 0 && priority.sched_priority > 1 {
            priority.sched_priority -= 1;
            libc::sched_setparam(0, &raw const priority);
        }
    }
}

/// Other systems have no such priority here.
#[cfg(not(target_os = "linux"))]
pub fn step_back() {}
