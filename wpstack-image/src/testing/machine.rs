//! What tests need of the machine: programs of Debian.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Installs the packages of Debian whose file is missing. Each of `needed` is such a file and its package; `archives` is
/// a directory of the test's own, for where a system is set up to empty the shared one, two runs of apt spoil each
/// other's.
///
/// # Panics
/// When something is missing and is not root's to install, or cannot be had.
pub fn install(needed: &[(&str, &str)], archives: &Path) {
    let missing = needed.iter().filter(|(path, _)| !Path::new(path).exists());
    let packages: Vec<_> = missing.map(|(_, package)| *package).collect();
    if packages.is_empty() {
        return;
    }
    let uid = run(Command::new("id").arg("-u"));
    assert_eq!(uid.trim(), "0", "install {}, or run this as root", packages.join(", "));
    fs::create_dir_all(archives.join("partial")).expect("the target directory can be written to");
    let apt = || {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").args(["-q", "-o", "DPkg::Lock::Timeout=300"]);
        apt.arg("-o").arg(format!("Dir::Cache::archives={}", archives.display()));
        apt
    };
    run(apt().arg("update"));
    // As if the machine was for maintenance: services that come with packages are not started.
    let mut install = apt();
    install.env("RUNLEVEL", "1").args(["install", "--yes", "--no-install-recommends"]);
    run(install.args(packages));
}

/// Runs a command to its end, and answers what it printed.
///
/// # Panics
/// When it cannot be run, or fails.
#[track_caller]
pub fn run(command: &mut Command) -> String {
    let shown = format!("{command:?}");
    let output = command.output().unwrap_or_else(|error| panic!("{shown}: {error}"));
    let [printed, errors] = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it));
    assert!(output.status.success(), "{shown} failed: {}\n{printed}\n{errors}", output.status);
    printed.into_owned()
}
