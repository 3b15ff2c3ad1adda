//! Virtual environments, made once and kept while what they are to hold does not change.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::peers::apt_install;
use crate::workspace::{self, Failure, on_path, output, pass_through};

/// Succeeds in a Python that is new enough and can make virtual environments.
const NEW_AND_WHOLE: &str = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))";

/// What Debian calls a Python that can make virtual environments.
const PACKAGE: &str = "python3-venv";

/// Does in seconds what takes pip minutes, and two environments share what it has installed.
const UV: &str = "uv==0.13.9";

/// As [`find`]; on Debian it is installed where it is missing and we are root.
pub fn interpreter() -> Result<PathBuf, Failure> {
    if let Some(found) = find() {
        return Ok(found);
    }
    let needs = "Python 3.11 or newer with its module venv is needed";
    apt_install(&[PACKAGE]).map_err(|failure| format!("{needs}: {failure}"))?;
    find().ok_or_else(|| format!("{needs}; the {PACKAGE} of this system is older").into())
}

/// A Python of version 3.11 or newer with its module venv.
pub fn find() -> Option<PathBuf> {
    let newer = (11..=20).rev().map(|minor| format!("python3.{minor}"));
    let names = std::iter::once("python3".to_owned()).chain(newer);
    let found = names.filter_map(|name| on_path(&name));
    let fits = |python: &PathBuf| output(Command::new(python).args(["-c", NEW_AND_WHOLE])).is_ok();
    found.into_iter().find(fits)
}

/// A virtual environment for a file of requirements.
pub struct Environment {
    folder: PathBuf,
    requirements: PathBuf,
}

impl Environment {
    /// The environment in this folder, which holds what a file of requirements asks for.
    pub fn new(folder: PathBuf, requirements: &str) -> Self {
        Self {
            folder,
            requirements: workspace::root().join(requirements),
        }
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A program of its own.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }

    /// Its interpreter.
    pub fn python(&self) -> PathBuf {
        self.program("python")
    }

    /// Makes it where there is none, and installs the requirements where they have changed since.
    pub fn prepare(&self) -> Result<(), Failure> {
        let wanted = std::fs::read_to_string(&self.requirements)?;
        let works = output(installer(&self.folder).arg("--help")).is_ok();
        if works && std::fs::read_to_string(self.holds()).is_ok_and(|held| held == wanted) {
            return Ok(());
        }
        if !works {
            create(&self.folder)?;
        }
        eprintln!("      installing into {} …", self.folder.display());
        let requirements = self.requirements.as_os_str();
        pass_through(
            installer(&self.folder)
                .arg("--requirement")
                .arg(requirements),
        )?;
        std::fs::write(self.holds(), wanted)?;
        Ok(())
    }

    /// Puts our wheel in the place of an earlier one, with everything its extras ask for.
    pub fn install(&self, wheel: &Path) -> Result<(), Failure> {
        let mut uv = installer(&self.folder);
        uv.args(["--reinstall-package", "trunkline"]);
        pass_through(uv.arg(format!("{}[pipecat,fastapi,client]", wheel.display())))
    }

    /// Whether the package index answers: by a package that every index has. What was found before,
    /// and what lies on this machine, says nothing of that.
    pub fn reaches_index(&self) -> bool {
        let mut pip = Command::new(self.python());
        pip.args(["-m", "pip", "install", "--quiet", "--dry-run"]);
        pip.args(["--ignore-installed", "--no-deps", "--no-cache-dir"]);
        pip.args(["--retries", "1", "--disable-pip-version-check", "pip"]);
        pip.env_remove("PIP_FIND_LINKS");
        output(&mut pip).is_ok()
    }

    /// The requirements it was last made for.
    fn holds(&self) -> PathBuf {
        self.folder.join("requirements.txt")
    }
}

/// Makes a virtual environment that holds nothing but its [`installer`].
pub fn create(folder: &Path) -> Result<(), Failure> {
    let mut python = Command::new(interpreter()?);
    pass_through(python.args(["-m", "venv", "--clear"]).arg(folder))?;
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet"]);
    pass_through(pip.args(["--disable-pip-version-check", UV]))
}

/// Installs into a virtual environment whatever is added to this command.
pub fn installer(folder: &Path) -> Command {
    let mut uv = Command::new(folder.join("bin/uv"));
    // Certificates are this machine's, as pip has them.
    uv.args(["pip", "install", "--quiet", "--native-tls", "--python"]);
    uv.arg(folder.join("bin/python"));
    uv
}
