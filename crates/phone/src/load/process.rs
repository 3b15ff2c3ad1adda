//! What the kernel says of a process: its CPU clock, its memory, its descriptors and threads.

use std::io;

/// A process by its number.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    pid: u32,
}

/// What a process holds at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Holdings {
    /// Resident memory in KiB.
    pub rss_kib: u64,
    /// Open descriptors.
    pub descriptors: usize,
    /// Threads.
    pub threads: usize,
}

impl Process {
    /// The process of this number.
    ///
    /// # Errors
    /// Where there is none that we may look at.
    pub fn new(pid: u32) -> io::Result<Self> {
        let process = Self { pid };
        process.cpu()?;
        process.holdings()?;
        Ok(process)
    }

    /// What it holds now.
    ///
    /// # Errors
    /// Where it has ended, or the system has no `/proc`.
    pub fn holdings(&self) -> io::Result<Holdings> {
        let folder = format!("/proc/{}", self.pid);
        let status = std::fs::read_to_string(format!("{folder}/status"))?;
        let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let rss = rss.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        let missing = || io::Error::new(io::ErrorKind::InvalidData, "no VmRSS in its status");
        Ok(Holdings {
            rss_kib: rss.ok_or_else(missing)?,
            descriptors: std::fs::read_dir(format!("{folder}/fd"))?.count(),
            threads: std::fs::read_dir(format!("{folder}/task"))?.count(),
        })
    }
}

#[cfg(target_os = "linux")]
mod clock {
    //! clock_getcpuclockid(3): all threads of a process, to the nanosecond.
    #![allow(unsafe_code)]

    use super::Process;
    use std::io;
    use std::time::Duration;

    impl Process {
        /// CPU time used so far by all its threads, in user and kernel.
        ///
        /// # Errors
        /// Where it has ended.
        pub fn cpu(&self) -> io::Result<Duration> {
            let pid = libc::pid_t::try_from(self.pid).map_err(io::Error::other)?;
            let mut clock: libc::clockid_t = 0;
            // SAFETY: the pointer is to a live local that the call writes once.
            let failed = unsafe { libc::clock_getcpuclockid(pid, &raw mut clock) };
            if failed != 0 {
                return Err(io::Error::from_raw_os_error(failed));
            }
            read(clock)
        }
    }

    fn read(clock: libc::clockid_t) -> io::Result<Duration> {
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: the pointer is to a live local that the call writes once.
        if unsafe { libc::clock_gettime(clock, &raw mut time) } != 0 {
            return Err(io::Error::last_os_error());
        }
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        Ok(Duration::new(
            seconds,
            u32::try_from(time.tv_nsec).unwrap_or(0),
        ))
    }
}

#[cfg(not(target_os = "linux"))]
use std::time::Duration;

#[cfg(not(target_os = "linux"))]
impl Process {
    /// CPU time of another process, which this system does not tell.
    ///
    /// # Errors
    /// Always.
    pub fn cpu(&self) -> io::Result<Duration> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_process_that_works_uses_its_clock() {
        let own = Process::new(std::process::id()).unwrap();
        let before = own.cpu().unwrap();
        let mut state = 1_u64;
        while own.cpu().unwrap() < before + Duration::from_millis(5) {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
        }
        assert_ne!(state, 0);
        let holdings = own.holdings().unwrap();
        assert!(holdings.rss_kib > 100 && holdings.descriptors > 2 && holdings.threads > 0);
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error() {
        assert!(Process::new(u32::MAX).is_err());
        assert!(Process::new(4_000_000).is_err());
    }
}
