//! What the file says of a voice agent.

use super::*;

fn agent(engines: &str) -> String {
    format!("apps:\n  a:\n    type: agent\n{engines}")
}

const STT: &str = "    stt: {type: openai, url: \"http://127.0.0.1:9/v1\"}\n";
const TTS: &str = "    tts: {type: command, command: [cat]}\n";

#[test]
fn every_engine_can_be_had() {
    let all = [
        "    stt: {type: openai, url: \"https://h/v1\", key: k, model: m, language: de}\n",
        "    stt: {type: deepgram, key: k, language: de}\n",
        "    stt: {type: deepgram, url: \"ws://h:1/v1\", key: k, model: m}\n",
        "    stt: {type: wyoming, url: \"tcp://h:1\", language: de}\n",
    ];
    let llm = [
        "",
        "    llm: {type: ollama, model: m}\n",
        "    llm: {type: ollama, url: \"http://h:1\", model: m}\n",
        "    llm: {type: openai, url: \"https://h/v1\", key: k, model: m}\n",
        "    llm: {type: receptionist, hours: Always.}\n",
    ];
    let tts = [
        "    tts: {type: openai, url: \"http://h/v1\", key: k, model: m, voice: v, rate: 22050}\n",
        "    tts: {type: wyoming, url: \"tcp://h:1\", voice: v}\n",
        TTS,
    ];
    for stt in all {
        for llm in llm {
            for tts in tts {
                let settings = proven(&agent(&[stt, llm, tts].concat()), &[]);
                assert!(matches!(settings.apps["a"], AppEntry::Rust(_)));
            }
        }
    }
    let more = "    barge_in: false\n    greeting: Hi.\n    prompt: |\n      Be brief.\n      Be kind.\n\
        \x20   end_of_turn: 400\n    silence: 5\n    silence_prompts: 0\n    longest: 600\n\
        \x20   phrases: {wait: w, sorry: s, failure: f, silence: q, farewell: b, hand_over: h, not_reached: n}\n\
        \x20   transfers: {sales: \"sip:s@h\"}\n\
        \x20   tools: {price: {url: \"http://h/p\", key: k, description: d, parameters: {type: object}}}\n";
    proven(&agent(&[STT, TTS, more].concat()), &[]);
}

#[test]
fn whatever_is_wrong_is_told_with_its_line_and_remedy() {
    let wrong = "    stt: {type: openai, url: \"ws://h\"}\n\
        \x20   llm: {type: ollama, modell: m}\n\
        \x20   tts: {type: wyoming, url: \"tcp://h:1\", rate: 8000}\n\
        \x20   greeting: \"\"\n\
        \x20   end_of_turn: 50\n\
        \x20   transfers: {sales: \"a b\"}\n\
        \x20   tools: {price: {url: \"http://h/p\"}}\n\
        \x20   answer: manual\n\
        \x20   silence: 1\n\
        \x20   longest: forever\n\
        \x20   phrases: {sory: Pardon?}\n";
    let told = refused(&agent(wrong), &[]);
    for line in [
        "4:30: apps.a.stt.url: does not lead to such a server; write one like http://",
        "5:25: apps.a.llm.modell: unknown key; did you mean `model`?",
        "5:10: apps.a.llm: `model` is missing; add `model: …`",
        "6:50: apps.a.tts.rate: means nothing to `type: wyoming`; remove the key",
        "7:15: apps.a.greeting: is empty; write a value",
        "8:18: apps.a.end_of_turn: \"50\" is out of range; write a whole number from 200 to 5000",
        "9:24: apps.a.transfers.sales: it is no address or number; write whom to call",
        "10:20: apps.a.tools.price: `description` is missing",
        "11:13: apps.a.answer: is only for `type: websocket`",
        "12:14: apps.a.silence: \"1\" is out of range; write a whole number from 2 to 600",
        "13:14: apps.a.longest: ",
        "14:15: apps.a.phrases.sory: unknown key; did you mean `sorry`?",
    ] {
        assert!(told.contains(line), "{line}\n\n{told}");
    }
}

#[test]
fn one_engine_may_take_the_place_of_three() {
    for engine in [
        "{type: openai, key: k, model: gpt-realtime, voice: marin}",
        "{type: openai, url: \"ws://h:1/v1\", key: k, model: m}",
        "{type: gemini, key: k, model: m}",
    ] {
        let settings = proven(&agent(&format!("    realtime: {engine}\n")), &[]);
        assert!(matches!(settings.apps["a"], AppEntry::Rust(_)));
    }
    let told = refused(
        &agent(&format!(
            "    realtime: {{type: openai, url: \"http://h\", key: k}}\n{TTS}"
        )),
        &[],
    );
    for line in [
        "4:35: apps.a.realtime.url: does not lead to such a server; write one like wss://host/v1",
        "4:15: apps.a.realtime: `model` is missing",
        "5:10: apps.a.tts: means nothing beside `realtime`",
    ] {
        assert!(told.contains(line), "{line}\n\n{told}");
    }
    let told = refused(&agent("    realtime: {type: gemini, model: m}\n"), &[]);
    assert!(told.contains("`key` is missing; add `key: …`"), "{told}");
}

#[test]
fn the_voice_in_the_process_speaks_within_reason() {
    let hibari = |more: &str| agent(&format!("{STT}    tts: {{type: hibari, {more}}}\n"));
    let told = refused(&hibari("speed: 3, key: k"), &[]);
    for line in [
        "a.tts.speed: it is out of range; write a number from 0.5 to 2",
        "a.tts.key: means nothing to `type: hibari`; remove the key",
    ] {
        assert!(told.contains(line), "{line}\n\n{told}");
    }
}

#[cfg(not(feature = "speech"))]
#[test]
fn a_build_without_a_voice_of_its_own_says_so() {
    let told = refused(&agent(&format!("{STT}    tts: {{type: hibari}}\n")), &[]);
    let line = "a.tts: this build has no speech models; build it with `--features speech`";
    assert!(told.contains(line), "{told}");
}

#[test]
fn an_agents_keys_are_for_agents_alone() {
    let told = refused("apps: {a: {type: echo, greeting: Hi}}\n", &[]);
    assert!(
        told.contains("apps.a.greeting: is only for `type: agent`"),
        "{told}"
    );
}

#[test]
fn keys_of_engines_are_not_shown() {
    let engines = "    stt: {type: openai, url: \"http://h\", key: \"${SECRET}\"}\n";
    let settings = proven(&agent(&[engines, TTS].concat()), &[("SECRET", "sk-secret")]);
    assert!(!format!("{settings:?}").contains("sk-secret"));
    let bad = "    stt: {type: openai, url: \"http://name:sk-secret@h\"}\n";
    let told = refused(&agent(&[bad, TTS].concat()), &[]);
    assert!(!told.contains("sk-secret"), "{told}");
}

#[cfg(not(feature = "speech"))]
#[test]
fn a_build_without_speech_models_says_how_to_have_them() {
    let told = refused(&agent(&["    stt: {type: whisper}\n", TTS].concat()), &[]);
    let line =
        "4:10: apps.a.stt: this build has no speech models; build it with `--features speech`";
    assert!(told.contains(line), "{told}");
    let told = refused(&agent(TTS), &[]);
    let line =
        "apps.a: `stt` is missing, and this build has no speech models; add `stt: …`, or build";
    assert!(told.contains(line), "{told}");
}

#[cfg(feature = "speech")]
#[test]
fn a_model_that_is_not_there_is_told_with_what_to_type() {
    let engines = "    stt: {type: whisper, model: /nowhere/w.bin}\n";
    let told = refused(&agent(&[engines, TTS].concat()), &[]);
    for line in [
        "apps.a.stt.model: Whisper has no model: /nowhere/w.bin: ",
        "type `trunkline models fetch`",
    ] {
        assert!(told.contains(line), "{line}\n\n{told}");
    }
}
