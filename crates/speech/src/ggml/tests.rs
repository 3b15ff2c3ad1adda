//! A small model of Whisper's own shape goes in, and what comes out is read back.

use super::*;
use proptest::prelude::*;
use std::sync::OnceLock;

const WIDTH: usize = 64;
const HIDDEN: usize = 128;
const TOKENS: usize = 51_864;
const AUDIO: usize = 8;
const TEXT: usize = 4;

/// A CTranslate2 file in the making.
#[derive(Default)]
struct File {
    tensors: Vec<u8>,
    count: u32,
    /// Distinguishes the values of one tensor from those of the next.
    seed: u32,
}

impl File {
    fn text(out: &mut Vec<u8>, text: &str) {
        let len = u16::try_from(text.len() + 1).unwrap();
        out.extend(len.to_le_bytes());
        out.extend(text.bytes().chain([0]));
    }

    /// Adds a tensor of 16 bit floats between -2 and 2.
    fn half(&mut self, name: &str, shape: &[usize]) {
        let len: usize = shape.iter().product();
        self.head(name, shape, 4, len * 2);
        for _ in 0..len {
            self.seed = self
                .seed
                .wrapping_mul(1_664_525)
                .wrapping_add(1_013_904_223);
            // Exponents below that of 2, and any sign and fraction.
            let half = (self.seed >> 16) as u16 & 0xbfff;
            self.tensors.extend(half.to_le_bytes());
        }
    }

    fn head(&mut self, name: &str, shape: &[usize], kind: u8, bytes: usize) {
        Self::text(&mut self.tensors, name);
        self.tensors.push(u8::try_from(shape.len()).unwrap());
        for dimension in shape {
            let dimension = u32::try_from(*dimension).unwrap();
            self.tensors.extend(dimension.to_le_bytes());
        }
        self.tensors.push(kind);
        let bytes = u32::try_from(bytes).unwrap();
        self.tensors.extend(bytes.to_le_bytes());
        self.count += 1;
    }

    fn attention(&mut self, from: &str, fused: &[usize]) {
        self.norm(&format!("{from}/layer_norm"));
        for (number, rows) in fused.iter().enumerate() {
            self.half(
                &format!("{from}/linear_{number}/weight"),
                &[rows * WIDTH, WIDTH],
            );
            self.half(&format!("{from}/linear_{number}/bias"), &[rows * WIDTH]);
        }
    }

    fn norm(&mut self, from: &str) {
        self.half(&format!("{from}/gamma"), &[WIDTH]);
        self.half(&format!("{from}/beta"), &[WIDTH]);
    }

    fn feed_forward(&mut self, from: &str) {
        self.norm(&format!("{from}/layer_norm"));
        self.half(&format!("{from}/linear_0/weight"), &[HIDDEN, WIDTH]);
        self.half(&format!("{from}/linear_0/bias"), &[HIDDEN]);
        self.half(&format!("{from}/linear_1/weight"), &[WIDTH, HIDDEN]);
        self.half(&format!("{from}/linear_1/bias"), &[WIDTH]);
    }

    fn ended(self, kind: &str) -> Vec<u8> {
        let mut file = 6_u32.to_le_bytes().to_vec();
        Self::text(&mut file, kind);
        file.extend(3_u32.to_le_bytes());
        file.extend(self.count.to_le_bytes());
        file.extend(self.tensors);
        // An alias, as published files have one.
        file.extend(1_u32.to_le_bytes());
        Self::text(&mut file, "decoder/projection/weight");
        Self::text(&mut file, "decoder/embeddings/weight");
        file
    }
}

/// One layer that hears and one that writes.
fn whisper() -> &'static [u8] {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    FILE.get_or_init(|| {
        let mut file = File::default();
        // What says how to translate is no tensor of the model.
        file.head("decoder/activation", &[], 1, 1);
        file.tensors.push(3);
        file.half("decoder/embeddings/weight", &[TOKENS, WIDTH]);
        file.half("decoder/position_encodings/encodings", &[TEXT, WIDTH]);
        file.half("encoder/position_encodings/encodings", &[AUDIO, WIDTH]);
        file.half("encoder/conv1/weight", &[WIDTH, 80, 3]);
        file.half("encoder/conv1/bias", &[WIDTH]);
        file.half("encoder/conv2/weight", &[WIDTH, WIDTH, 3]);
        file.half("encoder/conv2/bias", &[WIDTH]);
        for side in ["encoder", "decoder"] {
            file.attention(&format!("{side}/layer_0/self_attention"), &[3, 1]);
            file.feed_forward(&format!("{side}/layer_0/ffn"));
            file.norm(&format!("{side}/layer_norm"));
        }
        file.attention("decoder/layer_0/attention", &[1, 2, 1]);
        file.ended("WhisperSpec")
    })
}

fn vocabulary() -> String {
    "\u{120}hello\n".repeat(50_257)
}

fn converted() -> &'static [u8] {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    FILE.get_or_init(|| {
        let mut out = Vec::new();
        convert(whisper(), &vocabulary(), &mut out).unwrap();
        out
    })
}

/// What is left of a ggml file.
struct Read<'f>(&'f [u8]);

impl<'f> Read<'f> {
    fn bytes(&mut self, len: usize) -> &'f [u8] {
        let (taken, rest) = self.0.split_at(len);
        self.0 = rest;
        taken
    }

    fn number(&mut self) -> usize {
        let bytes = self.bytes(4).try_into().unwrap();
        usize::try_from(u32::from_le_bytes(bytes)).unwrap()
    }

    /// Name, shape with the fastest dimension first, type and bytes of the next tensor.
    fn tensor(&mut self) -> (&'f str, Vec<usize>, usize, &'f [u8]) {
        let (rank, name, kind) = (self.number(), self.number(), self.number());
        let shape: Vec<usize> = (0..rank).map(|_| self.number()).collect();
        let name = std::str::from_utf8(self.bytes(name)).unwrap();
        let values: usize = shape.iter().product();
        let len = match kind {
            0 => values * 4,
            1 => values * 2,
            8 => values / 32 * 34,
            other => panic!("{name} has the type {other}"),
        };
        (name, shape, kind, self.bytes(len))
    }
}

/// The file behind its head, which is checked.
fn tensors() -> Vec<(&'static str, Vec<usize>, usize, &'static [u8])> {
    let mut file = Read(converted());
    assert_eq!(file.number(), 0x6767_6d6c);
    let parameters: Vec<usize> = (0..11).map(|_| file.number()).collect();
    let expected = [TOKENS, AUDIO, WIDTH, 1, 1, TEXT, WIDTH, 1, 1, 80, 2_007];
    assert_eq!(parameters, expected);
    assert_eq!((file.number(), file.number()), (80, 201));
    file.bytes(80 * 201 * 4);
    assert_eq!(file.number(), 50_256);
    for _ in 0..50_256 {
        let len = file.number();
        assert_eq!(file.bytes(len), b" hello");
    }
    let mut tensors = Vec::new();
    while !file.0.is_empty() {
        tensors.push(file.tensor());
    }
    tensors
}

/// The tensors that whisper.cpp looks for in a model of one layer each, in the spelling of OpenAI.
#[test]
fn every_tensor_is_there_by_the_name_and_shape_that_whisper_cpp_looks_for() {
    let names: Vec<String> = tensors()
        .iter()
        .map(|(name, shape, kind, _)| format!("{name} {shape:?} {kind}"))
        .collect();
    let mut expected = vec![
        "encoder.conv1.weight [3, 80, 64] 1".to_owned(),
        "encoder.conv1.bias [1, 64] 0".to_owned(),
        "encoder.conv2.weight [3, 64, 64] 1".to_owned(),
        "encoder.conv2.bias [1, 64] 0".to_owned(),
        "encoder.positional_embedding [64, 8] 0".to_owned(),
    ];
    let attention = |layer: &str, kind: &str| {
        let tensor = |name: &str, shape: &str| format!("{layer}.blocks.0.{kind}{name} {shape}");
        [
            tensor("_ln.weight", "[64] 0"),
            tensor("_ln.bias", "[64] 0"),
            tensor(".query.weight", "[64, 64] 8"),
            tensor(".query.bias", "[64] 0"),
            tensor(".key.weight", "[64, 64] 8"),
            tensor(".value.weight", "[64, 64] 8"),
            tensor(".value.bias", "[64] 0"),
            tensor(".out.weight", "[64, 64] 8"),
            tensor(".out.bias", "[64] 0"),
        ]
    };
    let feed_forward = |layer: &str| {
        let tensor = |name: &str, shape: &str| format!("{layer}.blocks.0.mlp{name} {shape}");
        [
            tensor("_ln.weight", "[64] 0"),
            tensor("_ln.bias", "[64] 0"),
            tensor(".0.weight", "[64, 128] 8"),
            tensor(".0.bias", "[128] 0"),
            tensor(".2.weight", "[128, 64] 8"),
            tensor(".2.bias", "[64] 0"),
        ]
    };
    expected.extend(attention("encoder", "attn"));
    expected.extend(feed_forward("encoder"));
    expected.push("encoder.ln_post.weight [64] 0".to_owned());
    expected.push("encoder.ln_post.bias [64] 0".to_owned());
    expected.push("decoder.token_embedding.weight [64, 51864] 8".to_owned());
    expected.push("decoder.positional_embedding [64, 4] 0".to_owned());
    expected.extend(attention("decoder", "attn"));
    expected.extend(feed_forward("decoder"));
    expected.extend(attention("decoder", "cross_attn"));
    expected.push("decoder.ln.weight [64] 0".to_owned());
    expected.push("decoder.ln.bias [64] 0".to_owned());
    assert_eq!(names, expected);
}

#[test]
fn what_lay_in_one_tensor_is_parted_between_queries_keys_and_values() {
    let model = Model::read(whisper()).unwrap();
    let fused = model
        .tensor("decoder/layer_0/self_attention/linear_0/bias")
        .unwrap();
    let mut values = Vec::new();
    numbers::write_f32(&fused.values, &mut values);
    let bias = |name: &str| {
        let name = format!("decoder.blocks.0.attn.{name}.bias");
        let tensors = tensors();
        let found = tensors.iter().find(|(tensor, ..)| *tensor == name);
        found.unwrap().3
    };
    assert_eq!(bias("query"), &values[..WIDTH * 4]);
    assert_eq!(bias("value"), &values[2 * WIDTH * 4..]);
}

fn told(weights: &[u8]) -> String {
    let converted = convert(weights, &vocabulary(), &mut Vec::new());
    converted.unwrap_err().to_string()
}

#[test]
fn what_is_no_whisper_model_is_refused_with_the_reason() {
    let of = |kind: &str| File::default().ended(kind);
    assert!(told(b"").contains("cut off"));
    assert!(told(b"PK\x03\x04 a zip file").contains("version 67324752"));
    assert!(told(&of("TransformerSpec")).contains("\"TransformerSpec\""));
    assert!(told(&of("WhisperSpec")).contains("no decoder/embeddings/weight"));
    let mut integers = File::default();
    integers.head("decoder/embeddings/weight", &[2, 64], 1, 128);
    integers.tensors.extend([0; 128]);
    assert!(told(&integers.ended("WhisperSpec")).contains("no decoder/embeddings/weight"));
}

#[test]
fn a_shape_that_claims_more_than_there_is_is_refused() {
    let mut file = File::default();
    file.head("a", &[0xffff_ffff, 0xffff_ffff, 0xffff_ffff], 0, 4);
    file.tensors.extend([0; 4]);
    assert!(told(&file.ended("WhisperSpec")).contains("shape of a tensor"));
    let mut file = File::default();
    file.half("decoder/embeddings/weight", &[TOKENS, WIDTH]);
    file.half("decoder/position_encodings/encodings", &[TEXT, WIDTH]);
    file.half("encoder/position_encodings/encodings", &[AUDIO, WIDTH]);
    for number in [1, 2] {
        file.half(&format!("encoder/conv{number}/weight"), &[1, 1, 1]);
        file.half(&format!("encoder/conv{number}/bias"), &[1]);
    }
    file.half("encoder/layer_0/ffn/linear_0/weight", &[1, 1]);
    file.norm("encoder/layer_0/self_attention/layer_norm");
    // No rows, each of four thousand million values.
    file.half(
        "encoder/layer_0/self_attention/linear_0/weight",
        &[0, 0xffff_ffff],
    );
    let told = told(&file.ended("WhisperSpec"));
    assert!(told.contains("linear_0/weight has another shape"), "{told}");
}

proptest! {
    /// What is behind the great matrix of tokens is where the structure is.
    #[test]
    fn a_file_that_is_cut_off_or_broken_is_refused_or_converted(
        cut in any::<prop::sample::Index>(),
        broken in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut file = small();
        for (place, byte) in broken {
            let place = place.index(file.len());
            file[place] = byte;
        }
        file.truncate(cut.index(file.len() + 1));
        let _ = Model::read(&file).map(|model| Shape::of(&model).map(|shape| layout::tensors(&model, &shape).is_ok()));
    }
}

/// The same model with four tokens.
fn small() -> Vec<u8> {
    let mut file = File::default();
    file.half("decoder/embeddings/weight", &[4, WIDTH]);
    file.half("decoder/position_encodings/encodings", &[TEXT, WIDTH]);
    file.half("encoder/position_encodings/encodings", &[AUDIO, WIDTH]);
    file.half("encoder/conv1/weight", &[WIDTH, 2, 3]);
    file.half("encoder/conv1/bias", &[WIDTH]);
    file.attention("encoder/layer_0/self_attention", &[3, 1]);
    file.feed_forward("encoder/layer_0/ffn");
    file.ended("WhisperSpec")
}
