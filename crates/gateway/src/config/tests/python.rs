//! Applications of `type: python`.

use super::*;
use crate::config::InProcess;
use std::sync::{Arc, Mutex};
use trunkline_call::{App, BoxFuture, Call};
use trunkline_streams::AnswerMode;

const BOT: &str = "apps: {bot: {type: python}, desk: {type: python, answer: manual}}";

struct HangsUp;

impl App for HangsUp {
    fn run(&self, call: Call) -> BoxFuture<'static, ()> {
        drop(call);
        Box::pin(std::future::ready(()))
    }
}

#[test]
fn a_gateway_that_is_no_python_program_has_none() {
    let told = refused("apps:\n  bot: {type: python}\n", &[]);
    assert_eq!(
        told,
        "t.yaml:2:15: apps.bot.type: a Python program has such applications, and this is none; \
         start the gateway by `trunkline.Gateway.start` from Python, or write websocket"
    );
}

#[test]
fn each_is_made_by_the_program_with_its_way_of_answering() {
    let made = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&made);
    let make = move |answer| {
        log.lock().unwrap().push(answer);
        Arc::new(HangsUp) as Arc<dyn App>
    };
    let overrides = Overrides {
        in_process: Some(InProcess(Arc::new(make))),
        ..Overrides::default()
    };
    let loaded = load_text(BOT, Variables::default(), &overrides).unwrap();
    let apps = &loaded.settings.apps;
    assert!(matches!(apps["bot"], AppEntry::Rust(_)) && matches!(apps["desk"], AppEntry::Rust(_)));
    let answers = std::mem::take(&mut *made.lock().unwrap());
    assert_eq!(answers, [AnswerMode::WhenOpen, AnswerMode::Manual]);
    assert!(!loaded.names_server);

    let text = "server: {port: 0}\napps: {bot: {type: python, url: \"ws://127.0.0.1/\"}}";
    let wrong = load_text(text, Variables::default(), &overrides).unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "apps.bot.url: is only for `type: websocket`; remove the key, or change the type"
    );
}
