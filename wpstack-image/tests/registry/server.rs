//! The reference registry, from Debian's package `docker-registry`, as a child process.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// `AWS` and `TOKEN`, as `htpasswd -B` writes them.
const USERS: &str = "AWS:$2y$05$abcdefghijklmnopqrstuuGekgsXhGExpUCLWo7Pa4AzyIIvk8Cs.\n";
const START_LIMIT: Duration = Duration::from_secs(60);

/// A running registry with the user `AWS` and the password `TOKEN`. It is stopped on drop.
pub(crate) struct Server {
    child: Child,
    pub host: String,
    _directory: tempfile::TempDir,
}

impl Server {
    pub(crate) fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::write(path("users"), USERS).unwrap();
        let config = format!(
            "version: 0.1\nlog: {{ level: info }}\n\
             storage: {{ filesystem: {{ rootdirectory: \"{}\" }} }}\n\
             http: {{ addr: \"127.0.0.1:0\", secret: tests }}\n\
             auth: {{ htpasswd: {{ realm: tests, path: \"{}\" }} }}\n",
            path("data").display(),
            path("users").display(),
        );
        fs::write(path("config.yml"), config).unwrap();
        let log = path("log");
        let output = File::create(&log).unwrap();
        let mut child = Command::new(program())
            .arg("serve")
            .arg(path("config.yml"))
            .env_clear()
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        let host = await_address(&mut child, &log);
        Self { child, host, _directory: directory }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only if it is gone already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Waits until the server has written where it listens.
#[expect(clippy::disallowed_methods, reason = "a process takes real time")]
fn await_address(child: &mut Child, log: &Path) -> String {
    let started = Instant::now();
    while started.elapsed() < START_LIMIT {
        let text = fs::read_to_string(log).unwrap();
        let told = text.split_once("listening on ").map(|(_, rest)| rest);
        let address = told.and_then(|rest| rest.split(['"', ' ', '\n']).next());
        if let Some(address) = address.filter(|_| told.is_some_and(|rest| rest.contains('\n'))) {
            return address.to_owned();
        }
        let status = child.try_wait().unwrap();
        assert!(status.is_none(), "docker-registry ended at once ({status:?}):\n{text}");
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(child.kill());
    panic!("docker-registry did not start:\n{}", fs::read_to_string(log).unwrap());
}

/// The program: that of the system, or else one that is unpacked below cargo's target directory, once.
fn program() -> PathBuf {
    let installed = Path::new("/usr/bin/docker-registry");
    if installed.exists() {
        return installed.to_owned();
    }
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("docker-registry");
    let program = home.join("usr/bin/docker-registry");
    fs::create_dir_all(&home).unwrap();
    let lock = File::create(home.join("lock")).unwrap();
    lock.lock().unwrap();
    if !program.exists() {
        unpack(&home);
    }
    program
}

/// Fetches Debian's package and unpacks it, which needs no privilege and changes nothing of the system. It is moved to
/// its place when it is whole.
fn unpack(home: &Path) {
    let fresh = tempfile::tempdir_in(home).unwrap();
    let run = |command: &mut Command| {
        let shown = format!("{command:?}");
        let hint = "the tests against a real registry need Debian's package `docker-registry`: \
                    install it, or have `apt-get download` find it (`apt-get update`)";
        let output = command.current_dir(fresh.path()).output();
        let output = output.unwrap_or_else(|error| panic!("{shown}: {error}; {hint}"));
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{shown} failed: {printed}; {hint}");
    };
    run(Command::new("apt-get").args(["download", "docker-registry"]));
    let archives = fs::read_dir(fresh.path()).unwrap().map(|entry| entry.unwrap().path());
    let archive = archives.into_iter().find(|path| path.extension().is_some_and(|it| it == "deb"));
    run(Command::new("dpkg-deb").arg("-x").arg(archive.unwrap()).arg("unpacked"));
    let unpacked = fresh.path().join("unpacked/usr");
    fs::rename(unpacked, home.join("usr")).unwrap();
}
