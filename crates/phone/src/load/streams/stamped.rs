//! What came on a connection, with the time at which the kernel had the last of it.

pub use system::{receive, stamp};

#[cfg(target_os = "linux")]
mod system {
    //! recvmsg(2) and SO_TIMESTAMPNS, which Linux knows of TCP since 4.14.
    #![allow(unsafe_code)]

    use std::io;
    use std::mem;
    use std::os::fd::AsRawFd;

    use mio::net::TcpStream;

    use crate::load::sockets::{self, CONTROL_WORDS, now_ns};

    /// Has the kernel stamp what comes.
    pub fn stamp(stream: &TcpStream) -> io::Result<()> {
        sockets::stamp(stream)
    }

    /// Reads what there is, and when it came; 0 bytes is the end.
    pub fn receive(stream: &TcpStream, buffer: &mut [u8]) -> io::Result<(usize, i64)> {
        let mut control = [0_u64; CONTROL_WORDS];
        let mut part = libc::iovec {
            iov_base: buffer.as_mut_ptr().cast(),
            iov_len: buffer.len(),
        };
        // SAFETY: all-zero is a valid msghdr: null pointers and zero lengths.
        let mut message: libc::msghdr = unsafe { mem::zeroed() };
        message.msg_iov = &raw mut part;
        message.msg_iovlen = 1;
        message.msg_control = control.as_mut_ptr().cast();
        message.msg_controllen = mem::size_of_val(&control) as _;
        // SAFETY: the pointers in `message` are to live locals with their lengths beside them; the
        // kernel writes no more than that.
        let read =
            unsafe { libc::recvmsg(stream.as_raw_fd(), &raw mut message, libc::MSG_DONTWAIT) };
        let read = usize::try_from(read).map_err(|_| io::Error::last_os_error())?;
        let at = sockets::stamp_of(&message).unwrap_or_else(now_ns);
        Ok((read, at))
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    //! Stamped when it is read.

    use std::io::{self, Read};

    use mio::net::TcpStream;

    use crate::load::sockets::now_ns;

    /// Nothing to be switched on.
    pub fn stamp(_stream: &TcpStream) -> io::Result<()> {
        Ok(())
    }

    /// Reads what there is; 0 bytes is the end.
    pub fn receive(mut stream: &TcpStream, buffer: &mut [u8]) -> io::Result<(usize, i64)> {
        let read = stream.read(buffer)?;
        Ok((read, now_ns()))
    }
}
