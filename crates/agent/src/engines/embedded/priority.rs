//! Threads that carry calls go first.

/// How far an engine's thread steps back at least: as `nice` counts, of 19.
#[cfg(target_os = "linux")]
pub(super) const NICE: i32 = 10;

/// Lowers the calling thread's priority, and no other's.
#[cfg(target_os = "linux")]
pub(super) fn step_back() {
    // Linux has a priority for each thread. One that is lower yet stays: root's would be raised.
    let lowered = match rustix::process::getpriority_process(None) {
        Ok(nice) if nice >= NICE => Ok(()),
        _ => rustix::process::setpriority_process(None, NICE),
    };
    // One that may not be lowered is no reason not to work.
    if let Err(error) = lowered {
        tracing::warn!(%error, "an engine's thread has the priority of all others");
    }
}

/// Elsewhere a priority is the whole process's.
#[cfg(not(target_os = "linux"))]
pub(super) fn step_back() {}
