use super::*;
use crate::ladder::Direction;
use proptest::prelude::*;

const MS: fn(u64) -> Duration = Duration::from_millis;

/// A call whose every text is this.
fn call(text: &str) -> Sheet {
    let text = || text.to_owned();
    Sheet {
        title: text(),
        good: false,
        faults: vec![text()],
        figures: vec![Figure {
            name: text(),
            value: text(),
        }],
        said: vec![Said {
            who: Who::Agent,
            from: MS(200),
            to: MS(900),
            text: text(),
            understood: Some(text()),
            wer: Some(0.25),
            cut: true,
        }],
        marks: vec![Mark {
            at: MS(950),
            kind: MarkKind::Keys,
            text: text(),
        }],
        turns: vec![Turn {
            name: text(),
            at: MS(100),
            gap: MS(640),
            stages: vec![
                Stage {
                    name: "hears",
                    took: MS(500),
                },
                Stage {
                    name: "speaks",
                    took: MS(140),
                },
            ],
        }],
        limit: Some(MS(1_500)),
        ladder: vec![Rung {
            at: MS(3),
            direction: Direction::In,
            text: text(),
            stream: false,
        }],
        recording: Some(text()),
    }
}

fn drawn(text: &str) -> String {
    let sound: Vec<i16> = (0..16_000)
        .map(|at| (at % 200 * 100 - 10_000) as i16)
        .collect();
    page(&call(text), &sound, &sound[..8_000])
}

/// Reads the page as XML, which it also is but for its first line; what is in its attributes, and its
/// text.
fn read(page: &str) -> (Vec<String>, String) {
    let (first, rest) = page.split_once('\n').expect("more than a line");
    assert_eq!(first, "<!doctype html>");
    let document = roxmltree::Document::parse(rest);
    let document = document.unwrap_or_else(|error| panic!("{error}: {rest}"));
    let is_ours =
        |node: &roxmltree::Node<'_, '_>| !matches!(node.tag_name().name(), "script" | "style");
    let nodes: Vec<_> = document.descendants().filter(is_ours).collect();
    let attributes = nodes.iter().flat_map(|node| node.attributes());
    let attributes = attributes.map(|it| format!("{}={}", it.name(), it.value()));
    let is_text = |node: &&roxmltree::Node<'_, '_>| {
        node.is_text() && node.parent().as_ref().is_some_and(is_ours)
    };
    let text = nodes.iter().filter(is_text);
    let text = text.filter_map(|node| node.text()).collect();
    (attributes.collect(), text)
}

#[test]
fn what_callers_say_is_text_wherever_it_stands() {
    let hostile = "\"><script>alert('1')</script><img src=x onerror=alert(1)>&lt;\u{1b}[2J";
    let page = drawn(hostile);
    assert_eq!(page.matches("<script").count(), 1, "ours");
    assert!(!page.contains("<img") && !page.contains('\u{1b}'), "{page}");
    let (attributes, text) = read(&page);
    assert!(
        !attributes.iter().any(|it| it.starts_with("on")),
        "{attributes:?}"
    );
    assert!(text.contains("<img src=x onerror=alert(1)>&lt;"), "{text}");
}

#[test]
fn nothing_in_it_leads_elsewhere() {
    let page = drawn("call.wav");
    for word in ["http:", "https:", "//", "@import", "url("] {
        let found = page
            .lines()
            .find(|line| line.contains(word) && !line.starts_with("//"));
        assert_eq!(found, None, "{word}");
    }
    let (attributes, _) = read(&page);
    let leads = |it: &&String| it.starts_with("src=") || it.starts_with("href=");
    let leads: Vec<&String> = attributes.iter().filter(leads).collect();
    assert_eq!(leads, ["src=call.wav"]);
}

#[test]
fn a_wait_stands_where_it_was_and_its_stages_fill_it() {
    let page = drawn("x");
    // One second is 1,200 wide; the wait is from 100 to 740 ms.
    let wait = "class=\"wait\" x=\"120.0\" width=\"768.0\"";
    assert!(page.contains(wait), "{page}");
    // 500 of 1,575 ms, which is the limit and a little more.
    assert!(
        page.contains("width:31.75%\" title=\"hears: 500.0 ms\""),
        "{page}"
    );
    assert!(page.contains("width:8.89%\" title=\"speaks: 140.0 ms\""));
    assert!(page.contains("left:95.24%\" title=\"limit: 1500 ms\""));
    let mut late = call("x");
    late.turns[0].gap = MS(1_501);
    let page = super::page(&late, &[], &[]);
    assert!(page.contains("<div class=\"ms late\">1501 ms</div>"));
}

#[test]
fn a_call_without_anything_is_a_page_too() {
    let page = page(&Sheet::default(), &[], &[]);
    let (_, text) = read(&page);
    assert!(text.contains("Both sides"), "{text}");
    assert!(!text.contains("What was said"), "{text}");
}

#[test]
fn the_same_is_told_as_json_with_times_in_milliseconds() {
    let told = serde_json::to_value(call("x")).expect("a value");
    assert_eq!(told["turns"][0]["gapMs"], 640.0);
    assert_eq!(told["turns"][0]["stages"][1]["name"], "speaks");
    assert_eq!(told["said"][0]["who"], "agent");
    assert_eq!(told["said"][0]["fromMs"], 200.0);
    assert_eq!(told["marks"][0]["kind"], "keys");
    assert_eq!(told["limitMs"], 1500.0);
}

proptest! {
    #[test]
    fn whatever_is_said_the_page_is_whole(text in any::<String>()) {
        let (attributes, _) = read(&drawn(&text));
        prop_assert!(!attributes.iter().any(|it| it.starts_with("on")));
    }
}
