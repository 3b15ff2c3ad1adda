use super::*;
use trunkline_sip::Builder;
use trunkline_sip::Method;

/// A message to this peer, of this transaction.
fn to(remote: SocketAddr, transaction: u64) -> Transmit {
    let local = SocketAddr::from(([127, 0, 0, 1], 5060));
    Transmit {
        path: Path {
            transport: Transport::Tcp,
            local,
            remote,
            connection: None,
        },
        message: Builder::request(Method::Options, "sip:peer@127.0.0.1").build(),
        transaction: Some(TransactionId(transaction)),
    }
}

#[tokio::test]
async fn a_connection_for_which_too_much_waits_is_let_go_and_its_senders_are_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer = listener.local_addr().unwrap();
    let (events, mut told) = mpsc::channel(2 * WAITING_MAX);
    let mut connections = Connections::new(events);
    // Nothing is written before this task waits for something.
    for transaction in 0..WAITING_MAX as u64 {
        connections.send(&to(peer, transaction));
    }
    assert_eq!(connections.open.len(), 1);
    connections.send(&to(peer, 99_999));
    assert!(connections.open.is_empty());
    let Some(StreamEvent::Failed(failed)) = told.recv().await else {
        panic!("nobody is told that it was not sent");
    };
    assert_eq!(failed, TransactionId(99_999));
    // The next message finds a new connection.
    connections.send(&to(peer, 1));
    assert_eq!(connections.open.len(), 1);
}
