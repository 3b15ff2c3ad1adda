use super::*;
use std::time::Duration;
use tokio::time::timeout;

#[tokio::test]
async fn a_question_beyond_those_that_may_wait_is_refused_as_busy() {
    let (control, asked) = Control::new(Records::default(), Arc::default());
    for _ in 0..QUESTIONS_MAX {
        // Asked, and given up at once: the question waits all the same.
        let answer = timeout(Duration::ZERO, control.calls()).await;
        assert!(answer.is_err(), "nobody answers");
    }
    assert_eq!(control.calls().await.err(), Some(ControlError::Busy));
    drop(asked);
    assert_eq!(control.calls().await.err(), Some(ControlError::Stopping));
}
