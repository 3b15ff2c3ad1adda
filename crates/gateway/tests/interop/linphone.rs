//! Linphone, set up as the guide for softphones says: it registers, calls, and hears its tone echoed.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Stdio};

use crate::asterisk_calls::check_media;
use crate::peer::{self, Process, with_program};
use crate::support::{Gateway, eventually, folder, free_port, sound};

const PASSWORD: &str = "correct-horse";
/// As in the guide: a user, whose calls to 100 go to an application and others to the echo.
const GUIDE: &str = "  users: [{name: alice, password: \"correct-horse\"}]\n\
                     routes: [{user: alice, to: \"100\", app: echo}, {user: alice, app: echo}]\n\
                     apps: {echo: {type: echo}}\n";

/// A running `linphonec`, which is told what to do on its standard input.
struct Linphone {
    _process: Process,
    input: ChildStdin,
    folder: PathBuf,
}

impl Linphone {
    /// Starts one that speaks a tone of 1000 Hz from a file and keeps what it hears in another.
    fn start(program: &Path, name: &str) -> Self {
        let folder = folder(name);
        // What it remembers goes below its home.
        let home = folder.join(".local/share/linphone");
        std::fs::create_dir_all(home).expect("the test's folder is writable");
        let settings = format!(
            "[sip]\nsip_port={}\nsip_tcp_port=0\nsip_tls_port=0\n\
             [rtp]\naudio_rtp_port=26000-26998\n[sound]\nechocancellation=0\n\
             [video]\nautomatically_initiate=0\nautomatically_accept=0\n",
            free_port()
        );
        let tone = trunkline_audio::wav::write_mono(8_000, &sound::tone(1000.0, 8_000, 60 * 8_000));
        let files = [("linphonerc", settings.into_bytes()), ("tone.wav", tone)];
        for (name, bytes) in files {
            std::fs::write(folder.join(name), bytes).expect("the test's folder is writable");
        }
        let mut linphonec = peer::command(program);
        linphonec
            .args(["-d", "0", "-c"])
            .arg(folder.join("linphonerc"))
            .env("HOME", &folder)
            .current_dir(&folder)
            .stdin(Stdio::piped());
        let mut process = Process::start(linphonec, &folder.join("log"));
        let mut linphone = Self {
            input: process.input().expect("it is piped"),
            _process: process,
            folder,
        };
        linphone.tell("soundcard use files");
        linphone.tell(&format!(
            "play {}",
            linphone.folder.join("tone.wav").display()
        ));
        linphone.tell(&format!("record {}", linphone.heard().display()));
        linphone
    }

    fn tell(&mut self, command: &str) {
        writeln!(self.input, "{command}").expect("Linphone reads");
    }

    fn register(&mut self, gateway: &Gateway, password: &str) {
        let server = format!("sip:127.0.0.1:{}", gateway.sip_port);
        let identity = server.replace("sip:", "sip:alice@");
        self.tell(&format!("register {identity} {server} {password}"));
    }

    fn heard(&self) -> PathBuf {
        self.folder.join("heard.wav")
    }

    fn log(&self) -> String {
        let log = std::fs::read(self.folder.join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }
}

impl Drop for Linphone {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("Linphone's log:\n{}", self.log());
        }
    }
}

#[test]
fn linphone_registers_and_calls_as_the_guide_says() {
    with_program("linphonec", "registers and calls", |program| {
        let gateway = Gateway::start("linphone-gateway", GUIDE);
        let mut linphone = Linphone::start(program, "linphone");
        linphone.register(&gateway, PASSWORD);
        eventually("Linphone is registered", || {
            let devices = gateway.get("/v1/devices");
            (devices["devices"][0]["user"] == "alice").then_some(())
        });
        linphone.tell(&format!("call {}", gateway.uri("100")));
        // It writes the head of the file when the call is over.
        eventually("Linphone has recorded three seconds", || {
            let length = std::fs::metadata(linphone.heard()).map_or(0, |file| file.len());
            (length > 3 * 2 * 8_000).then_some(())
        });
        linphone.tell("terminate");
        eventually("Linphone has heard a second of its own tone", || {
            let samples = sound::read_wav(&linphone.heard());
            (sound::frames_of_tone(1000.0, 8_000, &samples) >= 50).then_some(())
        });
        let record = gateway.only_record();
        check_media(&record, "PCMU", 50);
        assert_eq!(record["user"], "alice", "{record}");
        assert_eq!(record["to"], "100", "{record}");
        assert_eq!(record["end"]["by"], "remote", "{record}");
    });
}

#[test]
fn linphone_asks_again_for_a_wrong_password() {
    with_program("linphonec", "is refused with a wrong password", |program| {
        let gateway = Gateway::start("linphone-wrong-gateway", GUIDE);
        let mut linphone = Linphone::start(program, "linphone-wrong");
        linphone.register(&gateway, "battery-staple");
        eventually("Linphone asks for the password", || {
            linphone.log().contains("Password for alice").then_some(())
        });
        assert_eq!(gateway.get("/v1/devices")["devices"], serde_json::json!([]));
    });
}
