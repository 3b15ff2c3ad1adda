use super::super::echo::coarse;
use super::*;
use trunkline_audio::g711::ulaw;
use trunkline_audio::wav;

/// Somebody's speech, a second of silence before it.
fn voice(name: &str) -> Vec<i16> {
    let path = format!(
        "{}/../../fixtures/speech/{name}.wav",
        env!("CARGO_MANIFEST_DIR")
    );
    let file = std::fs::read(path).expect("the fixture");
    let mut samples = vec![0; 16_000];
    samples.extend(wav::read(&file).expect("a WAV file").into_mono());
    samples.extend([0; 16_000]);
    samples
}

/// When somebody begins to speak there, in ms.
fn onset(voice: &[i16]) -> usize {
    let mut detector = VoiceDetector::new();
    let events = voice
        .as_chunks()
        .0
        .iter()
        .filter_map(|frame| detector.hear(frame));
    let onset = events.filter_map(|event| match event {
        SpeechEvent::Started { at } => Some(at as usize / 16),
        SpeechEvent::Ended { .. } => None,
    });
    onset.min().expect("somebody speaks")
}

/// What a line makes of it: late, weaker by so many dB, and in the steps of µ-law.
fn echo_of(ours: &[i16], late_ms: usize, down_db: f64) -> Vec<i16> {
    let gain = 10_f64.powf(-down_db / 20.0);
    let late = std::iter::repeat_n(0, late_ms * 16);
    let weaker = ours.iter().map(|s| (f64::from(*s) * gain) as i16);
    late.chain(weaker.map(|s| ulaw::decode(ulaw::encode(s))))
        .collect()
}

/// What is heard while we say `ours`, and when, in ms.
fn hear(ours: &[i16], line: &[i16]) -> Vec<(usize, Heard)> {
    let mut ear = Ear::new();
    let silence = [0; FRAME_SAMPLES];
    let ours = ours.as_chunks().0.iter().chain(std::iter::repeat(&silence));
    let mut all = Vec::new();
    for (at, (frame, ours)) in line.as_chunks().0.iter().zip(ours).enumerate() {
        let mut played = [0; COARSE];
        for (place, sample) in played.iter_mut().zip(coarse(ours)) {
            *place = sample;
        }
        all.extend(ear.hear(frame, &played).map(|heard| (at * 20, heard)));
    }
    all
}

fn began(heard: &[(usize, Heard)]) -> Vec<usize> {
    let began = heard
        .iter()
        .filter(|(_, it)| matches!(it, Heard::Began { .. }));
    began.map(|(at, _)| *at).collect()
}

#[test]
fn our_own_voice_is_known_at_any_delay_and_loudness() {
    for name in ["slt", "rms", "awb", "kal"] {
        for (late_ms, down_db) in [(40, 6.0), (90, 20.0), (250, 20.0), (480, 12.0)] {
            let ours = voice(name);
            let heard = hear(&ours, &echo_of(&ours, late_ms, down_db));
            let what = format!("{name} {late_ms} ms late, {down_db} dB down: {heard:?}");
            // The first time it is not known yet how late the line is.
            assert!(began(&heard).len() <= 1, "{what}");
            let paused = heard
                .iter()
                .any(|(_, it)| matches!(it, Heard::Paused { .. }));
            assert!(!paused, "it was taken for the caller: {what}");
            if let Some(began) = began(&heard).first() {
                let known = heard.iter().find(|(_, it)| *it == Heard::WasEcho);
                let known = known.map(|(at, _)| *at).expect("it was known");
                assert!(known - began <= 300, "{what}");
            }
        }
    }
}

#[test]
fn a_caller_who_speaks_while_we_do_is_heard() {
    let names = ["slt", "rms", "awb", "kal"];
    for ours in names {
        for theirs in names.iter().filter(|name| **name != ours) {
            // Half a second after us.
            let (ours, theirs) = (voice(ours), voice(theirs));
            let onset = 500 + onset(&theirs);
            let line = [vec![0; 8_000], theirs].concat();
            let heard = hear(&ours, &line);
            let first = *began(&heard).first().expect("they were heard");
            assert!(first <= onset + 60, "{} ms late", first - onset);
            let echo = heard.iter().any(|(_, it)| *it == Heard::WasEcho);
            assert!(!echo, "they were taken for an echo: {heard:?}");
        }
    }
}

#[test]
fn a_caller_who_speaks_into_an_echo_is_heard() {
    for (ours, theirs) in [
        ("slt", "rms"),
        ("rms", "slt"),
        ("awb", "kal"),
        ("kal", "awb"),
    ] {
        let ours = voice(ours);
        let mut line = echo_of(&ours, 120, 20.0);
        // Their speech begins 4 s in, after a second of silence.
        let theirs = voice(theirs);
        let onset = 3_000 + onset(&theirs);
        for (sample, theirs) in line[48_000..].iter_mut().zip(theirs) {
            *sample = sample.saturating_add(theirs);
        }
        let heard = hear(&ours, &line);
        let begins = began(&heard).into_iter().find(|at| *at >= onset);
        assert!(
            begins.is_some_and(|at| at <= onset + 300),
            "{onset}: {heard:?}"
        );
    }
}

#[test]
fn speech_comes_with_its_first_sound_and_its_length() {
    let line = voice("slt");
    let mut ear = Ear::new();
    let mut heard = Vec::new();
    for frame in line.as_chunks().0 {
        heard.extend(ear.hear(frame, &[0; COARSE]));
        if heard.len() == 1 {
            assert_eq!(ear.before().count(), BEFORE);
            assert!(ear.hears_caller());
        }
        if heard.len() == 2 {
            break;
        }
    }
    let Some(Heard::Began { ago }) = heard.first() else {
        panic!("{heard:?}");
    };
    // 20 ms until it counts as sound, and 32 until as a voice.
    assert!(*ago <= Duration::from_millis(80), "{ago:?}");
    let Some(Heard::Paused { ago, spoken }) = heard.get(1) else {
        panic!("{heard:?}");
    };
    assert!((190..=240).contains(&ago.as_millis()), "{ago:?}");
    assert!(*spoken > Duration::from_millis(300), "{spoken:?}");
}
