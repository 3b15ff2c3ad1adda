//! What a call's audio says of its turns, in the words of the call.

use std::time::Duration;

use trunkline_call::CallEvent;
use trunkline_call::turns::{Deafness, Interruption, Stages, Turn};
use trunkline_media::turns::Finding;

/// A finding as an event.
pub(crate) fn found(finding: &Finding) -> CallEvent {
    match finding {
        Finding::Turn { at, stages } => CallEvent::Turn(Turn {
            at_ms: ms(*at),
            stages: Stages::rounded(stages.each()),
        }),
        Finding::Interrupted { at, yielded } => CallEvent::Interrupted(Interruption {
            at_ms: ms(*at),
            yielded: yielded.map(|stages| Stages::rounded(stages.each())),
        }),
        Finding::Deaf { at, silence } => CallEvent::AppDeaf(Deafness {
            at_ms: ms(*at),
            silent_ms: ms(*silence),
        }),
    }
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
