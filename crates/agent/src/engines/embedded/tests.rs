use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use super::*;

/// An engine that counts its orders.
fn counting(threads: usize) -> Embedded<u32> {
    Embedded::new("counter", threads, || Ok(0))
}

/// An order that says that it began, and ends when it may.
async fn wait_there(engine: &Embedded<u32>, began: Sender<()>, may_end: Receiver<()>) {
    let done = engine.order(move |_, _| {
        began.send(()).map_err(|error| error.to_string())?;
        may_end.recv().map_err(|error| error.to_string())
    });
    done.await.expect("it ends");
}

const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn orders_are_done_one_after_the_other_by_one_engine() {
    let engine = counting(1);
    for expected in 1..=3 {
        let count = engine.order(|count, _| {
            *count += 1;
            Ok(*count)
        });
        assert_eq!(count.await.expect("an answer"), expected);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn its_threads_step_back_and_ours_do_not() {
    let nice = || rustix::process::getpriority_process(None).map_err(|error| error.to_string());
    let ours = nice().expect("a priority");
    let theirs = counting(1).order(move |_, _| nice()).await;
    assert_eq!(theirs.expect("a priority"), ours.max(priority::NICE));
    assert_eq!(nice().expect("a priority"), ours);
}

#[tokio::test]
async fn an_order_that_was_taken_back_before_its_turn_is_never_begun() {
    let engine = Arc::new(counting(1));
    let (began, has_begun) = channel();
    let (end, may_end) = channel();
    let first = Arc::clone(&engine);
    let first = tokio::spawn(async move { wait_there(&first, began, may_end).await });
    tokio::task::spawn_blocking(move || has_begun.recv_timeout(SOON))
        .await
        .expect("no panic")
        .expect("it begins");
    let second = engine.order(|count, _| {
        *count += 1;
        Ok(())
    });
    tokio::select! {
        biased;
        _ = second => panic!("the thread is busy"),
        () = std::future::ready(()) => {}
    }
    end.send(()).expect("it waits");
    first.await.expect("no panic");
    let count = engine.order(|count, _| Ok(*count)).await;
    assert_eq!(count.expect("an answer"), 0);
}

#[tokio::test]
async fn an_order_that_is_taken_back_while_it_is_worked_on_is_told_so() {
    let engine = Arc::new(counting(1));
    let (began, has_begun) = tokio::sync::oneshot::channel();
    let ours = Arc::clone(&engine);
    let order = tokio::spawn(async move {
        let work = |count: &mut u32, wanted: &Wanted| {
            began.send(()).expect("the test waits");
            while wanted.is_wanted() {
                thread::yield_now();
            }
            *count = 7;
            Ok(())
        };
        ours.order(work).await
    });
    has_begun.await.expect("it begins");
    order.abort();
    // Runs after it, on the same thread.
    let count = engine.order(|count, _| Ok(*count)).await;
    assert_eq!(count.expect("an answer"), 7);
}

#[tokio::test]
async fn no_more_than_so_many_orders_wait() {
    let engine = Arc::new(counting(1));
    let (began, has_begun) = channel();
    let (end, may_end) = channel();
    let first = Arc::clone(&engine);
    let first = tokio::spawn(async move { wait_there(&first, began, may_end).await });
    tokio::task::spawn_blocking(move || has_begun.recv_timeout(SOON))
        .await
        .expect("no panic")
        .expect("it begins");
    let mut waiting: Vec<_> = (0..ORDERS_MAX)
        .map(|_| Box::pin(engine.order(|_, _| Ok(()))))
        .collect();
    for order in &mut waiting {
        let order = std::future::poll_fn(|cx| {
            assert!(order.as_mut().poll(cx).is_pending());
            std::task::Poll::Ready(())
        });
        order.await;
    }
    let refused = engine.order(|_, _| Ok(())).await.expect_err("no room");
    assert_eq!(refused.to_string(), "counter: 256 orders wait already");
    end.send(()).expect("it waits");
    for order in waiting {
        order.await.expect("its turn comes");
    }
    first.await.expect("no panic");
}

#[tokio::test]
async fn sound_that_nobody_takes_waits_until_there_is_room_or_nobody_listens() {
    let engine = Arc::new(counting(1));
    let (makes, made) = channel();
    let (to, unread) = tokio::sync::mpsc::channel(1);
    let ours = Arc::clone(&engine);
    let speaking = tokio::spawn(async move {
        let endless = move |_: &mut u32, piece: &mut dyn FnMut(&[i16]) -> bool| {
            while piece(&[0; 160]) {
                makes.send(()).map_err(|error| error.to_string())?;
            }
            Ok(())
        };
        ours.speak(to, endless).await
    });
    let counted = tokio::task::spawn_blocking(move || {
        let mut count = 0;
        // The one that it waits with was not taken. Where nothing held it up, more would come.
        let soon = |count| match count {
            0..PIECES_AHEAD_MAX => SOON,
            _ => Duration::from_millis(50),
        };
        while count < 2 * PIECES_AHEAD_MAX && made.recv_timeout(soon(count)).is_ok() {
            count += 1;
        }
        (count, made)
    });
    let (count, _made) = counted.await.expect("no panic");
    // Beyond those that wait, one is on its way to whoever listens, and one is there.
    let most = PIECES_AHEAD_MAX + 2;
    assert!((PIECES_AHEAD_MAX..=most).contains(&count), "{count}");
    speaking.abort();
    let free = tokio::time::timeout(SOON, engine.prepare()).await;
    free.expect("the thread is free again")
        .expect("and the engine whole");
    drop(unread);
}

#[tokio::test]
async fn sound_is_handed_on_in_order_until_nobody_listens() {
    let engine = counting(1);
    let (to, mut from) = tokio::sync::mpsc::channel(1);
    let speaking = engine.speak(to, |_, piece| {
        let wanted = (0..1_000).take_while(|n| piece(&[*n])).count();
        (wanted == 1_000).then_some(()).ok_or("cut off".to_owned())
    });
    let listening = async {
        let mut heard = Vec::new();
        while let Some(piece) = from.recv().await {
            heard.extend(piece);
        }
        heard
    };
    let (spoken, heard) = tokio::join!(speaking, listening);
    spoken.expect("all of it");
    assert_eq!(heard, (0..1_000).collect::<Vec<i16>>());
    let (to, nobody) = tokio::sync::mpsc::channel(1);
    drop(nobody);
    let spoken = engine.speak(to, |_, piece| {
        while piece(&[0]) {}
        Ok(())
    });
    let spoken = tokio::time::timeout(SOON, spoken).await.expect("it ends");
    assert!(matches!(spoken, Err(EngineError::Unwanted)), "{spoken:?}");
}

#[tokio::test]
async fn an_order_that_panics_fails_alone() {
    let engine = counting(1);
    let bad = engine.order(|_, _| -> Result<(), String> { panic!("on purpose") });
    let bad = bad.await.expect_err("it panicked");
    assert_eq!(bad.to_string(), "counter: it gave up in the middle");
    engine.prepare().await.expect("another one");
}

#[tokio::test]
async fn an_engine_that_could_not_be_opened_is_opened_by_the_next_order() {
    let (tried, attempts) = channel();
    let open = move || {
        tried.send(()).expect("the test is there");
        Err::<u32, _>("no such file".to_owned())
    };
    let engine = Embedded::new("counter", 1, open);
    for _ in 0..2 {
        let failed = engine.prepare().await.expect_err("it cannot be opened");
        assert_eq!(failed.to_string(), "counter: no such file");
    }
    assert_eq!(attempts.try_iter().count(), 2);
}

#[test]
fn an_engine_in_use_is_shared_and_one_that_is_not_is_gone() {
    let shared = Shared::new();
    let path = std::path::Path::new("model.bin");
    let first = shared.get(path, || counting(1));
    let same = shared.get(path, || panic!("it is in use"));
    assert!(Arc::ptr_eq(&first, &same));
    let other = shared.get(std::path::Path::new("other.bin"), || counting(1));
    assert!(!Arc::ptr_eq(&first, &other));
    drop((first, same));
    shared.get(path, || counting(2));
}
