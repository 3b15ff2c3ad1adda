//! What users do with the gateway: the real binary on loopback, a file a story.

mod support;

mod stories {
    mod access;
    mod admission;
    mod agent;
    mod attended;
    mod audiosocket;
    mod control;
    mod drain;
    mod endings;
    mod faulty;
    mod hostile;
    mod limits;
    mod lost;
    mod names;
    mod outbound;
    mod placed;
    mod provider_streams;
    mod records;
    mod reload;
    mod routes;
    mod secured;
    mod server_role;
    mod simulated;
    mod streams;
    mod transports;
    mod turns;
    mod twilio;
    mod twilio_calls;
    mod twilio_documents;
    mod webhooks;
    mod websocket;
}
