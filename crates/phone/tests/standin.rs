//! The stand-in application, spoken to by another WebSocket library.

use std::net::{SocketAddr, TcpStream};

use trunkline_phone::standin::StandIn;
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};

fn open(address: SocketAddr, protocol: Option<&str>) -> WebSocket<TcpStream> {
    let mut request = format!("ws://{address}/media/1")
        .into_client_request()
        .unwrap();
    if let Some(protocol) = protocol {
        let headers = request.headers_mut();
        headers.insert("Sec-WebSocket-Protocol", protocol.parse().unwrap());
    }
    let stream = TcpStream::connect(address).unwrap();
    tungstenite::client(request, stream).unwrap().0
}

#[test]
fn audio_comes_back_on_every_connection_and_words_do_not() {
    let stand_in = StandIn::start("127.0.0.1:0".parse().unwrap()).unwrap();
    let mut sockets: Vec<_> = (0..20)
        .map(|n| open(stand_in.address(), (n % 2 == 0).then_some("media")))
        .collect();
    for (n, socket) in (0_u8..).zip(&mut sockets) {
        socket.send(Message::text(r#"{"type":"start"}"#)).unwrap();
        for length in [0, 640, 640, 60_000] {
            socket.send(Message::binary(vec![n; length])).unwrap();
        }
    }
    for (n, socket) in (0_u8..).zip(&mut sockets) {
        for length in [0, 640, 640, 60_000] {
            assert_eq!(socket.read().unwrap(), Message::binary(vec![n; length]));
        }
        socket.close(None).unwrap();
        assert!(matches!(socket.read().unwrap(), Message::Close(_)));
        assert!(socket.read().is_err());
    }
}
