//! Changes of databases, and what RDS refuses.

use std::time::Duration;

use super::databases::{WANTED, Wanted, applied, stack};
use super::trial::{Trial, shown};
use crate::sim::rds::{Modification, Status};
use crate::sim::{Refusal, Sim};
use crate::value::Gibibytes;

#[tokio::test]
async fn changes_are_made_in_place_and_take_their_time() {
    let check = async |wanted: Wanted, least: f64, most: f64| {
        let trial = applied(3, &WANTED).await;
        let before = trial.seconds();
        let summary = trial.apply(&stack(&wanted)).await;
        assert!(summary.is_complete(), "{summary:#?}");
        let took = trial.seconds() - before;
        assert!((least..most).contains(&took), "{took} is not {least} to {most}");
        assert_eq!(shown(&trial.plan(&stack(&wanted)).await), "");
        let modified = trial.changes().iter().filter(|it| *it == "ModifyDBInstance").count();
        assert_eq!(modified, 1);
        trial.sim.tamper(|world| world.db_instance("blog-db").unwrap().clone())
    };
    let larger = check(Wanted { class: "db.t4g.small", ..WANTED }, 300.0, 440.0).await;
    assert_eq!(
        (larger.class.to_string().as_str(), larger.status),
        ("db.t4g.small", Status::Available)
    );
    let standby = check(Wanted { multi_az: true, ..WANTED }, 420.0, 745.0).await;
    assert_eq!(standby.interfaces.len(), 2);
    let more = check(Wanted { storage: 50, ..WANTED }, 60.0, 135.0).await;
    assert_eq!((more.storage, more.status), (Gibibytes(50), Status::StorageOptimization));
    let newer = check(Wanted { version: "8.4.8", ..WANTED }, 240.0, 440.0).await;
    assert_eq!(newer.version.to_string(), "8.4.8");
    check(Wanted { backup_days: 0, ..WANTED }, 40.0, 85.0).await;
    check(Wanted { protected: true, max_storage: None, ..WANTED }, 0.0, 10.0).await;
    let both = Wanted { class: "db.t3.small", protected: true, ..WANTED };
    check(both, 300.0, 440.0).await;
}

#[tokio::test]
async fn a_standby_is_in_another_zone_and_leaves_again() {
    let trial = applied(4, &Wanted { multi_az: true, ..WANTED }).await;
    let zones = |sim: &Sim| {
        sim.tamper(|world| {
            let interfaces = world.ec2.interfaces.values();
            let subnets = interfaces.map(|it| world.ec2.subnets[&it.subnet].zone.to_string());
            let mut zones: Vec<_> = subnets.collect();
            zones.sort();
            zones.join(" ")
        })
    };
    assert_eq!(zones(&trial.sim), "eu-west-1a eu-west-1b");
    assert!(trial.apply(&stack(&WANTED)).await.is_complete());
    assert_eq!(zones(&trial.sim).split(' ').count(), 1);
}

#[tokio::test]
async fn another_family_comes_with_another_parameter_group() {
    let trial = applied(5, &Wanted { version: "8.0", ..WANTED }).await;
    let summary = trial.apply(&stack(&WANTED)).await;
    assert!(summary.is_complete(), "{summary:#?}");
    trial.sim.tamper(|world| {
        let instance = world.db_instance("blog-db").unwrap();
        assert_eq!(instance.version.family(), "mysql8.4");
        assert_eq!(instance.parameter_group, "blog-mysql-2");
        assert_eq!(world.rds.parameter_groups.len(), 1);
    });
    assert_eq!(shown(&trial.plan(&stack(&WANTED)).await), "");
}

#[tokio::test]
async fn rds_refuses_what_it_refuses() {
    let trial = applied(8, &WANTED).await;
    let said = |result: Result<(), Refusal>| {
        let Refusal { code, message } = result.unwrap_err();
        format!("{code}: {message}")
    };
    let combination = "InvalidParameterCombination:";
    trial.sim.tamper(|world| {
        let mut check = |change: Modification, expected: &str| {
            assert_eq!(said(world.modify_db_instance("blog-db", &change)), expected);
        };
        let storage = |size| Modification { storage: Some(Gibibytes(size)), ..Modification::default() };
        let version = |text: &str, allow_major_upgrade| Modification {
            version: Some(text.parse().unwrap()),
            allow_major_upgrade,
            ..Modification::default()
        };
        check(
            storage(19),
            &format!(
                "{combination} Requested storage size (19) cannot be less than the current storage size (20)."
            ),
        );
        check(version("8.4.5", false), &format!("{combination} Cannot upgrade mysql from 8.4.7 to 8.4.5"));
        check(version("8.4.99", false), &format!("{combination} Cannot find version 8.4.99 for mysql"));
        let settings = Modification { parameter_group: Some("none".to_owned()), ..Modification::default() };
        check(settings, "DBParameterGroupNotFound: DBParameterGroup not found: none");
        let class = Modification { class: Some("db.t2.micro".parse().unwrap()), ..Modification::default() };
        let result = said(world.modify_db_instance("blog-db", &class));
        assert!(result.starts_with("InvalidParameterCombination: RDS does not support"), "{result}");

        let delete = said(world.delete_db_instance("blog-db", None, false));
        assert!(delete.contains("FinalDBSnapshotIdentifier is required unless"), "{delete}");
        assert_eq!(
            said(world.delete_db_subnet_group("blog-db")),
            "InvalidDBSubnetGroupStateFault: Cannot delete the subnet group 'blog-db' because at least one database \
             instance: blog-db is still using it."
        );
        assert_eq!(
            said(world.delete_db_parameter_group("blog-mysql")),
            "InvalidDBParameterGroupState: One or more database instances are still members of this parameter group \
             blog-mysql, so the group cannot be deleted"
        );
        world.modify_db_instance("blog-db", &storage(21)).unwrap();
    });
    trial.sim.clock().advance(Duration::from_secs(3 * 3600));
    trial.sim.tamper(|world| {
        let instance = world.db_instance("blog-db").unwrap();
        assert_eq!(instance.storage, Gibibytes(22), "rounded up to a tenth more");
        let again = Modification { storage: Some(Gibibytes(50)), ..Modification::default() };
        let expected = "You can't currently modify the storage of this DB instance because the previous storage \
                        change is being optimized.";
        assert_eq!(said(world.modify_db_instance("blog-db", &again)), format!("{combination} {expected}"));
        world.reboot_db_instance("blog-db").unwrap();
        let state = "InvalidDBInstanceState: Database instance is not in available state.";
        assert_eq!(said(world.modify_db_instance("blog-db", &again)), state);
        let delete = said(world.delete_db_instance("blog-db", Some("last"), false));
        assert!(delete.starts_with("InvalidDBInstanceState: Cannot create a snapshot"), "{delete}");
    });
    trial.sim.clock().advance(Duration::from_secs(3 * 3600));
    trial.sim.tamper(|world| {
        let again = Modification { storage: Some(Gibibytes(50)), ..Modification::default() };
        world.modify_db_instance("blog-db", &again).unwrap();
    });
    trial.sim.clock().advance(Duration::from_secs(300));
    trial.sim.tamper(|world| {
        world.rds.snapshots.clear();
        world.delete_db_instance("blog-db", Some("last"), false).unwrap();
        let twice = said(world.delete_db_instance("blog-db", Some("last"), false));
        assert_eq!(twice, "InvalidDBInstanceState: Instance blog-db is already being deleted.");
    });
}

#[tokio::test]
async fn static_parameters_wait_for_a_restart() {
    let trial = applied(9, &WANTED).await;
    let wanted = Wanted {
        parameters: &[("character_set_server", "utf8mb4"), ("performance_schema", "1")],
        ..WANTED
    };
    let summary = trial.apply(&stack(&wanted)).await;
    assert!(summary.is_complete(), "{summary:#?}");
    let waits =
        |trial: &Trial| trial.sim.tamper(|world| world.rds.instances["blog-db"].needs_restart);
    assert!(waits(&trial));
    trial.sim.tamper(|world| world.reboot_db_instance("blog-db")).unwrap();
    trial.sim.clock().advance(Duration::from_secs(60));
    assert!(!waits(&trial));
}
