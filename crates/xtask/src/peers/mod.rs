//! The programs by other people that our tests call: which are here, and how they fared.
//!
//! An interoperability test appends one line to `target/peers/results/PEER`: `ok TEST`,
//! `failed TEST` or `skipped TEST: why`. The table at the end of a run is made of those lines
//! alone, so a peer that was not used shows as SKIPPED and never as a silent pass.

mod asterisk;
mod python;

pub use asterisk::find as find_asterisk;
pub use python::PIPECAT;

/// The Python that our own Python side is tested with.
pub const PYTHON: &str = "python";

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::workspace::{Failure, on_path, output, pass_through};

/// What to do about a peer that is not here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Install it where it is a Debian package and we are root.
    InstallPackages,
    /// Leave it.
    Leave,
}

/// Names the program of Autobahn's test suite.
const AUTOBAHN: &str = "TRUNKLINE_PEER_AUTOBAHN";

/// A peer that comes as packages of the machine's own distribution.
struct Packaged {
    name: &'static str,
    /// What must be on PATH, the peer itself first, and the package each comes in.
    programs: &'static [(&'static str, &'static str)],
    version_argument: &'static str,
    /// Too large to be installed unless it is asked for.
    on_request: bool,
}

const PACKAGED: [Packaged; 5] = [
    Packaged {
        name: "sipp",
        programs: &[("sipp", "sip-tester")],
        version_argument: "-v",
        on_request: false,
    },
    Packaged {
        name: "baresip",
        programs: &[("baresip", "baresip-core")],
        version_argument: "-h",
        on_request: false,
    },
    Packaged {
        name: "linphonec",
        programs: &[("linphonec", "linphone-cli")],
        version_argument: "-v",
        on_request: true,
    },
    // Loses packets, in a network namespace that `ip` brings up.
    Packaged {
        name: "nft",
        programs: &[("nft", "nftables"), ("ip", "iproute2")],
        version_argument: "--version",
        on_request: false,
    },
    // Asks Linux for real-time priority, which not everybody is granted.
    Packaged {
        name: "chrt",
        programs: &[("chrt", "util-linux")],
        version_argument: "--version",
        on_request: false,
    },
];

impl Packaged {
    /// The packages whose programs are not here.
    fn missing(&self) -> Vec<&'static str> {
        let absent = self
            .programs
            .iter()
            .filter(|(program, _)| on_path(program).is_none());
        absent.map(|(_, package)| *package).collect()
    }

    fn look(&self) -> Peer {
        let missing = self.missing();
        let place = self
            .programs
            .first()
            .and_then(|(program, _)| on_path(program));
        let place = place.filter(|_| missing.is_empty());
        let version = place
            .as_deref()
            .map(|program| version_of(program, self.version_argument));
        Peer {
            name: self.name,
            variable: "",
            place,
            version: version.unwrap_or_default(),
            remedy: format!("apt-get install {}", missing.join(" ")),
        }
    }
}

/// One peer, found or not.
pub struct Peer {
    name: &'static str,
    variable: &'static str,
    place: Option<PathBuf>,
    version: String,
    remedy: String,
}

impl Peer {
    /// One line for the progress report.
    pub fn found_line(&self) -> String {
        match &self.place {
            Some(place) => format!("{} {} at {}", self.name, self.version, place.display()),
            None => format!("{} is not here: {}", self.name, self.remedy),
        }
    }
}

/// Looks for every peer, installing packaged ones where `missing` says so.
pub fn look(target: &Path, missing: Missing) -> Vec<Peer> {
    if missing == Missing::InstallPackages
        && let Err(failure) = install_packages(|peer| !peer.on_request)
    {
        eprintln!("      packages were not installed: {failure}");
    }
    if missing == Missing::InstallPackages
        && let Err(failure) = crate::python::interpreter()
    {
        eprintln!("      {failure}");
    }
    let mut peers: Vec<Peer> = PACKAGED.iter().map(Packaged::look).collect();
    peers.push(look_for_autobahn());
    peers.push(look_for_asterisk(target));
    peers.push(look_for_interpreter());
    let environments = [&python::PIPECAT, &python::PROVIDERS, &python::ENGINES];
    peers.extend(environments.map(|peer| look_for_python(peer, target)));
    peers
}

/// Autobahn's test suite needs a Python 2.7, which no current distribution has, so it is never
/// installed from here.
fn look_for_autobahn() -> Peer {
    let named = std::env::var_os(AUTOBAHN).map(PathBuf::from);
    let place = named.filter(|program| program.is_file());
    let version = place.as_deref().map(|wstest| version_of(wstest, "-a"));
    Peer {
        name: "autobahn",
        variable: AUTOBAHN,
        version: version.unwrap_or_default(),
        place,
        remedy: format!("{AUTOBAHN}=FILE names wstest of autobahntestsuite 0.8"),
    }
}

fn look_for_asterisk(target: &Path) -> Peer {
    let place = asterisk::find(target);
    Peer {
        name: "asterisk",
        variable: asterisk::VARIABLE,
        version: place.as_deref().map(asterisk::version).unwrap_or_default(),
        place,
        remedy: format!("`cargo xtask peers` as root, or {}=DIR", asterisk::VARIABLE),
    }
}

fn look_for_interpreter() -> Peer {
    let place = crate::python::find();
    let version = place
        .as_deref()
        .map(|python| version_of(python, "--version"));
    Peer {
        name: PYTHON,
        variable: "",
        version: version.unwrap_or_default(),
        place,
        remedy: "apt-get install python3-venv".into(),
    }
}

fn look_for_python(peer: &python::Environment, target: &Path) -> Peer {
    let place = peer.find(target);
    let version = place.as_deref().and_then(|place| peer.version_in(place));
    Peer {
        name: peer.name,
        variable: peer.variable,
        version: version.unwrap_or_default(),
        place,
        remedy: format!("`cargo xtask peers`, or {}=DIR", peer.variable),
    }
}

/// The first dotted number a program prints about itself, on either of its outputs.
fn version_of(program: &Path, argument: &str) -> String {
    let Ok(said) = Command::new(program).arg(argument).output() else {
        return "?".into();
    };
    let text = [said.stdout, said.stderr].concat();
    first_version(&String::from_utf8_lossy(&text))
}

fn first_version(text: &str) -> String {
    let numbers = text.split(|c: char| !c.is_ascii_digit() && c != '.');
    let dotted = numbers
        .map(|word| word.trim_matches('.'))
        .find(|word| word.contains('.'));
    dotted.unwrap_or("?").to_owned()
}

/// The variables by which the tests find the peers that are not on PATH.
pub fn environment(peers: &[Peer]) -> Vec<(&'static str, OsString)> {
    let named = peers.iter().filter(|peer| !peer.variable.is_empty());
    named
        .filter_map(|peer| Some((peer.variable, peer.place.clone()?.into())))
        .collect()
}

/// Installs every peer, also what is no Debian package.
pub fn install_all() -> Result<(), Failure> {
    let target = crate::workspace::target()?;
    install_packages(|_| true)?;
    asterisk::install(&target)?;
    python::PIPECAT.install(&target)?;
    python::PROVIDERS.install(&target)?;
    python::ENGINES.install(&target)?;
    for peer in look(&target, Missing::Leave) {
        println!("{}", peer.found_line());
    }
    Ok(())
}

fn install_packages(wanted: impl Fn(&Packaged) -> bool) -> Result<(), Failure> {
    let wanted = PACKAGED.iter().filter(|peer| wanted(peer));
    let packages: Vec<&str> = wanted.flat_map(Packaged::missing).collect();
    apt_install(&packages)
}

/// Installs Debian packages; nothing to install is nothing to do.
pub fn apt_install(packages: &[&str]) -> Result<(), Failure> {
    if packages.is_empty() {
        return Ok(());
    }
    if !is_root() || on_path("apt-get").is_none() {
        return Err(format!(
            "needs root and apt-get; install {} by hand",
            packages.join(" ")
        )
        .into());
    }
    eprintln!("      installing {} …", packages.join(" "));
    pass_through(apt_get().args(["update", "-qq"]))?;
    pass_through(
        apt_get()
            .args(["install", "-y", "-qq", "--no-install-recommends"])
            .args(packages),
    )
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn results_folder(target: &Path) -> PathBuf {
    target.join("peers/results")
}

/// Adds a line to a peer's results.
pub fn note(target: &Path, peer: &str, line: &str) -> Result<(), Failure> {
    let folder = results_folder(target);
    std::fs::create_dir_all(&folder)?;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.create(true).append(true).open(folder.join(peer))?;
    writeln!(file, "{line}")?;
    Ok(())
}

/// Forgets what an earlier run wrote.
pub fn clear_results(target: &Path) -> Result<(), Failure> {
    let folder = results_folder(target);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(())
}

/// The table peer × version × outcome.
pub fn table(peers: &[Peer], target: &Path) -> String {
    let mut table = format!("{:<10} {:<12} outcome\n", "peer", "version");
    for peer in peers {
        let written = std::fs::read_to_string(results_folder(target).join(peer.name));
        let outcome = outcome(peer, &written.unwrap_or_default());
        let version = if peer.place.is_some() {
            peer.version.as_str()
        } else {
            "-"
        };
        // Writing to a String cannot fail.
        let _ = writeln!(table, "{:<10} {:<12} {outcome}", peer.name, version);
    }
    table
}

fn outcome(peer: &Peer, written: &str) -> String {
    let count = |word: &str| {
        written
            .lines()
            .filter(|line| line.starts_with(word))
            .count()
    };
    let passed = count("ok ");
    // One that passed when it was tried again is not among them.
    let names = written
        .lines()
        .filter_map(|line| line.strip_prefix("failed "));
    let failed = names
        .filter(|name| {
            !written
                .lines()
                .any(|line| line.strip_prefix("ok ") == Some(name))
        })
        .count();
    let skipped: Vec<&str> = written
        .lines()
        .filter(|line| line.starts_with("skipped "))
        .collect();
    match (failed, skipped.as_slice(), passed) {
        (1.., ..) => format!(
            "FAILED: {failed} of {} tests",
            failed + passed + skipped.len()
        ),
        (_, [first, ..], _) => format!("SKIPPED: {first}"),
        (_, [], 0) if peer.place.is_none() => format!("SKIPPED: not here; {}", peer.remedy),
        (_, [], 0) => "SKIPPED: no test used it".to_owned(),
        (_, [], passed) => format!("passed: {passed} tests"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(place: Option<&str>) -> Peer {
        Peer {
            name: "sipp",
            variable: "",
            place: place.map(PathBuf::from),
            version: "3.6".into(),
            remedy: "install it".into(),
        }
    }

    #[test]
    fn a_peer_no_test_used_is_skipped_not_passed() {
        assert_eq!(
            outcome(&peer(Some("/usr/bin/sipp")), ""),
            "SKIPPED: no test used it"
        );
        assert_eq!(outcome(&peer(None), ""), "SKIPPED: not here; install it");
    }

    #[test]
    fn one_failed_or_skipped_test_decides_the_row() {
        let sipp = peer(Some("/usr/bin/sipp"));
        assert_eq!(outcome(&sipp, "ok a\nok b\n"), "passed: 2 tests");
        assert_eq!(
            outcome(&sipp, "ok a\nfailed b\nskipped c: why\n"),
            "FAILED: 1 of 3 tests"
        );
        assert_eq!(
            outcome(&sipp, "ok a\nskipped c: why\n"),
            "SKIPPED: skipped c: why"
        );
    }

    #[test]
    fn a_version_is_the_first_dotted_number() {
        assert_eq!(first_version(" SIPp v3.6.1-TLS-SCTP-PCAP.\n"), "3.6.1");
        assert_eq!(first_version("Asterisk 22.6.0~dfsg+~cs6.15"), "22.6.0");
        assert_eq!(first_version("none"), "?");
    }
}
