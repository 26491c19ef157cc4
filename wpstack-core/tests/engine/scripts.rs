//! `tests/scripts/*.txt`: what the engine does, as scripts with their golden output beside them.
//!
//! One command a line, `#` begins a comment. Every command's output is in the golden file.
//!
//! | command | |
//! |---|---|
//! | `stack a; slow b: a` | what is wanted from here on, see `toy/text.rs` |
//! | `plan` | shows the plan |
//! | `save plan`, `apply saved` | keeps the plan, and applies it |
//! | `apply`, `resume`, `destroy` | looks, plans and applies, in a process of its own |
//! | `fault VERB NAME KIND [xN]` | the next N calls of that verb for that object fail so |
//! | `crash POINT NAME` | the next process dies there |
//! | `cancel at EVENT NAME` | the next run is asked to stop there |
//! | `outside change NAME.FIELD=N`, `outside delete NAME`, `outside mend NAME` | somebody else was at it |
//! | `wait exists`, `parallelism N`, `lineage NAME`, `pass N s` | circumstances |
//! | `show events`, `show calls`, `show state`, `show world` | what came of it |

use std::path::Path;
use std::time::Duration;

use wpstack_core::apply::Wait;
use wpstack_core::failure::Chain;
use wpstack_core::plan::Plan;
use wpstack_core::state::MemoryStore;
use wpstack_core::{ErrorKind, Stack};

use crate::toy::{
    Fault, FaultKind, Lab, Outcome, Point, Stop, Trap, Verb, build, parse, show_events, show_plan,
    show_records, show_summary,
};

#[tokio::test]
async fn scripts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut paths: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "txt"))
        .collect();
    paths.sort();
    assert!(paths.len() >= 20, "where are the scripts?");
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(&folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut failed = Vec::new();
    for path in paths {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let script = std::fs::read_to_string(&path).unwrap();
        let output = Script::new().play(&script).await;
        let check = || settings.bind(|| insta::assert_snapshot!(name.as_str(), output));
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(check)).is_err() {
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "these scripts played otherwise: {failed:?}");
}

struct Script {
    lab: Lab,
    stack: Stack,
    saved: Option<Plan>,
}

impl Script {
    fn new() -> Self {
        Self { lab: Lab::new(), stack: build(&[]), saved: None }
    }

    async fn play(&mut self, script: &str) -> String {
        let mut output = String::new();
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let prompt = if line.starts_with('#') { "" } else { "> " };
            output.extend([prompt, line, "\n"]);
            if !line.starts_with('#') {
                for said in self.command(line).await {
                    output.extend(["    ", said.as_str(), "\n"]);
                }
            }
        }
        output
    }

    async fn command(&mut self, line: &str) -> Vec<String> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match (word, rest) {
            ("stack", text) => self.stack = build(&parse(text)),
            ("plan", _) => match self.lab.plan(&self.stack).await {
                Ok(plan) => return show_plan(&plan),
                Err(error) => return vec![format!("no plan: {error}")],
            },
            ("save", _) => self.saved = Some(self.lab.plan(&self.stack).await.unwrap()),
            ("apply", "saved") => {
                let plan = self.saved.clone().unwrap();
                return shown(self.lab.apply_plan(&self.stack, plan).await);
            }
            ("apply" | "resume", _) => return shown(self.lab.apply(&self.stack).await),
            ("destroy", _) => return shown(self.lab.destroy().await),
            ("show", what) => return self.show(what).await,
            _ => self.circumstance(word, rest),
        }
        Vec::new()
    }

    async fn show(&self, what: &str) -> Vec<String> {
        match what {
            "events" => show_events(&self.lab.events),
            "calls" => without_repeated_reads(self.lab.cloud.take_calls()),
            "state" => show_records(&self.lab.document().await),
            "world" => self.lab.cloud.show(true),
            other => panic!("cannot show {other}"),
        }
    }

    fn circumstance(&mut self, word: &str, rest: &str) {
        let words: Vec<_> = rest.split_whitespace().collect();
        match (word, words.as_slice()) {
            ("fault", _) => self.lab.cloud.fault(fault(&words)),
            ("crash", [point, name]) => {
                self.lab.trap = Some(Trap::At(at(point), (*name).to_owned()));
            }
            ("cancel", ["at", event, name]) => {
                self.lab.stop = Some(Stop { at: (*event).into(), name: (*name).into() });
            }
            ("outside", ["delete", name]) => self.lab.cloud.outside_delete(name),
            ("outside", ["mend", name]) => self.lab.cloud.outside_mend(name),
            ("outside", ["change", change]) => {
                let (target, value) = change.split_once('=').unwrap();
                let (name, field) = target.split_once('.').unwrap();
                self.lab.cloud.outside_change(name, field, value.parse().unwrap());
            }
            ("wait", ["exists"]) => self.lab.options.wait = Wait::Exists,
            ("wait", ["ready"]) => self.lab.options.wait = Wait::Ready,
            ("parallelism", [count]) => self.lab.options.parallelism = count.parse().unwrap(),
            ("lineage", [name]) => {
                self.lab.lineage = (*name).to_owned();
                self.lab.store = MemoryStore::default();
            }
            ("pass", [seconds, "s"]) => {
                self.lab.clock.advance(Duration::from_secs(seconds.parse().unwrap()));
            }
            _ => panic!("no such command: {word} {rest}"),
        }
    }
}

fn shown(outcome: Outcome) -> Vec<String> {
    match outcome {
        Outcome::Done(_, summary) => show_summary(&summary),
        Outcome::Refused(error) => vec![format!("refused: {}", Chain(&error))],
        Outcome::Unplannable(error) => vec![format!("no plan: {error}")],
        Outcome::Died => vec!["the process died".to_owned()],
    }
}

/// Of the reads of one object, only the first.
fn without_repeated_reads(calls: Vec<String>) -> Vec<String> {
    let mut read = std::collections::BTreeSet::new();
    let is_new = |call: &String| {
        let (_, call) = call.split_once(' ').unwrap_or_default();
        !call.starts_with("read ") || read.insert(call.to_owned())
    };
    calls.into_iter().filter(is_new).collect()
}

fn at(point: &str) -> Point {
    match point {
        "before-intent" => Point::BeforeIntent,
        "after-intent" => Point::AfterIntent,
        "after-call" => Point::AfterCall,
        "after-record" => Point::AfterRecord,
        other => panic!("no such point: {other}"),
    }
}

fn fault(words: &[&str]) -> Fault {
    let [verb, name, kind, rest @ ..] = words else {
        panic!("fault VERB NAME KIND [xN]");
    };
    let verb = Verb::ALL.iter().find(|(word, _)| word == verb).expect("a verb").1;
    let kind = match kind.split_once('=') {
        Some(("slow", seconds)) => FaultKind::Slow(seconds.parse().unwrap()),
        _ if *kind == "lost" => FaultKind::Lost,
        _ if *kind == "broken" => FaultKind::Broken,
        _ => {
            let quoted = format!("\"{kind}\"");
            FaultKind::Fails(serde_json::from_str::<ErrorKind>(&quoted).expect("an error kind"))
        }
    };
    let times = rest.first().map_or(1, |times| times.trim_start_matches('x').parse().unwrap());
    Fault { verb, name: (*name).to_owned(), kind, times }
}
