//! So many media streams at once, as their provider: audio both ways on a WebSocket each.
//!
//! The dialects are those of the gateway; the rest is made to be light. Connections are opened
//! without waiting, all are read by one poller when the generator beats, and what came is stamped
//! by the kernel.

mod caller;
mod connection;
mod crowd;
mod frame;
mod hearing;
mod report;
mod stamped;
mod upgrade;

pub use report::StreamsReport;

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use trunkline_providers::url::Url;
use trunkline_streams::StreamDialect;

use super::concurrent::WARM_UP;
use super::metronome::Metronome;
use super::sockets::now_ns;
use super::{Generator, Process, own_cpu};
use caller::Standing;
use connection::Place;
use crowd::Crowd;
use report::Measured;

/// Streams begun in a second while they come up, and ended in a second while they go.
const RAMP: f64 = 250.0;

/// Where streams are opened, and whose clock is read.
#[derive(Clone, Debug)]
pub struct StreamTarget {
    /// `ws://host:port/path`.
    pub url: String,
    /// Where that is.
    pub address: SocketAddr,
    /// What is spoken; its own format is G.711 µ-law.
    pub dialect: &'static StreamDialect,
    /// The process that is measured, if it is on this machine.
    pub process: Option<Process>,
}

/// Brings up so many streams, lets them run, measures for `lasting`, and ends them.
///
/// # Errors
/// Where the URL is none, sockets fail, or the measured process has ended.
pub fn streams(target: &StreamTarget, count: u32, lasting: Duration) -> io::Result<StreamsReport> {
    let url = Url::parse(&target.url).ok_or(io::ErrorKind::InvalidInput)?;
    let query = url.query.map_or(String::new(), |query| format!("?{query}"));
    let path = format!("/{}{query}", url.path.trim_start_matches('/'));
    let place = Place {
        address: target.address,
        host: url.authority,
        path: &path,
        subprotocol: target.dialect.manners.subprotocol(),
    };
    let mut crowd = Crowd::new(target.dialect, place, now_ns().unsigned_abs())?;
    let mut metronome = Metronome::start();
    come_up(&mut crowd, &mut metronome, count);
    run(&mut crowd, &mut metronome, WARM_UP);
    crowd.reset();
    metronome.forget();
    let cpu_of_target = || target.process.map(|process| process.cpu()).transpose();
    let (cpu_before, own_before, window) = (cpu_of_target()?, own_cpu(), Instant::now());
    run(&mut crowd, &mut metronome, lasting);
    let window = window.elapsed();
    let cpu = cpu_of_target()?.zip(cpu_before);
    let holdings = target.process.map(|process| process.holdings());
    let measured = Measured {
        window,
        cpu: cpu.map(|(after, before)| after - before),
        holdings: holdings.transpose()?,
        generator: Generator::judge(&metronome, own_cpu() - own_before, window),
    };
    let report = StreamsReport::of(&crowd, measured);
    leave(&mut crowd, &mut metronome);
    Ok(report)
}

/// Until every stream is open or has come to nothing.
fn come_up(crowd: &mut Crowd<'_>, metronome: &mut Metronome, count: u32) {
    let begun = Instant::now();
    while crowd.count() < count || crowd.standing(Standing::Opening) > 0 {
        crowd.beat(metronome.next());
        let due = RAMP * begun.elapsed().as_secs_f64();
        while f64::from(crowd.count()) < due && crowd.count() < count {
            crowd.join();
        }
        crowd.give_up_late();
    }
}

fn run(crowd: &mut Crowd<'_>, metronome: &mut Metronome, lasting: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < lasting {
        crowd.beat(metronome.next());
    }
}

/// Ends all streams, with audio to the last.
fn leave(crowd: &mut Crowd<'_>, metronome: &mut Metronome) {
    let begun = Instant::now();
    let mut numbers = 0..crowd.count() as usize;
    let mut left = 0;
    while !numbers.is_empty() || crowd.is_leaving(begun) {
        crowd.beat(metronome.next());
        while f64::from(left) < RAMP * begun.elapsed().as_secs_f64()
            && let Some(number) = numbers.next()
        {
            crowd.hang_up(number);
            left += 1;
        }
    }
}
