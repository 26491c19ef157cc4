//! What the proof needs of the machine: Debian's programs, directories, and children that do not outlive it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use wpstack_image::testing::machine::install;
pub(crate) use wpstack_image::testing::machine::run;

/// What has to be there, and the package of Debian that has it.
const NEEDED: [(&str, &str); 11] = [
    ("/usr/sbin/dockerd", "docker.io"),
    ("/usr/sbin/iptables", "iptables"),
    ("/usr/bin/docker-registry", "docker-registry"),
    ("/usr/sbin/mariadbd", "mariadb-server-core"),
    ("/usr/bin/mariadb", "mariadb-client-core"),
    ("/usr/bin/chromium", "chromium"),
    // Without a font every text of a page is empty boxes.
    ("/usr/share/fonts/truetype/liberation", "fonts-liberation"),
    ("/usr/bin/mmdebstrap", "mmdebstrap"),
    ("/usr/bin/openssl", "openssl"),
    ("/usr/bin/setpriv", "util-linux"),
    ("/usr/sbin/ip", "iproute2"),
];

/// Installs what is missing.
///
/// # Panics
/// When it is not root's to install, or it cannot be had.
pub(crate) fn prepare() {
    let uid = run(Command::new("id").arg("-u"));
    assert_eq!(uid.trim(), "0", "the proof starts a container engine: run it as root");
    install(&NEEDED, &directory("apt"));
}

/// A directory below cargo's target directory that stays from run to run.
pub(crate) fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("proof").join(name);
    fs::create_dir_all(&path).unwrap();
    path
}

/// An empty one. Whatever an earlier run left mounted in it is unmounted first.
pub(crate) fn fresh(name: &str) -> PathBuf {
    let path = directory(name);
    unmount_below(&path);
    fs::remove_dir_all(&path).unwrap();
    fs::create_dir_all(&path).unwrap();
    path
}

pub(crate) fn unmount_below(directory: &Path) {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let mounts = mounts.lines().filter_map(|line| line.split(' ').nth(1).map(PathBuf::from));
    let mut below: Vec<_> = mounts.filter(|path| path.starts_with(directory)).collect();
    below.sort();
    for path in below.iter().rev() {
        // What is gone already is what was wanted.
        drop(Command::new("umount").arg("--lazy").arg(path).output());
    }
}

/// A server that ends with this process, whatever ends it.
pub(crate) struct Server {
    child: Child,
    log: PathBuf,
}

impl Server {
    pub(crate) fn start(program: &str, arguments: &[impl AsRef<OsStr>], log: &Path) -> Self {
        let output = File::create(log).unwrap();
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "TERM", program])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        Self { child, log: log.to_owned() }
    }

    pub(crate) fn log(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// # Panics
    /// When it has ended.
    pub(crate) fn check(&mut self) {
        let status = self.child.try_wait().unwrap();
        assert!(status.is_none(), "ended by itself ({status:?}):\n{}", self.log());
    }

    /// Asks it to end, and makes it when it does not.
    pub(crate) fn stop(&mut self, patience: Duration) {
        // Its number may be another's by now.
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        let pid = self.child.id().to_string();
        drop(Command::new("kill").args(["-TERM", &pid]).output());
        let begun = Instant::now();
        while begun.elapsed() < patience && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(50));
        }
        // Both fail only if it is gone already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop(Duration::from_secs(10));
    }
}

/// Looks again and again until there is an answer.
///
/// # Panics
/// When there is none in time.
#[track_caller]
pub(crate) fn until<T>(
    what: &str,
    patience: Duration,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> impl Future<Output = T> {
    let caller = std::panic::Location::caller();
    async move {
        let begun = Instant::now();
        loop {
            if let Some(found) = look().await {
                return found;
            }
            assert!(begun.elapsed() < patience, "{caller}: {what}: not within {patience:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
