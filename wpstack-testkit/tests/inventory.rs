//! The inventory of a fresh account is empty, and it finds one of every type once there is one.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::process::Command;

use wpstack_testkit::{Account, Moto};

const REGION: &str = "eu-west-1";

/// Makes one resource of every listed type, each tagged `wpstack:stack = blog`.
const SEED: &str = include_str!("seed.py");

/// The types a seeded account holds more than one of, or whose tags come from elsewhere.
const COMPANIONS: [(&str, usize); 5] = [
    // Its own, and the one that every VPC has.
    ("ec2.route-table", 2),
    ("ec2.security-group", 2),
    // Ingress, and the egress rule that both groups are born with.
    ("ec2.security-group-rule", 3),
    ("ec2.subnet", 2),
    ("ec2.instance", 2),
];

fn seed(account: &Account) {
    let output = Command::new(wpstack_testkit::python().unwrap())
        .args(["-c", SEED])
        .envs(account.environment(account.endpoint(), REGION))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_fresh_account_is_empty_and_a_seeded_one_holds_every_type() {
    let moto = Moto::shared();
    let (seeded, fresh) = (moto.account().unwrap(), moto.account().unwrap());
    seed(&seeded);

    let nothing = fresh.inventory(REGION).unwrap();
    assert!(nothing.is_empty(), "{:?}", nothing.counts());
    assert!(
        seeded
            .inventory("us-west-2")
            .unwrap()
            .filtered(|item| item.id.starts_with("vpc-"))
            .is_empty()
    );

    let all = seeded.inventory(REGION).unwrap();
    let mut expected: BTreeMap<_, _> = all.types().map(|kind| (kind, 1)).collect();
    expected.extend(COMPANIONS);
    assert_eq!(all.counts(), expected);
    let ours = all.of_stack("blog");
    let untagged: Vec<_> = ours.types().filter(|kind| ours.of(kind).is_empty()).collect();
    assert!(untagged.is_empty(), "no tags were read of {untagged:?}");
    assert!(all.of_stack("shop").is_empty());

    assert_eq!(ours.only("ec2.vpc").attributes["EnableDnsHostnames"], true);
    assert_eq!(
        ours.only("iam.role").attributes["InlinePolicies"]["inline"]["Statement"][0]["Action"],
        "s3:GetObject"
    );
    assert_eq!(ours.only("rds.parameter-group").attributes["Parameters"]["max_connections"], "42");
    // The image is asked for by the name of a public parameter. The emulator takes it; AWS resolves it.
    for instance in all.of("ec2.instance") {
        let image = instance.attributes["ImageId"].as_str().unwrap();
        assert!(image.starts_with("resolve:ssm:/aws/service/ecs/optimized-ami/"), "{image}");
    }
}
