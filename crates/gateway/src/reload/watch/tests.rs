use super::*;
use std::os::unix::fs::symlink;
use tokio::time::timeout;

/// A folder of its own, removed with the value.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("trunkline-watch-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn changes(watch: &mut Watch) {
    let patience = Duration::from_secs(30);
    let seen = timeout(patience, watch.changed()).await;
    seen.expect("the change is seen");
}

fn read(watch: &Watch) -> String {
    let bytes = watch.seen.0.clone().expect("a file");
    String::from_utf8(bytes).expect("text")
}

#[tokio::test]
async fn a_file_in_the_place_of_the_old_one_is_seen_and_the_same_once_more_is_not() {
    let folder = Folder::new("replaced");
    let file = folder.write("t.yaml", "one");
    let mut watch = Watch::of(Some(&file));
    // Neither is another file in the folder.
    folder.write("log", "one");
    folder.write("t.yaml", "one");
    assert!(!watch.settle().await);
    std::fs::rename(folder.write("t.yaml.new", "two"), &file).unwrap();
    changes(&mut watch).await;
    assert_eq!(read(&watch), "two");
    std::fs::remove_file(&file).unwrap();
    assert!(
        !watch.settle().await,
        "it is away, as while an editor saves it"
    );
    folder.write("t.yaml", "three");
    changes(&mut watch).await;
    assert_eq!(read(&watch), "three");
    folder.write(".env", "A=1");
    changes(&mut watch).await;
}

#[tokio::test]
async fn a_configuration_that_is_mounted_is_seen_to_change() {
    let folder = Folder::new("mounted");
    folder.write("v1/t.yaml", "one");
    folder.write("v2/t.yaml", "two");
    let here = |name: &str| folder.0.join(name);
    symlink("v1", here(MOUNTED)).unwrap();
    symlink("..data/t.yaml", here("t.yaml")).unwrap();
    let mut watch = Watch::of(Some(&here("t.yaml")));
    symlink("v2", here("..new")).unwrap();
    std::fs::rename(here("..new"), here(MOUNTED)).unwrap();
    changes(&mut watch).await;
    assert_eq!(read(&watch), "two");
}
