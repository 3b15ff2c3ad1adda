//! The small numbers by which a shard knows its calls and their sockets.

use mio::Token;

/// The token of the waker; no socket has it.
pub const WAKER: Token = Token(0);

/// A socket of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Socket {
    /// RTP, and RTCP where it is muxed.
    Rtp,
    /// RTCP on its own port.
    Rtcp,
    /// The application's WebSocket.
    App,
    /// The connection that the call itself is spoken over.
    Line,
}

const SOCKETS: usize = 4;

/// The token of a socket of the call in this place.
pub fn token(place: usize, socket: Socket) -> Token {
    let kind = match socket {
        Socket::Rtp => 0,
        Socket::Rtcp => 1,
        Socket::App => 2,
        Socket::Line => 3,
    };
    Token(1 + place * SOCKETS + kind)
}

/// The place and socket of a token; `None` for the waker.
pub fn of_token(token: Token) -> Option<(usize, Socket)> {
    let number = token.0.checked_sub(1)?;
    let socket = match number % SOCKETS {
        0 => Socket::Rtp,
        1 => Socket::Rtcp,
        2 => Socket::App,
        _ => Socket::Line,
    };
    Some((number / SOCKETS, socket))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_socket_has_its_own_token() {
        assert_eq!(of_token(WAKER), None);
        let mut seen = std::collections::HashSet::from([WAKER]);
        for place in 0..100 {
            for socket in [Socket::Rtp, Socket::Rtcp, Socket::App, Socket::Line] {
                assert!(seen.insert(token(place, socket)));
                assert_eq!(of_token(token(place, socket)), Some((place, socket)));
            }
        }
    }
}
