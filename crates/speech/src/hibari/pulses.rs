//! What the throat gives: a train of pulses at the pitch of the voice, without a harmonic that the
//! sampling rate could not carry.

use std::f32::consts::TAU;

use super::vocoder::{HOP, RATE_HZ};

/// Below this nothing is voiced.
const PITCH_MIN_HZ: f32 = 40.0;
/// No harmonic is higher.
const HARMONIC_MAX_HZ: f32 = 11_000.0;
/// Nearer to a pulse than this the quotient of two sines is taken at its limit.
const SINE_MIN: f32 = 1e-3;

/// All harmonics of a gliding pitch at unit amplitude, [`HOP`] samples for each frame's pitch.
pub(super) fn pulses(pitch: &[f32]) -> Vec<f32> {
    let mut samples = Vec::with_capacity(pitch.len() * HOP);
    let mut cycles = 0.0_f64;
    for frame in 0..pitch.len() {
        for at in 0..HOP {
            let hz = glide(pitch, frame, at);
            cycles += f64::from(hz.max(PITCH_MIN_HZ)) / f64::from(RATE_HZ);
            cycles -= cycles.floor();
            samples.push(if hz > PITCH_MIN_HZ {
                harmonics(cycles as f32, (HARMONIC_MAX_HZ / hz).floor())
            } else {
                0.0
            });
        }
    }
    samples
}

/// The pitch at a sample of a frame: each frame's value holds in its middle, straight lines between.
fn glide(pitch: &[f32], frame: usize, at: usize) -> f32 {
    let here = pitch[frame];
    let place = (at as f32 + 0.5) / HOP as f32 - 0.5;
    let neighbour = if place < 0.0 {
        frame.checked_sub(1)
    } else {
        Some(frame + 1)
    };
    let there = neighbour.and_then(|frame| pitch.get(frame));
    here + (there.copied().unwrap_or(here) - here) * place.abs()
}

/// The sum of cos(h·phase) for h = 1 … count, in closed form: Dirichlet's kernel.
fn harmonics(cycles: f32, count: f32) -> f32 {
    let half = (cycles * TAU / 2.0).sin();
    let order = count + 0.5;
    if half.abs() <= SINE_MIN {
        return order - 0.5;
    }
    (order * cycles * TAU).sin() / (2.0 * half) - 0.5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmonics_are_the_sum_of_their_cosines() {
        for cycles in [0.0_f32, 0.003, 0.2, 0.5, 0.77, 0.9999] {
            let sum: f32 = (1..=50).map(|h| (h as f32 * cycles * TAU).cos()).sum();
            let closed = harmonics(cycles, 50.0);
            assert!((closed - sum).abs() < 0.05, "{cycles}: {closed}, {sum}");
        }
    }

    #[test]
    fn a_steady_pitch_gives_a_pulse_a_period_and_silence_gives_none() {
        let steady = pulses(&[200.0; 20]);
        let peak = |samples: &[f32]| samples.iter().filter(|s| **s > 30.0).count();
        // 0.25 s of 200 Hz: fifty periods of 120 samples, each with its sharp maximum.
        assert!((50..=150).contains(&peak(&steady)), "{}", peak(&steady));
        for (sample, later) in steady[1_000..1_200].iter().zip(&steady[1_120..]) {
            assert!((sample - later).abs() < 0.2, "{sample}, {later}");
        }
        assert!(pulses(&[0.0; 3]).iter().all(|sample| *sample == 0.0));
    }

    #[test]
    fn the_pitch_glides_between_the_middles_of_frames() {
        let pitch = [100.0, 200.0];
        assert!((glide(&pitch, 0, 0) - 100.0).abs() < 1e-3);
        assert!((glide(&pitch, 0, HOP - 1) - 150.0).abs() < 0.5);
        assert!((glide(&pitch, 1, 0) - 150.0).abs() < 0.5);
        assert!((glide(&pitch, 1, HOP - 1) - 200.0).abs() < 1e-3);
    }
}
