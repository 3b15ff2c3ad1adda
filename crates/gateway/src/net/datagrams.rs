//! Reads many datagrams with one system call where the system has one.

use std::net::SocketAddr;

/// The longest datagram that is read whole. RTP at 60 ms of 64 kbit/s has 492 bytes; what is
/// longer than a path's usual 1,500 is no audio and is cut, hence refused by its parser.
pub const DATAGRAM_BYTES_MAX: usize = 1_536;

/// How many datagrams one system call takes. A call's socket rarely holds more than one, and what
/// comes short of a batch has emptied it.
const BATCH: usize = 2;

/// Room for one batch of datagrams, reused for every socket of a shard.
pub struct Datagrams {
    buffers: Box<[[u8; DATAGRAM_BYTES_MAX]; BATCH]>,
    lengths: [usize; BATCH],
    sources: [Option<SocketAddr>; BATCH],
    filled: usize,
}

impl Default for Datagrams {
    fn default() -> Self {
        Self {
            buffers: Box::new([[0; DATAGRAM_BYTES_MAX]; BATCH]),
            lengths: [0; BATCH],
            sources: [None; BATCH],
            filled: 0,
        }
    }
}

impl Datagrams {
    /// What the last [`receive`](Self::receive) brought, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (SocketAddr, &[u8])> {
        (0..self.filled).filter_map(|i| {
            let bytes = self.buffers[i].get(..self.lengths[i])?;
            Some((self.sources[i]?, bytes))
        })
    }

    /// Whether the last batch was full, so that more may wait.
    pub fn is_full(&self) -> bool {
        self.filled == BATCH
    }
}

#[cfg(target_os = "linux")]
mod system {
    //! recvmmsg(2): one call says both what there is and that there is no more.
    #![allow(unsafe_code)]

    use super::{BATCH, DATAGRAM_BYTES_MAX, Datagrams};
    use socket2::{SockAddr, SockAddrStorage};
    use std::io;
    use std::mem;
    use std::os::fd::{AsRawFd, BorrowedFd};

    impl Datagrams {
        /// Takes what waits on a non-blocking socket, at most one batch.
        ///
        /// # Errors
        /// Those of recvmmsg(2), `WouldBlock` included.
        pub fn receive(&mut self, socket: BorrowedFd<'_>) -> io::Result<()> {
            self.filled = 0;
            let mut names: [SockAddrStorage; BATCH] =
                std::array::from_fn(|_| SockAddrStorage::zeroed());
            let mut parts: [libc::iovec; BATCH] = std::array::from_fn(|i| libc::iovec {
                iov_base: self.buffers[i].as_mut_ptr().cast(),
                iov_len: DATAGRAM_BYTES_MAX,
            });
            // SAFETY: all-zero is a valid mmsghdr: null pointers and zero lengths.
            let mut messages: [libc::mmsghdr; BATCH] = unsafe { mem::zeroed() };
            for (i, message) in messages.iter_mut().enumerate() {
                message.msg_hdr.msg_name = (&raw mut names[i]).cast();
                message.msg_hdr.msg_namelen = mem::size_of::<SockAddrStorage>() as libc::socklen_t;
                message.msg_hdr.msg_iov = &raw mut parts[i];
                message.msg_hdr.msg_iovlen = 1;
            }
            // SAFETY: every pointer in `messages` is to a live array of this frame or of `self`,
            // with the length beside it; the kernel writes no more than that.
            let count = unsafe {
                libc::recvmmsg(
                    socket.as_raw_fd(),
                    messages.as_mut_ptr(),
                    BATCH as libc::c_uint,
                    libc::MSG_DONTWAIT,
                    std::ptr::null_mut(),
                )
            };
            let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
            for (i, (message, name)) in messages.iter().zip(names).take(count).enumerate() {
                self.lengths[i] = message.msg_len as usize;
                // SAFETY: the kernel wrote an address of this length into the storage.
                let address = unsafe { SockAddr::new(name, message.msg_hdr.msg_namelen) };
                self.sources[i] = address.as_socket();
            }
            self.filled = count;
            Ok(())
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    //! One datagram a call, until there is none.

    use super::{BATCH, Datagrams};
    use std::io;
    use std::mem::ManuallyDrop;
    use std::net::UdpSocket;
    use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd};

    impl Datagrams {
        /// Takes what waits on a non-blocking socket, at most one batch.
        ///
        /// # Errors
        /// Those of recvfrom(2), `WouldBlock` included.
        #[allow(unsafe_code)]
        pub fn receive(&mut self, socket: BorrowedFd<'_>) -> io::Result<()> {
            self.filled = 0;
            // SAFETY: the descriptor is borrowed, open, and not closed by a `ManuallyDrop`.
            let socket = ManuallyDrop::new(unsafe { UdpSocket::from_raw_fd(socket.as_raw_fd()) });
            while self.filled < BATCH {
                match socket.recv_from(&mut self.buffers[self.filled]) {
                    Ok((length, source)) => {
                        self.lengths[self.filled] = length;
                        self.sources[self.filled] = Some(source);
                        self.filled += 1;
                    }
                    Err(_) if self.filled > 0 => return Ok(()),
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::net::UdpSocket;
    use std::os::fd::AsFd;

    fn pair() -> io::Result<(UdpSocket, UdpSocket)> {
        let receiver = UdpSocket::bind("127.0.0.1:0")?;
        receiver.set_nonblocking(true)?;
        Ok((UdpSocket::bind("127.0.0.1:0")?, receiver))
    }

    #[test]
    fn a_batch_comes_in_order_with_its_sources() {
        let (sender, receiver) = pair().unwrap();
        let mut batch = Datagrams::default();
        assert_eq!(
            batch.receive(receiver.as_fd()).unwrap_err().kind(),
            io::ErrorKind::WouldBlock
        );
        for length in 1..=BATCH + 1 {
            sender
                .send_to(&vec![7; length], receiver.local_addr().unwrap())
                .unwrap();
        }
        batch.receive(receiver.as_fd()).unwrap();
        assert!(batch.is_full());
        let lengths: Vec<usize> = batch.iter().map(|(_, bytes)| bytes.len()).collect();
        assert_eq!(lengths, (1..=BATCH).collect::<Vec<_>>());
        assert!(
            batch
                .iter()
                .all(|(source, _)| source == sender.local_addr().unwrap())
        );
        batch.receive(receiver.as_fd()).unwrap();
        assert!(!batch.is_full());
        assert_eq!(batch.iter().count(), 1);
    }

    #[test]
    fn what_is_too_long_is_cut() {
        let (sender, receiver) = pair().unwrap();
        sender
            .send_to(
                &[1; DATAGRAM_BYTES_MAX + 100],
                receiver.local_addr().unwrap(),
            )
            .unwrap();
        let mut batch = Datagrams::default();
        batch.receive(receiver.as_fd()).unwrap();
        assert_eq!(batch.iter().next().unwrap().1.len(), DATAGRAM_BYTES_MAX);
    }
}
