//! The AWS emulator as a child process.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use wpstack_image::testing::ecr::Ecr;

use crate::http;
use crate::venv::Venv;
use crate::{Account, TestkitError};

const SERVER: &str = include_str!("../python/server.py");

/// How long a start may take. It is about a second on a quiet machine and many on one that is busy compiling.
const START_LIMIT: Duration = Duration::from_secs(120);

/// A running AWS emulator ([moto](https://docs.getmoto.org/)) on a loopback port of its own.
///
/// It is stopped on drop, and it stops by itself when this process ends in any way, `SIGKILL` included.
///
/// What it is good for: the wire. Requests are parsed, resources are kept and described, duplicate names and
/// dependency violations are refused for the most part. What it says nothing about: time (everything is in its final
/// state at once), the order of most deletes, ECS tasks. It ignores `DryRun` and most idempotency tokens.
#[derive(Debug)]
pub struct Moto {
    child: Child,
    address: SocketAddr,
    endpoint: String,
    log: PathBuf,
    accounts: AtomicU64,
}

impl Moto {
    /// Starts an emulator with the default settings, after installing it if this is the first use.
    ///
    /// # Errors
    ///
    /// If Python is missing, the installation fails, or the emulator does not answer within two minutes.
    pub fn start() -> Result<Self, TestkitError> {
        Self::builder().start()
    }

    /// An emulator with other settings.
    #[must_use]
    pub fn builder() -> MotoBuilder {
        MotoBuilder::default()
    }

    /// The emulator that all tests of this test binary share, started by whoever comes first.
    ///
    /// A start costs a second or more, so tests share one and keep apart by [`Moto::account`]. Never call
    /// [`Moto::reset`] on it.
    ///
    /// # Panics
    ///
    /// If it cannot be started: a test that needs it has then failed.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Moto> = OnceLock::new();
        SHARED.get_or_init(|| match Self::start() {
            Ok(moto) => moto,
            Err(error) => panic!("the shared AWS emulator cannot be started: {error}"),
        })
    }

    /// Where it listens, as `http://127.0.0.1:port`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// A fresh, empty account, so that tests which run in parallel do not see each other's resources.
    ///
    /// Everything is kept apart by account, the global services (IAM) too; distinct regions would leave IAM shared.
    /// The emulator derives the account from the access key alone, so these are ordinary static credentials.
    ///
    /// # Errors
    ///
    /// If the emulator does not issue credentials.
    pub fn account(&self) -> Result<Account, TestkitError> {
        let number = self.accounts.fetch_add(1, Ordering::Relaxed);
        let id = format!("{:012}", 200_000_000_000 + number);
        let form = format!(
            "Action=AssumeRole&Version=2011-06-15&RoleSessionName=test\
             &RoleArn=arn%3Aaws%3Aiam%3A%3A{id}%3Arole%2Ftest"
        );
        let headers = "Content-Type: application/x-www-form-urlencoded\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/sts/aws4_request, \
             SignedHeaders=host, Signature=0\r\n";
        let body = self.control("POST", "/", headers, &form)?;
        Account::from_assume_role(&self.endpoint, &id, &body).ok_or_else(|| TestkitError::Control {
            request: "AssumeRole".to_owned(),
            status: 200,
            body,
        })
    }

    /// The account that unknown credentials fall into.
    pub fn default_account(&self) -> Account {
        Account::unassumed(&self.endpoint)
    }

    /// Forgets all resources of all accounts, and the credentials of [`Moto::account`] with them.
    ///
    /// # Errors
    ///
    /// If the emulator refuses or is gone.
    pub fn reset(&self) -> Result<(), TestkitError> {
        self.control("POST", "/moto-api/reset", "", "").map(drop)
    }

    /// The last lines of what the emulator wrote, for a failure message.
    pub fn log_tail(&self) -> String {
        tail(&self.log)
    }

    /// The process id of the emulator.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    fn control(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> Result<String, TestkitError> {
        let request = format!("{method} {path}");
        let answer = http::request(self.address, method, path, headers, body)
            .map_err(TestkitError::io(format!("send `{request}` to the AWS emulator")))?;
        match answer.status {
            200..300 => Ok(answer.body),
            status => Err(TestkitError::Control { request, status, body: answer.body }),
        }
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        stop(&mut self.child);
        if !thread::panicking() {
            // A log nobody will ask for; at worst it stays until it is swept.
            drop(fs::remove_file(&self.log));
        }
    }
}

/// Settings of an emulator that is yet to be started.
#[derive(Debug, Clone)]
pub struct MotoBuilder {
    settings: BTreeMap<String, String>,
}

impl Default for MotoBuilder {
    fn default() -> Self {
        let settings = [
            // Without these, AttachRolePolicy of any AWS-managed policy is NoSuchEntity.
            ("MOTO_IAM_LOAD_MANAGED_POLICIES", "true"),
            ("MOTO_ACM_VALIDATION_WAIT", "2"),
            // The running count of every ECS service, whatever its desired count.
            ("MOTO_ECS_SERVICE_RUNNING", "2"),
            ("MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION", "true"),
            // Not MOTO_ENABLE_AMI_VALIDATION: it refuses `resolve:ssm:` image ids, which AWS resolves, as malformed.
        ];
        Self { settings: settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into() }
    }
}

impl MotoBuilder {
    /// Adds or replaces a [setting](https://docs.getmoto.org/en/latest/docs/configuration/environment_variables.html).
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Removes a setting. moto takes any value of most switches for "on", `false` too, so this is the way to turn
    /// one off.
    #[must_use]
    pub fn unset(mut self, name: &str) -> Self {
        self.settings.remove(name);
        self
    }

    /// Has images pushed to that registry, and tells what is there.
    #[must_use]
    pub fn registry(self, registry: &Ecr) -> Self {
        let (endpoint, token) = (registry.endpoint(), registry.token());
        self.set("WPSTACK_REGISTRY", &endpoint).set("WPSTACK_REGISTRY_TOKEN", &token)
    }

    /// Starts the emulator and waits until it answers.
    ///
    /// # Errors
    ///
    /// As [`Moto::start`].
    pub fn start(self) -> Result<Moto, TestkitError> {
        let venv = Venv::ready()?;
        let runs = venv.runs()?;
        sweep(&runs);
        let stem = run_name();
        let log = runs.join(format!("{stem}.log"));
        let address_file = runs.join(format!("{stem}.address"));
        // Process ids come round again: an address that a killed run left behind must not be believed.
        drop(fs::remove_file(&address_file));
        let mut child = self.spawn(&venv, &log, &address_file)?;
        let address = match await_answer(&mut child, &address_file, &log) {
            Ok(address) => address,
            Err(error) => {
                stop(&mut child);
                return Err(error);
            }
        };
        fs::remove_file(&address_file).map_err(TestkitError::file("remove", &address_file))?;
        let endpoint = format!("http://{address}");
        Ok(Moto { child, address, endpoint, log, accounts: AtomicU64::new(0) })
    }

    fn spawn(&self, venv: &Venv, log: &Path, address: &Path) -> Result<Child, TestkitError> {
        let output = File::create(log).map_err(TestkitError::file("create", log))?;
        let errors = output.try_clone().map_err(TestkitError::file("open", log))?;
        Command::new(venv.python())
            .args(["-c", SERVER])
            .arg(address)
            // Nothing of the developer's own AWS or proxy settings may reach it.
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("PYTHONUNBUFFERED", "1")
            .envs(&self.settings)
            // Held open for as long as this process lives; its end tells the server to go.
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(TestkitError::file("start", &venv.python()))
    }
}

/// Waits until the child has told its address and answers there.
fn await_answer(
    child: &mut Child,
    address_file: &Path,
    log: &Path,
) -> Result<SocketAddr, TestkitError> {
    let failed = |what: String| TestkitError::Start { what, log: log.to_owned(), tail: tail(log) };
    let started = Instant::now();
    let mut pause = Duration::from_millis(20);
    while started.elapsed() < START_LIMIT {
        if let Some(status) = child.try_wait().map_err(TestkitError::io("watch the emulator"))? {
            return Err(failed(format!("ended at once ({status})")));
        }
        let address =
            fs::read_to_string(address_file).ok().and_then(|told| told.parse::<SocketAddr>().ok());
        if let Some(address) = address {
            let answer = http::request(address, "GET", "/moto-api/config", "", "");
            if answer.is_ok_and(|answer| (200..300).contains(&answer.status)) {
                return Ok(address);
            }
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(250));
    }
    Err(failed(format!("did not answer within {} s", START_LIMIT.as_secs())))
}

fn stop(child: &mut Child) {
    // Both fail only if it is gone already.
    drop(child.kill());
    drop(child.wait());
}

/// A name no other start on this machine uses while this one runs.
fn run_name() -> String {
    static STARTS: AtomicU64 = AtomicU64::new(0);
    let start = STARTS.fetch_add(1, Ordering::Relaxed);
    format!("{}-{start}", std::process::id())
}

fn tail(log: &Path) -> String {
    const LINES: usize = 40;
    match fs::read(log) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let lines: Vec<_> = text.lines().collect();
            lines[lines.len().saturating_sub(LINES)..].join("\n")
        }
        Err(error) => format!("(the log cannot be read: {error})"),
    }
}

/// Removes the traces of runs that ended a day ago or more. A file that cannot be removed is left for the next sweep.
fn sweep(runs: &Path) {
    const KEPT: Duration = Duration::from_hours(24);
    let Ok(entries) = fs::read_dir(runs) else {
        return;
    };
    for entry in entries.flatten() {
        let age = entry.metadata().and_then(|found| found.modified()).map(|time| time.elapsed());
        if let Ok(Ok(age)) = age
            && age > KEPT
        {
            drop(fs::remove_file(entry.path()));
        }
    }
}
