//! The gateway: sockets, shards, signalling, HTTP, configuration and the command line.
