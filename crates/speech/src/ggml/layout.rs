//! Which tensor of CTranslate2 is which of whisper.cpp, in the order in which they are written.

use super::CannotConvert;
use super::ctranslate2::{Model, Tensor};
use super::numbers::{Kind, Values};

/// Whisper has heads of this width in all sizes.
const HEAD: usize = 64;
/// The largest has 32.
const LAYERS_MAX: usize = 64;

/// The measures of a model.
#[derive(Debug, PartialEq, Eq)]
pub struct Shape {
    /// Tokens.
    pub vocabulary: usize,
    /// Steps of 20 ms that the encoder sees at once.
    pub audio_context: usize,
    /// Tokens that the decoder sees at once.
    pub text_context: usize,
    /// Values by which a step or a token is represented.
    pub width: usize,
    /// Layers that hear.
    pub encoder_layers: usize,
    /// Layers that write.
    pub decoder_layers: usize,
}

impl Shape {
    /// Reads the measures off the tensors.
    pub fn of(model: &Model<'_>) -> Result<Self, CannotConvert> {
        let (vocabulary, width) = matrix(model, "decoder/embeddings/weight")?;
        let (audio_context, _) = matrix(model, "encoder/position_encodings/encodings")?;
        let (text_context, _) = matrix(model, "decoder/position_encodings/encodings")?;
        let layers = |side: &str| {
            let has =
                |layer: &usize| model.has(&format!("{side}/layer_{layer}/ffn/linear_0/weight"));
            (0..LAYERS_MAX).take_while(has).count()
        };
        if width == 0 || width % HEAD != 0 {
            let what = format!("its width is {width}, no multiple of {HEAD}");
            return Err(CannotConvert::NotWhisper(what));
        }
        Ok(Self {
            vocabulary,
            audio_context,
            text_context,
            width,
            encoder_layers: layers("encoder"),
            decoder_layers: layers("decoder"),
        })
    }

    /// Heads of attention.
    pub fn heads(&self) -> usize {
        self.width / HEAD
    }
}

fn matrix(model: &Model<'_>, name: &str) -> Result<(usize, usize), CannotConvert> {
    match model.tensor(name)?.shape[..] {
        [rows, columns] => Ok((rows, columns)),
        _ => Err(CannotConvert::NotWhisper(format!("{name} is no matrix"))),
    }
}

/// A tensor with the name that whisper.cpp gives it.
pub struct Named<'f> {
    /// The name.
    pub name: String,
    /// The slowest dimension first.
    pub shape: Vec<usize>,
    /// Row by row.
    pub values: Values<'f>,
}

impl Named<'_> {
    /// How its values are written: what is added or multiplied once stays exact.
    pub fn kind(&self) -> Kind {
        let is_exact = self.shape.len() < 2
            || self.name.ends_with("positional_embedding")
            || self.name.ends_with(".bias");
        match self.shape.len() {
            _ if is_exact => Kind::F32,
            2 => Kind::Q8,
            _ => Kind::F16,
        }
    }
}

/// All tensors.
pub fn tensors<'f>(model: &Model<'f>, shape: &Shape) -> Result<Vec<Named<'f>>, CannotConvert> {
    let mut list = List {
        model,
        width: shape.width,
        tensors: Vec::new(),
    };
    for number in ["1", "2"] {
        list.convolution(number)?;
    }
    let positions = "encoder.positional_embedding";
    list.whole(positions, "encoder/position_encodings/encodings")?;
    for layer in 0..shape.encoder_layers {
        let (to, from) = (
            format!("encoder.blocks.{layer}."),
            format!("encoder/layer_{layer}"),
        );
        list.self_attention(&to, &format!("{from}/self_attention"))?;
        list.feed_forward(&to, &format!("{from}/ffn"))?;
    }
    list.norm("encoder.ln_post", "encoder/layer_norm")?;
    list.whole(
        "decoder.token_embedding.weight",
        "decoder/embeddings/weight",
    )?;
    let positions = "decoder.positional_embedding";
    list.whole(positions, "decoder/position_encodings/encodings")?;
    for layer in 0..shape.decoder_layers {
        let (to, from) = (
            format!("decoder.blocks.{layer}."),
            format!("decoder/layer_{layer}"),
        );
        list.self_attention(&to, &format!("{from}/self_attention"))?;
        list.feed_forward(&to, &format!("{from}/ffn"))?;
        list.cross_attention(&to, &format!("{from}/attention"))?;
    }
    list.norm("decoder.ln", "decoder/layer_norm")?;
    Ok(list.tensors)
}

struct List<'m, 'f> {
    model: &'m Model<'f>,
    width: usize,
    tensors: Vec<Named<'f>>,
}

impl<'f> List<'_, 'f> {
    fn whole(&mut self, name: &str, from: &str) -> Result<(), CannotConvert> {
        let Tensor { shape, values } = self.model.tensor(from)?.clone();
        let name = name.to_owned();
        self.tensors.push(Named {
            name,
            shape,
            values,
        });
        Ok(())
    }

    /// A bias of a convolution is a column.
    fn convolution(&mut self, number: &str) -> Result<(), CannotConvert> {
        let (to, from) = (
            format!("encoder.conv{number}"),
            format!("encoder/conv{number}"),
        );
        self.whole(&format!("{to}.weight"), &format!("{from}/weight"))?;
        self.whole(&format!("{to}.bias"), &format!("{from}/bias"))?;
        if let Some(bias) = self.tensors.last_mut() {
            bias.shape = vec![bias.values.len(), 1];
        }
        Ok(())
    }

    fn norm(&mut self, to: &str, from: &str) -> Result<(), CannotConvert> {
        self.whole(&format!("{to}.weight"), &format!("{from}/gamma"))?;
        self.whole(&format!("{to}.bias"), &format!("{from}/beta"))
    }

    fn linear(&mut self, to: &str, from: &str) -> Result<(), CannotConvert> {
        self.whole(&format!("{to}.weight"), &format!("{from}/weight"))?;
        self.whole(&format!("{to}.bias"), &format!("{from}/bias"))
    }

    /// Rows of a tensor into which CTranslate2 has put several, each of the model's width.
    fn slab(&mut self, name: &str, from: &str, number: usize) -> Result<(), CannotConvert> {
        let wrong = || CannotConvert::NotWhisper(format!("{from} has another shape"));
        let tensor = self.model.tensor(from)?;
        let columns = match tensor.shape[..] {
            [_] => 1,
            [_, columns] => columns,
            _ => return Err(wrong()),
        };
        // What is claimed may be more than there is.
        let slab = self.width.saturating_mul(columns);
        let range = slab.saturating_mul(number)..slab.saturating_mul(number + 1);
        let values = tensor.values.part(range).ok_or_else(wrong)?;
        let mut shape = tensor.shape.clone();
        shape[0] = self.width;
        let name = name.to_owned();
        self.tensors.push(Named {
            name,
            shape,
            values,
        });
        Ok(())
    }

    /// Queries, keys and values lie in one tensor; keys have no bias.
    fn self_attention(&mut self, to: &str, from: &str) -> Result<(), CannotConvert> {
        self.norm(&format!("{to}attn_ln"), &format!("{from}/layer_norm"))?;
        let (weight, bias) = (
            format!("{from}/linear_0/weight"),
            format!("{from}/linear_0/bias"),
        );
        self.slab(&format!("{to}attn.query.weight"), &weight, 0)?;
        self.slab(&format!("{to}attn.query.bias"), &bias, 0)?;
        self.slab(&format!("{to}attn.key.weight"), &weight, 1)?;
        self.slab(&format!("{to}attn.value.weight"), &weight, 2)?;
        self.slab(&format!("{to}attn.value.bias"), &bias, 2)?;
        self.linear(&format!("{to}attn.out"), &format!("{from}/linear_1"))
    }

    /// Queries come from the text; keys and values, which lie in one tensor, from the sound.
    fn cross_attention(&mut self, to: &str, from: &str) -> Result<(), CannotConvert> {
        self.norm(&format!("{to}cross_attn_ln"), &format!("{from}/layer_norm"))?;
        self.linear(
            &format!("{to}cross_attn.query"),
            &format!("{from}/linear_0"),
        )?;
        let (weight, bias) = (
            format!("{from}/linear_1/weight"),
            format!("{from}/linear_1/bias"),
        );
        self.slab(&format!("{to}cross_attn.key.weight"), &weight, 0)?;
        self.slab(&format!("{to}cross_attn.value.weight"), &weight, 1)?;
        self.slab(&format!("{to}cross_attn.value.bias"), &bias, 1)?;
        self.linear(&format!("{to}cross_attn.out"), &format!("{from}/linear_2"))
    }

    fn feed_forward(&mut self, to: &str, from: &str) -> Result<(), CannotConvert> {
        self.norm(&format!("{to}mlp_ln"), &format!("{from}/layer_norm"))?;
        self.linear(&format!("{to}mlp.0"), &format!("{from}/linear_0"))?;
        self.linear(&format!("{to}mlp.2"), &format!("{from}/linear_1"))
    }
}
