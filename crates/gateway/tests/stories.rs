//! What users do with the gateway: the real binary on loopback, a file a story.

mod support;

mod stories {
    mod websocket;
}
