//! A container without an engine: its own mounts, processes and network, a read-only root and a user without rights.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use wpstack_core::image::contract::{self, variable};

use crate::root::run;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Mounts what a container gets, then becomes the user and its command.
const ENTER: &str = r#"
root=$1; shift
mount --bind "$root" "$root"; mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"; mount --rbind /sys "$root/sys"; mount --rbind /dev "$root/dev"
for place in /run /tmp /var/lib/nginx; do mount -t tmpfs -o mode=1777 none "$root$place"; done
mount -t tmpfs -o mode=0755,uid=33,gid=33 none "$root/srv/wordpress/wp-content/uploads"
printf '<?php echo 1;' >"$root/srv/wordpress/wp-content/uploads/evil.php"
printf '<svg/>' >"$root/srv/wordpress/wp-content/uploads/a.svg"
exec setpriv --no-new-privs --inh-caps=-all --bounding-set=-all,+sys_chroot,+setuid,+setgid \
    chroot --userspec=+33:+33 --groups= "$root" "$@"
"#;

/// A network of its own, in which nothing but the loopback exists. Ends with this value.
pub(crate) struct Network(Child);

impl Network {
    pub(crate) fn new() -> Self {
        let child = Command::new("unshare").args(["--net", "sleep", "infinity"]).spawn().unwrap();
        let own = fs::read_link("/proc/self/ns/net").unwrap();
        let network = Self(child);
        wait("a network", || fs::read_link(network.path()).ok().filter(|place| *place != own));
        run(network.enter("ip").args(["link", "set", "lo", "up"]));
        network
    }

    fn path(&self) -> String {
        format!("/proc/{}/ns/net", self.0.id())
    }

    /// A command inside of it.
    pub(crate) fn enter(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", self.path())).arg(program);
        command
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// What a container is given.
pub(crate) fn environment(changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let settings = [
        (variable::DB_HOST, "127.0.0.1:3306"),
        (variable::DB_USER, "wp"),
        (variable::DB_PASSWORD, PASSWORD),
        (variable::DB_NAME, "wp"),
        (variable::PHP_WORKERS, "3"),
    ];
    let salts = variable::SALTS.map(|name| (name, SALT));
    let mut all: Vec<_> = settings.into_iter().chain(salts).collect();
    all.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    all.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    all.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// With characters that mean something to shells, PHP and configuration files.
pub(crate) const PASSWORD: &str = "pa'ss\"w$HOME;`id`\\#%";
pub(crate) const SALT: &str = "sa'lt\"$(id);{{x}}\\<?php #";

/// A container that runs.
pub(crate) struct Container<'a> {
    child: Child,
    network: &'a Network,
    out: Arc<Mutex<String>>,
    err: Arc<Mutex<String>>,
}

impl<'a> Container<'a> {
    /// Starts the init program of a root. What it writes goes through pipes that another user owns, as with an engine.
    pub(crate) fn start(root: &Path, network: &'a Network, changes: &[(&str, &str)]) -> Self {
        let mut command = command(root, network, changes, &[]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = collect(child.stdout.take().unwrap());
        let err = collect(child.stderr.take().unwrap());
        Self { child, network, out, err }
    }

    /// The same, and waits until PHP answers.
    pub(crate) fn ready(root: &Path, network: &'a Network, changes: &[(&str, &str)]) -> Self {
        let container = Self::start(root, network, changes);
        assert_eq!(container.await_status(contract::READY, "200"), "200", "{}", container.err());
        container
    }

    /// The status and body of a page.
    pub(crate) fn get(&self, path: &str, arguments: &[&str]) -> (String, String) {
        let address = format!("http://127.0.0.1:{}{path}", contract::PORT);
        let mut curl = self.network.enter("curl");
        curl.args([
            "--silent",
            "--path-as-is",
            "--max-time",
            "30",
            "--write-out",
            "\n%{http_code}",
        ]);
        let output = curl.args(arguments).arg(address).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (body, status) = text.rsplit_once('\n').unwrap();
        (status.to_owned(), body.to_owned())
    }

    /// The status of a page as soon as it is the wanted one, or the last one.
    pub(crate) fn await_status(&self, path: &str, wanted: &str) -> String {
        let mut last = String::new();
        let until = Instant::now() + PATIENCE;
        while last != wanted && Instant::now() < until {
            last = self.get(path, &[]).0;
            thread::sleep(Duration::from_millis(50));
        }
        last
    }

    /// A request that goes on meanwhile.
    pub(crate) fn begin(&self, path: &str) -> Child {
        let address = format!("http://127.0.0.1:{}{path}", contract::PORT);
        let mut curl = self.network.enter("curl");
        curl.args(["--silent", "--max-time", "30", &address])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Runs a line of shell inside.
    pub(crate) fn inside(&self, line: &str) -> String {
        let target = self.init().to_string();
        let mut command = Command::new("nsenter");
        command.args([
            "--target", &target, "--mount", "--pid", "--root", "--wd", "/bin/sh", "-c", line,
        ]);
        let output = command.output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Sends a signal to the first process.
    pub(crate) fn signal(&self, name: &str) {
        run(Command::new("kill").args(["-s", name, &self.init().to_string()]));
    }

    /// The first process of the container, as the machine counts them.
    fn init(&self) -> u32 {
        let unshare = self.child.id();
        wait("the first process", || {
            let children =
                fs::read_to_string(format!("/proc/{unshare}/task/{unshare}/children")).unwrap();
            children.trim().parse().ok()
        })
    }

    /// How it ended.
    pub(crate) fn end(&mut self) -> ExitStatus {
        wait("its end", || self.child.try_wait().unwrap())
    }

    /// What it wrote to standard output so far.
    pub(crate) fn out(&self) -> String {
        self.out.lock().unwrap().clone()
    }

    /// What it wrote to standard error so far.
    pub(crate) fn err(&self) -> String {
        self.err.lock().unwrap().clone()
    }

    /// Waits until standard error has a text.
    pub(crate) fn await_err(&self, text: &str) {
        wait(text, || self.err().contains(text).then_some(()));
    }
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        kill(&mut self.child);
    }
}

/// Ends a process that was started here, with all that it started. (The first process of a container does not end with
/// its parent: whoever becomes another user loses that tie.)
pub(crate) fn kill(child: &mut Child) {
    let mut all = vec![child.id()];
    let mut next = 0;
    while let Some(of) = all.get(next) {
        let children = fs::read_to_string(format!("/proc/{of}/task/{of}/children"));
        all.extend(
            children.unwrap_or_default().split_whitespace().map(|id| id.parse::<u32>().unwrap()),
        );
        next += 1;
    }
    if matches!(child.try_wait(), Ok(None)) {
        for id in all {
            drop(
                Command::new("kill")
                    .args(["-s", "KILL", &id.to_string()])
                    .stderr(Stdio::null())
                    .status(),
            );
        }
        drop(child.wait());
    }
}

/// The command that starts a container: its init program, with arguments or none.
pub(crate) fn command(
    root: &Path,
    network: &Network,
    changes: &[(&str, &str)],
    arguments: &[&str],
) -> Command {
    let mut command = network.enter("unshare");
    command.args([
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--propagation",
        "private",
        "sh",
        "-euc",
        ENTER,
        "sh",
    ]);
    command.arg(root).arg(contract::INIT).args(arguments);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").envs(environment(changes));
    command.stdin(Stdio::null());
    command
}

fn collect(mut from: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let text = Arc::new(Mutex::new(String::new()));
    let into = Arc::clone(&text);
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            into.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    });
    text
}

/// Looks until there is an answer.
pub(crate) fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "waited for {what} in vain");
        thread::sleep(Duration::from_millis(20));
    }
}
