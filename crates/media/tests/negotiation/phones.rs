//! The offers of real phones, switches and trunks, in the form each of them writes.

use trunkline_media::codec::Codec::{self, G722, Pcma, Pcmu};
use trunkline_media::negotiation::{Change, Negotiation};

use crate::{negotiation, read, socket};

struct Phone {
    name: &'static str,
    offer: &'static str,
    codec: (u8, Codec),
    dtmf: Option<u8>,
    comfort_noise: Option<u8>,
    ptime_ms: u8,
    remote: &'static str,
    remote_rtcp: &'static str,
    sections: usize,
}

macro_rules! phone {
    ($name:literal, $codec:expr, $dtmf:expr, $noise:expr, $ptime:literal, $remote:literal, $rtcp:literal, $sections:literal) => {
        Phone {
            name: $name,
            offer: include_str!(concat!("../../../../fixtures/sdp/phones/", $name, ".sdp")),
            codec: $codec,
            dtmf: $dtmf,
            comfort_noise: $noise,
            ptime_ms: $ptime,
            remote: $remote,
            remote_rtcp: $rtcp,
            sections: $sections,
        }
    };
}

#[rustfmt::skip]
const PHONES: [Phone; 8] = [
    phone!("asterisk", (9, G722), Some(101), None, 20, "192.0.2.10:14236", "192.0.2.10:14237", 1),
    phone!("freeswitch", (9, G722), Some(101), Some(13), 20, "192.0.2.11:24680", "192.0.2.11:24681", 2),
    phone!("twilio", (0, Pcmu), Some(101), None, 20, "198.51.100.20:13486", "198.51.100.20:13487", 1),
    phone!("telnyx", (9, G722), Some(96), None, 20, "198.51.100.31:31204", "198.51.100.31:31205", 1),
    phone!("linphone", (0, Pcmu), Some(100), None, 20, "203.0.113.41:47532", "203.0.113.41:47532", 1),
    phone!("microsip", (0, Pcmu), Some(101), None, 20, "192.0.2.50:4010", "192.0.2.50:4011", 1),
    phone!("zoiper", (0, Pcmu), Some(101), None, 20, "192.0.2.60:8000", "192.0.2.60:8001", 1),
    phone!("cisco", (0, Pcmu), None, Some(19), 30, "192.0.2.70:18392", "192.0.2.70:18393", 1),
];

#[test]
fn each_phone_gets_the_call_it_asked_for() {
    for phone in PHONES {
        for offer in [phone.offer.to_owned(), phone.offer.replace('\n', "\r\n")] {
            let answer = negotiation().handle_offer(offer.as_bytes());
            let answer = answer.unwrap_or_else(|error| panic!("{}: {error}", phone.name));
            let agreed = answer.agreed;
            let name = phone.name;
            assert_eq!((agreed.payload.send, agreed.codec), phone.codec, "{name}");
            assert_eq!(agreed.dtmf.map(|types| types.send), phone.dtmf, "{name}");
            assert_eq!(agreed.comfort_noise, phone.comfort_noise, "{name}");
            assert_eq!(agreed.ptime_ms, phone.ptime_ms, "{name}");
            assert_eq!(agreed.remote, socket(phone.remote), "{name}");
            assert_eq!(agreed.remote_rtcp, socket(phone.remote_rtcp), "{name}");
            assert!(agreed.may_send() && agreed.may_receive(), "{name}");
            assert_eq!(read(&answer.text).media.len(), phone.sections, "{name}");
        }
    }
}

/// The same text as an answer to an offer of ours with PCMU and PCMA alone.
#[test]
fn each_phone_can_answer_us() {
    for phone in PHONES {
        let mut ours: Negotiation = negotiation();
        ours.offer(&Change::codecs(vec![Pcmu, Pcma]))
            .expect("an offer");
        let agreed = ours
            .handle_answer(phone.offer.as_bytes())
            .expect(phone.name);
        assert!([Pcmu, Pcma].contains(&agreed.codec), "{}", phone.name);
        assert_eq!(
            agreed.dtmf.map(|types| types.send),
            phone.dtmf,
            "{}",
            phone.name
        );
        assert_eq!(
            agreed.dtmf.map(|types| types.receive),
            phone.dtmf.map(|_| 101)
        );
        assert_eq!(agreed.remote, socket(phone.remote), "{}", phone.name);
    }
}
