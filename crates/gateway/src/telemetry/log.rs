//! The log, on standard error. A caller chooses many of the texts in it, so no control character
//! gets through: a line of the log is always the gateway's own.

use std::fmt;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::{Format, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// The target of SIP messages as they came and went.
pub const SIP_MESSAGES: &str = "trunkline::sip_messages";

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// What failed.
    #[value(alias = "critical")]
    Error,
    /// And what may fail next.
    #[value(alias = "warning")]
    Warn,
    /// And what happens.
    Info,
    /// And why.
    Debug,
    /// And every step.
    Trace,
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Off => Self::OFF,
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

/// Starts the log of this process.
pub fn start(level: LogLevel, format: LogFormat, trace_sip: bool) {
    let messages = if trace_sip {
        LevelFilter::TRACE
    } else {
        LevelFilter::OFF
    };
    let targets = Targets::new()
        .with_target("trunkline", LevelFilter::from(level))
        .with_target(SIP_MESSAGES, messages);
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(targets);
    // A log that was started before, by a program that holds us as a library, stays as it is.
    let _ = match format {
        LogFormat::Text => registry
            .with(layer.event_format(Lines::default()))
            .try_init(),
        LogFormat::Json => {
            let layer = layer.event_format(Format::default().json());
            registry
                .with(layer.fmt_fields(JsonFields::new()))
                .try_init()
        }
    };
}

/// Whether SIP messages are to be traced, which is asked before one is made readable.
pub fn traces_sip() -> bool {
    tracing::enabled!(target: SIP_MESSAGES, Level::TRACE)
}

/// Lines of text, in which only a SIP message has lines of its own.
#[derive(Default)]
struct Lines(Format);

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.0
            .format_event(context, Writer::new(&mut line), event)?;
        writeln!(writer, "{}", escaped(line.trim_end_matches('\n')))
    }
}

/// A text whose control characters are spelled out, but for line breaks within it that a `| `
/// follows: the margin of a message, which nothing outside can leave.
pub fn escaped(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let in_margin = c == '\n' && rest.as_str().starts_with(MARGIN);
        if c.is_control() && !in_margin {
            clean.extend(c.escape_default());
        } else {
            clean.push(c);
        }
    }
    clean
}

/// What every line of a SIP message in the log begins with.
pub const MARGIN: &str = "| ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_text_never_begins_a_line() {
        let forged = "call from \u{1b}[31malice\r\n2026-01-01 INFO all is well\u{85}";
        let clean = escaped(forged);
        assert!(!clean.chars().any(char::is_control), "{clean:?}");
        assert!(clean.contains("\\u{1b}[31malice\\r\\n2026"), "{clean}");
        assert_eq!(escaped("sent\n| INVITE\n| x"), "sent\n| INVITE\n| x");
    }
}
