//! Threads that carry calls go first: where the gateway is started with real-time priority, they alone
//! keep it.
//!
//! On a busy machine an ordinary thread waits its turn behind others that compute, at times for
//! tens of milliseconds; one with real-time priority is woken for its packet at once. Signalling, HTTP,
//! applications and engines may wait, so they have none of it.

#[cfg(target_os = "linux")]
pub(super) use linux::resume;
#[cfg(target_os = "linux")]
pub(crate) use linux::set_aside;

/// Other systems have no such priority here.
#[cfg(not(target_os = "linux"))]
pub(crate) fn set_aside() {}
#[cfg(not(target_os = "linux"))]
pub(super) fn resume() {}

#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
mod linux {
    use std::io;
    use std::sync::OnceLock;

    /// The real-time priority that the gateway was started with: its policy, and how high.
    static GIVEN: OnceLock<(libc::c_int, libc::c_int)> = OnceLock::new();

    /// Makes the calling thread an ordinary one, and with it all that it starts from now on, and keeps
    /// its real-time priority for media threads. Does nothing where it has none.
    pub(crate) fn set_aside() {
        let Ok((policy, priority)) = ours() else {
            return;
        };
        if ![libc::SCHED_FIFO, libc::SCHED_RR].contains(&policy) {
            return;
        }
        // Anybody may have less.
        if let Err(error) = set(libc::SCHED_OTHER, 0) {
            tracing::warn!(%error, "every thread has real-time priority");
            return;
        }
        GIVEN.get_or_init(|| (policy, priority));
    }

    /// Gives the calling thread what was set aside.
    pub(in crate::shard) fn resume() {
        let Some((policy, priority)) = GIVEN.get() else {
            return;
        };
        if let Err(error) = set(*policy, *priority) {
            let advice = "a media thread may not have real-time priority; raise RLIMIT_RTPRIO \
                          (LimitRTPRIO= of systemd)";
            tracing::warn!(%error, "{advice}");
        }
    }

    fn ours() -> io::Result<(libc::c_int, libc::c_int)> {
        let (mut policy, mut priority) = (0, libc::sched_param { sched_priority: 0 });
        // SAFETY: it is about the calling thread, and both pointers are to locals of the types that
        // the call writes.
        let code = unsafe {
            libc::pthread_getschedparam(libc::pthread_self(), &raw mut policy, &raw mut priority)
        };
        done(code).map(|()| (policy, priority.sched_priority))
    }

    fn set(policy: libc::c_int, priority: libc::c_int) -> io::Result<()> {
        let priority = libc::sched_param {
            sched_priority: priority,
        };
        // SAFETY: it is about the calling thread, and the pointer is to a local that is only read.
        done(unsafe {
            libc::pthread_setschedparam(libc::pthread_self(), policy, &raw const priority)
        })
    }

    /// What these calls return is the error itself.
    fn done(code: libc::c_int) -> io::Result<()> {
        match code {
            0 => Ok(()),
            code => Err(io::Error::from_raw_os_error(code)),
        }
    }
}
