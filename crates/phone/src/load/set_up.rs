//! Calls by the second: each is set up, acknowledged and ended at once.

use std::io;
use std::time::{Duration, Instant};

use super::histogram::in_ms;
use super::metronome::Metronome;
use super::signalling::{News, Signalling};
use super::sockets::Inbox;
use super::{Generator, Holdings, MediaSockets, Summary, Target, facing, own_cpu};

/// What a run at one rate came to.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RateReport {
    /// Every call answered and ended, without one repeat of ours.
    pub pass: bool,
    /// Calls a second that were to be placed.
    pub rate: f64,
    /// Calls placed.
    pub calls: u64,
    /// Calls that came to nothing.
    pub failed: u64,
    /// The status of the last of them.
    pub last_refusal: Option<u16>,
    /// Requests that had to be repeated.
    pub repeated: u64,
    /// Responses that the target repeated.
    pub repeated_by_peer: u64,
    /// From an INVITE to its 200.
    pub answered_ms: Summary,
    /// CPU of the target for one call, in milliseconds.
    pub cpu_ms_per_call: Option<f64>,
    /// What the target held when the last call was over.
    pub holdings: Option<Holdings>,
    /// How the generator did.
    pub generator: Generator,
}

/// Places `rate` calls a second for so long, and waits until each is over or given up.
///
/// # Errors
/// Where sockets fail, or the measured process has ended.
pub fn rate(target: &Target, rate: f64, lasting: Duration) -> io::Result<RateReport> {
    let media = MediaSockets::bind(facing(target.address)?)?;
    let mut signalling = Signalling::new(&target.uri, target.address, media.address()?)?;
    let wanted = (rate * lasting.as_secs_f64()).round() as u64;
    let cpu_of_target = || target.process.map(|process| process.cpu()).transpose();
    let (cpu_before, own_before, begun) = (cpu_of_target()?, own_cpu(), Instant::now());
    let (mut inbox, mut news, mut placed) = (Inbox::default(), Vec::new(), 0);
    let mut metronome = Metronome::start();
    while placed < wanted || signalling.open() > 0 {
        metronome.next();
        let due = (rate * begun.elapsed().as_secs_f64()) as u64;
        while placed < due.min(wanted) {
            signalling.invite();
            placed += 1;
        }
        signalling.poll(&mut inbox, &mut news);
        for item in news.drain(..) {
            if let News::Answered(number, _) = item {
                signalling.hang_up(number);
            }
        }
        media.receive(&mut inbox, |_, _, _| {});
    }
    let cpu = cpu_of_target()?
        .zip(cpu_before)
        .map(|(after, before)| after - before);
    let generator = Generator::judge(&metronome, own_cpu() - own_before, begun.elapsed());
    let counted = &signalling.counted;
    Ok(RateReport {
        pass: counted.failed == 0 && counted.repeated == 0,
        rate,
        calls: placed,
        failed: counted.failed,
        last_refusal: counted.last_refusal,
        repeated: counted.repeated,
        repeated_by_peer: counted.repeated_by_peer,
        answered_ms: counted.answered.summary(),
        cpu_ms_per_call: cpu
            .map(|cpu| in_ms(cpu / u32::try_from(placed.max(1)).unwrap_or(u32::MAX))),
        holdings: target
            .process
            .map(|process| process.holdings())
            .transpose()?,
        generator,
    })
}
