//! `rds.instance`, made from a snapshot and leaving one.

use aws_sdk_rds::Client;
use aws_sdk_rds::operation::delete_db_instance::DeleteDbInstanceOutput;
use aws_sdk_rds::operation::describe_db_instances::DescribeDbInstancesOutput;
use aws_sdk_rds::operation::describe_db_snapshots::DescribeDbSnapshotsOutput;
use aws_sdk_rds::operation::modify_db_instance::ModifyDbInstanceOutput;
use aws_sdk_rds::operation::restore_db_instance_from_db_snapshot::RestoreDbInstanceFromDbSnapshotOutput;
use aws_sdk_rds::types::{DbInstance as Told, DbSnapshot, Endpoint, PendingModifiedValues};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
use serde_json::json;
use wpstack_aws::Aws;
use wpstack_core::resource::rds::{DbInstance, DbInstanceState};
use wpstack_core::{Condition, ErrorKind, Provider};
use wpstack_testkit::mock::{Rule, mock, query_error};

use crate::support::{Scene, mocked, with_rds};

/// What the database refers to, and its spec.
fn scene(from_snapshot: Option<&str>) -> (Scene, DbInstance) {
    let mut scene = Scene::new();
    scene.stands("rds.subnet-group:main", json!({"name": "blog-db", "arn": "arn:subnets"}));
    scene.stands("rds.parameter-group:main", json!({"name": "blog-mysql", "arn": "arn:mysql"}));
    scene.stands("secretsmanager.secret:database", json!({"name": "blog", "arn": "arn:secret"}));
    let mut spec = json!({
        "identifier": "blog-two", "class": "db.t3.micro", "version": "8.4", "storage": "30 GiB",
        "max_storage": "100 GiB", "database": "wordpress", "user": "wordpress",
        "password": {"secret": {"$ref": "secretsmanager.secret:database"}, "key": "password"},
        "subnets": {"$ref": "rds.subnet-group:main"},
        "parameters": {"$ref": "rds.parameter-group:main", "$needs": "ready"},
        "groups": [], "multi_az": false, "backup_retention": "7 days",
        "deletion_protection": false, "tags": {},
    });
    if let Some(name) = from_snapshot {
        spec["from_snapshot"] = name.into();
    }
    (scene, serde_json::from_value(spec).unwrap())
}

fn state() -> DbInstanceState {
    serde_json::from_value(json!({
        "identifier": "blog-two", "arn": "arn:db", "host": "blog-two.example", "port": 3306,
    }))
    .unwrap()
}

fn aws(rules: &[&Rule]) -> Aws {
    let secret = mock!(aws_sdk_secretsmanager::Client::get_secret_value).then_output(|| {
        GetSecretValueOutput::builder().secret_string(r#"{"password": "opensesame"}"#).build()
    });
    let rds = wpstack_testkit::mock::mock_client!(
        aws_sdk_rds,
        wpstack_testkit::mock::RuleMode::MatchAny,
        rules,
        |config| config.retry_config(aws_config::retry::RetryConfig::disabled())
    );
    with_rds(rds, mocked!(aws_sdk_secretsmanager, [secret]))
}

fn describes(
    change: fn(
        aws_sdk_rds::types::builders::DbInstanceBuilder,
    ) -> aws_sdk_rds::types::builders::DbInstanceBuilder,
) -> Rule {
    mock!(Client::describe_db_instances).then_output(move || {
        let told = Told::builder()
            .db_instance_identifier("blog-two")
            .db_instance_arn("arn:db")
            .db_instance_status("available")
            .engine("mysql")
            .engine_version("8.0.44")
            .master_username("wordpress")
            .allocated_storage(20)
            .backup_retention_period(7)
            .storage_encrypted(true)
            .endpoint(Endpoint::builder().address("blog-two.example").port(3306).build());
        DescribeDbInstancesOutput::builder().db_instances(change(told).build()).build()
    })
}

/// The snapshot `last`, of a version.
fn finds(version: &'static str) -> Rule {
    mock!(Client::describe_db_snapshots)
        .match_requests(|it| it.db_snapshot_identifier() == Some("last"))
        .then_output(move || {
            let snapshot = DbSnapshot::builder()
                .db_snapshot_identifier("last")
                .db_instance_identifier("blog-db")
                .status("available")
                .engine("mysql")
                .engine_version(version)
                .master_username("wordpress")
                .allocated_storage(20)
                .encrypted(true);
            DescribeDbSnapshotsOutput::builder().db_snapshots(snapshot.build()).build()
        })
}

fn finds_none() -> Rule {
    mock!(Client::describe_db_snapshots)
        .then_http_response(|| query_error(404, "DBSnapshotNotFound", "DBSnapshot last not found."))
}

fn deletes(snapshot: fn(Option<&str>) -> bool) -> Rule {
    mock!(Client::delete_db_instance)
        .match_requests(move |it| {
            let skips = it.skip_final_snapshot() == Some(true);
            !skips && snapshot(it.final_db_snapshot_identifier())
        })
        .then_output(|| DeleteDbInstanceOutput::builder().build())
}

#[tokio::test]
async fn a_snapshot_is_looked_at_and_restored() {
    let check = async |version: &'static str, settings: Option<&'static str>| {
        let (scene, spec) = scene(Some("last"));
        let restore = mock!(Client::restore_db_instance_from_db_snapshot)
            .match_requests(move |it| {
                it.db_snapshot_identifier() == Some("last")
                    && it.db_instance_identifier() == Some("blog-two")
                    && it.db_instance_class() == Some("db.t3.micro")
                    && it.db_subnet_group_name() == Some("blog-db")
                    && it.db_parameter_group_name() == settings
                    && it.storage_type() == Some("gp3")
                    && it.allocated_storage() == Some(30)
                    && it.backup_retention_period() == Some(7)
                    && it.publicly_accessible() == Some(false)
                    && it.deletion_protection() == Some(false)
                    && it.tags().len() == 4
            })
            .then_output(|| {
                let told = Told::builder().db_instance_identifier("blog-two");
                let told = told.db_instance_arn("arn:db").build();
                RestoreDbInstanceFromDbSnapshotOutput::builder().db_instance(told).build()
            });
        let aws = aws(&[&finds(version), &restore]);
        let made = aws.create(&scene.cx::<DbInstance>("main"), &spec).await.unwrap();
        assert_eq!((made.identifier.as_str(), made.host), ("blog-two", None));
        assert!(made.unfinished);
        assert_eq!(restore.num_calls(), 1);
    };
    check("8.4.7", Some("blog-mysql")).await;
    check("8.0.44", None).await;
}

#[tokio::test]
async fn what_is_not_there_is_not_restored() {
    let (scene, spec) = scene(Some("last"));
    let refused = aws(&[&finds_none()]).create(&scene.cx::<DbInstance>("main"), &spec).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Refused);
    assert!(refused.to_string().contains("there is no snapshot `last`"), "{refused}");
}

#[tokio::test]
async fn what_was_restored_is_finished_in_one_call() {
    let (scene, spec) = scene(Some("last"));
    let modify = mock!(Client::modify_db_instance)
        .match_requests(|it| {
            it.apply_immediately() == Some(true)
                && it.master_user_password() == Some("opensesame")
                && it.engine_version() == Some("8.4")
                && it.allow_major_version_upgrade() == Some(true)
                && it.db_parameter_group_name() == Some("blog-mysql")
                && it.allocated_storage() == Some(30)
                && it.max_allocated_storage() == Some(100)
                && it.backup_retention_period().is_none()
        })
        .then_output(|| ModifyDbInstanceOutput::builder().build());
    let aws = aws(&[&describes(|it| it), &modify]);
    let cx = scene.cx::<DbInstance>("main");
    let unfinished = DbInstanceState { unfinished: true, ..state() };
    let finished = aws.configure(&cx, &spec, &unfinished).await.unwrap();
    assert_eq!((modify.num_calls(), &finished), (1, &state()));
    aws.configure(&cx, &spec, &finished).await.unwrap();
    assert_eq!(modify.num_calls(), 1, "once it is finished nothing is set again");
}

#[tokio::test]
async fn it_is_not_ready_before_its_password_is_set() {
    let check = async |from_snapshot: Option<&str>, expected: bool| {
        let (scene, spec) = scene(from_snapshot);
        let pending = |told: aws_sdk_rds::types::builders::DbInstanceBuilder| {
            let pending = PendingModifiedValues::builder().master_user_password("****").build();
            told.pending_modified_values(pending)
        };
        let aws = aws(&[&describes(pending)]);
        let cx = scene.cx::<DbInstance>("main");
        let seen = aws.read(&cx, &spec, &state()).await.unwrap().unwrap();
        assert_eq!(seen.condition == Condition::Ready, expected, "{:?}", seen.condition);
    };
    check(Some("last"), false).await;
    check(None, true).await;
}

#[tokio::test]
async fn the_last_snapshot_has_the_name_that_the_successor_is_made_from() {
    let ((scene, spec), (_, successor)) = (scene(None), scene(Some("last")));
    let delete = deletes(|name| name == Some("last"));
    let aws = aws(&[&describes(|it| it), &finds_none(), &delete]);
    let cx = scene.followed("main", &successor);
    aws.delete(&cx, &spec, &state()).await.unwrap();
    assert_eq!(delete.num_calls(), 1);
}

#[tokio::test]
async fn a_database_goes_under_no_name_that_is_taken() {
    let ((scene, spec), (_, successor)) = (scene(None), scene(Some("last")));
    let refused = aws(&[&describes(|it| it), &finds("8.0.44")])
        .delete(&scene.followed("main", &successor), &spec, &state())
        .await
        .unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Refused);
    assert!(refused.to_string().contains("there is a snapshot `last` already"), "{refused}");

    let delete = deletes(|name| name.is_some_and(|name| name.starts_with("blog-two-final-")));
    let aws = aws(&[&describes(|it| it), &delete]);
    aws.delete(&scene.cx::<DbInstance>("main"), &spec, &state()).await.unwrap();
    assert_eq!(delete.num_calls(), 1);
}
