//! Speech whose every 20 ms carry a number, readable after G.711, G.722 and a resampler.
//!
//! A number is a pair of tones, one below and one above 1720 Hz, each of twenty. They lie 62.5 Hz
//! apart, so that 256 samples of any one hold nothing of the others.

use super::sound::share_at;

/// Samples of 20 ms.
pub const FRAME: usize = 320;
/// How many numbers there are.
pub const NUMBERS: usize = 400;

const RATE_HZ: u32 = 16_000;
const STEP_HZ: f64 = 62.5;
const LOWEST_HZ: f64 = 500.0;
const TONES: usize = 20;
/// What is looked at of a frame: it begins after what resamplers delay, and ends before the next.
const WINDOW: std::ops::Range<usize> = 48..304;
/// The share of a frame's energy that its two tones have. A quarter of µ-law's worst is left.
const SHARE: f64 = 0.8;

fn tones(number: usize) -> (f64, f64) {
    let tone = |place: usize| LOWEST_HZ + STEP_HZ * place as f64;
    (tone(number % TONES), tone(TONES + number / TONES))
}

/// Frames that carry these numbers.
pub fn speech(numbers: std::ops::Range<usize>) -> Vec<i16> {
    let wave = |hz: f64, at: usize| {
        (std::f64::consts::TAU * hz * at as f64 / f64::from(RATE_HZ)).sin() * 6_000.0
    };
    numbers
        .flat_map(|number| {
            let (low, high) = tones(number % NUMBERS);
            (0..FRAME).map(move |at| (wave(low, at) + wave(high, at)) as i16)
        })
        .collect()
}

/// The number of each frame of a recording that begins with one; `None` for silence and whatever
/// else it may be.
pub fn read(samples: &[i16]) -> Vec<Option<usize>> {
    samples
        .chunks_exact(FRAME)
        .map(|frame| number_of(&frame[WINDOW]))
        .collect()
}

/// Which frames of a recording that begins with one follow the frame before them: everything that was
/// said was heard, once and in its order.
pub fn continuous(samples: &[i16]) -> Vec<bool> {
    let mut next = None;
    let frames = samples.chunks_exact(FRAME).map(|frame| {
        let window = &frame[WINDOW];
        let follows = next.is_some_and(|number| carries(window, number));
        let number = if follows { next } else { number_of(window) };
        next = number.map(|number| (number + 1) % NUMBERS);
        follows
    });
    frames.collect()
}

fn carries(window: &[i16], number: usize) -> bool {
    let (low, high) = tones(number);
    let [low, high] = [low, high].map(|hz| share_at(hz, RATE_HZ, window));
    is_number(low, high)
}

/// Whether these shares are those of a number's two tones.
fn is_number(low: f64, high: f64) -> bool {
    low + high > SHARE && low.min(high) > 0.25
}

fn number_of(window: &[i16]) -> Option<usize> {
    let loudest = |tones: std::ops::Range<usize>| {
        let shares = tones.map(|place| {
            let hz = LOWEST_HZ + STEP_HZ * place as f64;
            (place, share_at(hz, RATE_HZ, window))
        });
        shares.max_by(|a, b| a.1.total_cmp(&b.1))
    };
    let (low, low_share) = loudest(0..TONES)?;
    let (high, high_share) = loudest(TONES..2 * TONES)?;
    is_number(low_share, high_share).then_some(low + TONES * (high - TONES))
}

#[test]
fn every_number_can_be_read_and_silence_is_none() {
    let samples = speech(0..NUMBERS);
    let read_back: Vec<usize> = read(&samples).into_iter().flatten().collect();
    assert_eq!(read_back, (0..NUMBERS).collect::<Vec<_>>());
    assert_eq!(read(&[0; FRAME]), [None]);
    // Between two frames is none of both.
    assert_ne!(read(&samples[FRAME / 2..][..FRAME]), [Some(0)]);
}

#[test]
fn what_is_missing_or_comes_twice_does_not_follow() {
    let samples = speech(NUMBERS - 2..NUMBERS + 2);
    assert_eq!(continuous(&samples), [false, true, true, true]);
    let frame = |number| speech(number..number + 1);
    let silence = vec![0; FRAME];
    let broken = [
        frame(1),
        frame(3),
        frame(3),
        frame(4),
        silence,
        frame(5),
        frame(6),
    ]
    .concat();
    let follows = [false, false, false, true, false, false, true];
    assert_eq!(continuous(&broken), follows);
}
