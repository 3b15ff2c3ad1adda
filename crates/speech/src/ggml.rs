//! Published weights of Whisper, as whisper.cpp reads them.
//!
//! Whisper is published for CTranslate2 as 16 bit floats; whisper.cpp reads ggml, where matrices may
//! have 8 bit with a scale for each 32 of them (`q8_0`). That is half of it on disk and in memory,
//! four times as fast on a processor, and costs no accuracy that could be measured on speech from
//! telephones. The layout of a ggml file is: magic, hyperparameters, mel filters, vocabulary, and
//! then tensors, each with its shape, type and name.

mod ctranslate2;
mod layout;
mod mel;
mod numbers;
#[cfg(test)]
mod tests;
mod vocabulary;

use std::io::{self, Write};

use ctranslate2::Model;
use layout::{Named, Shape};
use numbers::Kind;

/// `ggml` in the byte order of the file.
const MAGIC: u32 = 0x6767_6d6c;
/// The file's type: version 2 of quantization, times a thousand, and most tensors are q8_0 (7).
const FILE_TYPE: u32 = 2_007;

/// Why weights are not converted.
#[derive(Debug, thiserror::Error)]
pub enum CannotConvert {
    /// They end too early, or a length in them leads nowhere.
    #[error("the weights are cut off, or no CTranslate2 file: {0}")]
    Malformed(&'static str),
    /// They are of another kind, or of another version.
    #[error("these weights are not understood: {0}")]
    Unknown(String),
    /// A tensor that Whisper has is not there, or has another shape.
    #[error("the weights are no Whisper model: {0}")]
    NotWhisper(String),
    /// The vocabulary is not that of these weights.
    #[error("the vocabulary does not belong to these weights: {0}")]
    Vocabulary(String),
    /// The output cannot be written.
    #[error(transparent)]
    Write(#[from] io::Error),
}

/// Turns `weights` (CTranslate2's `model.bin`) and `vocabulary` (`vocabulary.txt`, a token a line)
/// into a ggml file with q8_0 matrices. The same input gives the same bytes on every machine.
///
/// # Errors
/// Where the weights are no Whisper model in 16 or 32 bit floats, or the output fails.
pub fn convert(weights: &[u8], vocabulary: &str, out: &mut dyn Write) -> Result<(), CannotConvert> {
    let model = Model::read(weights)?;
    let shape = Shape::of(&model)?;
    let tokens = vocabulary::tokens(vocabulary, shape.vocabulary)?;
    let tensors = layout::tensors(&model, &shape)?;
    write_header(&shape, out)?;
    write_filters(out)?;
    write_tokens(&tokens, out)?;
    let mut row = Vec::new();
    for tensor in &tensors {
        write_tensor(tensor, &mut row, out)?;
    }
    Ok(())
}

fn write_header(shape: &Shape, out: &mut dyn Write) -> io::Result<()> {
    let parameters = [
        shape.vocabulary,
        shape.audio_context,
        shape.width,
        shape.heads(),
        shape.encoder_layers,
        shape.text_context,
        shape.width,
        shape.heads(),
        shape.decoder_layers,
        mel::BANDS,
    ];
    write_u32(out, MAGIC)?;
    for parameter in parameters {
        write_len(out, parameter)?;
    }
    write_u32(out, FILE_TYPE)
}

fn write_filters(out: &mut dyn Write) -> io::Result<()> {
    write_len(out, mel::BANDS)?;
    write_len(out, mel::BINS)?;
    for weight in mel::filters() {
        out.write_all(&weight.to_le_bytes())?;
    }
    Ok(())
}

fn write_tokens(tokens: &[Vec<u8>], out: &mut dyn Write) -> io::Result<()> {
    write_len(out, tokens.len())?;
    for token in tokens {
        write_len(out, token.len())?;
        out.write_all(token)?;
    }
    Ok(())
}

fn write_tensor(named: &Named<'_>, row: &mut Vec<u8>, out: &mut dyn Write) -> io::Result<()> {
    let kind = named.kind();
    write_len(out, named.shape.len())?;
    write_len(out, named.name.len())?;
    write_u32(out, kind.code())?;
    // The fastest dimension first.
    for dimension in named.shape.iter().rev() {
        write_len(out, *dimension)?;
    }
    out.write_all(named.name.as_bytes())?;
    row.clear();
    match kind {
        Kind::F32 => numbers::write_f32(&named.values, row),
        Kind::F16 => numbers::write_f16(&named.values, row),
        Kind::Q8 => numbers::write_q8(&named.values, row),
    }
    out.write_all(row)
}

/// Writes a count that is far below what 32 bit hold: all of them were counted in a file.
fn write_len(out: &mut dyn Write, len: usize) -> io::Result<()> {
    let len = u32::try_from(len).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    write_u32(out, len)
}

fn write_u32(out: &mut dyn Write, value: u32) -> io::Result<()> {
    out.write_all(&value.to_le_bytes())
}
