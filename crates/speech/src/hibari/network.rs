//! The acoustic network: phonemes in, a spectrum every 12.5 ms out.

use std::path::Path;
use std::sync::Arc;

use rten::{Model, NodeId, RunOptions, ThreadPool, Value};

use super::HibariError;
use crate::english::DataError;

/// Bands of the spectrum, from 0 to 12 kHz.
pub(super) const BANDS: usize = 601;

/// What the network's outputs are called; the five spectra first.
const OUTPUTS: [&str; 6] = ["lh", "theta", "ln", "lr", "phi", "f0"];

/// The network, ready to run.
pub(super) struct Network {
    model: Model,
    symbols: NodeId,
    speed: NodeId,
    outputs: [NodeId; OUTPUTS.len()],
    /// Computes on threads of its own, made by whoever opened the voice: they have that one's priority.
    threads: Arc<ThreadPool>,
}

/// One of the five spectra that make up a sound. Each is a natural logarithm or an angle.
#[derive(Clone, Copy)]
pub(super) enum Part {
    /// How strong the voiced sound is, as a logarithm.
    Voiced = 0,
    /// How far its phase is from the pulses', as an angle before `tanh`.
    VoicedPhase = 1,
    /// How strong the noise is, as a logarithm.
    Noise = 2,
    /// How strong what is neither is, as a logarithm.
    Free = 3,
    /// Its phase, in radians.
    FreePhase = 4,
}

/// What the network makes of a phrase: frames of 12.5 ms.
pub(super) struct Spectrum {
    /// A pitch in Hz for each frame, 0 where nothing is voiced.
    pub pitch: Vec<f32>,
    /// Band after band, in each all frames.
    parts: [Vec<f32>; OUTPUTS.len() - 1],
}

impl Network {
    pub fn open(path: &Path, threads: Arc<ThreadPool>) -> Result<Self, HibariError> {
        let model = load(path)?;
        let node = |name: &str| {
            let id = model.node_id(name);
            id.map_err(|_| DataError::wrong(path, format!("it has no {name:?}")))
        };
        let [lh, theta, ln, lr, phi, f0] = OUTPUTS;
        Ok(Self {
            symbols: node("ids")?,
            speed: node("speed")?,
            outputs: [
                node(lh)?,
                node(theta)?,
                node(ln)?,
                node(lr)?,
                node(phi)?,
                node(f0)?,
            ],
            model,
            threads,
        })
    }

    /// The spectrum of a phrase. `speed` 1.0 is the voice's own.
    pub fn spectrum(&self, symbols: &[i32], speed: f32) -> Result<Spectrum, HibariError> {
        let ids = Value::from_shape(&[1, symbols.len()], symbols.to_vec());
        let speed = Value::from_shape(&[1], vec![speed]);
        let (Ok(ids), Ok(speed)) = (ids, speed) else {
            return Err(HibariError::Failed("a phrase has no shape".to_owned()));
        };
        let inputs = vec![(self.symbols, ids.into()), (self.speed, speed.into())];
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.threads)));
        let outputs = self.model.run_n(inputs, self.outputs, Some(options));
        let outputs = outputs.map_err(|error| HibariError::Failed(error.to_string()))?;
        Spectrum::new(outputs)
    }
}

/// Reads a network from its file.
pub(super) fn load(path: &Path) -> Result<Model, DataError> {
    let file = std::fs::read(path).map_err(|source| DataError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    Model::load(file).map_err(|error| DataError::wrong(path, error))
}

impl Spectrum {
    fn new(outputs: [Value; OUTPUTS.len()]) -> Result<Self, HibariError> {
        let [lh, theta, ln, lr, phi, f0] = outputs;
        let odd = || HibariError::Failed("its output has another shape than it should".to_owned());
        let ([1, frames], pitch) = f0.into_shape_vec::<f32, 2>().map_err(|_| odd())? else {
            return Err(odd());
        };
        let part = |value: Value| match value.into_shape_vec::<f32, 3>() {
            Ok(([1, BANDS, width], part)) if width == frames => Ok(part),
            _ => Err(odd()),
        };
        let parts = [part(lh)?, part(theta)?, part(ln)?, part(lr)?, part(phi)?];
        Ok(Self { pitch, parts })
    }

    /// How many frames it has.
    pub fn frames(&self) -> usize {
        self.pitch.len()
    }

    /// One part of one frame, over all bands.
    pub fn frame(&self, part: Part, frame: usize, bands: &mut [f32; BANDS]) {
        let values = self.parts[part as usize].iter();
        for (band, value) in bands
            .iter_mut()
            .zip(values.skip(frame).step_by(self.frames()))
        {
            *band = *value;
        }
    }
}
