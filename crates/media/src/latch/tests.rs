use super::*;

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn packet(ssrc: u32, sequence: u16) -> Header {
    Header {
        marker: false,
        payload_type: 0,
        sequence,
        timestamp: u32::from(sequence) * 160,
        ssrc,
    }
}

const SIGNALLED: &str = "192.0.2.1:4000";
const NAT: &str = "198.51.100.7:31000";
const STRANGER: &str = "203.0.113.66:6666";

fn latched() -> Latch {
    let mut latch = Latch::new(address(SIGNALLED));
    assert_eq!(
        latch.judge(0, address(SIGNALLED), &packet(1, 100)),
        Verdict::TakeAnew
    );
    latch
}

#[test]
fn the_signalled_address_is_sent_to_first_and_locked_by_its_first_packet() {
    let latch = Latch::new(address(SIGNALLED));
    assert_eq!(latch.destination(), Some(address(SIGNALLED)));
    assert_eq!(latched().locked(), Some(address(SIGNALLED)));
}

#[test]
fn a_peer_behind_a_nat_is_learned_in_three_packets() {
    let mut latch = Latch::new(address("10.0.0.5:4000"));
    let verdicts: Vec<_> = (0..4)
        .map(|n| latch.judge(n * 20_000, address(NAT), &packet(1, n as u16)))
        .collect();
    use Verdict::*;
    assert_eq!(verdicts, [Ignore, Ignore, TakeAnew, Take]);
    assert_eq!(latch.destination(), Some(address(NAT)));
}

#[test]
fn a_stranger_is_neither_heard_nor_sent_to_once_the_peer_is_locked() {
    let mut latch = latched();
    for n in 0..1000_u16 {
        let now = i64::from(n) * 20_000;
        assert_eq!(
            latch.judge(now, address(SIGNALLED), &packet(1, 101 + n)),
            Verdict::Take
        );
        // Even with the SSRC and the next sequence numbers, for the peer is not silent.
        let stolen = packet(1, 102 + n);
        assert_eq!(
            latch.judge(now + 1, address(STRANGER), &stolen),
            Verdict::Ignore
        );
        assert_eq!(
            latch.judge(now + 2, address(STRANGER), &packet(2, n)),
            Verdict::Ignore
        );
        assert_eq!(
            latch.judge(now + 3, address(SIGNALLED), &packet(9, n)),
            Verdict::Ignore
        );
    }
    assert_eq!(latch.destination(), Some(address(SIGNALLED)));
}

#[test]
fn a_stranger_without_the_ssrc_wins_nothing_however_long_the_peer_is_silent() {
    let mut latch = latched();
    for n in 0..1000_u16 {
        let now = 3_600_000_000 + i64::from(n) * 20_000;
        assert_eq!(
            latch.judge(now, address(STRANGER), &packet(2, n)),
            Verdict::Ignore
        );
    }
}

#[test]
fn while_learning_the_peer_is_locked_before_a_slower_stranger() {
    let mut latch = Latch::new(address(SIGNALLED));
    latch.judge(0, address(STRANGER), &packet(2, 1));
    latch.judge(1, address(STRANGER), &packet(2, 2));
    assert_eq!(
        latch.judge(2, address(SIGNALLED), &packet(1, 1)),
        Verdict::TakeAnew
    );
    assert_eq!(
        latch.judge(3, address(STRANGER), &packet(2, 3)),
        Verdict::Ignore
    );
}

#[test]
fn a_nat_that_changes_its_binding_is_followed_within_200_ms() {
    let mut latch = latched();
    let moved = address("192.0.2.1:4999");
    let followed = (1..20)
        .find(|n| latch.judge(n * 20_000, moved, &packet(1, 100 + *n as u16)) == Verdict::Take)
        .unwrap();
    assert!(followed * 20_000 <= 200_000, "{followed} packets");
    assert_eq!(latch.destination(), Some(moved));
    assert_eq!(
        latch.judge(400_000, address(SIGNALLED), &packet(1, 110)),
        Verdict::Ignore
    );
}

#[test]
fn a_new_ssrc_from_the_locked_source_is_taken_when_the_old_one_stopped() {
    let mut latch = latched();
    assert_eq!(
        latch.judge(20_000, address(SIGNALLED), &packet(7, 1)),
        Verdict::Ignore
    );
    assert_eq!(
        latch.judge(40_000, address(SIGNALLED), &packet(7, 2)),
        Verdict::Ignore
    );
    assert_eq!(
        latch.judge(60_000, address(SIGNALLED), &packet(7, 3)),
        Verdict::TakeAnew
    );
    assert_eq!(
        latch.judge(80_000, address(SIGNALLED), &packet(7, 4)),
        Verdict::Take
    );
}

#[test]
fn a_peer_that_restarts_on_another_port_is_taken_after_two_seconds() {
    let mut latch = latched();
    let port = address("192.0.2.1:5000");
    let taken = (1..200)
        .find(|n| latch.judge(n * 20_000, port, &packet(8, *n as u16)) == Verdict::TakeAnew)
        .unwrap();
    assert_eq!(taken * 20_000, HOST_SILENT_US);
}

#[test]
fn only_a_new_address_in_a_negotiation_begins_anew() {
    let mut latch = latched();
    latch.signal(address(SIGNALLED));
    latch.signal(address("0.0.0.0:4000"));
    assert_eq!(latch.locked(), Some(address(SIGNALLED)));
    latch.signal(address("192.0.2.9:4000"));
    assert_eq!(latch.locked(), None);
    assert_eq!(latch.destination(), Some(address("192.0.2.9:4000")));
}

#[test]
fn nothing_is_sent_where_no_peer_can_be() {
    for forbidden in [
        "0.0.0.0:4000",
        "224.0.0.1:4000",
        "255.255.255.255:4000",
        "169.254.169.254:80",
        "240.0.0.1:4000",
        "192.0.2.1:0",
        "[::]:4000",
        "[ff02::1]:4000",
        "[fe80::1]:4000",
        "[fd00:ec2::254]:80",
        "[::ffff:169.254.169.254]:80",
    ] {
        assert!(!may_send_to(address(forbidden)), "{forbidden}");
        assert_eq!(Latch::new(address(forbidden)).destination(), None);
    }
    for allowed in [
        "127.0.0.1:4000",
        "10.0.0.1:4000",
        "[::1]:4000",
        "[2001:db8::1]:4000",
    ] {
        assert!(may_send_to(address(allowed)), "{allowed}");
    }
}
