//! What users do with the gateway: the real binary on loopback, a file a story.

mod support;

mod stories {
    mod admission;
    mod drain;
    mod faulty;
    mod server_role;
    mod websocket;
}
