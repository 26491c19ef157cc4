//! What holds for every stack, every change of it, and every fault.

use std::collections::BTreeMap;
use std::future::Future;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use wpstack_core::ErrorKind;
use wpstack_core::event::{Event, What};
use wpstack_core::plan::{Plan, Task, Verb as Does};
use wpstack_core::stack::graph::Need;
use wpstack_core::state::{Document, FORMAT, Status};

use crate::toy::{Fault, FaultKind, Item, Lab, Link, Outcome, Stop, Trap, Verb, build};

const NAMES: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];

fn items() -> impl Strategy<Value = Vec<Item>> {
    let kinds = select(vec!["node", "slow", "data", "tide"]);
    let link = select(vec![Link::Exists, Link::Ready, Link::Bound, Link::After]);
    let links = vec((link, any::<prop::sample::Index>()), 0..3);
    let item = (prop::bool::weighted(0.8), kinds, links, 1..3_u32, 1..3_u32, any::<bool>());
    vec(item, NAMES.len()).prop_map(|drawn| {
        let mut items: Vec<Item> = Vec::new();
        for ((is_there, kind, links, size, place, apart), name) in drawn.into_iter().zip(NAMES) {
            if !is_there {
                continue;
            }
            let mut item = Item { size, place, apart, ..Item::new(kind, name) };
            for (link, index) in links {
                if let Some(to) = (!items.is_empty()).then(|| index.get(&items).name.clone()) {
                    item.links.push((link, to));
                }
            }
            items.push(item);
        }
        items
    })
}

fn fault() -> impl Strategy<Value = Fault> {
    let kind = prop_oneof![
        select(vec![
            ErrorKind::Throttled,
            ErrorKind::NotYetVisible,
            ErrorKind::StillInUse,
            ErrorKind::Unclear,
            ErrorKind::Denied,
            ErrorKind::Refused,
        ])
        .prop_map(FaultKind::Fails),
        Just(FaultKind::Lost),
        Just(FaultKind::Broken),
        (1..400_u64).prop_map(FaultKind::Slow),
    ];
    let verb = select(vec![Verb::Create, Verb::Configure, Verb::Update, Verb::Delete, Verb::Find]);
    let kind = (verb, kind).prop_map(|(verb, kind)| match (verb, kind) {
        // Only what settles can be slow or break.
        (Verb::Create | Verb::Update, kind) => (verb, kind),
        (_, FaultKind::Broken | FaultKind::Slow(_)) => {
            (verb, FaultKind::Fails(ErrorKind::Throttled))
        }
        (Verb::Find, FaultKind::Lost) => (verb, FaultKind::Fails(ErrorKind::Unclear)),
        (verb, kind) => (verb, kind),
    });
    (kind, select(NAMES.to_vec()), 1..3_u32).prop_map(|((verb, kind), name, times)| Fault {
        verb,
        name: name.to_owned(),
        kind,
        times,
    })
}

/// What disturbs a run.
#[derive(Clone, Debug)]
enum Disturbance {
    Nothing,
    Dies(usize),
    Stops(Stop),
}

fn disturbance() -> impl Strategy<Value = Disturbance> {
    prop_oneof![
        Just(Disturbance::Nothing),
        (0..40_usize).prop_map(Disturbance::Dies),
        (select(vec!["started", "exists", "retrying", "done"]), select(NAMES.to_vec())).prop_map(
            |(at, name)| Disturbance::Stops(Stop { at: at.to_owned(), name: name.to_owned() })
        ),
    ]
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Checks what is true of the events of every run that was let end.
fn check_events(plan: &Plan, events: &[Event]) {
    #[derive(Clone, Copy, PartialEq, Debug)]
    enum At {
        Waiting,
        Started,
        Exists,
        Done,
        Ended,
    }
    assert!(matches!(events.first().unwrap().what, What::Started { .. }));
    assert!(matches!(events.last().unwrap().what, What::Finished { .. }));
    let mut at = vec![At::Waiting; plan.steps.len()];
    let mut existed = vec![false; plan.steps.len()];
    for (place, event) in events.iter().enumerate() {
        assert_eq!(event.seq, place as u64);
        assert!(place == 0 || events[place - 1].at <= event.at, "time goes on");
        match event.what {
            What::Started { .. } => assert_eq!(place, 0),
            What::Finished { .. } => assert_eq!(place, events.len() - 1),
            What::StepStarted { step } => {
                assert_eq!(at[step], At::Waiting, "{event:?}");
                for link in &plan.steps[step].needs {
                    let met = match link.need {
                        // What is not made by the step exists before it.
                        Need::Exists => match (&plan.steps[link.step].task, at[link.step]) {
                            (Task::Create { .. }, at) => existed[link.step] || at == At::Done,
                            (_, at) => at != At::Waiting,
                        },
                        Need::Ready => at[link.step] == At::Done,
                    };
                    assert!(met, "{event:?} came before {link:?} was met");
                }
                at[step] = At::Started;
            }
            What::StepExists { step, .. } => {
                assert_eq!(at[step], At::Started);
                (at[step], existed[step]) = (At::Exists, true);
            }
            What::StepWaiting { step, .. } | What::StepRetrying { step, .. } => {
                assert!(matches!(at[step], At::Started | At::Exists), "{event:?}");
            }
            What::StepDone { step, .. } => {
                assert!(matches!(at[step], At::Started | At::Exists), "{event:?}");
                at[step] = At::Done;
            }
            What::StepFailed { step, .. } | What::StepStopped { step } => {
                assert!(matches!(at[step], At::Started | At::Exists), "{event:?}");
                at[step] = At::Ended;
            }
            What::StepSkipped { step, because } => {
                assert_eq!((at[step], at[because]), (At::Waiting, At::Ended), "{event:?}");
                at[step] = At::Ended;
            }
            What::Interrupted => {}
        }
    }
}

/// Checks what is true of every document, whatever happened.
fn check_document(document: &Document) {
    assert_eq!((document.format, document.lineage.as_str()), (FORMAT, "first"));
    for (object, record) in &document.objects {
        let knows_id = record.state.is_some();
        assert_eq!(knows_id, record.status != Status::Creating, "{object}: {record:?}");
        let has_next = record.next.is_some();
        assert!(has_next || record.status != Status::Updating, "{object}: {record:?}");
        // A deletion that follows on an interrupted update keeps what that was about.
        let may_have_next = matches!(record.status, Status::Updating | Status::Deleting);
        assert!(may_have_next || !has_next, "{object}: {record:?}");
        assert!(record.spec.is_object() && record.born > 0, "{object}: {record:?}");
        let may_have_reason =
            matches!(record.status, Status::Broken | Status::Updating | Status::Deleting);
        assert!(may_have_reason || record.reason.is_none(), "{object}: {record:?}");
        assert!(record.status != Status::Broken || record.reason.is_some(), "{object}: {record:?}");
    }
    let text = serde_json::to_string(document).unwrap();
    assert_eq!(serde_json::from_str::<Document>(&text).unwrap(), *document);
}

/// Applies until nothing is in the way any more, as a patient person would.
async fn get_there(lab: &mut Lab, items: &[Item]) {
    lab.cloud.clear_faults();
    for _ in 0..4 {
        let (plan, summary) = lab.apply(&build(items)).await.done();
        check_events(&plan, &lab.events);
        check_document(&lab.document().await);
        if summary.is_complete() {
            return;
        }
    }
    panic!("it does not get there: {:#?}", lab.plan(&build(items)).await);
}

/// The world is what a cloud would hold in which nothing had ever gone wrong, and nothing is left to do.
async fn check_all_kept(lab: &Lab, items: &[Item]) {
    let plan = lab.plan(&build(items)).await.unwrap();
    let kept = plan.actions.iter().all(|action| action.verb == Does::Keep);
    assert!(kept && plan.is_empty() && plan.seen.is_empty(), "{plan:#?}");
    let mut fresh = Lab::new();
    fresh.apply(&build(items)).await.done();
    assert_eq!(lab.cloud.show(false), fresh.cloud.show(false));
    assert!(lab.cloud.objects().values().all(|count| *count == 1));
}

async fn disturbed(lab: &mut Lab, items: &[Item], faults: &[Fault], disturbance: Disturbance) {
    for fault in faults {
        lab.cloud.fault(fault.clone());
    }
    match disturbance {
        Disturbance::Nothing => {}
        Disturbance::Dies(moment) => lab.trap = Some(Trap::Moment(moment)),
        Disturbance::Stops(stop) => lab.stop = Some(stop),
    }
    match lab.apply(&build(items)).await {
        Outcome::Done(plan, _) => check_events(&plan, &lab.events),
        Outcome::Died | Outcome::Unplannable(_) => {}
        Outcome::Refused(error) => panic!("{error}"),
    }
    (lab.trap, lab.stop) = (None, None);
    check_document(&lab.document().await);
}

/// A change that can only be made in two goes, since the things would wait for each other, is one that nobody applies.
async fn is_possible(lab: &Lab, items: &[Item]) -> bool {
    lab.plan(&build(items)).await.is_ok()
}

/// Each case is many runs: a sixteenth of the usual number of cases, and `PROPTEST_CASES` for more.
fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases / 16, failure_persistence: None, ..usual }
}

proptest! {
    #![proptest_config(config())]

    /// A plan after an apply has nothing to do, and a destroy after it leaves nothing.
    #[test]
    fn changes_converge(stacks in vec(items(), 1..4)) {
        block_on(async {
            let mut lab = Lab::new();
            for items in &stacks {
                if is_possible(&lab, items).await {
                    let (plan, summary) = lab.apply(&build(items)).await.done();
                    assert!(summary.is_complete(), "{summary:#?}");
                    check_events(&plan, &lab.events);
                    check_document(&lab.document().await);
                    check_all_kept(&lab, items).await;
                }
            }
            let (_, summary) = lab.destroy().await.done();
            assert!(summary.is_complete(), "{summary:#?}");
            assert_eq!((lab.cloud.len(), lab.document().await.objects.len()), (0, 0));
        });
    }

    /// Whatever goes wrong: once it has passed, an apply gets there, and a destroy leaves nothing.
    #[test]
    fn faults_pass(
        runs in vec((items(), vec(fault(), 0..6), disturbance()), 1..4),
        last in items(),
        destroy in any::<bool>(),
    ) {
        block_on(async {
            let mut lab = Lab::new();
            for (items, faults, disturbance) in runs {
                disturbed(&mut lab, &items, &faults, disturbance).await;
            }
            if !destroy && is_possible(&lab, &last).await {
                get_there(&mut lab, &last).await;
                check_all_kept(&lab, &last).await;
            }
            get_there(&mut lab, &[]).await;
            assert_eq!((lab.cloud.len(), lab.document().await.objects.len()), (0, 0));
        });
    }

    /// Equal inputs, equal plans, byte for byte; and a plan survives being written to a file.
    #[test]
    fn plans_are_reproducible(before in items(), after in items()) {
        block_on(async {
            let mut lab = Lab::new();
            lab.apply(&build(&before)).await.done();
            let (Ok(one), Ok(other)) =
                (lab.plan(&build(&after)).await, lab.plan(&build(&after)).await)
            else {
                return;
            };
            let text = serde_json::to_string(&one).unwrap();
            assert_eq!(text, serde_json::to_string(&other).unwrap());
            assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), one);
        });
    }

    /// When everything takes what is usual, a run takes its critical path.
    #[test]
    fn runs_take_their_critical_path(items in items()) {
        block_on(async {
            let mut lab = Lab::new();
            for stack in [build(&items), build(&[])] {
                let (plan, summary) = lab.apply(&stack).await.done();
                let (taken, path) = (summary.elapsed.as_secs_f64(), plan.expected().as_secs_f64());
                assert!((taken - path).abs() <= path * 0.02, "{taken} s, not {path} s: {plan:#?}");
            }
        });
    }

    /// Nobody is faster than the number of calls that may run at once allows, and nobody waits for ever.
    #[test]
    fn any_parallelism_gets_there(items in items(), parallelism in 1..4_usize) {
        block_on(async {
            let mut lab = Lab::new();
            lab.options.parallelism = parallelism;
            let (plan, summary) = lab.apply(&build(&items)).await.done();
            assert!(summary.is_complete());
            check_events(&plan, &lab.events);
            let calls = running_at_once(&lab.cloud.take_calls());
            assert!(calls <= parallelism, "{calls} creates at once");
        });
    }
}

/// How many creates, of one second each, began in one second.
fn running_at_once(calls: &[String]) -> usize {
    let mut begun: BTreeMap<&str, usize> = BTreeMap::new();
    for call in calls {
        let (at, what) = call.split_once(' ').unwrap();
        *begun.entry(at).or_default() += usize::from(what.starts_with("create"));
    }
    begun.into_values().max().unwrap_or(0)
}
