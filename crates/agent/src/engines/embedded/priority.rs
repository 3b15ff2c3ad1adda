//! Threads that carry calls go first.

/// How far an engine's thread steps back: as `nice` counts, of 19.
#[cfg(target_os = "linux")]
pub(super) const NICE: i32 = 10;

/// Lowers the calling thread's priority, and no other's.
#[cfg(target_os = "linux")]
pub(super) fn step_back() {
    // Linux has a priority for each thread. One that may not be lowered is no reason not to work.
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::warn!(%error, "an engine's thread has the priority of all others");
    }
}

/// Elsewhere a priority is the whole process's.
#[cfg(not(target_os = "linux"))]
pub(super) fn step_back() {}
