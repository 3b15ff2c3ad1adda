//! baresip registers with digest, calls, and hears its own tone come back.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::asterisk_calls::check_media;
use crate::peer::{self, Process, with_program};
use crate::support::{Gateway, eventually, folder, free_port, sound};

/// A running baresip, steered over its `ctrl_tcp` module.
struct Baresip {
    _process: Process,
    control: TcpStream,
    unread: Vec<u8>,
    folder: PathBuf,
}

impl Baresip {
    /// Starts one that registers as the account says and speaks a tone of 1000 Hz.
    fn start(program: &Path, account: &str) -> Self {
        let folder = folder("baresip");
        let control_port = free_port();
        let configuration = configuration(&folder, control_port);
        for (name, text) in [
            ("config", configuration.as_str()),
            ("accounts", account),
            ("contacts", ""),
        ] {
            std::fs::write(folder.join(name), text).expect("the test's folder is writable");
        }
        let mut baresip = peer::command(program);
        baresip.arg("-f").arg(&folder);
        let process = Process::start(baresip, &folder.join("log"));
        let control = eventually("baresip opens its control port", || {
            TcpStream::connect(("127.0.0.1", control_port)).ok()
        });
        let timeout = Some(Duration::from_millis(20));
        control
            .set_read_timeout(timeout)
            .expect("a positive time-out");
        Self {
            _process: process,
            control,
            unread: Vec::new(),
            folder,
        }
    }

    /// Sends one command, framed as a netstring.
    fn command(&mut self, command: &str, parameters: &str) {
        let text = json!({"command": command, "params": parameters}).to_string();
        write!(self.control, "{}:{text},", text.len()).expect("baresip listens");
    }

    /// The next complete message, if one is here.
    fn message(&mut self) -> Option<Value> {
        let mut bytes = [0; 4096];
        if let Ok(count) = self.control.read(&mut bytes) {
            self.unread.extend_from_slice(&bytes[..count]);
        }
        let colon = self.unread.iter().position(|byte| *byte == b':')?;
        let length: usize = std::str::from_utf8(&self.unread[..colon])
            .ok()?
            .parse()
            .ok()?;
        let text = self.unread.get(colon + 1..colon + 1 + length)?;
        let message = serde_json::from_slice(text).expect("baresip sends JSON");
        self.unread.drain(..colon + length + 2);
        Some(message)
    }

    /// Waits for a message that is as wanted.
    fn wait_for(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) {
        eventually(what, || self.message().filter(|message| wanted(message)));
    }

    fn wait_until_registered(&mut self) {
        eventually("baresip is registered", || {
            self.command("reginfo", "");
            let answer = self.message()?;
            answer["data"]
                .as_str()
                .is_some_and(|text| text.contains("OK "))
                .then_some(())
        });
    }

    /// What it has said so far.
    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// What it has decoded so far, at 8 kHz.
    fn heard(&self) -> Vec<i16> {
        let files = std::fs::read_dir(&self.folder).expect("the test's folder");
        let mut names = files.flatten().map(|entry| entry.path());
        let dump = names.find(|path| path.to_string_lossy().ends_with("-dec.wav"));
        dump.map(|path| sound::read_wav(&path)).unwrap_or_default()
    }
}

impl Drop for Baresip {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("baresip's log:\n{}", self.log());
        }
    }
}

/// A baresip without sound card: its source is a generator, what it hears is dumped to a file.
fn configuration(folder: &Path, control_port: u16) -> String {
    format!(
        "sip_listen 127.0.0.1:0\n\
         audio_source ausine,1000\n\
         audio_player aubridge,heard\n\
         ausrc_srate 48000\n\
         ausrc_channels 2\n\
         auplay_channels 1\n\
         rtp_ports 25000-25998\n\
         module_path /usr/lib/baresip/modules\n\
         module g711.so\n\
         module ausine.so\n\
         module aubridge.so\n\
         module sndfile.so\n\
         snd_path {}\n\
         module_app account.so\n\
         module_app contact.so\n\
         module_app menu.so\n\
         module ctrl_tcp.so\n\
         ctrl_tcp_listen 127.0.0.1:{control_port}\n",
        folder.display()
    )
}

#[test]
fn baresip_registers_with_digest_and_calls() {
    with_program("baresip", "registers with digest and calls", |program| {
        let users = "  users: [{name: agent001, password: \"correct-horse\"}]\n";
        let gateway = Gateway::start("baresip-gateway", users);
        let domain = format!("127.0.0.1:{}", gateway.sip_port);
        let account = format!("<sip:agent001@{domain}>;auth_pass=correct-horse;regint=60\n");
        let mut baresip = Baresip::start(program, &account);
        baresip.wait_until_registered();
        baresip.command("dial", &gateway.uri("echo"));
        baresip.wait_for("the call is up", |message| {
            message["type"] == "CALL_ESTABLISHED"
        });
        eventually("baresip hears a second of its own tone", || {
            let frames = sound::frames_of_tone(1000.0, 8000, &baresip.heard());
            (frames >= 50).then_some(())
        });
        let devices = gateway.get("/v1/devices");
        assert_eq!(devices["devices"][0]["user"], "agent001", "{devices}");
        baresip.command("hangup", "");
        // What baresip heard was its own sound, so audio went both ways; the gateway counted both.
        let record = gateway.only_record();
        check_media(&record, "PCMU", 50);
        assert_eq!(record["user"], "agent001", "{record}");
        assert_eq!(record["end"]["by"], "remote", "{record}");
    });
}

#[test]
fn baresip_with_a_wrong_password_is_not_registered() {
    with_program("baresip", "is refused with a wrong password", |program| {
        let users = "  users: [{name: agent001, password: \"correct-horse\"}]\n";
        let gateway = Gateway::start("baresip-wrong-gateway", users);
        let domain = format!("127.0.0.1:{}", gateway.sip_port);
        let account = format!("<sip:agent001@{domain}>;auth_pass=battery-staple;regint=60\n");
        let baresip = Baresip::start(program, &account);
        eventually("baresip is refused", || {
            baresip.log().contains("401 Unauthorized").then_some(())
        });
        assert_eq!(gateway.get("/v1/devices"), json!({"devices": []}));
    });
}
