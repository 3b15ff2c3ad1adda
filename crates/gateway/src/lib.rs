//! The gateway: sockets, shards, signalling, HTTP, configuration and the command line.

mod agent;
pub mod apps;
mod audiosocket;
mod awake;
pub mod cli;
pub mod clock;
pub mod config;
pub mod control;
pub mod doctor;
pub mod gateway;
pub mod http;
mod memory;
mod names;
mod net;
mod newcomer;
mod providers;
mod random;
pub mod records;
pub mod reload;
pub mod service;
pub mod settings;
pub mod shard;
mod signalling;
mod sound;
pub mod telemetry;
mod tls;
mod twiml;
