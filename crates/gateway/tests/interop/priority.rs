//! Which threads go first.

use std::process::Command;

use crate::peer::{on_path, with_peer};
use crate::support::{Gateway, eventually};

/// Names of a process's threads, and their real-time priorities; 0 is none.
fn threads(pid: u32) -> Vec<(String, u32)> {
    let folder = std::fs::read_dir(format!("/proc/{pid}/task")).expect("Linux lists threads");
    let each = folder.flatten().filter_map(|thread| {
        let name = std::fs::read_to_string(thread.path().join("comm")).ok()?;
        let stat = std::fs::read_to_string(thread.path().join("stat")).ok()?;
        // The 40th field; the second is a name in parentheses, the third a letter (proc(5)).
        let (_, fields) = stat.rsplit_once(") ")?;
        let priority = fields.split(' ').nth(37)?.parse().ok()?;
        Some((name.trim_end().to_owned(), priority))
    });
    each.collect()
}

fn is_media(thread: &(String, u32)) -> bool {
    thread.0.starts_with("media-")
}

#[test]
fn of_a_gateway_with_real_time_priority_only_media_threads_keep_it() {
    let chrt = on_path("chrt").ok_or_else(|| "no chrt on PATH".to_owned());
    let granted = chrt.and_then(|chrt| {
        let tried = Command::new(chrt).args(["-f", "1", "true"]).output();
        match tried.is_ok_and(|tried| tried.status.success()) {
            true => Ok(()),
            false => Err("real-time priority is not granted; try as root".to_owned()),
        }
    });
    with_peer("chrt", "who goes first", granted, |()| {
        only_media_threads_keep_it();
    });
}

fn only_media_threads_keep_it() {
    let gateway = Gateway::start_with_realtime("priority-realtime");
    let threads = eventually("media threads go first", || {
        let threads = threads(gateway.pid());
        let mut media = threads.iter().filter(|thread| is_media(thread)).peekable();
        let is_there = media.peek().is_some();
        (is_there && media.all(|(_, priority)| *priority == 1)).then_some(threads)
    });
    let others: Vec<_> = threads.iter().filter(|thread| !is_media(thread)).collect();
    assert!(!others.is_empty());
    assert!(
        others.iter().all(|(_, priority)| *priority == 0),
        "{others:?}"
    );
}

#[test]
fn without_real_time_priority_no_thread_asks_for_it() {
    let gateway = Gateway::start("priority-ordinary", "");
    let threads = eventually("there are media threads", || {
        Some(threads(gateway.pid())).filter(|threads| threads.iter().any(is_media))
    });
    assert!(
        threads.iter().all(|(_, priority)| *priority == 0),
        "{threads:?}"
    );
}
