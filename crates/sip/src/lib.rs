//! SIP without I/O: messages, transactions, dialogs, digest, registrar, and the endpoint that joins them.
#![forbid(unsafe_code)]
