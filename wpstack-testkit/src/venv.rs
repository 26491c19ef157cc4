//! The Python environment that holds the AWS emulator, installed once per target directory.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::TestkitError;

/// The emulator's version; its whole dependency tree is pinned in `python/requirements.txt`.
pub const MOTO_VERSION: &str = "5.2.5";

const REQUIREMENTS: &str = include_str!("../python/requirements.txt");

/// The interpreter that can `import boto3`, for tests that bring a script of their own.
///
/// # Errors
///
/// If Python is missing or the installation fails.
pub fn python() -> Result<PathBuf, TestkitError> {
    Venv::ready().map(|venv| venv.python())
}

/// A virtual environment with the pinned emulator and boto3 in it.
#[derive(Debug, Clone)]
pub(crate) struct Venv {
    directory: PathBuf,
}

impl Venv {
    /// The environment, installed on first use (about a minute, from the configured package index).
    ///
    /// Any number of test processes may call this at once: one installs under an advisory lock, which the kernel
    /// releases even if that process is killed, and the others wait for it. The marker is written last, so an
    /// environment that was only half built is thrown away and built again.
    pub(crate) fn ready() -> Result<Self, TestkitError> {
        let home = home()?;
        let venv = Self { directory: home.join(format!("moto-{MOTO_VERSION}")) };
        if venv.is_complete() {
            return Ok(venv);
        }
        fs::create_dir_all(&home).map_err(TestkitError::file("create", &home))?;
        let lock_path = home.join("install.lock");
        let lock =
            File::create(&lock_path).map_err(TestkitError::file("open the lock", &lock_path))?;
        lock.lock().map_err(TestkitError::file("lock", &lock_path))?;
        // Another process may have installed while this one waited for the lock.
        if !venv.is_complete() {
            venv.install()?;
        }
        Ok(venv)
    }

    /// The interpreter inside the environment.
    pub(crate) fn python(&self) -> PathBuf {
        self.directory.join("bin").join("python")
    }

    /// A directory for logs and other traces of runs, created on demand.
    pub(crate) fn runs(&self) -> Result<PathBuf, TestkitError> {
        let runs = self.directory.join("runs");
        fs::create_dir_all(&runs).map_err(TestkitError::file("create", &runs))?;
        Ok(runs)
    }

    fn marker(&self) -> PathBuf {
        self.directory.join("installed.txt")
    }

    /// Whether exactly the pinned packages were installed to the end.
    fn is_complete(&self) -> bool {
        fs::read_to_string(self.marker()).is_ok_and(|found| found == REQUIREMENTS)
    }

    fn install(&self) -> Result<(), TestkitError> {
        if self.directory.exists() {
            fs::remove_dir_all(&self.directory)
                .map_err(TestkitError::file("remove", &self.directory))?;
        }
        let base = base_python()?;
        run(Command::new(base).args([OsStr::new("-m"), OsStr::new("venv")]).arg(&self.directory))?;
        let requirements = self.directory.join("requirements.txt");
        fs::write(&requirements, REQUIREMENTS)
            .map_err(TestkitError::file("write", &requirements))?;
        run(Command::new(self.python())
            .args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"])
            .arg("--requirement")
            .arg(&requirements))?;
        fs::rename(&requirements, self.marker())
            .map_err(TestkitError::file("write", &self.marker()))
    }
}

/// Where the kit keeps its files: `WPSTACK_TESTKIT_DIR`, or `wpstack-testkit` in cargo's target directory.
fn home() -> Result<PathBuf, TestkitError> {
    if let Some(chosen) = std::env::var_os("WPSTACK_TESTKIT_DIR") {
        return Ok(chosen.into());
    }
    let executable =
        std::env::current_exe().map_err(TestkitError::io("find the running executable"))?;
    let target = target_of(&executable)
        .or_else(|| std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from))
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"));
    Ok(target.join("wpstack-testkit"))
}

/// What cargo writes into every target directory. It leaves `CACHEDIR.TAG` only in one that it has made itself, not in
/// a cache that was there before.
const TARGET_MARK: &str = ".rustc_info.json";

/// The target directory an executable was built into: the nearest one above it that cargo has marked.
fn target_of(executable: &Path) -> Option<PathBuf> {
    executable
        .ancestors()
        .skip(1)
        .find(|directory| directory.join(TARGET_MARK).is_file())
        .map(Path::to_path_buf)
}

/// A Python that is new enough, the version of the pins first.
fn base_python() -> Result<String, TestkitError> {
    const NEW_ENOUGH: &str = "import sys, venv; sys.exit(sys.version_info < (3, 11))";
    let tried = match std::env::var("WPSTACK_TESTKIT_PYTHON") {
        Ok(chosen) => vec![chosen],
        Err(_) => ["python3.11", "python3"].map(str::to_owned).to_vec(),
    };
    let usable = |command: &String| {
        Command::new(command)
            .args(["-c", NEW_ENOUGH])
            .output()
            .is_ok_and(|output| output.status.success())
    };
    match tried.iter().find(|command| usable(command)) {
        Some(found) => Ok(found.clone()),
        None => Err(TestkitError::Python { tried }),
    }
}

fn run(command: &mut Command) -> Result<(), TestkitError> {
    let step = format!("{command:?}");
    let output = command.output().map_err(TestkitError::io(format!("run {step}")))?;
    if output.status.success() {
        return Ok(());
    }
    let printed = [output.stdout, output.stderr].concat();
    Err(TestkitError::Install { step, output: String::from_utf8_lossy(&printed).into_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn target_directory_is_found_from_the_test_executable() {
        let executable = std::env::current_exe().expect("a running test has an executable");
        let target = target_of(&executable).expect("cargo marks its target directory");
        assert!(executable.starts_with(&target));
        assert!(target.join(TARGET_MARK).is_file());
    }

    #[test]
    fn pins_name_the_advertised_version() {
        let pinned = format!("moto=={MOTO_VERSION}");
        assert!(REQUIREMENTS.lines().any(|line| line == pinned), "no line `{pinned}`");
    }

    #[test]
    fn a_half_built_environment_is_not_taken_for_a_whole_one() {
        let directory = std::env::temp_dir().join(format!("wpstack-venv-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("a directory for the test");
        let venv = Venv { directory };
        assert!(!venv.is_complete(), "no marker");
        fs::write(venv.marker(), "moto==5.2.4\n").expect("a marker of another version");
        assert!(!venv.is_complete(), "marker of another version");
        fs::write(venv.marker(), REQUIREMENTS).expect("the right marker");
        assert!(venv.is_complete());
        fs::remove_dir_all(&venv.directory).expect("the test's directory to go");
    }
}
