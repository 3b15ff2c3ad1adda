//! Keys that a caller is asked for, in virtual time.

use super::*;

/// Up to three keys, asked for by these prompts.
pub(super) fn asked(prompts: Vec<Step>) -> Gather {
    Gather {
        prompts: prompts.into(),
        keys_max: 3,
        last_key: Digit::from_char('#'),
        patience: Duration::from_secs(5),
        then: page("http://a/keys"),
        tells_none: false,
    }
}

fn told(keys: &str) -> Vec<Out> {
    let page = Page {
        keys: Some(keys.to_owned()),
        ..page("http://a/keys")
    };
    vec![Out::Errand(Errand::Page(page))]
}

#[test]
fn keys_are_gathered_after_the_prompts_and_told_to_the_next_document() {
    let prompts = || {
        let hello = Step::Play(Sound::Here(samples()), Some(1));
        vec![hello, Step::Wait(Duration::from_secs(1))]
    };
    let asking = || Step::Gather(asked(prompts()));
    for (keys, expected) in [("12#", "12"), ("123", "123")] {
        let (mut rig, out) = Rig::up(vec![asking(), Step::HangUp]);
        assert_eq!(out, heard());
        assert_eq!(rig.played(), []);
        assert_eq!(rig.wait(), (Duration::from_secs(1), vec![]));
        let (first, last) = keys.split_at(2);
        assert_eq!(first.chars().flat_map(|key| rig.press(key)).count(), 0);
        assert_eq!(rig.press(last.chars().next().unwrap()), told(expected));
        assert_eq!(rig.press('9'), [], "nobody asks for it");
    }
    // The next key has its own time.
    let (mut rig, _) = Rig::up(vec![Step::Gather(asked(vec![]))]);
    rig.now += Duration::from_secs(4);
    assert_eq!(rig.press('7'), []);
    assert_eq!(rig.wait(), (Duration::from_secs(5), told("7")));
}

#[test]
fn the_first_key_ends_what_is_being_said() {
    let long = Step::Play(Sound::Here(samples()), None);
    let silence = [Out::Command(CallCommand::Clear)];
    let (mut rig, out) = Rig::up(vec![Step::Gather(asked(vec![long.clone(), long]))]);
    assert_eq!(out, heard());
    assert_eq!(rig.press('1'), silence);
    let unplayed = rig.mark.clone().into_iter().collect();
    assert_eq!(rig.event(&CallEvent::Cleared { at_ms: 1, unplayed }), []);
    assert_eq!(rig.wait(), (Duration::from_secs(5), told("1")));
}

#[test]
fn a_sound_that_comes_after_the_key_is_not_heard() {
    let slow = Step::Play(file("http://a/slow.wav"), Some(1));
    let (mut rig, _) = Rig::up(vec![Step::Gather(asked(vec![slow]))]);
    let first = rig.errand;
    assert_eq!(rig.press('1'), []);
    assert_eq!(rig.wait().1, told("1"));
    let late = AppInput::Brought(first, Brought::Nothing);
    assert_eq!(rig.give(late), [], "the document is still awaited");
    let next = vec![Step::Play(file("http://a/next.wav"), Some(1))];
    assert_eq!(rig.bring(Brought::Page(next)).len(), 1);
    let late = AppInput::Brought(first, Brought::Sound(samples()));
    assert_eq!(rig.give(late), [], "another sound is awaited");
    assert_eq!(rig.bring(Brought::Sound(samples())), heard());
}

#[test]
fn without_a_key_the_next_verb_has_its_turn_unless_that_is_told_too() {
    let (mut rig, _) = Rig::up(vec![Step::Gather(asked(vec![])), Step::HangUp]);
    let end = hung_up(HangupCause::Normal);
    assert_eq!(rig.wait(), (Duration::from_secs(5), end.clone()));
    let (mut rig, _) = Rig::up(vec![Step::Gather(asked(vec![])), Step::HangUp]);
    assert_eq!(rig.press('#'), end, "that is no key but the end of them");
    let always = Gather {
        tells_none: true,
        ..asked(vec![])
    };
    let (mut rig, _) = Rig::up(vec![Step::Gather(always), Step::HangUp]);
    assert_eq!(rig.wait(), (Duration::from_secs(5), told("")));
}
