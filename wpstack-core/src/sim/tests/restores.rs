//! Databases that are made from snapshots, and those that are replaced by one made from their last.

use std::time::Duration;

use super::databases::{WANTED, Wanted, applied, stack};
use super::trial::{Trial, shown};
use crate::event::What;
use crate::plan::{Plan, Reason, Verb};
use crate::provider::Consent;
use crate::resource::Cost;
use crate::sim::rds::DbInstance;
use crate::value::{Gibibytes, MySqlVersion};

const ADDRESS: &str = "rds.instance:main";

/// The database under another identifier, made from the last snapshot of the one before it.
const MOVED: Wanted =
    Wanted { identifier: "blog-two", from_snapshot: Some("blog-db-last"), ..WANTED };

/// A database with something in it.
async fn written(seed: u64, wanted: &Wanted) -> Trial {
    let trial = applied(seed, wanted).await;
    write(&trial, wanted.identifier, "posts");
    trial
}

fn write(trial: &Trial, identifier: &str, contents: &str) {
    trial.sim.tamper(|world| {
        let instance = world.rds.instances.get_mut(identifier).unwrap();
        contents.clone_into(&mut instance.contents);
    });
}

fn instance(trial: &Trial, identifier: &str) -> DbInstance {
    trial.sim.tamper(|world| world.db_instance(identifier).unwrap().clone())
}

fn snapshots(trial: &Trial) -> Vec<String> {
    trial.sim.tamper(|world| world.rds.snapshots.keys().cloned().collect())
}

fn consent() -> Consent {
    Consent::to_lose([ADDRESS.parse().unwrap()])
}

/// What the plan does with the database, what it costs, and what it says a person can do.
fn told(plan: &Plan) -> (Verb, Cost, String) {
    let mut actions = plan.actions.iter();
    let action = actions.find(|action| action.object.address.as_str() == ADDRESS).unwrap();
    let rescue = action.reasons.iter().filter_map(|reason| match reason {
        Reason::Rescue(advice) => Some(advice.as_str()),
        _ => None,
    });
    (action.verb, action.cost, rescue.collect())
}

/// Whether the password in the secret opens the database.
fn opens(trial: &Trial, identifier: &str) -> bool {
    trial.sim.tamper(|world| {
        let secret = world.get_secret_value("blog/db").unwrap();
        let members: serde_json::Value = serde_json::from_str(secret.expose()).unwrap();
        let password = crate::Secret::new(members["password"].as_str().unwrap().to_owned());
        world.db_accepts(identifier, "wordpress", &password)
    })
}

/// Applies, and says what failed.
async fn failure(trial: &Trial, wanted: &Wanted) -> String {
    let summary = trial.apply(&stack(wanted)).await;
    let [failure] = &summary.failures[..] else { panic!("{summary:#?}") };
    failure.error.clone()
}

#[tokio::test]
async fn a_replacement_takes_its_data_along() {
    for seed in 0..6 {
        let trial = written(seed, &WANTED).await;
        let wanted = stack(&MOVED);
        let plan = trial.plan(&wanted).await;
        let replaced = Verb::Replace(crate::plan::Order::DeleteFirst);
        assert_eq!(told(&plan), (replaced, Cost::Outage, String::new()));
        let (began, calls) = (trial.seconds(), trial.changes().len());
        let summary = trial.apply_plan(&wanted, &plan).await;
        assert!(summary.is_complete(), "{summary:#?}");
        let took = trial.seconds() - began;
        assert!((450.0..900.0).contains(&took), "seed {seed}: {took}");
        assert_eq!(
            trial.changes().split_off(calls),
            ["DeleteDBInstance", "RestoreDBInstanceFromDBSnapshot", "ModifyDBInstance"]
        );
        let restored = instance(&trial, "blog-two");
        assert_eq!(restored.contents, "posts");
        assert_eq!(restored.max_storage, Some(Gibibytes(100)));
        assert!(opens(&trial, "blog-two"));
        assert_eq!(snapshots(&trial), ["blog-db-last"]);
        assert_eq!(shown(&trial.plan(&wanted).await), "");
        // The key does nothing more, whether it stays or goes.
        let without = stack(&Wanted { from_snapshot: None, ..MOVED });
        let summary = trial.apply(&without).await;
        assert!(summary.is_complete(), "{summary:#?}");
        assert_eq!(trial.changes().len(), calls + 3);
    }
}

#[tokio::test]
async fn lost_answers_and_kills_lose_nothing() {
    for (seed, phase) in [(1, "deleting"), (2, "creating"), (3, "modifying"), (4, "never")] {
        let trial = written(seed, &WANTED).await;
        let lost = "DeleteDBInstance: lost\nRestoreDB*: lost\nModifyDBInstance: lost\n\
                    DescribeDBSnapshots: lost";
        trial.sim.faults(lost).unwrap();
        let wanted = stack(&MOVED);
        let until =
            move |what: &What| matches!(what, What::StepWaiting { phase: it, .. } if *it == phase);
        let summary = trial.apply_until(&wanted, until).await;
        assert_eq!(summary.interrupted, phase != "never", "{summary:#?}");
        let summary = trial.apply(&wanted).await;
        assert!(summary.is_complete(), "{phase}: {summary:#?}");
        assert_eq!(instance(&trial, "blog-two").contents, "posts");
        assert!(opens(&trial, "blog-two"));
        assert_eq!(snapshots(&trial), ["blog-db-last"]);
        assert_eq!(shown(&trial.plan(&wanted).await), "");
        assert!(trial.sim.faults_left().is_empty(), "{:?}", trial.sim.faults_left());
    }
}

#[tokio::test]
async fn a_snapshot_that_a_successor_is_made_from_is_never_skipped() {
    let mut trial = written(1, &Wanted { protected: true, ..WANTED }).await;
    let refused = trial.refusal(&stack(&MOVED)).await;
    assert_eq!(refused, "`rds.instance:main` is protected: its deletion protection is on");
    trial.consent = Consent { skip_final_snapshot: true, ..consent() };
    let summary = trial.apply(&stack(&MOVED)).await;
    assert!(summary.is_complete(), "{summary:#?}");
    assert_eq!(instance(&trial, "blog-two").contents, "posts");
    assert_eq!(snapshots(&trial), ["blog-db-last"]);
}

#[tokio::test]
async fn a_snapshot_that_is_there_already_takes_consent() {
    let mut trial = written(2, &WANTED).await;
    trial.sim.tamper(|world| world.create_db_snapshot("blog-db", "blog-db-last")).unwrap();
    trial.sim.clock().advance(Duration::from_secs(200));
    write(&trial, "blog-db", "more posts");
    let calls = trial.changes().len();
    let error = failure(&trial, &MOVED).await;
    let expected = "there is a snapshot `blog-db-last` already, and the new database would be made from that, without \
                    what is in `blog-db` now: write a name that no snapshot has as `from_snapshot`, and the last one \
                    of `blog-db` gets it; or, if that snapshot is what you want, say so: `--allow-data-loss \
                    rds.instance:main`";
    assert!(error.ends_with(expected), "{error}");
    assert_eq!(trial.changes().len(), calls, "nothing was changed");
    assert!(trial.apply(&stack(&WANTED)).await.is_complete());
    assert_eq!(trial.changes().len(), calls, "it stands as before");
    assert_eq!(shown(&trial.plan(&stack(&WANTED)).await), "");

    trial.consent = consent();
    let summary = trial.apply(&stack(&MOVED)).await;
    assert!(summary.is_complete(), "{summary:#?}");
    assert_eq!(instance(&trial, "blog-two").contents, "posts");
    let left = snapshots(&trial);
    assert!(left[0].starts_with("blog-db-final-2026") && left[1] == "blog-db-last", "{left:?}");
    let contents = trial.sim.tamper(|world| world.rds.snapshots[&left[0]].contents.clone());
    assert_eq!(contents, "more posts", "what was there last is in its last snapshot");
}

#[tokio::test]
async fn the_snapshot_that_it_was_made_from_does_not_keep_what_came_since() {
    let trial = written(3, &WANTED).await;
    assert!(trial.apply(&stack(&MOVED)).await.is_complete());
    write(&trial, "blog-two", "more posts");
    let again = Wanted { identifier: "blog-three", ..MOVED };
    let refused = trial.refusal(&stack(&again)).await;
    assert_eq!(refused, "`rds.instance:main` would be replaced with its data");
    let (_, cost, rescue) = told(&trial.plan(&stack(&again)).await);
    assert_eq!(cost, Cost::DataLoss);
    assert!(rescue.contains("`blog-db-last` is recorded as the snapshot that it was made from"));
    let again = Wanted { from_snapshot: Some("blog-two-last"), ..again };
    assert!(trial.apply(&stack(&again)).await.is_complete());
    assert_eq!(instance(&trial, "blog-three").contents, "more posts");
}

#[tokio::test]
async fn a_replacement_that_would_lose_data_says_how_it_need_not() {
    let mut trial = written(4, &WANTED).await;
    let check = async |trial: &Trial, wanted: Wanted, expected: &str| {
        let wanted = stack(&wanted);
        let plan = trial.plan(&wanted).await;
        let (_, cost, rescue) = told(&plan);
        assert_eq!((cost, rescue.as_str()), (Cost::DataLoss, expected));
        let hazards = trial.open().await.hazards(&wanted, &plan, &Consent::default());
        assert_eq!(hazards[0].rescue(), Some(expected));
        trial.refusal(&wanted).await;
    };
    let offer = "to keep what is in it, write `from_snapshot = \"blog-db-last\"` in `[database]`: the old database \
                 leaves its last snapshot under that name and the new one is made from it; the site is down meanwhile";
    check(&trial, Wanted { identifier: "blog-two", ..WANTED }, offer).await;
    let names = "to keep what is in it, leave `name = \"wordpress\"` and `user = \"wordpress\"` in `[database]` as \
                 they are: a database that is made from a snapshot has the names that are in it";
    check(&trial, Wanted { database: "other", ..WANTED }, names).await;
    check(&trial, Wanted { database: "other", ..MOVED }, names).await;
    // Not even on consent is it deleted for one that cannot be made.
    trial.consent = consent();
    let in_its_place = Wanted { database: "other", identifier: "blog-db", ..MOVED };
    let error = failure(&trial, &in_its_place).await;
    assert!(
        error.contains("there is no snapshot `blog-db-last` to make the database from"),
        "{error}"
    );
    assert_eq!(instance(&trial, "blog-db").contents, "posts");
}

#[tokio::test]
async fn what_was_deleted_outside_comes_back_from_a_snapshot() {
    let trial = written(5, &WANTED).await;
    trial.sim.tamper(|world| world.delete_db_instance("blog-db", Some("by-hand"), false)).unwrap();
    trial.sim.clock().advance(Duration::from_secs(400));
    let (verb, _, rescue) = told(&trial.plan(&stack(&WANTED)).await);
    assert_eq!(verb, Verb::Create);
    assert!(rescue.starts_with("it is made empty: to have back what was in it"), "{rescue}");
    let wanted = Wanted { from_snapshot: Some("by-hand"), ..WANTED };
    let (_, _, rescue) = told(&trial.plan(&stack(&wanted)).await);
    assert!(rescue.starts_with("it is made as it was in the snapshot `by-hand`"), "{rescue}");
    assert!(trial.apply(&stack(&wanted)).await.is_complete());
    assert_eq!(instance(&trial, "blog-db").contents, "posts");
}

#[tokio::test]
async fn a_database_moves_to_other_subnets_by_its_snapshot() {
    let trial = written(6, &WANTED).await;
    let away = Wanted { subnets: ["c", "d"], ..WANTED };
    let plan = trial.plan(&stack(&away)).await;
    let [problem] = &plan.problems[..] else { panic!("{plan:#?}") };
    assert!(
        problem.to_string().contains("give it a last snapshot with `from_snapshot"),
        "{problem}"
    );
    let away = Wanted { from_snapshot: Some("before-the-move"), ..away };
    let summary = trial.apply(&stack(&away)).await;
    assert!(summary.is_complete(), "{summary:#?}");
    let moved = instance(&trial, "blog-db");
    assert_eq!((moved.contents.as_str(), moved.subnet_group.as_str()), ("posts", "blog-db-2"));
    trial.sim.tamper(|world| assert_eq!(world.rds.subnet_groups.len(), 1));
    assert_eq!(shown(&trial.plan(&stack(&away)).await), "");
}

#[tokio::test]
async fn an_older_version_is_brought_up_after_it_was_restored() {
    let trial = written(7, &Wanted { version: "8.0", ..WANTED }).await;
    let wanted = Wanted { storage: 40, ..MOVED };
    let summary = trial.apply(&stack(&wanted)).await;
    assert!(summary.is_complete(), "{summary:#?}");
    let restored = instance(&trial, "blog-two");
    assert_eq!(restored.contents, "posts");
    assert_eq!(restored.version.family(), "mysql8.4");
    assert!(restored.parameter_group.starts_with("blog-mysql"), "{}", restored.parameter_group);
    assert_eq!((restored.storage, restored.backup_retention.0), (Gibibytes(40), 7));
    assert_eq!(shown(&trial.plan(&stack(&wanted)).await), "");
}

#[tokio::test]
async fn what_cannot_be_restored_is_refused_before_anything_is_made() {
    let check = async |change: fn(&mut crate::sim::rds::DbSnapshot), expected: &str| {
        let trial = written(8, &WANTED).await;
        trial.sim.tamper(|world| world.create_db_snapshot("blog-db", "by-hand")).unwrap();
        trial.sim.clock().advance(Duration::from_secs(200));
        assert!(trial.destroy().await.is_complete());
        trial.sim.tamper(|world| change(world.rds.snapshots.get_mut("by-hand").unwrap()));
        let calls = trial.changes().len();
        let error = failure(&trial, &Wanted { from_snapshot: Some("by-hand"), ..WANTED }).await;
        assert!(error.contains(expected), "{error}");
        let made = trial.changes().split_off(calls);
        assert!(!made.iter().any(|call| call.contains("DBInstance")), "{made:?}");
    };
    check(|it| it.encrypted = false, "the snapshot `by-hand` is not encrypted").await;
    check(|it| "postgres".clone_into(&mut it.engine), "is one of `postgres`").await;
    check(|it| "root".clone_into(&mut it.user), "write `user = \"root\"` in `[database]`").await;
    check(|it| it.storage = Gibibytes(200), "write `storage = \"200 GiB\"` in `[database]`").await;
    let newer = |it: &mut crate::sim::rds::DbSnapshot| it.version = MySqlVersion::new(9, 1);
    check(newer, "RDS does not go back to 8.4: write `version = \"9.1\"`").await;
    let older = |it: &mut crate::sim::rds::DbSnapshot| it.version = MySqlVersion::new(5, 7);
    check(older, "which RDS brings to 8.0 first: write `version = \"8.0\"`").await;

    let trial = Trial::new(1);
    let error = failure(&trial, &Wanted { from_snapshot: Some("none"), ..WANTED }).await;
    assert!(error.contains("there is no snapshot `none` to make the database from"), "{error}");
}

#[tokio::test]
async fn what_would_have_no_last_snapshot_is_not_deleted_for_it() {
    let check = async |change: fn(&mut DbInstance), name: &'static str, expected: &str| {
        let trial = written(9, &WANTED).await;
        trial.sim.tamper(|world| change(world.rds.instances.get_mut("blog-db").unwrap()));
        let error = failure(&trial, &Wanted { from_snapshot: Some(name), ..MOVED }).await;
        assert!(error.contains(expected), "{error}");
        assert_eq!(instance(&trial, "blog-db").contents, "posts");
        assert_eq!(snapshots(&trial), [""; 0]);
    };
    let plain = |it: &mut DbInstance| it.encrypted = false;
    check(plain, "last", "`blog-db` is not encrypted, and neither would its last snapshot be")
        .await;
    check(|_| {}, "rds:blog-db-2026-01-01-03-05", "only AWS gives such names").await;

    let mut trial = written(10, &WANTED).await;
    trial
        .sim
        .tamper(|world| world.create_db_snapshot("blog-db", "rds:blog-db-2026-01-01"))
        .unwrap();
    trial.sim.clock().advance(Duration::from_secs(200));
    trial.consent = consent();
    let automated = Wanted { from_snapshot: Some("rds:blog-db-2026-01-01"), ..MOVED };
    let error = failure(&trial, &automated).await;
    assert!(
        error.contains("RDS deletes the snapshot `rds:blog-db-2026-01-01` together with"),
        "{error}"
    );
}
