//! Datagrams by the batch, each with the time at which the kernel had it.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{SystemTime, UNIX_EPOCH};

use socket2::{Domain, SockAddr, Socket, Type};

/// Datagrams taken or given at once.
pub const BATCH: usize = 64;
/// The longest datagram that is taken: SIP responses with everything in them.
const BYTES_MAX: usize = 4_096;
/// Room for what comes while a tick is late.
const BUFFER_BYTES: usize = 8 << 20;

/// A bound socket whose datagrams are stamped as they come.
///
/// # Errors
/// Those of the system calls.
pub fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
    socket.set_nonblocking(true)?;
    // As much as the system gives without privilege is enough for most rates.
    let _ = socket.set_recv_buffer_size(BUFFER_BYTES);
    let _ = socket.set_send_buffer_size(BUFFER_BYTES);
    socket.bind(&address.into())?;
    system::stamp(&socket)?;
    Ok(socket.into())
}

/// Nanoseconds of the wall clock, which is the one the kernel stamps with.
pub fn now_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
    })
}

/// A datagram to send, in two parts so that nothing is copied.
pub struct Outgoing<'a> {
    /// Where to.
    pub destination: &'a SockAddr,
    /// The first part.
    pub head: &'a [u8],
    /// The second part.
    pub tail: &'a [u8],
}

/// Datagrams that came.
pub struct Inbox {
    buffers: Box<[[u8; BYTES_MAX]; BATCH]>,
    lengths: [usize; BATCH],
    sources: [Option<SocketAddr>; BATCH],
    stamps: [i64; BATCH],
    filled: usize,
}

impl Default for Inbox {
    fn default() -> Self {
        Self {
            buffers: Box::new([[0; BYTES_MAX]; BATCH]),
            lengths: [0; BATCH],
            sources: [None; BATCH],
            stamps: [0; BATCH],
            filled: 0,
        }
    }
}

impl Inbox {
    /// What the last receive brought: when, from where, what.
    pub fn iter(&self) -> impl Iterator<Item = (i64, SocketAddr, &[u8])> {
        (0..self.filled).filter_map(|i| {
            let bytes = self.buffers[i].get(..self.lengths[i])?;
            Some((self.stamps[i], self.sources[i]?, bytes))
        })
    }

    /// Whether more may wait.
    pub fn is_full(&self) -> bool {
        self.filled == BATCH
    }
}

pub use system::send;
#[cfg(target_os = "linux")]
pub use system::{CONTROL_WORDS, stamp, stamp_of};

#[cfg(target_os = "linux")]
mod system {
    //! sendmmsg(2), recvmmsg(2) and SO_TIMESTAMPNS.
    #![allow(unsafe_code)]

    use std::io;
    use std::mem;
    use std::net::UdpSocket;
    use std::os::fd::AsRawFd;

    use socket2::{SockAddr, SockAddrStorage};

    use super::{BATCH, BYTES_MAX, Inbox, Outgoing, now_ns};

    /// Words for one control message with a timespec in it, aligned as the kernel wants it.
    pub const CONTROL_WORDS: usize = 8;

    /// Has the kernel stamp what comes on a socket.
    pub fn stamp(socket: &impl AsRawFd) -> io::Result<()> {
        let on: libc::c_int = 1;
        // SAFETY: the option's value is a live int, and its length is given.
        let failed = unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_TIMESTAMPNS,
                (&raw const on).cast(),
                mem::size_of_val(&on) as libc::socklen_t,
            )
        };
        if failed == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }

    impl Inbox {
        /// Takes what waits on a non-blocking socket, at most one batch; whether anything came.
        pub fn receive(&mut self, socket: &UdpSocket) -> bool {
            let mut names: [SockAddrStorage; BATCH] =
                std::array::from_fn(|_| SockAddrStorage::zeroed());
            let mut controls = [[0_u64; CONTROL_WORDS]; BATCH];
            let mut parts: [libc::iovec; BATCH] = std::array::from_fn(|i| libc::iovec {
                iov_base: self.buffers[i].as_mut_ptr().cast(),
                iov_len: BYTES_MAX,
            });
            // SAFETY: all-zero is a valid mmsghdr: null pointers and zero lengths.
            let mut messages: [libc::mmsghdr; BATCH] = unsafe { mem::zeroed() };
            for (i, message) in messages.iter_mut().enumerate() {
                let header = &mut message.msg_hdr;
                header.msg_name = (&raw mut names[i]).cast();
                header.msg_namelen = mem::size_of::<SockAddrStorage>() as libc::socklen_t;
                header.msg_iov = &raw mut parts[i];
                header.msg_iovlen = 1;
                header.msg_control = controls[i].as_mut_ptr().cast();
                header.msg_controllen = mem::size_of_val(&controls[i]);
            }
            // SAFETY: every pointer in `messages` is to a live array of this frame or of `self`,
            // with its length beside it; the kernel writes no more than that.
            let count = unsafe {
                libc::recvmmsg(
                    socket.as_raw_fd(),
                    messages.as_mut_ptr(),
                    BATCH as libc::c_uint,
                    libc::MSG_DONTWAIT,
                    std::ptr::null_mut(),
                )
            };
            self.filled = usize::try_from(count).unwrap_or(0);
            for (i, (message, name)) in messages.iter().zip(names).take(self.filled).enumerate() {
                self.lengths[i] = message.msg_len as usize;
                // SAFETY: the kernel wrote an address of this length into the storage.
                let address = unsafe { SockAddr::new(name, message.msg_hdr.msg_namelen) };
                self.sources[i] = address.as_socket();
                self.stamps[i] = stamp_of(&message.msg_hdr).unwrap_or_else(now_ns);
            }
            self.filled > 0
        }
    }

    /// The time in a received header's control messages.
    pub fn stamp_of(header: &libc::msghdr) -> Option<i64> {
        // SAFETY: the kernel filled `msg_control` up to `msg_controllen`, and the CMSG macros walk
        // within that. A SCM_TIMESTAMPNS message holds a timespec, which may lie unaligned.
        let time = unsafe {
            let message = libc::CMSG_FIRSTHDR(header);
            let is_stamp = !message.is_null()
                && (*message).cmsg_level == libc::SOL_SOCKET
                && (*message).cmsg_type == libc::SCM_TIMESTAMPNS;
            if !is_stamp {
                return None;
            }
            libc::CMSG_DATA(message)
                .cast::<libc::timespec>()
                .read_unaligned()
        };
        Some(time.tv_sec * 1_000_000_000 + time.tv_nsec)
    }

    /// Sends at most [`BATCH`] datagrams in one call; how many the kernel took.
    ///
    /// # Errors
    /// Those of sendmmsg(2), where not even the first was taken.
    pub fn send(socket: &UdpSocket, datagrams: &[Outgoing<'_>]) -> io::Result<usize> {
        let mut parts: [[libc::iovec; 2]; BATCH] = std::array::from_fn(|i| {
            let parts = datagrams
                .get(i)
                .map(|datagram| [datagram.head, datagram.tail]);
            parts.unwrap_or([&[], &[]]).map(|part| libc::iovec {
                iov_base: part.as_ptr().cast_mut().cast(),
                iov_len: part.len(),
            })
        });
        // SAFETY: all-zero is a valid mmsghdr: null pointers and zero lengths.
        let mut messages: [libc::mmsghdr; BATCH] = unsafe { mem::zeroed() };
        for ((message, parts), datagram) in messages.iter_mut().zip(&mut parts).zip(datagrams) {
            let header = &mut message.msg_hdr;
            header.msg_name = datagram.destination.as_ptr().cast_mut().cast();
            header.msg_namelen = datagram.destination.len();
            header.msg_iov = parts.as_mut_ptr();
            header.msg_iovlen = parts.len();
        }
        let count = datagrams.len().min(BATCH) as libc::c_uint;
        // SAFETY: the first `count` headers point to addresses and parts that outlive the call; the
        // kernel only reads them.
        let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), messages.as_mut_ptr(), count, 0) };
        usize::try_from(sent).map_err(|_| io::Error::last_os_error())
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    //! One datagram a call, stamped when it is read.

    use std::io;
    use std::net::UdpSocket;

    use socket2::{SockRef, Socket};

    use super::{BATCH, Inbox, Outgoing, now_ns};

    /// Nothing to be switched on.
    pub fn stamp(_socket: &Socket) -> io::Result<()> {
        Ok(())
    }

    impl Inbox {
        /// Takes what waits on a non-blocking socket, at most one batch; whether anything came.
        pub fn receive(&mut self, socket: &UdpSocket) -> bool {
            self.filled = 0;
            while self.filled < BATCH {
                let Ok((length, source)) = socket.recv_from(&mut self.buffers[self.filled]) else {
                    break;
                };
                self.lengths[self.filled] = length;
                self.sources[self.filled] = Some(source);
                self.stamps[self.filled] = now_ns();
                self.filled += 1;
            }
            self.filled > 0
        }
    }

    /// Sends datagrams; how many the kernel took.
    ///
    /// # Errors
    /// Where not even the first was taken.
    pub fn send(socket: &UdpSocket, datagrams: &[Outgoing<'_>]) -> io::Result<usize> {
        for (sent, datagram) in datagrams.iter().enumerate() {
            let parts = [
                io::IoSlice::new(datagram.head),
                io::IoSlice::new(datagram.tail),
            ];
            match SockRef::from(socket).send_to_vectored(&parts, datagram.destination) {
                Err(error) if sent == 0 => return Err(error),
                Err(_) => return Ok(sent),
                Ok(_) => {}
            }
        }
        Ok(datagrams.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datagrams_arrive_in_order_whole_and_stamped() {
        let loopback = "127.0.0.1:0".parse().unwrap();
        let (from, to) = (bind(loopback).unwrap(), bind(loopback).unwrap());
        let destination = SockAddr::from(to.local_addr().unwrap());
        let heads: Vec<[u8; 2]> = (0..BATCH as u8).map(|n| [n, 7]).collect();
        let outgoing: Vec<_> = heads
            .iter()
            .map(|head| Outgoing {
                destination: &destination,
                head,
                tail: b"tail",
            })
            .collect();
        let before = now_ns();
        assert_eq!(send(&from, &outgoing).unwrap(), BATCH);
        let mut inbox = Inbox::default();
        assert!(inbox.receive(&to));
        assert!(inbox.is_full());
        let source = from.local_addr().unwrap();
        for (n, (stamp, from, bytes)) in inbox.iter().enumerate() {
            assert_eq!(bytes, [&heads[n][..], b"tail"].concat());
            assert_eq!(from, source);
            assert!(stamp >= before && stamp <= now_ns());
        }
        assert!(!inbox.receive(&to));
        assert_eq!(inbox.iter().count(), 0);
    }
}
