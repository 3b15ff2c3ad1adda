//! Finds one recording in another: by how much it is late, and how like it is.
//!
//! Speech repeats itself with every pitch period, so one stretch of it fits nearly as well a few
//! milliseconds off. Several stretches are searched together (their pitch differs, their delay does
//! not), and the best candidates are compared over the whole recording.

/// How one recording lies in another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alignment {
    /// The sample of `heard` at which sample 0 of `sent` lies; negative where it lies before.
    pub lag: i64,
    /// Correlation of the two at this lag, −1 to 1; 1 is the same sound at any level.
    pub likeness: f64,
}

/// Samples of one stretch: 125 ms, several pitch periods of any voice.
const STRETCH: usize = 2_000;
/// How many stretches are searched together.
const STRETCHES: usize = 6;
/// How many candidates are compared over the whole recording.
const CANDIDATES: usize = 8;
/// A stretch whose mean square is below this is silence, in which nothing can be found.
const SILENCE: f64 = 1_000.0;

/// Looks for `sent` in `heard` with a lag of `lags`, both ends included. `None` where there is
/// nothing to look for or nothing to find it in.
pub fn align(sent: &[i16], heard: &[i16], lags: (i64, i64)) -> Option<Alignment> {
    let stretches = loudest(sent);
    let scores: Vec<f64> = (lags.0..=lags.1)
        .map(|lag| {
            stretches
                .iter()
                .map(|&at| stretch_score(sent, heard, at, lag))
                .sum()
        })
        .collect();
    let lag_of = |place: usize| lags.0 + i64::try_from(place).unwrap_or(i64::MAX);
    let mut places = peaks(&scores);
    places.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    places
        .into_iter()
        .take(CANDIDATES)
        .filter_map(|place| {
            let lag = lag_of(place);
            let likeness = correlation(pairs(sent, heard, lag))?;
            Some(Alignment { lag, likeness })
        })
        .max_by(|a, b| a.likeness.total_cmp(&b.likeness))
}

/// Half a second: long enough to be told from its neighbours, short against the seconds between two
/// changes of a jitter buffer.
const PIECE: usize = 8_000;
/// A piece this much alike needs no search.
const ALIKE: f64 = 0.95;

/// How like two recordings are that lie `lag` apart, give or take `wander` samples, since a jitter
/// buffer may change its depth in mid-call: each half second is compared at the place near there
/// where it fits best, and the louder ones weigh more. 0 to 1.
pub fn likeness(sent: &[i16], heard: &[i16], lag: i64, wander: i64) -> f64 {
    let (mut sum, mut weights) = (0.0, 0.0);
    for (number, piece) in (0_i64..).zip(sent.chunks(PIECE)) {
        let weight = mean_square(piece);
        if weight < SILENCE {
            continue;
        }
        let place = number * PIECE as i64 + lag;
        let at = |shift: i64| {
            let begin = usize::try_from(place + shift).unwrap_or(usize::MAX);
            let found = heard.get(begin..begin.saturating_add(piece.len()));
            let found = found.unwrap_or_default();
            correlation(pairs(piece, found, 0)).unwrap_or(0.0).max(0.0)
        };
        let straight = at(0);
        let best = if straight >= ALIKE {
            straight
        } else {
            (-wander..=wander).map(at).fold(straight, f64::max)
        };
        // By amplitude: by power one loud vowel would speak for the whole sentence.
        sum += best * weight.sqrt();
        weights += weight.sqrt();
    }
    if weights > 0.0 { sum / weights } else { 0.0 }
}

/// How late one part may be behind the one before it: as long as a caller waits for an answer, twice.
const LATE_MAX: i64 = 16_000 * 4;
/// By how much the pieces of a part may be further apart than they were made.
const WANDER_MAX: i64 = 16_000 / 2;
/// A part less like than this is not there, and what follows may be where it is not.
const FOUND: f64 = 0.5;
/// By how much a part may begin before the one before it has ended: what is shortened is silence.
const OVERLAP: usize = 4_000;

/// How like what was heard is to each of these parts, which are looked for one behind the other. 0 to 1.
pub fn likeness_in_order(parts: &[&[i16]], heard: &[i16]) -> Vec<f64> {
    // What ends before the last part does is silent from there on.
    let heard = [heard, &[0; PIECE]].concat();
    let mut rest = heard.as_slice();
    let mut all = Vec::new();
    for part in parts {
        let found = align(part, rest, (0, LATE_MAX));
        let alike = found.map_or(0.0, |found| likeness(part, rest, found.lag, WANDER_MAX));
        if let Some(found) = found.filter(|_| alike > FOUND) {
            let begin = usize::try_from(found.lag).unwrap_or(0);
            let end = (begin + part.len()).saturating_sub(OVERLAP);
            rest = rest.get(end..).unwrap_or_default();
        }
        all.push(alike);
    }
    all
}

/// Where the loudest stretches begin, at most one in each equal part of the recording.
fn loudest(sent: &[i16]) -> Vec<usize> {
    let part = (sent.len() / STRETCHES).max(STRETCH);
    let begins = (0..sent.len()).step_by(part);
    begins
        .filter_map(|begin| {
            let end = (begin + part).min(sent.len());
            let places = (begin..end.saturating_sub(STRETCH - 1)).step_by(STRETCH / 4);
            let power = |at: usize| mean_square(sent.get(at..at + STRETCH).unwrap_or_default());
            let loudest = places.max_by(|&a, &b| power(a).total_cmp(&power(b)))?;
            (power(loudest) > SILENCE).then_some(loudest)
        })
        .collect()
}

fn mean_square(samples: &[i16]) -> f64 {
    let sum: f64 = samples.iter().map(|&s| f64::from(s).powi(2)).sum();
    sum / samples.len().max(1) as f64
}

fn stretch_score(sent: &[i16], heard: &[i16], at: usize, lag: i64) -> f64 {
    let stretch = sent.get(at..at + STRETCH).unwrap_or_default();
    let place = i64::try_from(at).unwrap_or(i64::MAX).saturating_add(lag);
    let found = usize::try_from(place)
        .ok()
        .and_then(|place| heard.get(place..place + STRETCH));
    let Some(found) = found else {
        return 0.0;
    };
    let (mut cross, mut power) = (0_i64, 0_i64);
    for (&a, &b) in stretch.iter().zip(found) {
        cross += i64::from(i32::from(a) * i32::from(b));
        power += i64::from(i32::from(b) * i32::from(b));
    }
    // Divided by what was found there, so that a loud place is not taken for a like one.
    cross as f64 / (power as f64 + SILENCE * STRETCH as f64).sqrt()
}

/// The places that are no lower than their neighbours.
fn peaks(scores: &[f64]) -> Vec<usize> {
    let at = |place: usize| scores.get(place).copied().unwrap_or(f64::MIN);
    (0..scores.len())
        .filter(|&place| {
            let before = place.checked_sub(1).map_or(f64::MIN, at);
            at(place) > 0.0 && at(place) >= before && at(place) >= at(place + 1)
        })
        .collect()
}

/// The samples that lie on each other.
fn pairs<'a>(
    sent: &'a [i16],
    heard: &'a [i16],
    lag: i64,
) -> impl Iterator<Item = (f64, f64)> + Clone + 'a {
    let skip = |n: i64| usize::try_from(n.max(0)).unwrap_or(usize::MAX);
    let sent = sent.iter().skip(skip(lag.saturating_neg()));
    let heard = heard.iter().skip(skip(lag));
    sent.zip(heard).map(|(&a, &b)| (f64::from(a), f64::from(b)))
}

/// Pearson's correlation; `None` where one side is constant.
fn correlation(pairs: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    let (mut n, mut a, mut b, mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for (x, y) in pairs {
        n += 1.0;
        a += x;
        b += y;
        aa += x * x;
        bb += y * y;
        ab += x * y;
    }
    let (var_a, var_b) = (n * aa - a * a, n * bb - b * b);
    (var_a > 0.0 && var_b > 0.0).then(|| (n * ab - a * b) / (var_a * var_b).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use trunkline_audio::wav;

    fn speech() -> Vec<i16> {
        let file = include_bytes!("../../../fixtures/speech/demo.wav");
        wav::read(file)
            .unwrap()
            .into_mono()
            .into_iter()
            .take(80_000)
            .collect()
    }

    fn late(samples: &[i16], by: usize, gain: f64) -> Vec<i16> {
        let silence = std::iter::repeat_n(0, by);
        let louder = samples.iter().map(|&s| (f64::from(s) * gain) as i16);
        silence.chain(louder).collect()
    }

    #[test]
    fn a_delay_is_found_to_the_sample_at_any_level() {
        let sent = speech();
        for (by, gain) in [(0, 1.0), (31, 0.1), (1_234, 0.8), (3_199, 0.5)] {
            let heard = late(&sent, by, gain);
            let found = align(&sent, &heard, (-800, 3_200)).unwrap();
            assert_eq!(found.lag, by as i64);
            assert!(found.likeness > 0.99, "{found:?}");
        }
    }

    #[test]
    fn what_comes_early_has_a_negative_lag() {
        let heard = speech();
        let sent = late(&heard, 160, 1.0);
        assert_eq!(align(&sent, &heard, (-800, 800)).unwrap().lag, -160);
    }

    #[test]
    fn another_voice_is_not_alike() {
        let sent = speech();
        let file = include_bytes!("../../../fixtures/speech/rms.wav");
        let other = wav::read(file).unwrap().into_mono();
        let found = align(&sent, &other, (0, 1_600)).unwrap();
        assert!(found.likeness < 0.4, "{found:?}");
    }

    #[test]
    fn a_delay_that_grows_in_mid_call_does_not_make_it_another_voice() {
        let sent = speech();
        let (before, after) = sent.split_at(40_000);
        let heard = [&late(before, 100, 0.9)[..], &[0; 320], after].concat();
        let found = align(&sent, &heard, (0, 1_600)).unwrap();
        assert!(likeness(&sent, &heard, found.lag, 480) > 0.95, "{found:?}");
        let other = include_bytes!("../../../fixtures/speech/rms.wav");
        let other = wav::read(other).unwrap().into_mono();
        assert!(likeness(&sent, &other, found.lag, 480) < 0.5);
    }

    #[test]
    fn parts_are_found_in_their_order_alone() {
        let speech = speech();
        let (one, two) = (&speech[..30_000], &speech[30_000..60_000]);
        let heard = late(&[one, &[0; 5_000], two].concat(), 20_000, 0.8);
        for alike in likeness_in_order(&[one, two], &heard) {
            assert!(alike > 0.99, "{alike}");
        }
        let swapped = likeness_in_order(&[two, one], &heard);
        assert!(swapped[0] > 0.99 && swapped[1] < 0.6, "{swapped:?}");
        let missing = likeness_in_order(&[one, two], &late(two, 20_000, 0.8));
        assert!(missing[0] < 0.6 && missing[1] > 0.99, "{missing:?}");
    }

    #[test]
    fn of_a_part_that_is_cut_off_what_is_there_counts() {
        let speech = speech();
        let part = &speech[..30_000];
        let almost = likeness_in_order(&[part], &part[..29_000])[0];
        let half = likeness_in_order(&[part], &part[..15_000])[0];
        assert!(almost > 0.9 && half < 0.7, "{almost} {half}");
    }

    #[test]
    fn in_silence_nothing_is_found() {
        assert_eq!(align(&speech(), &[0; 80_000], (0, 800)), None);
        assert_eq!(align(&[0; 80_000], &speech(), (0, 800)), None);
        assert_eq!(align(&[], &[], (0, 800)), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn noise_does_not_move_the_place(seed in any::<u32>(), by in 0_usize..400) {
            let sent: Vec<i16> = speech().into_iter().take(32_000).collect();
            let mut state = seed | 1;
            let heard: Vec<i16> = late(&sent, by, 0.9)
                .into_iter()
                .map(|s| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    s.saturating_add((state >> 24) as i16 - 128)
                })
                .collect();
            prop_assert_eq!(align(&sent, &heard, (0, 480)).unwrap().lag, by as i64);
        }
    }
}
