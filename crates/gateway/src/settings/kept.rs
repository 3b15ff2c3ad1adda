//! What only a start can change.

use super::Settings;

impl Settings {
    /// Puts back what only a start can change: what is bound to a port or a file, and trunks. Gives
    /// the keys under which something else was wanted.
    pub fn keep_what_a_start_decides(&mut self, running: &Self) -> Vec<&'static str> {
        let mut kept = Kept::default();
        let (sip, ours) = (&running.sip, &mut self.sip);
        kept.keep("sip.listen", &sip.listen, &mut ours.listen);
        kept.keep("sip.rtp_ports", &sip.rtp_ports, &mut ours.rtp_ports);
        let (address, wanted) = (&sip.external_address, &mut ours.external_address);
        kept.keep("sip.external_address", address, wanted);
        kept.keep("sip.dns", &sip.dns, &mut ours.dns);
        kept.keep("sip.digest", &sip.digest, &mut ours.digest);
        let (listen, wanted) = (&running.server.listen, &mut self.server.listen);
        kept.keep("server.host or server.port", listen, wanted);
        let (port, wanted) = (&running.streams.audiosocket, &mut self.streams.audiosocket);
        kept.keep("streams.audiosocket", port, wanted);
        kept.keep("trunks", &running.trunks, &mut self.trunks);
        kept.keep(
            "limits.calls",
            &running.limits.calls,
            &mut self.limits.calls,
        );
        let rate = &running.limits.requests_per_source;
        let wanted = &mut self.limits.requests_per_source;
        kept.keep("limits.requests_per_source", rate, wanted);
        kept.keep(
            "records.file",
            &running.records.file,
            &mut self.records.file,
        );
        kept.keep("shards", &running.shards, &mut self.shards);
        kept.0
    }
}

/// Keys under which something else was wanted than what runs.
#[derive(Default)]
struct Kept(Vec<&'static str>);

impl Kept {
    fn keep<T: PartialEq + Clone>(&mut self, key: &'static str, running: &T, wanted: &mut T) {
        if running != wanted {
            wanted.clone_from(running);
            self.0.push(key);
        }
    }
}
