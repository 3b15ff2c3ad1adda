//! Descriptors: a call takes up to three, so the limit is raised as far as the system lets us.
#![allow(unsafe_code)]

use std::io;

/// Raises the soft limit of open descriptors to the hard one and says what it is now.
///
/// # Errors
/// Those of getrlimit(2) and setrlimit(2).
pub fn raise_descriptor_limit() -> io::Result<u64> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the pointer is to a local of the type the call writes.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        return Err(io::Error::last_os_error());
    }
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: as above, and only read.
    if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(limit.rlim_cur)
}

/// How many descriptors this process has open; `None` where the system does not say.
pub fn descriptors_open() -> Option<usize> {
    let listing = std::fs::read_dir("/proc/self/fd").ok()?;
    // The listing holds one itself.
    listing.count().checked_sub(1)
}
