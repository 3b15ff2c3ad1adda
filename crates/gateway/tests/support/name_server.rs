//! A DNS server of a few records, over UDP and TCP on loopback.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use simple_dns::rdata::{A, NAPTR, RData, SRV};
use simple_dns::{
    CLASS, CharacterString, Name, Packet, PacketFlag, QTYPE, RCODE, ResourceRecord, TYPE,
};

/// How often it looks whether it is to leave.
const LOOK: Duration = Duration::from_millis(20);
/// How long its records hold, in seconds: longer than any test.
const TTL: u32 = 600;

/// What a name has.
#[derive(Clone)]
pub enum Record {
    /// An address.
    Address(Ipv4Addr),
    /// Priority, port and host of a server.
    Server(u16, u16, &'static str),
    /// Preference, service and the name of its servers.
    Service(u16, &'static str, &'static str),
}

impl Record {
    fn kind(&self) -> TYPE {
        match self {
            Self::Address(_) => TYPE::A,
            Self::Server(..) => TYPE::SRV,
            Self::Service(..) => TYPE::NAPTR,
        }
    }

    fn data(&self) -> RData<'static> {
        let name = |text| Name::new(text).expect("a name");
        let text = |text: &'static str| CharacterString::new(text.as_bytes()).expect("short");
        match *self {
            Self::Address(address) => RData::A(A {
                address: address.to_bits(),
            }),
            Self::Server(priority, port, target) => RData::SRV(SRV {
                priority,
                weight: 1,
                port,
                target: name(target),
            }),
            Self::Service(preference, service, replacement) => RData::NAPTR(NAPTR {
                order: 10,
                preference,
                flags: text("s"),
                services: text(service),
                regexp: text(""),
                replacement: name(replacement),
            }),
        }
    }
}

/// The records, by their names.
pub type Zone = Vec<(&'static str, Record)>;

/// A running server. It answers until it is dropped.
pub struct NameServer {
    /// Where it answers.
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    leave: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl NameServer {
    /// Answers with these records.
    pub fn of(zone: Zone) -> Self {
        Self::start(zone, false)
    }

    /// As [`NameServer::of`], but no datagram of its answers is large enough.
    pub fn at_length(zone: Zone) -> Self {
        Self::start(zone, true)
    }

    fn start(zone: Zone, cut: bool) -> Self {
        let (udp, tcp) = sockets();
        let address = udp.local_addr().expect("a bound address");
        let (asked, leave) = (Arc::default(), Arc::default());
        let desk = Desk {
            zone: Arc::new(zone),
            asked: Arc::clone(&asked),
            leave: Arc::clone(&leave),
        };
        let other = desk.clone();
        let threads = vec![
            std::thread::spawn(move || desk.datagrams(&udp, cut)),
            std::thread::spawn(move || other.connections(&tcp)),
        ];
        Self {
            address,
            asked,
            leave,
            threads,
        }
    }

    /// What it was asked so far, such as `SRV _sip._udp.example.com`.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no thread panicked").clone()
    }

    /// The configuration of a gateway that asks this server, to stand in its section `sip`.
    pub fn line(&self) -> String {
        format!("  dns: [\"{}\"]\n", self.address)
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.leave.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// A port that is free for both.
fn sockets() -> (UdpSocket, TcpListener) {
    loop {
        let udp = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let address = udp.local_addr().expect("a bound address");
        if let Ok(tcp) = TcpListener::bind(address) {
            return (udp, tcp);
        }
    }
}

#[derive(Clone)]
struct Desk {
    zone: Arc<Zone>,
    asked: Arc<Mutex<Vec<String>>>,
    leave: Arc<AtomicBool>,
}

impl Desk {
    fn leaves(&self) -> bool {
        self.leave.load(Ordering::Relaxed)
    }

    fn datagrams(&self, socket: &UdpSocket, cut: bool) {
        socket.set_read_timeout(Some(LOOK)).expect("a socket");
        let mut buffer = [0; 512];
        while !self.leaves() {
            if let Ok((length, from)) = socket.recv_from(&mut buffer)
                && let Some(answer) = self.answer(&buffer[..length], cut)
            {
                let _ = socket.send_to(&answer, from);
            }
        }
    }

    fn connections(&self, listener: &TcpListener) {
        listener.set_nonblocking(true).expect("a socket");
        while !self.leaves() {
            match listener.accept() {
                Ok((stream, _)) => drop(self.connection(stream)),
                Err(_) => std::thread::sleep(LOOK),
            }
        }
    }

    fn connection(&self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.set_nonblocking(false)?;
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut question)?;
        let answer = self.answer(&question, false).unwrap_or_default();
        let length = u16::try_from(answer.len()).expect("a short answer");
        stream.write_all(&length.to_be_bytes())?;
        stream.write_all(&answer)
    }

    fn answer(&self, question: &[u8], cut: bool) -> Option<Vec<u8>> {
        let mut packet = Packet::parse(question).ok()?.into_reply();
        let asked = packet.questions.first()?.clone();
        let QTYPE::TYPE(kind) = asked.qtype else {
            return None;
        };
        let name = asked.qname.to_string();
        let mut noted = self.asked.lock().expect("no thread panicked");
        noted.push(format!("{kind:?} {name}"));
        drop(noted);
        if cut {
            packet.set_flags(PacketFlag::TRUNCATION);
            return packet.build_bytes_vec().ok();
        }
        let of_name = || self.zone.iter().filter(|(owner, _)| *owner == name);
        if of_name().next().is_none() {
            *packet.rcode_mut() = RCODE::NameError;
        }
        let wanted = of_name().filter(|(_, record)| record.kind() == kind);
        let records = wanted.map(|(_, record)| {
            ResourceRecord::new(asked.qname.clone(), CLASS::IN, TTL, record.data())
        });
        packet.answers = records.collect();
        packet.build_bytes_vec().ok()
    }
}
