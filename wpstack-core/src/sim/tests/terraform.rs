//! The old system, as Terraform 0.11 left it, moves over: nothing that holds data is touched but in place, and the site
//! is served throughout.

use std::collections::BTreeSet;
use std::time::Duration;

use insta::assert_snapshot;

use super::trial::{Trial, shown};
use crate::import::terraform::{ImportPlan, State};
use crate::plan::{Plan, Verb};
use crate::resource::Cost;
use crate::resource::ec2::Direction;
use crate::resource::elb::HealthCheck;
use crate::secret::Secret;
use crate::sim::ec2::{Remote, Rule};
use crate::sim::elb::Listener;
use crate::sim::rds::NewDbInstance;
use crate::sim::{TagMap, World};
use crate::stack::Stack;
use crate::time::{Clock, drive};
use crate::value::{Cidr, Days, Gibibytes, Port, Seconds, Traffic};
use crate::wordpress;

const FIXTURE: &str = include_str!("../../../tests/fixtures/terraform/v3.tfstate");
const PASSWORD: &str = "not-a-secret-123";
const DATABASE: &str = "terraform-20190314100000000000000001";

/// What Terraform built, and the state that it wrote of it, with the ids that things have in this world.
struct Old<'w> {
    world: &'w mut World,
    state: String,
}

impl Old<'_> {
    /// Gives an object of the state the id that it has here.
    fn is(&mut self, id: &str, here: &str) -> String {
        assert!(self.state.contains(id), "{id}");
        self.state = self.state.replace(id, here);
        // It has been there for years.
        self.world.ec2.hidden.clear();
        here.to_owned()
    }

    fn network(&mut self) -> (String, BTreeSet<String>) {
        let cidr = "10.11.0.0/16".parse().unwrap();
        let vpc = self.world.create_vpc(cidr, TagMap::new()).unwrap();
        let vpc = self.is("vpc-0a11ce0000000001", &vpc);
        let gateway = self.world.create_internet_gateway(TagMap::new()).unwrap();
        let gateway = self.is("igw-0a11ce0000000001", &gateway);
        self.world.attach_internet_gateway(&gateway, &vpc).unwrap();
        let table = self.world.create_route_table(&vpc, TagMap::new()).unwrap();
        let table = self.is("rtb-0a11ce0000000001", &table);
        self.world.create_route(&table, Cidr::ANYWHERE, &gateway).unwrap();
        let mut subnets = BTreeSet::new();
        for (number, letter) in (0..).zip(["a", "b", "c"]) {
            let cidr = format!("10.11.{number}.0/24").parse().unwrap();
            let zone = format!("eu-west-1{letter}").parse().unwrap();
            let subnet = self.world.create_subnet(&vpc, cidr, &zone, TagMap::new()).unwrap();
            let subnet = self.is(&format!("subnet-0a11ce000000000{letter}"), &subnet);
            self.world.associate_route_table(&table, &subnet).unwrap();
            subnets.insert(subnet);
        }
        (vpc, subnets)
    }

    /// The groups of load balancer, instances and database, with the rules that Terraform gave them.
    fn groups(&mut self, vpc: &str) -> [String; 3] {
        let parts = [
            ("sg-0a11ce00000000a1", "alb-sg"),
            ("sg-0a11ce00000000ec", "ecs-instance-sg"),
            ("sg-0a11ce00000000db", "rds-sg"),
        ];
        let groups = parts.map(|(id, name)| {
            let tags = TagMap::new();
            let group = self.world.create_security_group(vpc, name, "Managed by Terraform", tags);
            let group = group.unwrap();
            self.world.revoke_allow_all_out(&group);
            self.is(id, &group)
        });
        let [balancer, instances, database] = groups.clone();
        let all_ports = Traffic::tcp_range(1..=65535);
        let (inward, outward) = (Direction::Ingress, Direction::Egress);
        let rules = [
            (&balancer, inward, Remote::Cidr(Cidr::ANYWHERE), Traffic::tcp(80)),
            (&balancer, outward, Remote::Group(instances.clone()), all_ports),
            (&instances, inward, Remote::Group(balancer.clone()), all_ports),
            (&instances, outward, Remote::Cidr(Cidr::ANYWHERE), Traffic::all()),
            (&instances, outward, Remote::Group(database.clone()), Traffic::tcp(3306)),
            (&database, inward, Remote::Group(instances.clone()), Traffic::tcp(3306)),
        ];
        for (group, direction, remote, traffic) in rules {
            let (group, description) = (group.clone(), String::new());
            let rule = Rule { group, direction, remote, traffic, description };
            self.world.authorize(rule, TagMap::new()).unwrap();
        }
        groups
    }

    fn edge(&mut self, vpc: &str, subnets: &BTreeSet<String>, group: &str) {
        let (tags, groups) = (TagMap::new(), BTreeSet::from([group.to_owned()]));
        let world = &mut self.world;
        let name = "ecs-load-balancer";
        let load_balancer = world.create_load_balancer(name, subnets, &groups, tags).unwrap();
        let health_check = HealthCheck {
            path: "/".parse().unwrap(),
            codes: "200-399".parse().unwrap(),
            interval: Seconds(30),
            timeout: Seconds(5),
            healthy: 3,
            unhealthy: 3,
        };
        let name = "wordpress-service-target-group";
        let tags = TagMap::new();
        let target_group =
            world.create_target_group(name, vpc, Port::HTTP, health_check, tags).unwrap();
        let listener = Listener {
            load_balancer: load_balancer.clone(),
            port: Port::HTTP,
            target_group: target_group.clone(),
        };
        let listener = world.create_listener(listener, TagMap::new()).unwrap();
        let arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012";
        let (app, old) = ("app/ecs-load-balancer", "0a11ce0000000001");
        self.is(&format!("{arn}:listener/{app}/{old}/0a11ce0000000003"), &listener);
        self.is(&format!("{arn}:loadbalancer/{app}/{old}"), &load_balancer);
        let old = "targetgroup/wordpress-service-target-group/0a11ce0000000002";
        self.is(&format!("{arn}:{old}"), &target_group);
    }

    fn database(&mut self, subnets: BTreeSet<String>, group: String) {
        let world = &mut self.world;
        let (name, tags) = ("rds-subnet-group", TagMap::new());
        world.create_db_subnet_group(name, "Managed by Terraform", subnets, tags).unwrap();
        let (parameters, family) = ("default.mysql5.7", "mysql5.7");
        world.create_db_parameter_group(parameters, family, "Default", TagMap::new()).unwrap();
        let new = NewDbInstance {
            identifier: DATABASE.to_owned(),
            class: "db.t2.micro".parse().unwrap(),
            version: "5.7".parse().unwrap(),
            // RDS made smaller ones then.
            storage: Gibibytes(20),
            max_storage: None,
            database: "wordpress".to_owned(),
            user: "wordpress".to_owned(),
            password: Secret::new(PASSWORD.to_owned()),
            subnet_group: name.to_owned(),
            parameter_group: parameters.to_owned(),
            groups: vec![group],
            multi_az: false,
            backup_retention: Days(0),
            deletion_protection: false,
        };
        world.create_db_instance(new, TagMap::new()).unwrap();
        world.rds.instances.get_mut(DATABASE).unwrap().storage = Gibibytes(5);
    }
}

/// The old system, and the state that Terraform wrote of it.
async fn old(trial: &Trial) -> State {
    let state = trial.sim.tamper(|world| {
        let mut old = Old { world, state: FIXTURE.to_owned() };
        let (vpc, subnets) = old.network();
        let [balancer, _, database] = old.groups(&vpc);
        old.edge(&vpc, &subnets, &balancer);
        old.database(subnets, database);
        old.world.create_repository("skbelli/wordpress", false, TagMap::new()).unwrap();
        old.world.push_image("skbelli/wordpress", "latest").unwrap();
        old.world.create_log_group("wordpress-logs", TagMap::new()).unwrap();
        old.state
    });
    let clock = trial.sim.clock();
    drive(clock.as_ref(), clock.sleep(Duration::from_secs(3600))).await;
    State::parse(state.as_bytes()).unwrap()
}

/// The secret with the password that the database has, as the person makes it.
fn password(trial: &Trial, value: &str) {
    let value = Secret::new(value.to_owned());
    let tags = TagMap::new();
    trial.sim.tamper(|world| world.create_secret("wp-db", "", &value, "token", tags)).unwrap();
}

/// What is done to the database: never more than a change in place.
fn on_database(plan: &Plan) -> (Verb, Cost) {
    let mut actions = plan.actions.iter();
    let action = actions.find(|it| it.object.to_string() == "rds.instance:main").unwrap();
    (action.verb, action.cost)
}

/// Takes everything, with what came of each.
async fn take(trial: &Trial, plan: &ImportPlan, stack: &Stack) -> String {
    let session = trial.open().await;
    let lines = plan.take(&session, stack).await.into_iter().map(|taken| match taken.outcome {
        Ok(imported) => {
            let fields = imported.differs.iter().map(|drift| format!(" {}", drift.field));
            format!("{}{}", imported.object, fields.collect::<String>())
        }
        Err(error) => format!("{}: {}", taken.address, crate::Chain(&error)),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn the_old_system_moves_over() {
    let trial = Trial::new(1);
    let import = ImportPlan::new(&old(&trial).await, "wordpress".parse().unwrap()).unwrap();
    let stack = wordpress::stack(&import.config).unwrap();

    // Without the password nobody could log in to the database that is there.
    let early = take(&trial, &import, &stack).await;
    let refused = early.lines().find(|line| line.starts_with("rds.instance:main")).unwrap();
    assert_snapshot!(refused, @"rds.instance:main: `rds.instance:main` refers to `secretsmanager.secret:database` in a way that cannot be changed, and that is not recorded yet");

    password(&trial, r#"{"username": "wordpress", "password": "not-a-secret-123"}"#);
    let session = trial.open().await;
    let secret = "secretsmanager.secret:database".parse().unwrap();
    session.import(&stack, &secret, "wp-db").await.unwrap();
    drop(session);
    let taken = take(&trial, &import, &stack).await;
    let plan = trial.plan(&stack).await;
    assert_snapshot!("what_is_taken_differs_in_this", early);
    assert_snapshot!("the_first_plan", shown(&plan));
    assert!(taken.contains("rds.instance:main"), "{taken}");
    assert_eq!(on_database(&plan), (Verb::Update, Cost::NoInterruption));
    let replaced = plan.count(|verb| matches!(verb, Verb::Replace(_) | Verb::Delete));
    assert_eq!((replaced, plan.cost()), (0, Cost::NoInterruption));

    let before = trial.sim.tamper(|world| world.db_instance(DATABASE).unwrap().clone());
    let summary = trial.apply(&stack).await;
    assert!(summary.is_complete(), "{summary:#?}");
    trial.sim.tamper(|world| {
        let after = world.db_instance(DATABASE).unwrap();
        assert_eq!(after.resource_id, before.resource_id);
        assert_eq!((&after.version, after.storage), (&before.version, before.storage));
        assert!(world.db_accepts(DATABASE, "wordpress", &Secret::new(PASSWORD.to_owned())));
        assert_eq!((world.rds.instances.len(), world.ec2.vpcs.len()), (1, 1));
    });
    assert_eq!(shown(&trial.plan(&stack).await), "");
}

/// MySQL 5.7 stays until the configuration asks for another: then the plan says what that costs.
#[tokio::test]
async fn the_upgrade_of_mysql_is_a_change_of_the_configuration() {
    let trial = Trial::new(2);
    let mut import = ImportPlan::new(&old(&trial).await, "wordpress".parse().unwrap()).unwrap();
    password(&trial, r#"{"username": "wordpress", "password": "not-a-secret-123"}"#);
    import.config.database.version = "8.0".parse().unwrap();
    import.config.database.class = "db.t3.micro".parse().unwrap();
    import.config.database.storage = Gibibytes(20);
    let stack = wordpress::stack(&import.config).unwrap();
    let secret = "secretsmanager.secret:database".parse().unwrap();
    let session = trial.open().await;
    session.import(&stack, &secret, "wp-db").await.unwrap();
    drop(session);
    take(&trial, &import, &stack).await;
    let plan = trial.plan(&stack).await;
    assert_eq!(on_database(&plan), (Verb::Update, Cost::Outage));
    let line = shown(&plan).lines().find(|line| line.contains("rds.instance")).unwrap().to_owned();
    assert_snapshot!(line);
}

#[tokio::test]
async fn a_secret_without_the_password_is_not_taken() {
    let trial = Trial::new(3);
    password(&trial, r#"{"user": "wordpress", "secret": "not-a-secret-123"}"#);
    let stack = wordpress::stack(&wordpress::Config::default()).unwrap();
    let session = trial.open().await;
    let secret = "secretsmanager.secret:database".parse().unwrap();
    let error = session.import(&stack, &secret, "wp-db").await.unwrap_err();
    let told = crate::Chain(&error).to_string();
    assert!(!told.contains(PASSWORD), "{told}");
    assert_snapshot!(told);
}
