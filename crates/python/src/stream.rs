//! A provider's media stream as a call, without its connection: messages and time go in; messages,
//! events and the next deadline come out. Whoever has the WebSocket drives it.

mod words;

use crate::event;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::sync::MutexExt as _;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};
use trunkline_audio::l16::{ByteOrder, Decoder};
use trunkline_call::{
    CallCommand, CallEvent, Digit, EndReason, GatewayReason, HangupCause, Headers, Mark, Target,
    TransferMode,
};
use trunkline_legs::stream::{ByRest, Greeting, Settings, StreamLeg};
use trunkline_legs::{DialNews, Input, Leg, Output};
use trunkline_streams::dialect::StreamDialect;
use trunkline_streams::stream::MediaFormat;
use trunkline_streams::{CloseCode, Frame, telnyx};
use words::{asked, format, kind, known, refused, told};

/// Adds this module's class and function.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<StreamSession>()?;
    module.add_function(wrap_pyfunction!(words::stream_dialects, module)?)
}

/// A message of a WebSocket.
#[derive(FromPyObject)]
enum Message {
    Text(PyBackedStr),
    Binary(PyBackedBytes),
}

impl Message {
    fn frame(&self) -> Frame<'_> {
        match self {
            Self::Text(text) => Frame::Text(text),
            Self::Binary(bytes) => Frame::Binary(bytes),
        }
    }
}

/// The kind of an early message, what `start` says, and what to do then.
type Heard<'py> = (&'static str, Option<Bound<'py, PyDict>>, Bound<'py, PyList>);

/// One media stream. Times are seconds of any clock that only goes forward. What comes of an input is
/// a list of things to do in their order:
///
/// * `("send", str | bytes)`, `("ping",)`, `("close", code)`: on the connection;
/// * `("event", name, fields)`: for the application, of a class of `trunkline.events`;
/// * `("ask", verb, argument)`: what only the provider's REST interface can do: `hangup`, `transfer`
///   or `press`;
/// * `("finished",)`: nothing more will come.
#[pyclass(module = "trunkline._core", frozen)]
#[derive(Debug)]
pub struct StreamSession {
    epoch: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    stage: Stage,
    /// The caller's clock at the epoch.
    epoch_s: f64,
    due: Option<Instant>,
    telnyx_takes: Option<MediaFormat>,
    accounts: Vec<String>,
    /// Half a sample of what is played may wait for its other half.
    played: Decoder,
}

#[derive(Debug)]
enum Stage {
    Greeting(Greeting, Option<&'static StreamDialect>),
    Call(Box<StreamLeg>),
    /// Its code panicked, and nobody was told the end.
    Broken,
    /// It did not become a call, or is one no more.
    Over,
}

#[pymethods]
impl StreamSession {
    /// A connection of a provider; without a dialect, one that shows by how it begins. Telnyx does not
    /// say what it takes: `telnyx_codec` is what its stream was set up with, such as `pcma` or
    /// `l16;rate=16000`. `accounts` names the providers whose REST interface can be asked.
    #[new]
    #[pyo3(signature = (now, dialect=None, telnyx_codec=None, accounts=Vec::new()))]
    fn new(
        now: f64,
        dialect: Option<&str>,
        telnyx_codec: Option<&str>,
        accounts: Vec<String>,
    ) -> PyResult<Self> {
        let dialect = dialect.map(known).transpose()?;
        let telnyx_takes = telnyx_codec.map(format).transpose()?;
        Ok(Self {
            epoch: Instant::now(),
            state: Mutex::new(State {
                stage: Stage::Greeting(Greeting::new(dialect), dialect),
                epoch_s: now,
                due: None,
                telnyx_takes,
                accounts,
                played: Decoder::new(ByteOrder::Little),
            }),
        })
    }

    /// Takes a message before the stream has begun. What it is, `connected`, `start` or `other`; what
    /// `start` says; and what to do, once the stream has begun.
    ///
    /// Raises `LookupError` where no provider begins so, `ValueError` where this does not become a
    /// stream of its provider.
    fn greet<'py>(&self, py: Python<'py>, now: f64, message: Message) -> PyResult<Heard<'py>> {
        let mut state = self.state(py);
        let at = state.instant(self.epoch, now);
        let Stage::Greeting(greeting, dialect) = &mut state.stage else {
            return Err(PyRuntimeError::new_err("the stream has begun already"));
        };
        let todo = PyList::empty(py);
        let kind = kind(*dialect, message.frame());
        let heard = greeting.hear(message.frame());
        let heard = heard.inspect_err(|_| state.stage = Stage::Over);
        let heard = heard.map_err(|refusal| refused(&refusal))?;
        let Some(mut greeted) = heard else {
            return Ok((kind, None, todo));
        };
        if greeted.dialect.name == telnyx::DIALECT.name {
            greeted.start.down = state.telnyx_takes.or(greeted.start.down);
        }
        state.stage = Stage::Over;
        let told = told(py, &greeted)?;
        let settings = Settings {
            by_rest: state.by_rest(greeted.dialect.name),
            ..Settings::default()
        };
        let leg = StreamLeg::new(greeted, settings, at);
        let mut leg = leg.map_err(|bad| PyValueError::new_err(bad.to_string()))?;
        state.due = drain(py, &mut leg, &todo)?.due;
        state.stage = Stage::Call(Box::new(leg));
        Ok(("start", Some(told), todo))
    }

    /// When to come back with [`Self::wake`], in the caller's clock; `None`: only when something
    /// happens.
    #[getter]
    fn deadline(&self, py: Python<'_>) -> Option<f64> {
        let state = self.state(py);
        let until = state.due?.saturating_duration_since(self.epoch);
        Some(state.epoch_s + until.as_secs_f64())
    }

    /// The deadline has passed.
    fn wake<'py>(&self, py: Python<'py>, now: f64) -> PyResult<Bound<'py, PyList>> {
        self.drive(py, now, Input::Timeout)
    }

    /// A message came.
    fn receive<'py>(
        &self,
        py: Python<'py>,
        now: f64,
        message: Message,
    ) -> PyResult<Bound<'py, PyList>> {
        self.drive(py, now, Input::Received(message.frame()))
    }

    /// The far end answered a ping.
    fn pong<'py>(&self, py: Python<'py>, now: f64) -> PyResult<Bound<'py, PyList>> {
        self.drive(py, now, Input::Pong)
    }

    /// So many bytes wait to be sent.
    fn backlog<'py>(
        &self,
        py: Python<'py>,
        now: f64,
        bytes: usize,
    ) -> PyResult<Bound<'py, PyList>> {
        self.drive(py, now, Input::Backlog { bytes })
    }

    /// The connection is closed: by a close frame with this code, 1005 for one without; by none.
    #[pyo3(signature = (now, code=None))]
    fn closed<'py>(
        &self,
        py: Python<'py>,
        now: f64,
        code: Option<u16>,
    ) -> PyResult<Bound<'py, PyList>> {
        let code = code.map_or(CloseCode::Abnormal, CloseCode::Frame);
        self.drive(py, now, Input::Closed(code))
    }

    /// Says samples: 16 kHz, 16 bit, little-endian, any number of bytes.
    fn play<'py>(&self, py: Python<'py>, now: f64, pcm: &[u8]) -> PyResult<Bound<'py, PyList>> {
        let mut samples = Vec::new();
        {
            let mut state = self.state(py);
            samples.resize(state.played.output_len(pcm.len()), 0);
            state.played.decode(pcm, &mut samples);
        }
        self.command(py, now, CallCommand::Play(samples.into()))
    }

    /// Asks to be told when everything said so far was played.
    fn mark<'py>(&self, py: Python<'py>, now: f64, name: &str) -> PyResult<Bound<'py, PyList>> {
        let mark = Mark::new(name).ok_or_else(|| {
            let most = Mark::NAME_BYTES_MAX;
            PyValueError::new_err(format!("the name of a mark has at most {most} bytes"))
        })?;
        self.command(py, now, CallCommand::Mark(mark))
    }

    /// Forgets what is not played yet.
    fn clear<'py>(&self, py: Python<'py>, now: f64) -> PyResult<Bound<'py, PyList>> {
        self.command(py, now, CallCommand::Clear)
    }

    /// Stops playing, and keeps what is queued.
    fn pause<'py>(&self, py: Python<'py>, now: f64) -> PyResult<Bound<'py, PyList>> {
        self.command(py, now, CallCommand::Pause)
    }

    /// Goes on playing.
    fn unpause<'py>(&self, py: Python<'py>, now: f64) -> PyResult<Bound<'py, PyList>> {
        self.command(py, now, CallCommand::Continue)
    }

    /// Presses a key.
    fn send_dtmf<'py>(
        &self,
        py: Python<'py>,
        now: f64,
        digit: char,
        duration_ms: u32,
    ) -> PyResult<Bound<'py, PyList>> {
        let digit = Digit::from_char(digit)
            .ok_or_else(|| PyValueError::new_err(format!("{digit:?} is no key of a telephone")))?;
        self.command(py, now, CallCommand::SendDtmf { digit, duration_ms })
    }

    /// Moves the caller elsewhere.
    fn transfer<'py>(
        &self,
        py: Python<'py>,
        now: f64,
        target: &str,
    ) -> PyResult<Bound<'py, PyList>> {
        let target = Target::new(target)
            .ok_or_else(|| PyValueError::new_err(format!("{target:?} is no number or URI")))?;
        let (headers, mode) = (Headers::default(), TransferMode::Refer);
        let transfer = CallCommand::Transfer {
            target,
            headers,
            mode,
        };
        self.command(py, now, transfer)
    }

    /// The provider was asked to move the caller, and has taken that on; or has not, for a reason.
    #[pyo3(signature = (now, refusal=None))]
    fn moved<'py>(
        &self,
        py: Python<'py>,
        now: f64,
        refusal: Option<String>,
    ) -> PyResult<Bound<'py, PyList>> {
        let news = match refusal {
            None => DialNews::Up,
            Some(text) => DialNews::Failed { code: 502, text },
        };
        self.drive(py, now, Input::Dial(news))
    }

    /// Ends the call: `normal`, `rejected`, `busy`, `not_found` or `error`.
    fn hangup<'py>(&self, py: Python<'py>, now: f64, cause: &str) -> PyResult<Bound<'py, PyList>> {
        let cause = HangupCause::from_word(cause).ok_or_else(|| {
            let words = HangupCause::ALL.map(HangupCause::word).join(", ");
            PyValueError::new_err(format!("{cause:?} is no cause; write one of {words}"))
        })?;
        self.command(py, now, CallCommand::Hangup(cause))
    }
}

impl StreamSession {
    /// A panic is told as an exception, and the stream as it was left is not used again: what comes
    /// next ends the call.
    fn state(&self, py: Python<'_>) -> MutexGuard<'_, State> {
        self.state.lock_py_attached(py).unwrap_or_else(|poisoned| {
            self.state.clear_poison();
            let mut state = poisoned.into_inner();
            state.stage = Stage::Broken;
            state
        })
    }

    fn command<'py>(
        &self,
        py: Python<'py>,
        now: f64,
        command: CallCommand<'_>,
    ) -> PyResult<Bound<'py, PyList>> {
        self.drive(py, now, Input::Command(command))
    }

    fn drive<'py>(
        &self,
        py: Python<'py>,
        now: f64,
        input: Input<'_>,
    ) -> PyResult<Bound<'py, PyList>> {
        let mut state = self.state(py);
        let now = state.instant(self.epoch, now);
        let todo = PyList::empty(py);
        let leg = match &mut state.stage {
            Stage::Call(leg) => leg,
            Stage::Broken => {
                state.stage = Stage::Over;
                state.due = None;
                let reason = EndReason::Gateway(GatewayReason::Internal);
                tell(py, CallEvent::Ended(reason), &todo)?;
                todo.append(("finished",))?;
                return Ok(todo);
            }
            _ => return Ok(todo),
        };
        leg.handle_input(now, input);
        let mut rest = drain(py, leg.as_mut(), &todo)?;
        if rest.wants_dial {
            // There is no other line here to be joined with this one.
            leg.handle_input(now, Input::Dial(DialNews::Denied));
            rest = drain(py, leg.as_mut(), &todo)?;
        }
        state.due = rest.due;
        if rest.is_finished {
            state.stage = Stage::Over;
        }
        Ok(todo)
    }
}

impl State {
    /// As the gateway has it: to press keys ends the stream at Twilio.
    fn by_rest(&self, dialect: &str) -> ByRest {
        let has_account = self.accounts.iter().any(|name| name == dialect);
        ByRest {
            moves: has_account,
            presses: has_account && dialect == telnyx::DIALECT.name,
        }
    }

    fn instant(&self, epoch: Instant, now: f64) -> Instant {
        let since = Duration::try_from_secs_f64(now - self.epoch_s);
        epoch + since.unwrap_or_default()
    }
}

/// How a leg was left.
#[derive(Debug, Default)]
struct Rest {
    due: Option<Instant>,
    wants_dial: bool,
    is_finished: bool,
}

/// Takes everything a leg has to say.
fn drain(py: Python<'_>, leg: &mut StreamLeg, todo: &Bound<'_, PyList>) -> PyResult<Rest> {
    let mut rest = Rest::default();
    loop {
        match leg.poll_output() {
            Output::Timeout(due) => {
                rest.due = due;
                return Ok(rest);
            }
            Output::Send(Frame::Text(text)) => todo.append(("send", PyString::new(py, text)))?,
            Output::Send(Frame::Binary(bytes)) => todo.append(("send", PyBytes::new(py, bytes)))?,
            Output::Send(Frame::Ping) => todo.append(("ping",))?,
            Output::Close(code) => todo.append(("close", code))?,
            Output::Event(event) => tell(py, event, todo)?,
            Output::AtProvider(wish) => todo.append(asked(&wish))?,
            Output::Dial { .. } => rest.wants_dial = true,
            Output::Finished => {
                todo.append(("finished",))?;
                rest.is_finished = true;
            }
            // A stream has no dialog and no RTP.
            Output::Signal(_) | Output::Transmit { .. } => {}
        }
    }
}

fn tell(py: Python<'_>, event: CallEvent, todo: &Bound<'_, PyList>) -> PyResult<()> {
    let (name, fields) = event::fields(py, event)?;
    todo.append(("event", name, fields))
}
