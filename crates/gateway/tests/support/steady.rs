//! A call that must not notice what happens to others.

use std::time::Duration;

use trunkline_phone::softphone::{Script, Settings};

use super::{Application, Caller, Gateway, Manner, eventually, sound};

/// What its caller says without a pause, in Hz.
const TONE_HZ: f64 = 700.0;
/// How long it could say it.
const SECONDS: usize = 120;

/// An echo application with a caller on the line, from before to after whatever is tried.
pub struct Steady {
    application: Application,
    caller: Option<Caller>,
}

impl Steady {
    /// An application that waits for the call; [`Steady::url`] is for the gateway's configuration.
    pub fn new() -> Self {
        Self {
            application: Application::start(Manner::Echo),
            caller: None,
        }
    }

    /// Where the application waits.
    pub fn url(&self) -> String {
        self.application.url()
    }

    /// Calls `sip:steady@` this gateway and waits until the application hears the caller.
    pub fn begin(&mut self, gateway: &Gateway) {
        let said = sound::tone(TONE_HZ, 16_000, SECONDS * 16_000);
        let script = Script::new().play(Duration::ZERO, &said);
        let uri = gateway.uri("steady");
        self.caller = Some(Caller::follow(&uri, Settings::default(), script));
        self.application.wait_for_tone(TONE_HZ, 0, 5);
    }

    /// Lets it go on until its application has heard so many further 20 ms.
    pub fn wait_frames(&self, frames: usize) {
        let enough = self.application.heard() + frames * 320;
        eventually(
            &format!("the steady call goes on for {frames} frames"),
            || (self.application.heard() >= enough).then_some(()),
        );
    }

    /// Waits for another half second of sound, hangs up, and sees that nothing was ever missing.
    pub fn end_unharmed(&mut self, gateway: &Gateway) {
        let so_far = self.application.heard();
        self.application.wait_for_tone(TONE_HZ, so_far, 25);
        let caller = self.caller.take().expect("begun");
        assert!(!caller.is_over(), "the steady call has ended");
        let report = caller.hang_up();
        let record = gateway.wait_for_record("to", "steady");
        assert_eq!(record["end"]["by"], "remote", "{record}");
        assert_eq!(record["media"]["packetsLost"], 0, "{record}");
        assert_eq!(record["application"]["framesDropped"], 0, "{record}");
        assert_eq!(report.heard.figures().lost, 0);
        let back = sound::frames_of_tone(TONE_HZ, 16_000, report.heard.samples());
        assert!(back >= 25, "{back} frames came back");
    }
}
