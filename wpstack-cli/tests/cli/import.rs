use serde_json::Value;

use crate::sandbox::Sandbox;

const TERRAFORM: &str = include_str!("../../../wpstack-core/tests/fixtures/terraform/v3.tfstate");

/// Takes the marks of every stack off a world.
fn unmark(world: &mut Value) {
    match world {
        Value::Object(members) => {
            members.retain(|key, _| !key.starts_with("wpstack:"));
            members.values_mut().for_each(unmark);
        }
        Value::Array(items) => items.iter_mut().for_each(unmark),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn terraforms_system_becomes_a_configuration_and_what_to_do_is_told() {
    let sandbox = Sandbox::empty();
    sandbox.write("terraform.tfstate", TERRAFORM);
    insta::assert_snapshot!(
        sandbox.run("import --from-terraform terraform.tfstate --write-config --cloud sim")
    );
    assert_eq!(sandbox.run("validate").exit, 0);
    // Nothing of it is in the simulated world: it is told so, object by object, and nothing is taken.
    let run = sandbox.run("import --from-terraform terraform.tfstate");
    assert_eq!(run.exit, 3, "{run}");
    assert!(run.stderr.contains("there is no ec2.vpc `vpc-0a11ce0000000001` at AWS"), "{run}");
    assert!(run.stderr.contains("Do not apply before"), "{run}");
    assert_eq!(sandbox.run("state list").stdout, "");
    for run in [&run, &sandbox.run("import --from-terraform terraform.tfstate --json")] {
        assert!(!format!("{run}").contains("not-a-secret"), "{run}");
    }
    let again = sandbox.run("import --from-terraform terraform.tfstate --write-config");
    assert_eq!(again.exit, 1, "{again}");
    assert!(!sandbox.read("wpstack.toml").contains("not-a-secret"));
}

#[test]
fn one_object_is_taken_by_its_id() {
    let sandbox = Sandbox::simulated();
    assert_eq!(sandbox.run("apply --yes").exit, 0);
    let vpc = sandbox.run("state show ec2.vpc:main --json").result()["record"]["state"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    std::fs::remove_dir_all(sandbox.path().join(".wpstack/sim")).unwrap();
    let command = format!("import ec2.vpc:main {vpc}");
    let owned = sandbox.run(&command);
    assert_eq!(owned.exit, 1, "{owned}");
    assert!(owned.stderr.contains("it is `ec2.vpc:main` of the stack `blog` (wpstack:owner ="));

    let mut world: Value = serde_json::from_str(&sandbox.read(".wpstack/sim.json")).unwrap();
    unmark(&mut world);
    sandbox.write(".wpstack/sim.json", &world.to_string());
    let shown = |run: &str| {
        let run = format!("{}", sandbox.run(run));
        run.replace(&vpc, "VPC")
    };
    let (taken, again) = (shown(&command), shown(&command));
    let unknown = shown("import ec2.vpc:other vpc-1");
    let plan = shown("plan");
    let lines = plan.lines().skip_while(|line| !line.contains("ec2.vpc:main")).take(2);
    let lines = lines.collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!([taken, again, unknown, lines].join("\n"));
}

#[test]
fn what_is_no_state_of_terraform_is_told_so() {
    let sandbox = Sandbox::simulated();
    sandbox.write("bad.tfstate", "{\"version\": 4, \"resources\": \"hunter2\"}");
    insta::assert_snapshot!(sandbox.run("import --from-terraform bad.tfstate"));
    assert_eq!(sandbox.run("import").exit, 64);
    assert_eq!(sandbox.run("import ec2.vpc:main").exit, 64);
    assert_eq!(sandbox.run("import nonsense vpc-1").exit, 64);
}
