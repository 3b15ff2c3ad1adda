//! Asterisk in a folder of its own: a minimal Debian with the package in it, entered by `chroot`.
//!
//! Debian 12 has no Asterisk package and sid has, so a sid root is made under `target/peers`. The
//! tests start it inside a private mount and process namespace; nothing is mounted here.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{apt_install, first_version, is_root};
use crate::workspace::{Failure, on_path, output, pass_through};

/// Names a root that was made elsewhere.
pub const VARIABLE: &str = "TRUNKLINE_PEER_ASTERISK";

const PROGRAM: &str = "usr/sbin/asterisk";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
const MIRROR: &str = "http://deb.debian.org/debian";
const PACKAGES: &str = "asterisk,asterisk-modules,asterisk-config,asterisk-core-sounds-en,\
                        asterisk-moh-opsound-wav";

/// The root that holds an Asterisk: the one named by the variable, else our own.
pub fn find(target: &Path) -> Option<PathBuf> {
    let named = std::env::var_os(VARIABLE).map(PathBuf::from);
    let root = named.unwrap_or_else(|| our_own(target));
    (is_root() && root.join(PROGRAM).is_file()).then_some(root)
}

fn our_own(target: &Path) -> PathBuf {
    target.join("peers/asterisk")
}

/// The version the Asterisk in this root states.
pub fn version(root: &Path) -> String {
    let said = output(
        Command::new("chroot")
            .arg(root)
            .args(["/usr/sbin/asterisk", "-V"]),
    );
    said.map_or_else(|_| "?".into(), |text| first_version(&text))
}

/// Makes our own root where there is none: about two minutes and 400 MB.
pub fn install(target: &Path) -> Result<(), Failure> {
    let root = our_own(target);
    if find(target).is_some() {
        return Ok(());
    }
    if !is_root() {
        return Err(format!("Asterisk needs root; or set {VARIABLE} to a root that has it").into());
    }
    if on_path("mmdebstrap").is_none() {
        apt_install(&["mmdebstrap"])?;
    }
    // Made beside its place and moved there when whole: half a root is never taken for one.
    let part = root.with_extension("part");
    if part.exists() {
        std::fs::remove_dir_all(&part)?;
    }
    std::fs::create_dir_all(&part)?;
    eprintln!(
        "      making a Debian with Asterisk in {} …",
        root.display()
    );
    pass_through(&mut mmdebstrap(&part, &mirror()))?;
    // The tests put a file of their own in this place, in their own namespace.
    std::fs::write(
        part.join("etc/hosts"),
        "127.0.0.1 localhost\n::1 localhost\n",
    )?;
    std::fs::rename(&part, &root)?;
    Ok(())
}

fn mmdebstrap(root: &Path, mirror: &str) -> Command {
    let mut command = Command::new("mmdebstrap");
    command
        .args(["--quiet", "--variant=minbase", "--components=main"])
        .arg(format!("--include={PACKAGES}"))
        .arg("--aptopt=APT::Install-Recommends \"false\"")
        // A mirror that stands still is good enough for a peer: its signature is checked all the same.
        .arg("--aptopt=Acquire::Check-Valid-Until \"false\"")
        .arg("sid")
        .arg(root)
        .arg(format!("deb [signed-by={KEYRING}] {mirror} sid main"));
    command
}

/// The mirror this machine itself uses, so that a local one is respected.
fn mirror() -> String {
    let listed = std::fs::read_to_string("/etc/apt/sources.list.d/debian.sources")
        .or_else(|_| std::fs::read_to_string("/etc/apt/sources.list"))
        .unwrap_or_default();
    mirror_in(&listed).unwrap_or(MIRROR).to_owned()
}

/// The first archive address in apt's own list, in either of its two spellings.
fn mirror_in(list: &str) -> Option<&str> {
    let lines = list.lines().map(str::trim);
    let entries = lines.filter(|line| line.starts_with("URIs:") || line.starts_with("deb "));
    entries
        .flat_map(str::split_whitespace)
        .find(|word| word.starts_with("http"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_is_read_from_both_spellings_of_the_sources() {
        let stanza = "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm\n";
        assert_eq!(mirror_in(stanza), Some("http://mirror.example/debian"));
        let line = "# http://no.example\ndeb [arch=amd64] https://a.example/debian bookworm main\n";
        assert_eq!(mirror_in(line), Some("https://a.example/debian"));
        assert_eq!(mirror_in(""), None);
    }
}
