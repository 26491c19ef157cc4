//! An account of its own on the emulator, a proxy before it, and a directory to work in.

use std::fs::File;
use std::process::{Child, Command, ExitStatus, Output};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use wpstack_core::state::{Document, LocalStore, Status, Store};
use wpstack_testkit::proxy::{Call, Fault, Faults, Moment, Proxy};
use wpstack_testkit::{ADDRESS_TAG, Account, Inventory, Moto, Shape};

use crate::sandbox::{Run, Sandbox};

const REGION: &str = "eu-west-1";
const STACK: &str = "blog";

pub(crate) const APPLY: &str = "apply --yes --wait=exists";
pub(crate) const DESTROY: &str =
    "destroy --yes --skip-final-snapshot --allow-data-loss rds.instance:main";

/// When a run is killed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Strike {
    /// After that long.
    After(Duration),
    /// At that moment of that call, counted from 1, which the network holds up for that long.
    At { call: u64, moment: Moment, delay: Duration },
}

/// How a run ended.
pub(crate) enum End {
    Killed,
    ByItself(Run),
}

pub(crate) struct Site {
    account: Account,
    proxy: Proxy,
    sandbox: Sandbox,
    began: Instant,
}

impl Site {
    /// Nothing yet but a configuration.
    pub(crate) fn new() -> Self {
        let account = Moto::shared().account().unwrap();
        let proxy = Proxy::start(account.endpoint(), Faults::none()).unwrap();
        let sandbox = Sandbox::empty();
        let run = sandbox.run(&format!("init --name {STACK}"));
        assert_eq!(run.exit, 0, "{run}");
        sandbox.edit("# tag = \"latest\"", "tag = \"latest\"");
        Self { account, proxy, sandbox, began: Instant::now() }
    }

    /// Runs the command to its end.
    pub(crate) fn run(&self, arguments: &str, weather: Faults) -> Run {
        self.proxy.set_faults(weather);
        Run::of(arguments, self.command(arguments).output().unwrap())
    }

    /// Runs the command, which must succeed. Returns how long it took, and in how many calls.
    pub(crate) fn succeed(&self, arguments: &str, weather: Faults) -> Usual {
        let (began, before) = (Instant::now(), self.proxy.count());
        let run = self.run(arguments, weather.clone());
        assert_eq!(run.exit, 0, "{weather:?}\n{run}");
        Usual { took: began.elapsed(), calls: (self.proxy.count() - before) as u64 }
    }

    /// Runs the command and kills it.
    pub(crate) fn strike(&self, arguments: &str, strike: Strike, weather: Faults) -> End {
        let (weather, until) = match strike {
            Strike::After(time) => (weather, Some(Instant::now() + time)),
            Strike::At { call, delay, .. } => {
                (weather.on_any(call..=call, Fault::Delay(delay)), None)
            }
        };
        self.proxy.set_faults(weather);
        let log = |name| self.sandbox.path().join(name);
        let child: Arc<Mutex<Option<Child>>> = Arc::default();
        {
            let mut held = child.lock().unwrap();
            if let Strike::At { call, moment, .. } = strike {
                let child = Arc::clone(&child);
                self.proxy.at(call, moment, move || kill(&child));
            }
            let mut command = self.command(arguments);
            command.stdout(File::create(log("out.log")).unwrap());
            command.stderr(File::create(log("err.log")).unwrap());
            *held = Some(command.spawn().unwrap());
        }
        let status = loop {
            if until.is_some_and(|until| Instant::now() >= until) {
                kill(&child);
            }
            if let Some(status) = ended(&child) {
                break status;
            }
            thread::sleep(Duration::from_millis(2));
        };
        self.proxy.disarm();
        if std::os::unix::process::ExitStatusExt::signal(&status) == Some(9) {
            return End::Killed;
        }
        let read = |name| std::fs::read(log(name)).unwrap();
        let output = Output { status, stdout: read("out.log"), stderr: read("err.log") };
        End::ByItself(Run::of(arguments, output))
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = self.sandbox.command(arguments);
        command.envs(self.account.environment(self.proxy.endpoint(), REGION));
        command
    }

    /// How long the site has been there.
    pub(crate) fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// The calls so far that were to change something, each with when it came and how long it took.
    pub(crate) fn history(&self) -> Vec<String> {
        let reads = ["Describe", "Get", "List"];
        let calls = self.proxy.calls().into_iter();
        let calls = calls.filter(|call| !reads.iter().any(|it| call.operation.starts_with(it)));
        let line = |call: Call| {
            let (at, took) = (call.started.duration_since(self.began), call.duration());
            format!("{at:.3?} {} took {took:.3?}, {:?}", call.operation, call.status)
        };
        calls.map(line).collect()
    }

    /// What the account holds, asked past the proxy.
    pub(crate) fn inventory(&self) -> Inventory {
        self.account.inventory(REGION).unwrap()
    }

    /// What is recorded.
    pub(crate) fn document(&self) -> Option<Document> {
        let store = LocalStore::open(self.sandbox.path().join(".wpstack"), STACK);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(store.load()).unwrap()
    }

    /// Whether everything of ours that the account holds is recorded, with its id if the record has one.
    pub(crate) fn check_that_nothing_is_lost(&self) {
        let Some(document) = self.document() else {
            assert!(self.inventory().is_empty(), "{:?}", self.inventory().counts());
            return;
        };
        // After the document: what a dead run had asked for may still come about, and is recorded before it is asked.
        for (kind, item) in self.inventory().of_stack(STACK).items() {
            // Auto Scaling starts them and gives them the tags of their group.
            if kind == "ec2.instance" {
                continue;
            }
            let address = item.tags[ADDRESS_TAG].replace('/', "#");
            let record = document.objects.iter().find(|(object, _)| object.to_string() == address);
            let Some((_, record)) = record else { panic!("{kind} {} is not recorded", item.id) };
            if let Some(state) = &record.state {
                assert!(
                    state.to_string().contains(&item.id),
                    "{address} is {} and not {state}",
                    item.id
                );
            }
        }
    }

    /// Whether the stack is there as an undisturbed run makes it, and recorded.
    pub(crate) fn check_applied(&self) {
        let differences = undisturbed().shape.differences(&self.inventory().shape());
        assert!(
            differences.is_empty(),
            "undisturbed here, disturbed there:\n{}",
            differences.join("\n")
        );
        let document = self.document().unwrap();
        assert_eq!(objects(&document), undisturbed().objects);
        self.check_that_nothing_is_lost();
        let plan = self.run("plan --detailed-exitcode", Faults::none());
        assert_eq!(plan.exit, 0, "{plan}");
    }

    /// Whether nothing is left, and nothing recorded.
    pub(crate) fn check_destroyed(&self) {
        let left = self.inventory();
        assert!(left.is_empty(), "left behind: {left:#?}");
        assert_eq!(objects(&self.document().unwrap()), []);
    }
}

/// What a run takes that nothing disturbs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usual {
    pub(crate) took: Duration,
    pub(crate) calls: u64,
}

/// The life of a stack that nothing disturbs.
pub(crate) struct Undisturbed {
    pub(crate) apply: Usual,
    pub(crate) destroy: Usual,
    shape: Shape,
    objects: Vec<(String, Status)>,
}

pub(crate) fn undisturbed() -> &'static Undisturbed {
    static UNDISTURBED: OnceLock<Undisturbed> = OnceLock::new();
    UNDISTURBED.get_or_init(|| {
        let site = Site::new();
        let apply = site.succeed(APPLY, Faults::none());
        let (shape, objects) = (site.inventory().shape(), objects(&site.document().unwrap()));
        assert!(objects.len() > 30, "{objects:?}");
        let destroy = site.succeed(DESTROY, Faults::none());
        site.check_destroyed();
        Undisturbed { apply, destroy, shape, objects }
    })
}

fn objects(document: &Document) -> Vec<(String, Status)> {
    document.objects.iter().map(|(object, record)| (object.to_string(), record.status)).collect()
}

fn kill(child: &Mutex<Option<Child>>) {
    if let Some(child) = child.lock().unwrap().as_mut() {
        // It may have ended by itself a moment ago.
        drop(child.kill());
    }
}

fn ended(child: &Mutex<Option<Child>>) -> Option<ExitStatus> {
    child.lock().unwrap().as_mut()?.try_wait().unwrap()
}
