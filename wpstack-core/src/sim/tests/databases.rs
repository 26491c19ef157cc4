//! Databases: from nothing to a final snapshot.

use std::collections::BTreeMap;
use std::time::Duration;

use super::trial::{Trial, counted, group, shown};
use crate::Stack;
use crate::event::What;
use crate::failure::ErrorKind;
use crate::provider::Consent;
use crate::resource::ec2::{Subnet, Vpc};
use crate::resource::rds::{DbInstance, DbParameterGroup, DbSubnetGroup};
use crate::resource::secretsmanager::{Generate, Secret, SecretMember};
use crate::sim::Sim;
use crate::sim::rds::Modification;
use crate::value::{Days, Gibibytes, Tags};

/// What the tests change of a stack with a database.
#[derive(Clone)]
pub(super) struct Wanted {
    pub(super) zones: [&'static str; 2],
    pub(super) subnets: [&'static str; 2],
    pub(super) identifier: &'static str,
    pub(super) database: &'static str,
    pub(super) version: &'static str,
    pub(super) class: &'static str,
    pub(super) storage: u32,
    pub(super) max_storage: Option<u32>,
    pub(super) multi_az: bool,
    pub(super) backup_days: u32,
    pub(super) protected: bool,
    pub(super) from_snapshot: Option<&'static str>,
    pub(super) parameters: &'static [(&'static str, &'static str)],
}

pub(super) const WANTED: Wanted = Wanted {
    zones: ["eu-west-1a", "eu-west-1b"],
    subnets: ["a", "b"],
    identifier: "blog-db",
    database: "wordpress",
    version: "8.4",
    class: "db.t4g.micro",
    storage: 20,
    max_storage: Some(100),
    multi_az: false,
    backup_days: 7,
    protected: false,
    from_snapshot: None,
    parameters: &[("character_set_server", "utf8mb4")],
};

pub(super) fn stack(wanted: &Wanted) -> Stack {
    let mut stack = Stack::new("blog".parse().unwrap());
    let vpc = stack.add("main", Vpc::new("10.11.0.0/16".parse().unwrap())).unwrap();
    let subnets = wanted.subnets.iter().zip(wanted.zones).map(|(name, zone)| {
        let cidr = format!("10.11.{}.0/24", name.as_bytes()[0]).parse().unwrap();
        stack.add(name, Subnet::new(&vpc, cidr, zone.parse().unwrap())).unwrap()
    });
    let subnets = subnets.collect();
    let groups = vec![group(&mut stack, &vpc, "rds")];
    let generate = Generate { length: 40, punctuation: false, exclude: String::new() };
    let secret = Secret {
        name: "blog/db".parse().unwrap(),
        description: "the database".to_owned(),
        generate: BTreeMap::from([("password".to_owned(), generate)]),
        plain: BTreeMap::new(),
        recovery: None,
        tags: Tags::default(),
    };
    let secret = stack.add("database", secret).unwrap();
    let subnets = DbSubnetGroup {
        name: "blog-db".parse().unwrap(),
        description: "private".to_owned(),
        subnets,
        tags: Tags::default(),
    };
    let version: crate::value::MySqlVersion = wanted.version.parse().unwrap();
    let parameters =
        wanted.parameters.iter().map(|&(key, value)| (key.to_owned(), value.to_owned()));
    let parameters = DbParameterGroup {
        name: "blog-mysql".parse().unwrap(),
        version: version.clone(),
        description: "MySQL".to_owned(),
        parameters: parameters.collect(),
        tags: Tags::default(),
    };
    let instance = DbInstance {
        identifier: wanted.identifier.parse().unwrap(),
        class: wanted.class.parse().unwrap(),
        version,
        storage: Gibibytes(wanted.storage),
        max_storage: wanted.max_storage.map(Gibibytes),
        database: wanted.database.parse().unwrap(),
        user: "wordpress".parse().unwrap(),
        password: SecretMember { secret, key: "password".to_owned() },
        subnets: stack.add("main", subnets).unwrap(),
        parameters: stack.add("main", parameters).unwrap().ready(),
        groups,
        multi_az: wanted.multi_az,
        backup_retention: Days(wanted.backup_days),
        deletion_protection: wanted.protected,
        from_snapshot: wanted.from_snapshot.map(|name| name.parse().unwrap()),
        tags: Tags::default(),
    };
    stack.add("main", instance).unwrap();
    stack
}

const NETWORK: &str = "ec2.network-interface 1, ec2.security-group 1, ec2.subnet 2, ec2.vpc 1";
const REST: &str =
    "rds.instance 1, rds.parameter-group 1, rds.subnet-group 1, secretsmanager.secret 1";

pub(super) async fn applied(seed: u64, wanted: &Wanted) -> Trial {
    let trial = Trial::new(seed);
    let summary = trial.apply(&stack(wanted)).await;
    assert!(summary.is_complete(), "{summary:#?}");
    trial
}

#[tokio::test]
async fn a_database_comes_stays_and_leaves_a_snapshot() {
    for seed in 0..8 {
        let trial = applied(seed, &WANTED).await;
        let took = trial.seconds();
        assert!((172.0..235.0).contains(&took), "seed {seed}: {took}");
        assert_eq!(counted(&trial.sim.inventory()), format!("{NETWORK}, {REST}"));
        assert_eq!(shown(&trial.plan(&stack(&WANTED)).await), "");
        trial.sim.tamper(|world| {
            let secret = world.get_secret_value("blog/db").unwrap();
            let members: BTreeMap<String, String> = serde_json::from_str(secret.expose()).unwrap();
            let password = crate::Secret::new(members["password"].clone());
            assert!(world.db_accepts("blog-db", "wordpress", &password));
            assert!(!world.db_accepts("blog-db", "wordpress", &secret));
            let instance = world.db_instance("blog-db").unwrap();
            assert_eq!(instance.version.to_string(), "8.4.7");
            let interface = &world.ec2.interfaces[&instance.interfaces[0]];
            assert_eq!((&interface.groups, interface.is_public), (&instance.groups, false));
        });
        let document = trial.open().await.document();
        let (_, record) = document.current(&"rds.instance:main".parse().unwrap()).unwrap();
        let host = record.state.as_ref().unwrap()["host"].as_str().unwrap().to_owned();
        assert!(host.starts_with("blog-db.") && host.ends_with(".eu-west-1.rds.amazonaws.com"));

        let (before, calls) = (trial.seconds(), trial.changes().len());
        let summary = trial.destroy().await;
        assert!(summary.is_complete(), "{summary:#?}");
        assert!((200.0..340.0).contains(&(trial.seconds() - before)), "seed {seed}");
        let refused: Vec<_> =
            trial.changes().split_off(calls).into_iter().filter(|it| it.contains('!')).collect();
        assert!(refused.is_empty(), "the order spares RDS its refusals: {refused:?}");
        assert_eq!(counted(&trial.sim.inventory()), "rds.snapshot 1");
        trial.sim.tamper(|world| {
            let (name, snapshot) = world.rds.snapshots.first_key_value().unwrap();
            assert!(name.starts_with("blog-db-final-20260101000"), "{name}");
            assert_eq!((snapshot.storage, snapshot.instance.as_str()), (Gibibytes(20), "blog-db"));
        });
    }
}

#[tokio::test]
async fn a_protected_database_goes_only_on_consent() {
    let mut trial = applied(1, &Wanted { protected: true, ..WANTED }).await;
    let refused = trial.refusal(&Trial::nothing()).await;
    assert_eq!(refused, "`rds.instance:main` is protected: its deletion protection is on");
    trial.consent.data_loss.insert("rds.instance:main".parse().unwrap());
    let calls = trial.changes().len();
    assert!(trial.destroy().await.is_complete());
    assert_eq!(trial.changes()[calls..calls + 2], ["ModifyDBInstance", "DeleteDBInstance"]);
    assert_eq!(counted(&trial.sim.inventory()), "rds.snapshot 1");
}

#[tokio::test]
async fn a_database_is_not_lost_unasked() {
    let mut trial = applied(1, &WANTED).await;
    let moved = stack(&Wanted { database: "other", ..WANTED });
    let refused = trial.refusal(&moved).await;
    assert_eq!(refused, "`rds.instance:main` would be replaced with its data");
    trial.consent.skip_final_snapshot = true;
    let refused = trial.refusal(&Trial::nothing()).await;
    assert_eq!(refused, "`rds.instance:main` would be deleted with its data");
    trial.consent.data_loss.insert("rds.instance:main".parse().unwrap());
    assert!(trial.destroy().await.is_complete());
    assert_eq!(counted(&trial.sim.inventory()), "");
}

#[tokio::test]
async fn what_somebody_else_protected_is_left() {
    let mut trial = applied(1, &WANTED).await;
    trial.sim.tamper(|world| {
        world.rds.instances.get_mut("blog-db").unwrap().deletion_protection = true;
    });
    let summary = trial.destroy().await;
    let [failure] = &summary.failures[..] else { panic!("{summary:#?}") };
    assert_eq!(failure.kind, Some(ErrorKind::Protected));
    let expected = "rds DeleteDBInstance failed with InvalidParameterCombination: Cannot delete protected DB \
                    Instance, please disable deletion protection and try again.";
    assert!(failure.error.contains(expected), "{}", failure.error);
    assert_eq!(counted(&trial.sim.inventory()), format!("{NETWORK}, {REST}"), "nothing else went");

    trial.consent = Consent::to_lose(["rds.instance:main".parse().unwrap()]);
    trial.consent.skip_final_snapshot = true;
    let calls = trial.changes().len();
    assert!(trial.destroy().await.is_complete());
    assert_eq!(trial.changes()[calls..calls + 2], ["ModifyDBInstance", "DeleteDBInstance"]);
    assert_eq!(counted(&trial.sim.inventory()), "");
    trial.sim.tamper(|world| assert!(world.tags.is_empty(), "{:?}", world.tags));
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_database_nor_snapshot() {
    for seed in 0..10 {
        let trial = Trial::new(seed);
        let lost = "CreateDBInstance: throttle x2\nCreateDB*: lost x3\nModifyDBParameterGroup: lost\n\
                    GetSecretValue: lost\nDeleteDBInstance: lost\nDeleteDB*: lost x3";
        trial.sim.faults(lost).unwrap();
        let summary = trial.apply(&stack(&WANTED)).await;
        assert!(summary.is_complete(), "seed {seed}: {summary:#?}");
        assert_eq!(counted(&trial.sim.inventory()), format!("{NETWORK}, {REST}"));
        assert!(trial.destroy().await.is_complete());
        assert_eq!(counted(&trial.sim.inventory()), "rds.snapshot 1");
        assert!(trial.sim.faults_left().is_empty(), "{:?}", trial.sim.faults_left());
    }
}

#[tokio::test]
async fn what_aws_does_by_itself_is_no_drift_and_the_rest_is() {
    let trial = applied(2, &WANTED).await;
    trial.sim.tamper(|world| {
        world.upgrade_minor_version("blog-db");
        world.grow_storage("blog-db");
        let instance = world.db_instance("blog-db").unwrap();
        assert_eq!((instance.version.to_string().as_str(), instance.storage.0), ("8.4.11", 30));
    });
    assert_eq!(shown(&trial.plan(&stack(&WANTED)).await), "");
    trial.sim.tamper(|world| {
        let subnets = world.db_subnet_group("blog-db").unwrap().subnets.clone();
        world.modify_db_subnet_group("blog-db", "mine", subnets).unwrap();
        let parameters =
            [("character_set_server", None), ("max_connections", Some("9".to_owned()))];
        let parameters = parameters.map(|(key, value)| (key.to_owned(), value));
        world.modify_db_parameter_group("blog-mysql", &parameters).unwrap();
        let vpc = world.ec2.vpcs.values().next().unwrap();
        let change = Modification {
            groups: Some(vec![vpc.default_group.clone()]),
            max_storage: Some(None),
            backup_retention: Some(Days(1)),
            deletion_protection: Some(true),
            ..Modification::default()
        };
        world.modify_db_instance("blog-db", &change).unwrap();
    });
    trial.sim.clock().advance(Duration::from_secs(60));
    let plan = shown(&trial.plan(&stack(&WANTED)).await);
    let default_group =
        trial.sim.tamper(|world| world.db_instance("blog-db").unwrap().groups[0].clone());
    insta::assert_snapshot!(plan.replace(&default_group, "sg-default"));
    let calls = trial.changes().len();
    let summary = trial.apply(&stack(&WANTED)).await;
    assert!(summary.is_complete(), "{summary:#?}");
    let mut changes = trial.changes().split_off(calls);
    changes.sort();
    assert_eq!(
        changes.join(" "),
        "ModifyDBInstance ModifyDBParameterGroup ModifyDBSubnetGroup ResetDBParameterGroup"
    );
    assert_eq!(shown(&trial.plan(&stack(&WANTED)).await), "");
}

#[tokio::test]
async fn a_world_saved_while_the_database_is_created_goes_on() {
    for seed in 0..5 {
        let run = async |save: bool| {
            let mut trial = Trial::new(seed);
            let creating = |what: &What| matches!(what, What::StepWaiting { phase, .. } if phase == "creating");
            let summary = trial.apply_until(&stack(&WANTED), creating).await;
            assert!(summary.interrupted && !summary.is_complete(), "{summary:#?}");
            assert!(trial.seconds() < 30.0);
            if save {
                let text = trial.sim.save().unwrap().to_string();
                let sim = Sim::load(&serde_json::from_str(&text).unwrap()).unwrap();
                trial = Trial::on(sim, trial.store);
            }
            let summary = trial.apply(&stack(&WANTED)).await;
            assert!(summary.is_complete(), "{summary:#?}");
            assert_eq!(shown(&trial.plan(&stack(&WANTED)).await), "");
            trial.sim.tamper(|world| format!("{:?}", (&world.rds, &world.tags, world.now)))
        };
        assert_eq!(run(false).await, run(true).await, "seed {seed}");
    }
}

#[tokio::test]
async fn subnets_of_one_zone_are_not_enough() {
    let trial = Trial::new(6);
    let wanted = Wanted { zones: ["eu-west-1a", "eu-west-1a"], ..WANTED };
    let summary = trial.apply(&stack(&wanted)).await;
    let [failure] = &summary.failures[..] else { panic!("{summary:#?}") };
    let expected = "DBSubnetGroupDoesNotCoverEnoughAZs: The DB subnet group doesn't meet Availability Zone (AZ) \
                    coverage requirement. Current AZ coverage: eu-west-1a. Add subnets to cover at least 2 AZs.";
    assert!(failure.error.contains(expected), "{}", failure.error);
    assert_eq!(summary.skipped.len(), 1);
}

#[tokio::test]
async fn a_database_without_room_in_the_network_is_replaced() {
    let trial = Trial::new(7);
    trial.sim.tamper(|world| world.quotas.interfaces = 0);
    let summary = trial.apply(&stack(&WANTED)).await;
    let [failure] = &summary.failures[..] else { panic!("{summary:#?}") };
    assert!(failure.error.contains("incompatible-network"), "{}", failure.error);
    trial.sim.tamper(|world| world.quotas.interfaces = 10);
    let summary = trial.apply(&stack(&WANTED)).await;
    assert!(summary.is_complete(), "{summary:#?}");
    assert_eq!(counted(&trial.sim.inventory()), format!("{NETWORK}, {REST}"));
    assert_eq!(shown(&trial.plan(&stack(&WANTED)).await), "");
}
